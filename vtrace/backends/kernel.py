"""One `kernel` equation as machine code, ready to be called with arrays."""

import ctypes
from collections.abc import Sequence
from typing import Any

from vtrace.backends import entry, memory, threads
from vtrace.backends.cost import is_bounded, nanoseconds_per_item
from vtrace.backends.extents import Extents, symbols_in
from vtrace.backends.flattened import unflattened
from vtrace.backends.interrupts import watch
from vtrace.backends.jit import Machine
from vtrace.backends.layout import Layout, choose
from vtrace.backends.objects import data_address
from vtrace.backends.record import FIRST_FAILURE, INDEX, NO_FAULT, POLL, RECORD_LENGTH, STOPPED
from vtrace.errors import IndexOutOfRangeError, LinAlgError, VTraceError
from vtrace.ir.failure import Failure
from vtrace.ir.graph import Graph
from vtrace.ir.types import Array, DType, Symbol

Given = Sequence[Array | None]
"""The arrays that results are to be written to; None, or nothing at all, for new ones."""
_WORD = 8


class CompiledKernel:
    """The machine code of one kernel, and everything about its calls that can be known before one is made."""

    def __init__(self, graph: Graph, name: str, program: Graph, program_symbols: Sequence[Symbol]) -> None:
        self.graph = unflattened(graph)
        self.name = name
        self.layout: Layout = choose(self.graph)
        self._plan = entry.plan(program, graph, self.layout)
        self.machine = Machine(f"{name} {self.layout}\n{self.graph}", self._generate)
        self.address = self.machine.address(name)
        self.nanoseconds = nanoseconds_per_item(self.graph, self.layout)
        self._lanes = self.layout.width if self.layout.has_lanes else 1
        self._run_part = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(self.address)
        self._results: list[tuple[Extents, DType]] = [
            (Extents.of(a.type.shape, program_symbols), a.type.dtype) for a in graph.outputs
        ]
        self._length = Extents.of(self.layout.extents, program_symbols)
        self._sizes = tuple(program_symbols.index(s) for s in symbols_in(graph))
        # the arguments, in one block: addresses of arrays, address of the fault record, sizes; then the record itself
        self._record_pointer = len(graph.inputs) + len(graph.outputs)
        self._record = self._record_pointer + 1 + len(self._sizes)
        self._poll = None if is_bounded(graph) else watch().poll
        self._block: Any = ctypes.c_int64 * (self._record + RECORD_LENGTH)

    def _generate(self) -> str:
        from vtrace.backends.lowering import lower  # the code generator is imported when there is code to make

        return str(lower(self.graph, self.layout, self.name))

    def entry(self) -> entry.Entry | None:
        """The native way into the program, if this kernel is all of it."""
        return None if self._plan is None else entry.connect(self.machine, self.address, self._plan, self.nanoseconds)

    def __call__(self, arrays: Sequence[Array], sizes: Sequence[int], given: Given = ()) -> list[Array]:
        """The results for contiguous arrays of the graph's input types; `sizes` are the values of the symbols."""
        outputs = self._new_arrays(sizes, given)
        block = self._block()
        at = 0
        for array in arrays:
            block[at] = data_address(array)
            at += 1
        for array in outputs:
            block[at] = data_address(array)
            at += 1
        for number in self._sizes:
            at += 1
            block[at] = sizes[number]
        address = ctypes.addressof(block)
        block[self._record_pointer] = address + _WORD * self._record
        block[self._record] = NO_FAULT
        if self._poll is not None:
            block[self._record + POLL] = self._poll
        record, length = block[self._record_pointer], self._length.count(sizes)
        threads.run(self._run_part, self.address, address, length, self.nanoseconds, record, self._lanes)
        self._check(block, sizes)
        return outputs

    def _new_arrays(self, sizes: Sequence[int], given: Given) -> list[Array]:
        if not given:
            return [memory.empty(extents.shape(sizes), dtype) for extents, dtype in self._results]
        return [
            memory.empty(extents.shape(sizes), dtype) if array is None else array
            for array, (extents, dtype) in zip(given, self._results, strict=True)
        ]

    def _check(self, block: Any, sizes: Sequence[int]) -> None:
        """Raise what went wrong, if anything did."""
        if block[self._record + STOPPED]:
            watch().raise_exception()
        unused = self.layout.symbol is None and 0 in sizes  # what examples share is not wrong where there are none
        if block[self._record] != NO_FAULT and not unused:
            self._raise_fault(block)

    def _raise_fault(self, block: Any) -> None:
        """Run the first failing example again, alone, to learn what it did; then tell."""
        first = block[self._record]
        block[self._record], block[self._record + 1] = NO_FAULT, 0
        self._run_part(ctypes.addressof(block), first, first + 1)
        if block[self._record + STOPPED]:
            watch().raise_exception()
        batched = first if self.layout.symbol is not None else None
        raise fault_of(self.graph, batched, block[self._record + 1 : self._record + 6])


def fault_of(graph: Graph, example: int | None, details: Sequence[int]) -> VTraceError:
    """The error that a kernel's fault record tells of; `example` is None where there is no batch."""
    kind, index, extent, axis, number = details
    source = graph.equations[number].source
    where = f", batch element {example}" if example is not None else ""
    line = f" ({source})" if source is not None else ""
    if kind != INDEX:
        return LinAlgError(f"{list(Failure)[kind - FIRST_FAILURE].value}{where}{line}")
    return IndexOutOfRangeError(f"index {index} is out of bounds for axis {axis} with size {extent}{where}{line}")
