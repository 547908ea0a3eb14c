"""One `kernel` equation as code for GPUs, ready to be launched with arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.backends.cuda.array import DeviceArray
from vtrace.backends.cuda.code import Code, code_of, load
from vtrace.backends.cuda.device import Device, Memory, download, upload
from vtrace.backends.cuda.flat import grain_of
from vtrace.backends.cuda.layout import BLOCK_THREADS, choose_for_device, teams_per_block
from vtrace.backends.cuda.words import Words
from vtrace.backends.extents import Extents, symbols_in
from vtrace.backends.kernel import fault_of
from vtrace.backends.layout import Layout
from vtrace.backends.record import NO_FAULT, ORDER, RECORD_LENGTH
from vtrace.ir.graph import Graph
from vtrace.ir.types import DType, Symbol

MOST_BLOCKS = 2**31 - 1
SCRATCH_BYTES = 1 << 30
"""The most scratch memory of one launch: a kernel that needs some runs on no more threads than have room there."""
_BLOCKS_PER_PROCESSOR = 8


class DeviceKernel:
    """The code of one kernel, and everything about its launches that can be known before one is made."""

    def __init__(self, graph: Graph, program_symbols: Sequence[Symbol]) -> None:
        layout = choose_for_device(graph)
        self._prepare(graph, layout, code_of(graph, layout), program_symbols)

    def _prepare(self, graph: Graph, layout: Layout, code: Code, program_symbols: Sequence[Symbol]) -> None:
        self.graph, self.layout, self.code = graph, layout, code
        self._results: list[tuple[Extents, DType]] = [
            (Extents.of(a.type.shape, program_symbols), a.type.dtype) for a in graph.outputs
        ]
        self._length = Extents.of(self.layout.extents, program_symbols)
        self._sizes = tuple(program_symbols.index(s) for s in symbols_in(graph))
        self.teams = teams_per_block(self.layout)
        """How many examples a block of threads does at a time."""
        self._grain = grain_of(graph, self.layout)
        self.block_threads = BLOCK_THREADS[self.layout.mode]
        self._record = len(graph.inputs) + len(graph.outputs)
        """The place of the fault record's address among the words; the sizes, start, stop and scratch follow."""
        self.words = Words(self._record + 1 + len(self._sizes) + 3)

    def __call__(
        self, where: Device, stream: int, arrays: Sequence[DeviceArray], sizes: Sequence[int]
    ) -> list[DeviceArray]:
        """The results for arrays of the graph's input types; `sizes` are the values of the symbols."""
        outputs = [DeviceArray.new(where, shape, dtype, stream) for shape, dtype in self.result_types(sizes)]
        length = self.length(sizes)
        if length == 0:
            return outputs
        blocks = self.blocks_for(where, length)
        scratch = Memory(where, self.code.scratch * blocks * self.teams, stream)
        self._start(where, stream, (*arrays, *outputs), sizes, length, blocks, scratch.pointer)
        return outputs

    def result_types(self, sizes: Sequence[int]) -> list[tuple[tuple[int, ...], DType]]:
        """Shapes and dtypes of the results."""
        return [(extents.shape(sizes), dtype) for extents, dtype in self._results]

    def length(self, sizes: Sequence[int]) -> int:
        """That of the parallel axis."""
        return self._length.count(sizes)

    def after_addresses(self, sizes: Sequence[int], length: int, scratch: int = 0) -> list[int]:
        """The parameters behind the addresses of arrays and fault record."""
        return [*(sizes[n] for n in self._sizes), 0, length, scratch]

    def _start(
        self,
        where: Device,
        stream: int,
        arrays: Sequence[DeviceArray],
        sizes: Sequence[int],
        length: int,
        blocks: int,
        scratch: int,
    ) -> None:
        """Launch it on arguments and results."""
        function = load(self.code.ptx, where)
        words = self.words.take()
        try:
            for at, array in enumerate(arrays):
                words[at] = array.pointer
            words[self._record + 1 : self.words.count] = self.after_addresses(sizes, length, scratch)
            if self.code.can_fail:
                self._run_checked(where, function, blocks, words, stream)
            else:
                self._launch(function, blocks, words, stream)
        finally:
            self.words.give(words)

    def blocks_for(self, where: Device, length: int) -> int:
        """How many blocks of threads work on so many items; each may do several, one after the other."""
        per_block = self.teams * self._grain.elements
        needed = -(-length // per_block)
        if self.code.scratch == 0:
            return min(needed, MOST_BLOCKS)
        room = SCRATCH_BYTES // (self.code.scratch * per_block)
        return max(min(needed, room, where.processors * _BLOCKS_PER_PROCESSOR), 1)

    def _launch(self, function: int, blocks: int, words: Any, stream: int) -> None:
        self.words.launch(function, blocks, self.block_threads, words, stream)

    def _run_checked(self, where: Device, function: int, blocks: int, words: Any, stream: int) -> None:
        """Launch, wait, and raise IndexOutOfRangeError where an index was out of range."""
        record = self._run_with_record(where, function, blocks, words, stream)
        if record[0] == NO_FAULT:
            return
        first = record[0]
        words[self.words.count - 3], words[self.words.count - 2] = first, first + 1  # it alone, to learn the details
        record = self._run_with_record(where, function, 1, words, stream)
        if record[ORDER] != NO_FAULT:  # threads of a team have found it: now let the one tell that comes first
            record = self._run_with_record(where, function, 1, words, stream, record[ORDER])
        raise fault_of(self.graph, first if self.layout.symbol is not None else None, record[1:6])

    def _run_with_record(
        self, where: Device, function: int, blocks: int, words: Any, stream: int, order: int = NO_FAULT
    ) -> list[int]:
        host = np.zeros(RECORD_LENGTH, np.int64)
        host[0], host[ORDER] = NO_FAULT, order
        record = upload(where, host, stream)
        words[self._record] = record.pointer
        self._launch(function, blocks, words, stream)
        download(host, record.pointer, stream)
        return [int(n) for n in host]

    @property
    def launches(self) -> "Sequence[DeviceKernel]":
        """Those that it is made of."""
        return (self,)

    @property
    def report(self) -> str:
        """How it runs, in a line."""
        elements = f", {self._grain.elements} elements each" if self._grain.elements > 1 else ""
        return f"{self.layout.mode} layout, blocks of {self.block_threads} threads{elements}: {self.layout.reason}"
