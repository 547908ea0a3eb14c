"""Rows of neighbouring examples ([batch, n] in memory) to one vector per element ([n] vectors of lanes), and back.

Reading lane by lane would take a gather per element. Instead whole vectors are read along the rows and sorted out in
registers, by shuffles of two vectors each: for rows of s = p * q * ... elements a transposition in steps, one per
prime factor, s * (p - 1) shuffles a step. Lanes beyond one native vector are done in groups, as shuffles across several
registers are dear.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.placement import Mask, Scope
from vtrace.backends.target import MASK_REGISTERS, VECTOR_BYTES
from vtrace.backends.values import I32, Register, int_constant
from vtrace.backends.vector_memory import Buffer, VectorMemory


def padded(elements: int, itemsize: int) -> int:
    """Room for rows of so many elements whose last tile is whole."""
    return elements + -elements % (VECTOR_BYTES // itemsize)


SMALL_GROUP_BYTES = VECTOR_BYTES if MASK_REGISTERS else 16
"""The vectors of small elements that are turned around: with AVX2 one shuffle of bytes stays within 16 of them."""


class Rows(VectorMemory):
    """Transposing reads and writes. `start` is the offset of the first example's row."""

    def _group(self, buffer: Buffer) -> int:
        """Lanes that are transposed together."""
        itemsize = buffer.type.dtype.itemsize
        return min(self.lanes, (VECTOR_BYTES if itemsize >= 4 else SMALL_GROUP_BYTES) // itemsize)

    def load_rows(self, buffer: Buffer, start: Register, size: int) -> list[Any]:
        """Element e of every lane's row, for each e; rows lie side by side and are short."""
        group = self._group(buffer)
        stretches = range(0, self.lanes * size, group)

        def read(masked: bool) -> list[Any]:
            return [
                self.load_vector(buffer, *self._stretch(start, at, size, group, masked), group).llvm for at in stretches
            ]

        vectors = self._full_or_masked(read)
        parts = [self._split(vectors[first : first + size]) for first in range(0, len(vectors), size)]
        return [self._concat([p[e] for p in parts]) for e in range(size)]

    def store_rows(self, buffer: Buffer, start: Register, elements: Sequence[Any]) -> None:
        """The reverse: element e of every lane's row is `elements[e]`."""
        group, size = self._group(buffer), len(elements)
        vectors: list[Any] = []
        for first in range(0, self.lanes, group):
            vectors += self._merge([self._lanes_of(v, first, group) for v in elements])

        def write(masked: bool) -> list[Any]:
            for k, vector in enumerate(vectors):
                at, mask = self._stretch(start, k * group, size, group, masked)
                self.store_vector(buffer, at, vector, mask)
            return []

        self._full_or_masked(write)

    def _full_or_masked(self, emit: Callable[[bool], list[Any]]) -> list[Any]:
        """`emit(masked)` in two versions: most blocks have all of their lanes, and need no masks."""
        mask = self.mask
        if mask is None or mask.count is None or mask.count.constant is not None:
            return emit(mask is not None and mask.count is not None)
        full = self.compare("ge", mask.count, int_constant(self.lanes))
        before, versions, done = self.builder.block, [], self.block("moved")
        for masked in (False, True):
            entry = self.block("masked" if masked else "full")
            self.builder.position_at_end(entry)
            with self.inside(Scope(self.scope.depth, is_loop=False, lanes=self.lanes, mask=mask)):
                values = emit(masked)
            versions.append((entry, self.builder.block, values))
            self.builder.branch(done)
        self.builder.position_at_end(before)
        self.builder.cbranch(full.llvm, versions[0][0], versions[1][0])
        self.builder.position_at_end(done)
        merged = []
        for pair in zip(versions[0][2], versions[1][2], strict=True):
            phi = self.builder.phi(pair[0].type)
            for (_, end, _), value in zip(versions, pair, strict=True):
                phi.add_incoming(value, end)
            merged.append(phi)
        return merged

    def _stretch(self, start: Register, at: int, size: int, group: int, masked: bool) -> tuple[Register, Mask | None]:
        """Where the stretch from `at` lies, and which of its elements belong to rows inside the array.

        One of which no element does is sent to the first: where there is no memory, even a masked access that reads or
        writes nothing takes a hundred times as long.
        """
        if not masked or self.mask is None or self.mask.count is None:
            return self._plus(start, at), None
        end = self.mul(self.mask.count, int_constant(size))
        inside = self.select(self.compare("lt", int_constant(at), end), int_constant(at), int_constant(0))
        left = self.sub(end, int_constant(at))
        return cast("Register", self.add(start, inside)), self.prefix_mask(cast("Register", left), group)

    def _plus(self, start: Register, offset: int) -> Register:
        return cast("Register", self.add(start, int_constant(offset)))

    # -- long rows ----------------------------------------------------------------------------------------------

    def load_tiles(
        self, buffer: Buffer, start: Register, size: int, keep: Callable[[Register, int, Any], None]
    ) -> None:
        """Every element of long rows: `keep(column, e, vector)` is called for element `column + e` of every lane.

        There must be room for a whole last tile, as `padded` says.
        """
        group = self._group(buffer)

        def tile(column: Register, left: Register | None) -> None:
            mask = None if left is None else self.prefix_mask(left, group)
            parts = []
            for first in range(0, self.lanes, group):
                rows = [self._row_start(start, column, size, first + lane) for lane in range(group)]
                parts.append(self._split([self.load_vector(buffer, row, mask, group).llvm for row in rows]))
            for e in range(group):
                keep(column, e, self._concat([p[e] for p in parts]))

        self._tiles(size, group, tile)

    def store_tiles(self, buffer: Buffer, start: Register, size: int, kept: Callable[[Register, int], Any]) -> None:
        """The reverse: `kept(column, e)` gives element `column + e` of every lane."""
        group = self._group(buffer)

        def tile(column: Register, left: Register | None) -> None:
            columns = [kept(column, e) for e in range(group)]
            vectors: list[Any] = []
            for first in range(0, self.lanes, group):
                vectors += self._merge([self._lanes_of(c, first, group) for c in columns])

            def write(masked: bool) -> list[Any]:
                whole = None if left is None else self.prefix_mask(left, group)
                for lane, vector in enumerate(vectors):
                    row = self._plus(cast("Register", self.add(start, column)), lane * size)
                    if masked:  # not where there is no memory, though nothing is written there: see `_stretch`
                        row = self._row_start(start, column, size, lane)
                    self.store_vector(buffer, row, vector, self._row_mask(lane, left, group) if masked else whole)
                return []

            self._full_or_masked(write)

        self._tiles(size, group, tile)

    def copy_rows(self, source: Buffer, start: Register, target: Buffer, to: Register, size: int) -> None:
        """Copy the rows of all lanes in use, in the order of memory."""
        group = self._group(source)

        def copy(masked: bool) -> list[Any]:
            mask, stop = self.mask, int_constant(size * self.lanes)
            if masked and mask is not None and mask.count is not None:
                stop = cast("Register", self.mul(mask.count, int_constant(size)))
            with self.loop(int_constant(0), stop, group) as at:
                inside = self.prefix_mask(cast("Register", self.sub(stop, at)), group) if masked else None
                read, written = (cast("Register", self.add(first, at)) for first in (start, to))
                self.store_vector(target, written, self.load_vector(source, read, inside, group).llvm, inside)
            return []

        self._full_or_masked(copy)

    def _tiles(self, size: int, group: int, tile: Callable[[Register, Register | None], None]) -> None:
        """`tile(column, left)` for every `group` columns; where `left` is given, only so many are in the row.

        The last tile has a mask, like all tiles then: that costs less than a second version of the code. (Small
        elements, for which most processors have no masks, come here only where there are: see `singles.py`.)
        """
        with self.loop(int_constant(0), int_constant(size), group) as column:
            tile(column, cast("Register", self.sub(int_constant(size), column)) if size % group else None)

    def _row_start(self, start: Register, column: Register, size: int, lane: int) -> Register:
        """Where to read or write in a lane's row; a lane outside the array is sent to the last row inside."""
        row = int_constant(lane)
        if self.mask is not None and self.mask.count is not None:
            last = self.sub(self.mask.count, int_constant(1))
            row = cast("Register", self.select(self.compare("lt", row, last), row, last))
        return cast("Register", self.add(self.add(start, self.mul(row, int_constant(size))), column))

    def _row_mask(self, lane: int, left: Register | None, group: int) -> Mask:
        """For a store: nothing of a row outside the array, and no more than is left of it."""
        assert self.mask is not None
        assert self.mask.count is not None
        inside = self.compare("lt", int_constant(lane), self.mask.count)
        columns = int_constant(group) if left is None else left
        return self.prefix_mask(cast("Register", self.select(inside, columns, int_constant(0))), group)

    # -- shuffles -----------------------------------------------------------------------------------------------

    def _split(self, vectors: list[Any]) -> list[Any]:
        """Vectors of consecutive elements, s of them, to s vectors: vector e holds every s-th element from e."""
        size = len(vectors)
        if size == 1:
            return vectors
        p = next(f for f in range(2, size + 1) if size % f == 0)
        result: list[Any] = [None] * size
        for r in range(p):
            stream = [self._every(vectors[k : k + p], r) for k in range(0, size, p)]
            for e, vector in enumerate(self._split(stream)):
                result[r + p * e] = vector
        return result

    def _every(self, vectors: list[Any], first: int) -> Any:
        """Every p-th element of p consecutive vectors, from `first`."""
        p, lanes = len(vectors), vectors[0].type.count
        return self._assemble(vectors, [lane * p + first for lane in range(lanes)])

    def _merge(self, vectors: list[Any]) -> list[Any]:
        """The reverse of `_split`."""
        size = len(vectors)
        if size == 1:
            return vectors
        p = next(f for f in range(2, size + 1) if size % f == 0)
        lanes = vectors[0].type.count
        streams = [self._merge(vectors[r::p]) for r in range(p)]
        result = []
        for k in range(size // p):
            parts = [stream[k] for stream in streams]
            for j in range(p):  # element j * lanes + l of the merged stretch is element (that // p) of part (that % p)
                wanted = [(at % p) * lanes + at // p for at in range(j * lanes, (j + 1) * lanes)]
                result.append(self._assemble(parts, wanted))
        return result

    def _assemble(self, vectors: list[Any], wanted: list[int]) -> Any:
        """The elements `wanted` of the vectors laid end to end."""
        lanes = vectors[0].type.count
        result = vectors[0]
        for k in range(1, len(vectors)):
            picks = []
            for lane, w in enumerate(wanted):
                if w >= k * lanes:
                    picks.append(w - k * lanes + lanes if w < (k + 1) * lanes else lane)
                else:
                    picks.append(w if k == 1 else lane)
            result = self.builder.shuffle_vector(result, vectors[k], ir.Constant(ir.VectorType(I32, lanes), picks))
        return result

    def _concat(self, parts: list[Any]) -> Any:
        while len(parts) > 1:
            n = 2 * parts[0].type.count
            order = ir.Constant(ir.VectorType(I32, n), list(range(n)))
            parts = [self.builder.shuffle_vector(a, b, order) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    def _lanes_of(self, vector: Any, first: int, group: int) -> Any:
        if vector.type.count == group:
            return vector
        picks = ir.Constant(ir.VectorType(I32, group), list(range(first, first + group)))
        return self.builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), picks)
