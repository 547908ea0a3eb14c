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
"""Elements up to which the merge sort is done before that is prepared."""


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
    """The positions of the elements of each row in ascending order, NaN last; equal ones keep their order."""

    nanoseconds = 20.0

    def infer(self, x: ArrayType) -> ArrayType:
        _require_rows("argsort_rows", x)
        return x.with_dtype(INT64)

    def evaluate(self, x: Array) -> Array:
        return np.argsort(x, kind="stable")

    def fill(self, out: Array, x: Array) -> None:
        if _sorts_positions(x):
            out[...] = np.argsort(x, kind="stable")
            return
        for order, row in zip(out, x, strict=True):
            order[...] = stable_order(row)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in (*EVERY_KIND, "i32", "u64", "u16"):
            yield Example(cls(), (array(dtype, 3, 7),))
        yield Example(cls(), (array("f32", 4, 0),))
        yield Example(cls(), (array("f64", 40),))


def _sorts_positions(x: Array) -> bool:
    """Whether NumPy's own way is the faster one."""
    return x.itemsize <= RADIX_BYTES or x.shape[-1] < FEW


def stable_order(x: Array) -> Array:
    """`np.argsort(x, kind="stable")` of a vector, by a sort of integers that hold key and position.

    NumPy's merge sort of positions takes four to ten times as long. Where keys are too long, their last bits are left
    out, and the few elements that then seem equal are put in order afterwards.
    """
    if _sorts_positions(x):
        return np.argsort(x, kind="stable")
    bits = (x.size - 1).bit_length()
    keys, dropped = signed_keys(x), 0
    if keys.itemsize == 4 and bits < 32:
        packed = _packed(keys, bits, np.empty(keys.shape, np.int64))
    else:
        low = keys.min()
        keys = np.subtract(keys, low, dtype=np.int64).view(np.uint64)  # which wraps around to what is meant
        dropped = max(int(keys.max()).bit_length() + bits - 64, 0)
        packed = ((keys >> np.uint64(dropped)) << np.uint64(bits)).view(np.int64)
        packed ^= np.iinfo(np.int64).min
        packed |= np.arange(x.size)
    packed.sort()
    order = packed & ((1 << bits) - 1)
    if dropped:
        packed >>= bits
        _order_tied(order, packed, keys)
    return np.asarray(order)


def _packed(keys: Array, bits: int, out: Array) -> Array:
    """Short keys and, in the last `bits`, positions along the last axis."""
    np.left_shift(keys, bits, out=out, dtype=np.int64)
    out |= np.arange(keys.shape[-1])
    return out


def _order_tied(order: Array, shortened: Array, keys: Array) -> None:
    """Put elements in order that seemed equal, as the last bits of their keys were left out."""
    tied = shortened[1:] == shortened[:-1]
    if tied.any():
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
    """
    middle = len(positions) // 2
    at = positions[middle] - start
    rows.partition(at)
    if before := positions[:middle]:
        partition_at(rows[..., :at], before, start)
    if after := positions[middle + 1 :]:
        partition_at(rows[..., at + 1 :], after, start + at + 1)


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
        if x.itemsize != 4 or bits >= 32:
            out[...] = np.argpartition(x, self.positions)
            return
        packed = _packed(signed_keys(x), bits, out)
        partition_at(packed, self.positions)
        packed &= (1 << bits) - 1

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((2,)), (array(dtype, 3, 7),))
        yield Example(cls((4, 5)), (array("f32", 40),))
