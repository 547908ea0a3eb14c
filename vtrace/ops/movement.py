"""Movement: results whose elements are elements of the operands, found at an index known before the data is.

Lowering costs nothing but index arithmetic, and index values that need none are passed on unchanged, so that a code
generator keeps sight of contiguous axes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.emitter import Emitter, Index, Read, Value
from vtrace.ir.primitive import Batched, Batcher, ElementPrimitive, ErrorExample, Example, primitive
from vtrace.ir.types import INT64, Array, ArrayType, Dim, DType, Shape, static_shape
from vtrace.ops.assembly import Concatenate as Concatenate
from vtrace.ops.assembly import Pad as Pad
from vtrace.ops.kinds import NUMBERS, require_axes, require_kind
from vtrace.ops.reshape import Reshape as Reshape
from vtrace.ops.samples import EVERY_KIND, array


@final
@primitive("broadcast")
@dataclass(frozen=True)
class Broadcast(ElementPrimitive):
    """`x` repeated along new axes: axis i of `x` becomes axis `axes[i]` of the result, which has `shape`."""

    shape: Shape
    axes: tuple[int, ...]

    def infer(self, x: ArrayType) -> ArrayType:
        result = x.with_shape(self.shape)
        require_axes("broadcast", self.axes, result)
        if x.shape != tuple(self.shape[a] for a in self.axes):
            raise ShapeError(f"broadcast: {x} does not fit axes {self.axes} of {result}")
        return result

    def evaluate(self, x: Array) -> Array:
        shape = static_shape(self.shape)
        return np.broadcast_to(np.expand_dims(x, tuple(a for a in range(len(shape)) if a not in self.axes)), shape)

    def batch(self, b: Batcher, x: Batched) -> Batched:
        assert x.axis is not None
        # as far to the front as the order of the operand's axes allows
        axis = self.axes[x.axis - 1] + 1 if x.axis else 0
        before, after = self.axes[: x.axis], self.axes[x.axis :]
        op = Broadcast((*self.shape[:axis], b.size, *self.shape[axis:]), (*before, axis, *(a + 1 for a in after)))
        return Batched(b.emit(op, x.value), axis)

    def element(self, e: Emitter, index: Index, x: Read) -> Value:
        return x(tuple(index[a] for a in self.axes))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((2, 3), (1,)), (array(dtype, 3),))
        yield Example(cls((3, 2), (0,)), (array("f64", 3),))
        yield Example(cls((2, 3, 4, 5), (1, 3)), (array("f32", 3, 5),))
        yield Example(cls((2, 3), ()), (array("f64"),))
        yield Example(cls((), ()), (array("f64"),))
        yield Example(cls((2, 0), (1,)), (array("f64", 0),))
        yield Example(cls((0, 2), (1,)), (array("f64", 2),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((2, 3), (0,)), (array("f64", 3),), ShapeError, r"f64\[3\] does not fit axes \(0,\)")
        yield ErrorExample(cls((3, 2), (1, 0)), (array("f64", 2, 3),), ShapeError, "are not sorted axes")
        yield ErrorExample(cls((2, 3), (1,)), (array("f64", 1),), ShapeError, "does not fit")


@final
@primitive("transpose")
@dataclass(frozen=True)
class Transpose(ElementPrimitive):
    """Axes reordered: axis i of the result is axis `permutation[i]` of `x`."""

    permutation: tuple[int, ...]

    def infer(self, x: ArrayType) -> ArrayType:
        if sorted(self.permutation) != list(range(x.rank)):
            raise ShapeError(f"transpose: {self.permutation} is not a permutation of the axes of {x}")
        return x.with_shape(x.shape[a] for a in self.permutation)

    def evaluate(self, x: Array) -> Array:
        return np.transpose(x, self.permutation)

    def batch(self, b: Batcher, x: Batched) -> Batched:
        assert x.axis is not None
        axes = tuple(a + (a >= x.axis) for a in self.permutation)
        return Batched(b.emit(Transpose((x.axis, *axes)), x.value), 0)

    def element(self, e: Emitter, index: Index, x: Read) -> Value:
        at = dict(zip(self.permutation, index, strict=True))
        return x(tuple(at[a] for a in range(len(index))))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((1, 0)), (array(dtype, 2, 3),))
        yield Example(cls((2, 0, 1)), (array("f32", 2, 3, 4),))
        yield Example(cls((0, 1)), (array("f64", 2, 3),))
        yield Example(cls(()), (array("f64"),))
        yield Example(cls((1, 0)), (array("f64", 0, 3),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((0,)), (array("f64", 2, 3),), ShapeError, r"\(0,\) is not a permutation of the axes")
        yield ErrorExample(cls((0, 0)), (array("f64", 2, 3),), ShapeError, "is not a permutation")


@final
@primitive("reverse")
@dataclass(frozen=True)
class Reverse(ElementPrimitive):
    """`x` back to front along each of `axes`."""

    axes: tuple[int, ...]

    def infer(self, x: ArrayType) -> ArrayType:
        require_axes("reverse", self.axes, x)
        return x

    def evaluate(self, x: Array) -> Array:
        return np.flip(x, self.axes)

    def batch(self, b: Batcher, x: Batched) -> Batched:
        assert x.axis is not None
        axis = x.axis
        return Batched(b.emit(Reverse(tuple(a + (a >= axis) for a in self.axes)), x.value), axis)

    def element(self, e: Emitter, index: Index, x: Read) -> Value:
        def mirrored(at: Value, extent: Dim) -> Value:
            last = e.index(extent - 1) if isinstance(extent, int) else e.sub(e.dim(extent), e.index(1))
            return e.add(e.mul(at, e.index(-1)), last)

        pairs = enumerate(zip(index, x.type.shape, strict=True))
        return x(tuple(mirrored(at, extent) if a in self.axes else at for a, (at, extent) in pairs))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((0,)), (array(dtype, 3),))
        yield Example(cls((0, 2)), (array("f32", 2, 3, 4),))
        yield Example(cls((1,)), (array("f64", 2, 3),))
        yield Example(cls(()), (array("f64"),))
        yield Example(cls((0,)), (array("f64", 0, 2),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((1,)), (array("f64", 3),), ShapeError, r"reverse: axes \(1,\) are not sorted axes")


@final
@primitive("slice")
@dataclass(frozen=True)
class Slice(ElementPrimitive):
    """Along each axis the elements at `range(start, stop, stride)`, numbers as `slice.indices` gives them.

    A batch axis is taken whole: its stop is its extent, which may be a symbol.
    """

    starts: tuple[int, ...]
    stops: Shape
    strides: tuple[int, ...]

    def infer(self, x: ArrayType) -> ArrayType:
        if not len(self.starts) == len(self.stops) == len(self.strides) == x.rank:
            raise ShapeError(f"slice needs a start, a stop and a stride for each axis of {x}, got {self}")
        return x.with_shape(self._extent(x, axis) for axis in range(x.rank))

    def _extent(self, x: ArrayType, axis: int) -> Dim:
        extent, start, stop, stride = x.shape[axis], self.starts[axis], self.stops[axis], self.strides[axis]
        if (start, stop, stride) == (0, extent, 1):
            return extent
        where = f"slice [{start}:{stop}:{stride}] of axis {axis} of {x}"
        if not (isinstance(extent, int) and isinstance(stop, int)):
            raise ShapeError(f"{where}: a batch axis is taken whole")
        if stride == 0:
            raise ShapeError(f"{where}: the stride is zero")
        low, high = (0, extent) if stride > 0 else (-1, extent - 1)
        if not (low <= start <= high and low <= stop <= high):
            raise ShapeError(f"{where}: start and stop must lie in [{low}, {high}]")
        return len(range(start, stop, stride))

    def evaluate(self, x: Array) -> Array:
        def part(start: int, stop: int, stride: int) -> slice:
            if not range(start, stop, stride):
                return slice(0, 0)
            return slice(start, None if stop < 0 else stop, stride)

        return x[tuple(map(part, self.starts, static_shape(self.stops), self.strides))]

    def batch(self, b: Batcher, x: Batched) -> Batched:
        assert x.axis is not None
        k = x.axis
        op = Slice(
            (*self.starts[:k], 0, *self.starts[k:]),
            (*self.stops[:k], b.size, *self.stops[k:]),
            (*self.strides[:k], 1, *self.strides[k:]),
        )
        return Batched(b.emit(op, x.value), k)

    def element(self, e: Emitter, index: Index, x: Read) -> Value:
        def source(at: Value, start: int, stride: int) -> Value:
            scaled = at if stride == 1 else e.mul(at, e.index(stride))
            return e.add(scaled, e.index(start)) if start else scaled

        return x(tuple(map(source, index, self.starts, self.strides)))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((1,), (4,), (2,)), (array(dtype, 5),))
        yield Example(cls((0, 1), (2, 3), (1, 1)), (array("f32", 2, 4),))
        yield Example(cls((4,), (-1,), (-2,)), (array("f64", 5),))
        yield Example(cls((2,), (-1,), (-1,)), (array("i64", 3),))
        yield Example(cls((3, 0), (0, 3), (-1, 1)), (array("f64", 4, 3),))
        yield Example(cls((2,), (2,), (1,)), (array("f64", 3),))
        yield Example(cls((-1,), (-1,), (-1,)), (array("f64", 3),))
        yield Example(cls((0,), (0,), (1,)), (array("f64", 0),))
        yield Example(cls((-1,), (-1,), (-1,)), (array("f64", 0),))
        yield Example(cls((), (), ()), (array("f64"),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x = (array("f64", 3),)
        yield ErrorExample(cls((), (), ()), x, ShapeError, "a start, a stop and a stride for each axis")
        yield ErrorExample(cls((0,), (4,), (1,)), x, ShapeError, r"start and stop must lie in \[0, 3\]")
        yield ErrorExample(cls((3,), (-1,), (-1,)), x, ShapeError, r"start and stop must lie in \[-1, 2\]")
        yield ErrorExample(cls((0,), (3,), (0,)), x, ShapeError, "the stride is zero")


@final
@primitive("iota")
@dataclass(frozen=True)
class Iota(ElementPrimitive):
    """0, 1, 2... along `axis` of an array of `shape`, the same at every index of the other axes. Has no operands."""

    dtype: DType
    shape: Shape
    axis: int

    def infer(self) -> ArrayType:
        require_kind("iota", self.dtype, NUMBERS)
        result = ArrayType(self.dtype, self.shape)
        require_axes("iota", (self.axis,), result)
        return result

    def evaluate(self) -> Array:
        shape = static_shape(self.shape)
        line = np.arange(shape[self.axis]).astype(self.dtype)
        return np.broadcast_to(np.expand_dims(line, tuple(a for a in range(len(shape)) if a != self.axis)), shape)

    def batch(self, b: Batcher) -> Batched:
        raise AssertionError("iota has no operands, so none is mapped")

    def element(self, e: Emitter, index: Index) -> Value:
        at = index[self.axis]
        return at if self.dtype == INT64 else e.convert(at, self.dtype)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND[:-1]:
            yield Example(cls(array(dtype).dtype, (3,), 0), ())
        yield Example(cls(INT64, (2, 3, 4), 1), ())
        yield Example(cls(array("i8").dtype, (200,), 0), ())
        yield Example(cls(INT64, (0,), 0), ())

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls(INT64, (3,), 1), (), ShapeError, "not sorted axes")
