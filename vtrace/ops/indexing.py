"""Indexing: results whose elements are found at an index that is data itself.

The leading `batch` axes of all operands are paired: each index of them is an example of its own. They arise when the
data and its indices are both mapped; traced programs start with none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar, final

import numpy as np

from vtrace.errors import DTypeError, IndexOutOfRangeError, ShapeError
from vtrace.ir.emitter import Emitter, Index, Read, Value
from vtrace.ir.primitive import Batched, Batcher, ElementPrimitive, ErrorExample, Example, primitive
from vtrace.ir.types import DTYPES, INT64, Array, ArrayType, Shape, Symbol, count, static_shape
from vtrace.ops.kinds import INTEGERS, require_kind
from vtrace.ops.samples import EVERY_KIND, array


@final
@primitive("gather")
@dataclass(frozen=True)
class Gather(ElementPrimitive):
    """The rows of `x` along `axis` that the integers in `index` name; negative ones count from the end.

    The result's axes are the paired ones, those of `x` before `axis`, those of `index`, those of `x` after `axis`.
    """

    finding: ClassVar[float] = 3.0

    axis: int
    batch_rank: int = 0

    def infer(self, x: ArrayType, index: ArrayType) -> ArrayType:
        require_kind("gather: the index", index.dtype, INTEGERS)
        n = self.batch_rank
        if not n <= self.axis < x.rank:
            raise ShapeError(f"gather: {x} has no axis {self.axis} to take rows of")
        if x.shape[:n] != index.shape[:n]:
            raise ShapeError(f"gather: the first {n} axes of {x} and {index} differ")
        require_rows("gather", x, self.axis, index)
        return x.with_shape(x.shape[: self.axis] + index.shape[n:] + x.shape[self.axis + 1 :])

    def evaluate(self, x: Array, index: Array) -> Array:
        n = self.batch_rank
        at = checked(index, x.shape[self.axis], self.axis - n)
        result = np.empty(x.shape[: self.axis] + index.shape[n:] + x.shape[self.axis + 1 :], x.dtype)
        for example in np.ndindex(*x.shape[:n]):
            result[example] = np.take(x[example], at[example], axis=self.axis - n)
        return result

    def batch(self, b: Batcher, x: Batched, index: Batched) -> Batched:
        n = self.batch_rank
        if x.axis is not None and index.axis is not None:
            return Batched(b.emit(Gather(self.axis + 1, n + 1), b.move(x, 0), b.move(index, 0)), 0)
        if x.axis is None:
            assert index.axis is not None
            k = max(index.axis, n)
            return Batched(b.emit(self, x.value, b.move(index, k)), self.axis - n + k)
        k = max(x.axis, n)
        op = Gather(self.axis + (k <= self.axis), n)
        out = k if k <= self.axis else k - 1 + index.type.rank - n
        return Batched(b.emit(op, b.move(x, k), index.value), out)

    def element(self, e: Emitter, index: Index, x: Read, at: Read) -> Value:
        n, split = self.batch_rank, self.axis + at.type.rank - self.batch_rank
        row = as_index(e, at(index[:n] + index[self.axis : split]))
        row = e.checked_index(row, x.type.shape[self.axis], example_axis(x.type, self.axis, n))
        return x((*index[: self.axis], row, *index[split:]))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls(0), (array(dtype, 4), array("i64", 3)), -4, 3)
        for dtype in ("i8", "i32"):
            yield Example(cls(0), (array("f64", 3, 2), array(dtype, 4)), -3, 3)
        for dtype in ("u8", "u64"):
            yield Example(cls(1), (array("f32", 2, 3), array(dtype)), 0, 3)
        yield Example(cls(1), (array("f64", 2, 3, 2), array("i64", 2, 2)), -3, 3)
        yield Example(cls(2, 1), (array("f64", 2, 2, 3), array("i64", 2)), -3, 3)
        yield Example(cls(1, 1), (array("f64", 2, 3, 2), array("i64", 2, 4)), -3, 3)
        yield Example(cls(0), (array("f64", 0), array("i64", 0)), 0, 1)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x, index = array("f64", 3), array("i64", 2)
        yield ErrorExample(cls(0), (x, array("f64", 2)), DTypeError, "the index does not work on float64")
        yield ErrorExample(cls(1), (x, index), ShapeError, "has no axis 1")
        yield ErrorExample(
            cls(0), (array("f64", 0), index), IndexOutOfRangeError, "a non-empty take from an empty axis"
        )
        yield ErrorExample(cls(1, 1), (array("f64", 3, 2), index), ShapeError, "the first 1 axes")


@final
@primitive("take_along")
@dataclass(frozen=True)
class TakeAlong(ElementPrimitive):
    """Along `axis` of `x` the element that `index` names, for each element of `index`; other extents agree."""

    finding: ClassVar[float] = 3.0

    axis: int

    def infer(self, x: ArrayType, index: ArrayType) -> ArrayType:
        require_kind("take_along: the index", index.dtype, INTEGERS)
        if not 0 <= self.axis < x.rank:
            raise ShapeError(f"take_along: {x} has no axis {self.axis}")
        if x.rank != index.rank or x.drop((self.axis,)).shape != index.drop((self.axis,)).shape:
            raise ShapeError(f"take_along: {index} does not match {x} on the axes other than {self.axis}")
        require_rows("take_along", x, self.axis, index)
        return x.with_shape(index.shape)

    def evaluate(self, x: Array, index: Array) -> Array:
        return np.take_along_axis(x, checked(index, x.shape[self.axis], self.axis), self.axis)

    def batch(self, b: Batcher, x: Batched, index: Batched) -> Batched:
        k = x.axis if x.axis is not None else index.axis
        assert k is not None
        return Batched(b.emit(TakeAlong(self.axis + (self.axis >= k)), b.move(x, k), b.move(index, k)), k)

    def element(self, e: Emitter, index: Index, x: Read, at: Read) -> Value:
        row = e.checked_index(as_index(e, at(index)), x.type.shape[self.axis], example_axis(x.type, self.axis, 0))
        return x((*index[: self.axis], row, *index[self.axis + 1 :]))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls(0), (array(dtype, 4), array("i64", 3)), -4, 3)
        yield Example(cls(1), (array("f32", 2, 3), array("i8", 2, 5)), -3, 3)
        yield Example(cls(0), (array("f64", 3, 2), array("u64", 1, 2)), 0, 3)
        yield Example(cls(0), (array("f64", 0), array("i64", 0)), 0, 1)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x, index = array("f64", 3), array("i64", 2)
        yield ErrorExample(cls(0), (x, array("f64", 2)), DTypeError, "the index does not work on float64")
        yield ErrorExample(cls(1), (x, index), ShapeError, "has no axis 1")
        yield ErrorExample(cls(0), (array("f64", 3, 2), index), ShapeError, "does not match")
        yield ErrorExample(
            cls(0), (array("f64", 0), index), IndexOutOfRangeError, "a non-empty take from an empty axis"
        )


@final
@primitive("dynamic_slice")
@dataclass(frozen=True)
class DynamicSlice(ElementPrimitive):
    """The window of `sizes` in `x` that begins at the given starts, one integer for each axis.

    A negative start counts from the end; the window is then shifted to lie within `x`. The starts may have axes of
    their own after the paired ones; these come before the axes of the window in the result.
    """

    sizes: Shape
    batch_rank: int = 0

    def infer(self, x: ArrayType, *starts: ArrayType) -> ArrayType:
        require_window("dynamic_slice", self.batch_rank, x, x.with_shape(self.sizes), starts)
        return x.with_shape(starts[0].shape + self.sizes)

    def evaluate(self, x: Array, *starts: Array) -> Array:
        n, sizes = self.batch_rank, static_shape(self.sizes)
        result = np.empty(starts[0].shape + sizes, x.dtype)
        for example in np.ndindex(*starts[0].shape):
            result[example] = x[example[:n]][window(x.shape[n:], sizes, starts, example)]
        return result

    def batch(self, b: Batcher, x: Batched, *starts: Batched) -> Batched:
        n = self.batch_rank
        if x.axis is None:
            return Batched(b.emit(self, x.value, *(b.move(s, n) for s in starts)), n)
        op = DynamicSlice(self.sizes, n + 1)
        return Batched(b.emit(op, b.move(x, 0), *(b.move(s, 0) for s in starts)), 0)

    def element(self, e: Emitter, index: Index, x: Read, *starts: Read) -> Value:
        n, split = self.batch_rank, starts[0].type.rank
        example, within = index[:split], index[split:]
        first = first_index(e, x.type.shape[n:], self.sizes, starts, example)
        return x((*example[:n], *map(e.add, first, within)))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((2,)), (array(dtype, 4), array("i64")), -6, 6)
        yield Example(cls((2, 3)), (array("f32", 4, 3), array("i32"), array("i8")), -6, 6)
        yield Example(cls((4,)), (array("f64", 4), array("u64")), 0, 6)
        yield Example(cls((0,)), (array("f64", 3), array("i64")), -4, 4)
        yield Example(cls((0,)), (array("f64", 0), array("i64")), -4, 4)
        yield Example(cls((2,)), (array("f64", 5), array("i64", 3)), -6, 6)
        yield Example(cls((2,), 1), (array("f64", 3, 5), array("i64", 3)), -6, 6)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x, start = array("f64", 3), array("i64")
        yield ErrorExample(cls((2,)), (x, array("f64")), DTypeError, "the start does not work on float64")
        yield ErrorExample(cls((2, 2)), (x, start), ShapeError, "a size and a start for each axis")
        yield ErrorExample(cls((2,)), (x, start, start), ShapeError, "a size and a start for each axis")
        yield ErrorExample(cls((4,)), (x, start), ShapeError, r"window \[4\] does not fit into \[3\]")
        yield ErrorExample(cls((2,), 1), (array("f64", 2, 3), start), ShapeError, "the first 1 axes")


@final
@primitive("dynamic_update_slice")
@dataclass(frozen=True)
class DynamicUpdateSlice(ElementPrimitive):
    """`x` with the window that begins at the given starts (as for `dynamic_slice`) replaced by `update`."""

    finding: ClassVar[float] = 4.0

    batch_rank: int = 0

    def infer(self, x: ArrayType, update: ArrayType, *starts: ArrayType) -> ArrayType:
        n = self.batch_rank
        if update.dtype != x.dtype:
            raise DTypeError(f"dynamic_update_slice needs operands of one dtype, got {x.dtype} and {update.dtype}")
        if x.shape[:n] != update.shape[:n] or any(s.rank != n for s in starts):
            raise ShapeError(f"dynamic_update_slice: the first {n} axes of {x}, {update} and the starts are not paired")
        require_window("dynamic_update_slice", n, x, update.drop(range(n)), starts)
        return x

    def evaluate(self, x: Array, update: Array, *starts: Array) -> Array:
        n = self.batch_rank
        result = x.copy()
        for example in np.ndindex(*x.shape[:n]):
            result[(*example, *window(x.shape[n:], update.shape[n:], starts, example))] = update[example]
        return result

    def batch(self, b: Batcher, *args: Batched) -> Batched:
        return Batched(b.emit(DynamicUpdateSlice(self.batch_rank + 1), *(b.move(a, 0) for a in args)), 0)

    def element(self, e: Emitter, index: Index, x: Read, update: Read, *starts: Read) -> Value:
        n = self.batch_rank
        if 0 in update.type.shape:
            return x(index)
        example, at = index[:n], index[n:]
        sizes = update.type.shape[n:]
        within = tuple(map(e.sub, at, first_index(e, x.type.shape[n:], sizes, starts, example)))
        zero = e.index(0)
        inside = [e.compare("ge", i, zero) for i in within]
        inside += [e.compare("lt", i, e.dim(size)) for i, size in zip(within, sizes, strict=True)]
        return e.when(reduce(e.and_, inside), lambda: update(example + within), x(index))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls(), (array(dtype, 4), array(dtype, 2), array("i64")), -6, 6)
        yield Example(cls(), (array("f32", 4, 3), array("f32", 2, 3), array("i32"), array("i8")), -6, 6)
        yield Example(cls(), (array("f64", 4), array("f64", 4), array("u64")), 0, 6)
        yield Example(cls(), (array("f64", 3), array("f64", 0), array("i64")), -4, 4)
        yield Example(cls(1), (array("f64", 2, 4), array("f64", 2, 1), array("i64", 2)), -6, 6)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x, start = array("f64", 3), array("i64")
        yield ErrorExample(cls(), (x, array("f32", 2), start), DTypeError, "of one dtype")
        yield ErrorExample(cls(), (x, x, array("f64")), DTypeError, "the start does not work on float64")
        yield ErrorExample(cls(), (x, array("f64", 4), start), ShapeError, r"window \[4\] does not fit into \[3\]")
        yield ErrorExample(cls(), (x, array("f64", 2, 2), start), ShapeError, "a size and a start for each axis")
        yield ErrorExample(cls(), (x, x, array("i64", 2)), ShapeError, "are not paired")


def require_rows(name: str, x: ArrayType, axis: int, index: ArrayType) -> None:
    """IndexOutOfRangeError where `axis` of `x` is empty, but `index` is not."""
    if x.shape[axis] == 0 and count(index.shape)[0]:
        raise IndexOutOfRangeError(f"{name}: a non-empty take from an empty axis: axis {axis} of {x}, index {index}")


def require_window(name: str, paired: int, x: ArrayType, size: ArrayType, starts: Sequence[ArrayType]) -> None:
    """ShapeError or DTypeError unless a window of `size` fits into `x` after its `paired` axes, at integer `starts`."""
    outer, room = x.shape[:paired], x.shape[paired:]
    if not len(size.shape) == len(starts) == len(room) > 0:
        raise ShapeError(f"{name} needs a size and a start for each axis of {x.with_shape(room)}, at least one")
    for start in starts:
        require_kind(f"{name}: the start", start.dtype, INTEGERS)
        if start.shape != starts[0].shape or start.shape[:paired] != outer:
            raise ShapeError(f"{name}: the first {paired} axes of {x} and the starts are not paired: {start}")
    window, within = static_shape(size.shape), static_shape(room)
    if any(s > n for s, n in zip(window, within, strict=True)):
        raise ShapeError(f"{name}: the window {list(window)} does not fit into {list(within)}")


def checked(index: Array, extent: int, axis: int) -> Array:
    """`index` as non-negative int64; IndexOutOfRangeError where one lies outside [-extent, extent)."""
    outside = (index < -extent) | (index >= extent)
    if outside.any():
        raise out_of_bounds(index[outside].flat[0], extent, axis)
    signed = index.astype(np.int64)
    return np.where(signed < 0, signed + extent, signed)


def out_of_bounds(index: int, extent: int, axis: int) -> IndexOutOfRangeError:
    """What is raised for an index outside of its axis."""
    return IndexOutOfRangeError(f"index {index} is out of bounds for axis {axis} with size {extent}")


def window(
    room: Sequence[int], sizes: Sequence[int], starts: Sequence[Array], example: tuple[int, ...]
) -> tuple[slice, ...]:
    """Where the window of one example lies."""
    slices = []
    for extent, size, start in zip(room, sizes, starts, strict=True):
        first = int(start[example])
        first = max(0, min(first + extent if first < 0 else first, extent - size))
        slices.append(slice(first, first + size))
    return tuple(slices)


def first_index(e: Emitter, room: Shape, sizes: Shape, starts: Sequence[Read], example: Index) -> Index:
    """The index in `room` at which the window of one example begins; what `window` is for NumPy."""

    def clamped(extent: int, size: int, start: Read) -> Value:
        zero, last = e.index(0), e.index(extent - size)
        if size == extent:
            return zero
        first = as_index(e, start(example))
        first = e.select(e.compare("lt", first, zero), e.add(first, e.index(extent)), first)
        first = e.select(e.compare("gt", first, last), last, first)
        return e.select(e.compare("lt", first, zero), zero, first)

    return tuple(map(clamped, static_shape(room), static_shape(sizes), starts))


def as_index(e: Emitter, value: Value) -> Value:
    """`value` as an int64, one too large for it as the largest."""
    if value.dtype == INT64:
        return value
    wide = e.convert(value, INT64)
    if value.dtype != DTYPES["u64"]:
        return wide
    return e.select(e.compare("lt", wide, e.index(0)), e.index(np.iinfo(np.int64).max), wide)


def example_axis(x: ArrayType, axis: int, paired: int) -> int:
    """What the user calls `axis` of `x`: batch axes, which are paired or have a symbolic extent, are not counted."""
    return axis - paired - sum(isinstance(d, Symbol) for d in x.shape[paired:axis])
