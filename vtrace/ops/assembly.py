"""Results put together from several operands, each of which is read only where the result lies within it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate
from typing import ClassVar, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Emitter, Index, Read, Value
from vtrace.ir.primitive import Batched, Batcher, ElementPrimitive, ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType, Dim, static_shape
from vtrace.ops.kinds import require_axes
from vtrace.ops.samples import EVERY_KIND, array


@final
@primitive("concatenate")
@dataclass(frozen=True)
class Concatenate(ElementPrimitive):
    """The operands one after the other along `axis`; their other extents agree."""

    finding: ClassVar[float] = 4.0

    axis: int

    def infer(self, *types: ArrayType) -> ArrayType:
        if not types:
            raise ShapeError("concatenate needs at least one operand")
        require_axes("concatenate", (self.axis,), types[0])
        text = " and ".join(map(str, types))
        if len({t.dtype for t in types}) > 1:
            raise DTypeError(f"concatenate needs operands of one dtype, got {text}")
        if len({t.rank for t in types}) > 1 or len({t.drop((self.axis,)).shape for t in types}) > 1:
            raise ShapeError(f"concatenate along axis {self.axis} needs operands that agree elsewhere, got {text}")
        total = sum(static_shape(tuple(t.shape[self.axis] for t in types)))
        return types[0].drop((self.axis,)).insert(self.axis, total)

    def evaluate(self, *arrays: Array) -> Array:
        return np.concatenate(arrays, self.axis)

    def batch(self, b: Batcher, *args: Batched) -> Batched:
        axis = next(a.axis for a in args if a.axis is not None)
        op = Concatenate(self.axis + (self.axis >= axis))
        return Batched(b.emit(op, *(b.move(a, axis) for a in args)), axis)

    def element(self, e: Emitter, index: Index, *reads: Read) -> Value:
        filled = [read for read in reads if read.type.shape[self.axis] != 0]
        if not filled:
            return e.constant(0, reads[0].type.dtype)
        sizes = static_shape(tuple(read.type.shape[self.axis] for read in filled))
        offsets = list(accumulate(sizes, initial=0))
        before, at, after = index[: self.axis], index[self.axis], index[self.axis + 1 :]

        def pick(first: int, last: int) -> Value:
            """The value at `at`, which lies in one of the operands first...last-1: found by bisection."""
            if last - first == 1:
                offset = offsets[first]
                return filled[first]((*before, e.sub(at, e.index(offset)) if offset else at, *after))
            middle = (first + last) // 2
            left = e.compare("lt", at, e.index(offsets[middle]))
            otherwise = e.when(e.invert(left), lambda: pick(middle, last), e.constant(0, filled[first].type.dtype))
            return e.when(left, lambda: pick(first, middle), otherwise)

        return pick(0, len(filled))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls(0), (array(dtype, 2), array(dtype, 3)))
        yield Example(cls(1), (array("f32", 2, 1), array("f32", 2, 3), array("f32", 2, 2)))
        yield Example(cls(0), (array("f64", 1),) * 5)
        yield Example(cls(0), (array("f64", 3),))
        yield Example(cls(0), (array("f64", 0), array("f64", 2), array("f64", 0)))
        yield Example(cls(0), (array("f64", 0, 2), array("f64", 0, 2)))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x = array("f64", 3)
        yield ErrorExample(cls(0), (), ShapeError, "at least one operand")
        yield ErrorExample(cls(1), (x, x), ShapeError, "are not sorted axes")
        yield ErrorExample(cls(0), (x, array("f32", 3)), DTypeError, r"of one dtype, got f64\[3\] and f32\[3\]")
        yield ErrorExample(cls(0), (array("f64", 3, 2), array("f64", 3, 4)), ShapeError, "agree elsewhere")
        yield ErrorExample(cls(0), (x, array("f64", 3, 1)), ShapeError, "agree elsewhere")


@final
@primitive("pad")
@dataclass(frozen=True)
class Pad(ElementPrimitive):
    """`x` with `low[a]` elements before and `high[a]` after it along each axis a, all of them `value`.

    `value` is a scalar; where it differs from example to example, its axes are the `batch_axes` of `x`, not padded.
    """

    finding: ClassVar[float] = 4.0

    low: tuple[int, ...]
    high: tuple[int, ...]
    batch_axes: tuple[int, ...] = ()

    def infer(self, x: ArrayType, value: ArrayType) -> ArrayType:
        if not len(self.low) == len(self.high) == x.rank or min((*self.low, *self.high), default=0) < 0:
            raise ShapeError(f"pad needs a width of at least 0 on both sides of each axis of {x}, got {self}")
        require_axes("pad", self.batch_axes, x)
        if value.shape != tuple(x.shape[a] for a in self.batch_axes) or any(
            self.low[a] or self.high[a] for a in self.batch_axes
        ):
            raise ShapeError(f"pad fills with a scalar, got {value} to pad {x}")
        if value.dtype != x.dtype:
            raise DTypeError(f"pad needs operands of one dtype, got {x.dtype} and {value.dtype}")
        return x.with_shape(map(self._extent, range(x.rank), x.shape))

    def _extent(self, axis: int, extent: Dim) -> Dim:
        width = self.low[axis] + self.high[axis]
        if isinstance(extent, int):
            return extent + width
        if width:
            raise ShapeError(f"pad: axis {axis} is the batch axis {extent}, which is not padded")
        return extent

    def evaluate(self, x: Array, value: Array) -> Array:
        shape = tuple(low + n + high for low, n, high in zip(self.low, x.shape, self.high, strict=True))
        fill = np.expand_dims(value, tuple(a for a in range(x.ndim) if a not in self.batch_axes))
        result = np.broadcast_to(fill, shape).copy()
        result[tuple(slice(low, low + n) for low, n in zip(self.low, x.shape, strict=True))] = x
        return result

    def batch(self, b: Batcher, x: Batched, value: Batched) -> Batched:
        if value.axis is not None:
            op = Pad((0, *self.low), (0, *self.high), (0, *(a + 1 for a in self.batch_axes)))
            return Batched(b.emit(op, b.move(x, 0), b.move(value, 0)), 0)
        assert x.axis is not None
        k = x.axis
        op = Pad(
            (*self.low[:k], 0, *self.low[k:]),
            (*self.high[:k], 0, *self.high[k:]),
            tuple(a + (a >= k) for a in self.batch_axes),
        )
        return Batched(b.emit(op, x.value, value.value), k)

    def element(self, e: Emitter, index: Index, x: Read, value: Read) -> Value:
        inside: list[Value] = []
        at: list[Value] = []
        for i, extent, low, high in zip(index, x.type.shape, self.low, self.high, strict=True):
            if low:
                inside.append(e.compare("ge", i, e.index(low)))
            if high:
                end = e.add(e.dim(extent), e.index(low)) if low else e.dim(extent)
                inside.append(e.compare("lt", i, end))
            at.append(e.sub(i, e.index(low)) if low else i)
        if not inside:
            return x(index)
        fill = value(tuple(index[a] for a in self.batch_axes))
        return e.when(reduce(e.and_, inside), lambda: x(tuple(at)), fill)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((2,), (1,)), (array(dtype, 3), array(dtype)))
        yield Example(cls((0, 2), (1, 0)), (array("f32", 2, 3), array("f32")))
        yield Example(cls((0,), (0,)), (array("f64", 3), array("f64")))
        yield Example(cls((1,), (2,)), (array("f64", 0), array("f64")))
        yield Example(cls((), ()), (array("f64"), array("f64")))
        yield Example(cls((0, 1), (0, 1), (0,)), (array("f64", 2, 3), array("f64", 2)))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x, value = array("f64", 3), array("f64")
        yield ErrorExample(cls((1,), ()), (x, value), ShapeError, "a width of at least 0 on both sides of each axis")
        yield ErrorExample(cls((-1,), (0,)), (x, value), ShapeError, "a width of at least 0")
        yield ErrorExample(cls((1,), (0,)), (x, x), ShapeError, r"fills with a scalar, got f64\[3\]")
        yield ErrorExample(cls((1,), (0,)), (x, array("f32")), DTypeError, "of one dtype")
