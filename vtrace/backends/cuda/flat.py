"""Flat kernels with wide loads and stores: a thread does neighbouring elements, as many as 16 bytes hold.

Arithmetic stays scalar: the code of one element comes several times, between loads of whole vectors and stores of
whole vectors. Where the last vector of an array is not whole, its elements are read and written one by one: what lies
beyond the end is computed from the last element, and not written.
"""

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.estimate import operations
from vtrace.backends.layout import Layout
from vtrace.backends.lowering import Lowering
from vtrace.backends.pairs import pair_inputs, pair_outputs
from vtrace.backends.values import I64, Register, memory_type
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Index, Value
from vtrace.ir.graph import Atom, Graph
from vtrace.ir.types import INT64

FLAT_THREADS = 256
"""Of a block."""
WIDEST = 16
"""Bytes of the widest loads and stores."""
IN_FLIGHT = 32
"""Bytes that a thread asks for before it waits, where it does little with them. 2048 threads of a processor then wait
for 64 KiB; a memory of 4.8 TB/s and 0.7 us keeps 25 KB for each of 132 processors on their way."""
MOST_OPERATIONS = 180
"""For all elements of a thread: code that comes several times takes several times as long to compile."""
LITTLE = 24
"""The same where a thread reads several vectors of an array."""


_Rows = Sequence[tuple[Buffer, int]]
"""Arrays, with the numbers that each has for an element."""


@dataclass(frozen=True)
class Grain:
    """What a thread of a flat kernel does at a time: `vectors` of `width` neighbouring elements."""

    width: int = 1
    vectors: int = 1

    @property
    def elements(self) -> int:
        return self.width * self.vectors


def grain_of(graph: Graph, layout: Layout) -> Grain:
    """Enough elements for 16 bytes of the smallest dtype, or as near to that as the number of operations allows."""
    rows = [a for a in (*graph.inputs, *graph.outputs) if a.type.rank] if layout.mode == "flat" else []
    if not rows or not layout.extents:
        return Grain()
    pairs = pair_inputs(graph) | pair_outputs(graph).keys()
    sizes = {a: a.type.dtype.itemsize * (2 if a in pairs else 1) for a in rows}
    work = max(operations(graph) / max(math.prod(d for d in layout.extents if isinstance(d, int)), 1), 1.0)
    width = max(WIDEST // min(sizes.values()), 1)
    while width > 1 and width * work > MOST_OPERATIONS:
        width //= 2
    asked = width * sum(sizes[v] for v in graph.inputs if v in sizes)
    return Grain(width, 2 if asked < IN_FLIGHT and 2 * width * work <= LITTLE else 1)


class Flat(Lowering):
    """The emitter at work on a flat kernel: where elements come from, and where they go."""

    _present: dict[str, list[Any]] | None = None
    """What memory has of the present element, by the input's name: a number, or the two parts of a complex one."""
    _computed: dict[int, list[Any]]
    """What is to be written of all elements so far, by the result's number."""

    def load(self, buffer: Buffer, index: Index) -> Register:
        if self._present is None or (found := self._present.get(buffer.pointer.name)) is None:
            return super().load(buffer, index)
        part = getattr(index[-1], "constant", None) if len(index) > 1 else 0
        assert part is not None, "a part of a complex number is the first or the second"
        return self.from_memory(Register(found[part], buffer.type.dtype, 1, self.scope.depth))

    def store(self, buffer: Buffer, index: Index, value: Value) -> None:
        result = next((k for k, b in enumerate(self.results) if b is buffer), None)
        if self._present is None or result is None or result not in self._computed:
            super().store(buffer, index, value)
        else:
            self._computed[result].append(self.to_memory(value, 1))

    def run_flat(self, block: Any, within: Any) -> None:
        """What one thread does, which is number `within` of its block: the grid has threads for all elements.

        Neighbouring threads take neighbouring vectors; when all threads of a block have one, they take the next ones.
        """
        b, grain = self.builder, grain_of(self.graph, self.layout)
        tile = b.mul(block, _number(FLAT_THREADS * grain.elements))
        first = b.add(tile, b.mul(within, _number(grain.width)))
        inside, done = self.block("inside"), self.block("done")
        b.cbranch(b.icmp_signed("<", first, self.stop.llvm), inside, done)
        b.position_at_end(inside)
        if grain.elements == 1:
            self._example(Register(first, INT64))
        else:
            self._vectors([b.add(first, _number(v * FLAT_THREADS * grain.width)) for v in range(grain.vectors)], grain)
        b.branch(done)
        b.position_at_end(done)

    def _vectors(self, starts: Sequence[Any], grain: Grain) -> None:
        """Read, compute and write the vectors that begin at `starts`."""
        width = grain.width
        whole = self.builder.icmp_signed("<=", self.builder.add(starts[-1], _number(width)), self.stop.llvm)
        pairs = pair_inputs(self.graph) | pair_outputs(self.graph).keys()
        inputs = list(zip(self.graph.inputs, self.inputs, strict=True))
        outputs = list(enumerate(zip(self.graph.outputs, self.results, strict=True)))
        read = [(buffer, n) for v, buffer in inputs if (n := _numbers(v, pairs))]
        written = {k: (buffer, n) for k, (a, buffer) in outputs if (n := _numbers(a, pairs))}
        fetched = self._read_vectors(read, starts, width, whole)
        self._computed = {k: [] for k in written}
        for vector, start in enumerate(starts):
            for k in range(width):
                self._present = {
                    buffer.pointer.name: [
                        self.builder.extract_element(row[vector], _number(k * n + p)) for p in range(n)
                    ]
                    for (buffer, n), row in zip(read, fetched, strict=True)
                }
                position = self.builder.add(start, _number(k))
                self._example(Register(position, INT64, 1, self.scope.depth))
        self._present = None
        self._write_vectors(written, starts, width, whole)

    def _read_vectors(self, read: _Rows, starts: Sequence[Any], width: int, whole: Any) -> list[list[Any]]:
        """The vectors of each input."""
        b, fast, slow, joined = self.builder, self.block("whole"), self.block("rest"), self.block("fetched")
        b.cbranch(whole, fast, slow)
        b.position_at_end(fast)
        vectors = [[self._vector_at(buffer, n, start, width) for start in starts] for buffer, n in read]
        b.branch(joined)
        b.position_at_end(slow)
        last = b.sub(self.stop.llvm, _number(1))
        minimum = self.declare("llvm.smin.i64", I64, [I64, I64])
        inside = [[b.call(minimum, [b.add(s, _number(k)), last]) for k in range(width)] for s in starts]
        singles = [[self._vector_of(buffer, n, places) for places in inside] for buffer, n in read]
        b.branch(joined)
        b.position_at_end(joined)
        result = []
        for row, others in zip(vectors, singles, strict=True):
            phis = [b.phi(v.type) for v in row]
            for phi, vector, other in zip(phis, row, others, strict=True):
                phi.add_incoming(vector, fast)
                phi.add_incoming(other, slow)
            result.append(phis)
        return result

    def _vector_at(self, buffer: Buffer, numbers: int, start: Any, width: int) -> Any:
        type_ = memory_type(buffer.type.dtype, numbers * width)
        return self.builder.load(self._at(buffer, numbers, start), typ=type_, align=_alignment(buffer, numbers * width))

    def _vector_of(self, buffer: Buffer, numbers: int, places: Sequence[Any]) -> Any:
        """A vector of elements that are read one by one."""
        element, size = memory_type(buffer.type.dtype), buffer.type.dtype.itemsize
        vector = ir.Constant(memory_type(buffer.type.dtype, numbers * len(places)), ir.Undefined)
        for k, place in enumerate(places):
            for p in range(numbers):
                address = self.builder.gep(self._at(buffer, numbers, place), [_number(p)], source_etype=element)
                one = self.builder.load(address, typ=element, align=size)
                vector = self.builder.insert_element(vector, one, _number(k * numbers + p))
        return vector

    def _write_vectors(
        self, written: dict[int, tuple[Buffer, int]], starts: Sequence[Any], width: int, whole: Any
    ) -> None:
        """Write the results."""
        b, fast, slow, done = self.builder, self.block("whole"), self.block("rest"), self.block("written")
        b.cbranch(whole, fast, slow)
        b.position_at_end(fast)
        for k, (buffer, n) in written.items():
            for v, start in enumerate(starts):
                numbers = self._computed[k][v * width * n : (v + 1) * width * n]
                vector = ir.Constant(memory_type(buffer.type.dtype, len(numbers)), ir.Undefined)
                for place, one in enumerate(numbers):
                    vector = b.insert_element(vector, one, _number(place))
                b.store(vector, self._at(buffer, n, start), align=_alignment(buffer, len(numbers)))
        b.branch(done)
        b.position_at_end(slow)
        for v, start in enumerate(starts):
            for k in range(width):
                place, write, following = b.add(start, _number(k)), self.block("inside"), self.block("next")
                b.cbranch(b.icmp_signed("<", place, self.stop.llvm), write, following)
                b.position_at_end(write)
                self._write_element(written, place, v * width + k)
                b.branch(following)
                b.position_at_end(following)
        b.branch(done)
        b.position_at_end(done)

    def _write_element(self, written: dict[int, tuple[Buffer, int]], place: Any, element: int) -> None:
        """Write the results of one element."""
        for k, (buffer, n) in written.items():
            for p in range(n):
                type_ = memory_type(buffer.type.dtype)
                address = self.builder.gep(self._at(buffer, n, place), [_number(p)], source_etype=type_)
                self.builder.store(self._computed[k][element * n + p], address, align=buffer.type.dtype.itemsize)

    def _at(self, buffer: Buffer, numbers: int, place: Any) -> Any:
        """The address of an element."""
        offset = place if numbers == 1 else self.builder.mul(place, _number(numbers))
        return self.builder.gep(buffer.pointer, [offset], source_etype=memory_type(buffer.type.dtype))


def _number(value: int) -> Any:
    return ir.Constant(I64, value)


def _numbers(atom: Atom, pairs: Set[Atom]) -> int:
    """How many numbers an array has for each element of the kernel: none if it is the same for all."""
    if atom in pairs:
        return 2 if atom.type.rank > 1 else 0
    return 1 if atom.type.rank else 0


def _alignment(buffer: Buffer, numbers: int) -> int:
    """Arrays begin at multiples of 16 bytes, and vectors follow one another."""
    return min(numbers * buffer.type.dtype.itemsize, WIDEST)
