"""Sorting long rows: NumPy's own routines, row by row on several threads.

Networks need n log(n)^2 exchanges for n elements, so from some hundred to some thousand elements on these are faster;
and a row alone leaves lanes idle. The `sorting` pass chooses.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.primitive import Batched, Batcher, ErrorExample, Example, Library, LibraryPrimitive, primitive
from vtrace.ir.types import INT64, Array, ArrayType, static_shape
from vtrace.ops.order_keys import signed_keys
from vtrace.ops.samples import EVERY_KIND, array

RADIX_BYTES = 2
"""NumPy's stable sort of elements of so many bytes is a radix sort, ten times as fast as its quicksort for bytes."""

FEW = 1000
"""Elements up to which the merge sort is done before another way is prepared."""
BLOCK_BYTES = 1 << 18
"""Results that are made together where that takes several passes: what these read and write is still in the cache."""
SORTED = 256
"""Elements up to which to sort a row takes less than to partition its positions."""
PLAIN = 1000
"""Elements from which on NumPy's vector code takes longer to partition integers of eight bytes than its plain code."""


class OfRows(LibraryPrimitive):
    """Works on each row, a vector along the last axis."""

    nanoseconds: ClassVar[float]
    """For an element, about."""

    @abstractmethod
    def fill(self, out: Array, x: Array) -> None:
        """The results for a matrix of rows."""

    @final
    def call(self, library: Library, out: Array, x: Array) -> None:
        if not out.size:
            return
        rows = x.reshape(-1, x.shape[-1])
        results = out.reshape(-1, out.shape[-1])
        time = self.nanoseconds * x.shape[-1]
        library.share(lambda a, b: self.fill(results[a:b], rows[a:b]), len(rows), time)

    @final
    def filled(self, x: Array) -> Array:
        """The results as a new array."""
        out = np.empty(x.shape, self.infer(ArrayType(x.dtype, x.shape)).dtype)
        if out.size:
            self.fill(out.reshape(-1, x.shape[-1]), np.ascontiguousarray(x).reshape(-1, x.shape[-1]))
        return out

    @final
    def batch(self, b: Batcher, x: Batched) -> Batched:
        return Batched(b.emit(self, b.move(x, 0)), 0)

    @classmethod
    @final
    def errors(cls) -> Iterator[ErrorExample]:
        op = next(cls.examples()).primitive
        yield ErrorExample(op, (array("f64"),), ShapeError, "works on rows")


def _require_rows(name: str, x: ArrayType) -> None:
    if not x.rank:
        raise ShapeError(f"{name} works on rows, got {x}")


@final
@primitive("sort_rows")
@dataclass(frozen=True)
class SortRows(OfRows):
    """The elements of each row in ascending order, NaN last, as `numpy.sort` gives them."""

    nanoseconds = 5.0

    def infer(self, x: ArrayType) -> ArrayType:
        _require_rows("sort_rows", x)
        return x

    def evaluate(self, x: Array) -> Array:
        return np.sort(x)

    def fill(self, out: Array, x: Array) -> None:
        out[...] = x
        out.sort(kind="stable" if x.itemsize <= RADIX_BYTES else None)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls(), (array(dtype, 3, 7),))
        yield Example(cls(), (array("f32", 0, 4),))
        yield Example(cls(), (array("f32", 40),))


@final
@primitive("argsort_rows")
@dataclass(frozen=True)
class ArgSortRows(OfRows):
    """The positions of the elements of each row in ascending order, NaN last; equal ones keep their order.

    By a sort of integers that hold key and position: NumPy's merge sort of positions takes four to ten times as long.
    """

    nanoseconds = 20.0

    def infer(self, x: ArrayType) -> ArrayType:
        _require_rows("argsort_rows", x)
        return x.with_dtype(INT64)

    def evaluate(self, x: Array) -> Array:
        return np.argsort(x, kind="stable")

    def fill(self, out: Array, x: Array) -> None:
        put_orders(out, x)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in (*EVERY_KIND, "i32", "u64", "u16"):
            yield Example(cls(), (array(dtype, 3, 7),))
        yield Example(cls(), (array("f32", 4, 0),))
        yield Example(cls(), (array("f64", 40),))


def put_orders(out: Array, x: Array) -> None:
    """Put the positions of the elements of each row into `out`, in ascending order."""
    if x.itemsize <= RADIX_BYTES or x.size <= FEW:
        out[...] = np.argsort(x, kind="stable")
        return
    bits = (x.shape[-1] - 1).bit_length()
    for part, rows in _blocks(out, x):
        if x.itemsize == 4 and bits < 32:
            packed = _packed(signed_keys(rows), bits, part)
            packed.sort()
            packed &= (1 << bits) - 1
        else:
            _sort_shortened(signed_keys(rows), x.dtype.kind == "f", bits, part)


def _sort_shortened(keys: Array, are_floats: bool, bits: int, out: Array) -> None:
    """The order of keys that leave no room for positions beside them: without as many of their last bits.

    The few elements that then seem equal are put in order afterwards. Of integers, which may all be small, as few bits
    as their range allows are left out.
    """
    mask = (1 << bits) - 1
    if are_floats:
        dropped = bits
        packed = np.bitwise_and(keys, ~mask, out=out)
        packed |= np.arange(keys.shape[-1])
    else:
        # differences wrap around to what is meant
        above = np.subtract(keys, keys.min(axis=-1, keepdims=True), dtype=np.int64).view(np.uint64)
        dropped = max(int(above.max()).bit_length() + bits - 64, 0)
        packed = _packed((above >> np.uint64(dropped)).view(np.int64), bits, out)
        packed ^= np.iinfo(np.int64).min
    packed.sort()
    if not dropped:
        packed &= mask
        return
    shortened = packed >> bits
    packed &= mask
    tied = shortened[:, 1:] == shortened[:, :-1]
    for row in np.flatnonzero(tied.any(axis=-1)):
        _order_tied(packed[row], tied[row], shortened[row], keys[row])


def _blocks(out: Array, x: Array) -> Iterator[tuple[Array, Array]]:
    """Some rows of the results and of the operand at a time."""
    rows = max(1, BLOCK_BYTES // (out.shape[-1] * out.itemsize))
    for start in range(0, len(out), rows):
        yield out[start : start + rows], x[start : start + rows]


def _packed(keys: Array, bits: int, out: Array) -> Array:
    """Short keys and, in the last `bits`, positions along the last axis."""
    np.left_shift(keys, bits, out=out, dtype=np.int64)
    out |= np.arange(keys.shape[-1])
    return out


def _order_tied(order: Array, tied: Array, shortened: Array, keys: Array) -> None:
    """Put elements in order that seem equal to the next one where `tied`, as last bits of their keys are missing."""
    group = np.append(tied, False) | np.append(False, tied)
    unsure = order[group]
    order[group] = unsure[np.lexsort((unsure, keys[unsure], shortened[group]))]


@final
@primitive("partition_rows")
@dataclass(frozen=True)
class PartitionRows(OfRows):
    """The elements of each row, those at `positions` where sorting puts them, and smaller ones before."""

    positions: tuple[int, ...]
    nanoseconds = 3.0

    def infer(self, x: ArrayType) -> ArrayType:
        _require_rows("partition_rows", x)
        increasing = self.positions == tuple(sorted(set(self.positions)))
        (size,) = static_shape(x.shape[-1:])
        if not self.positions or not increasing or self.positions[0] < 0 or self.positions[-1] >= size:
            raise ShapeError(f"partition_rows: rows of {x} have no positions {self.positions}")
        return x

    def evaluate(self, x: Array) -> Array:
        return self.filled(x)

    def fill(self, out: Array, x: Array) -> None:
        out[...] = x
        partition_at(out, self.positions)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((2,)), (array(dtype, 3, 7),))
        yield Example(cls((4, 5)), (array("f32", 40),))
        yield Example(cls((0, 4, 39)), (array("f64", 40),))


def partition_at(rows: Array, positions: tuple[int, ...], start: int = 0) -> None:
    """`rows.partition` in place, for positions that increase and count from `start`.

    NumPy's way to find several elements takes three to five times as long as to find one in all and others in parts.
    The last one of a part, as for a median of an even number, is its largest.
    """
    size = rows.shape[-1]
    if positions == (start + size - 1,):
        _put_largest_last(rows)
        return
    if size >= PLAIN and rows.itemsize == 8 and rows.dtype.kind in "iu":
        rows.partition([p - start for p in (*positions, positions[-1])])  # several positions ask for the plain code
        return
    middle = len(positions) // 2
    at = positions[middle] - start
    rows.partition(at)
    if before := positions[:middle]:
        partition_at(rows[..., :at], before, start)
    if after := positions[middle + 1 :]:
        partition_at(rows[..., at + 1 :], after, start + at + 1)


def _put_largest_last(rows: Array) -> None:
    """Exchange the largest element of each row, or its first NaN, with the last one."""
    each, largest, last = np.arange(len(rows)), rows.argmax(axis=-1), rows[:, -1].copy()
    rows[:, -1] = rows[each, largest]
    rows[each, largest] = last


@final
@primitive("argpartition_rows")
@dataclass(frozen=True)
class ArgPartitionRows(OfRows):
    """The same for where the elements come from: `numpy.argpartition` of each row."""

    positions: tuple[int, ...]
    nanoseconds = 4.0

    def infer(self, x: ArrayType) -> ArrayType:
        return PartitionRows(self.positions).infer(x).with_dtype(INT64)

    def evaluate(self, x: Array) -> Array:
        return self.filled(x)

    def fill(self, out: Array, x: Array) -> None:
        bits = (x.shape[-1] - 1).bit_length()
        if x.shape[-1] <= SORTED:
            put_orders(out, x)
        elif x.itemsize != 4 or bits >= 32:
            out[...] = np.argpartition(x, self.positions)
        else:
            for part, rows in _blocks(out, x):
                packed = _packed(signed_keys(rows), bits, part)
                partition_at(packed, self.positions)
                packed &= (1 << bits) - 1

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((2,)), (array(dtype, 3, 7),))
        yield Example(cls((4, 5)), (array("f32", 40),))
