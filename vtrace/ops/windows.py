"""Sliding windows: what convolutions, stencils and pooling read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.emitter import Emitter, Index, Read, Value
from vtrace.ir.primitive import Batched, Batcher, ElementPrimitive, ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType
from vtrace.ops.kinds import require_axes
from vtrace.ops.samples import EVERY_KIND, array


@final
@primitive("windows")
@dataclass(frozen=True)
class Windows(ElementPrimitive):
    """Every window of `sizes` along `axes` of `x`: as `sliding_window_view`, with steps between and within windows.

    The first axes of the result are those of a window, whose elements are `dilations` apart. The others are those of
    `x`, with the number of windows, `strides` apart, along each of `axes`: so neighbours remain neighbours.
    """

    axes: tuple[int, ...]
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]

    def infer(self, x: ArrayType) -> ArrayType:
        require_axes("windows", self.axes, x)
        numbers = (self.sizes, self.strides, self.dilations)
        if any(len(n) != len(self.axes) or min(n, default=1) < 1 for n in numbers):
            raise ShapeError(f"windows needs a size, a stride and a dilation of at least 1 for each axis, got {self}")
        shape = list(x.shape)
        for axis, size, stride, dilation in zip(self.axes, *numbers, strict=True):
            extent, reach = x.shape[axis], (size - 1) * dilation + 1
            if not isinstance(extent, int) or extent < reach:
                raise ShapeError(f"windows: one of {size} elements, {dilation} apart, does not fit axis {axis} of {x}")
            shape[axis] = (extent - reach) // stride + 1
        return x.with_shape((*self.sizes, *shape))

    def evaluate(self, x: Array) -> Array:
        reach = tuple((size - 1) * dilation + 1 for size, dilation in zip(self.sizes, self.dilations, strict=True))
        view = np.lib.stride_tricks.sliding_window_view(x, reach, self.axes)
        steps = dict(zip(self.axes, self.strides, strict=True))
        index = [slice(None, None, steps.get(a, 1)) for a in range(x.ndim)]
        chosen = view[(*index, *(slice(None, None, d) for d in self.dilations))]
        return np.asarray(np.moveaxis(chosen, range(x.ndim, chosen.ndim), range(len(self.axes))))

    def batch(self, b: Batcher, x: Batched) -> Batched:
        assert x.axis is not None
        axes = tuple(a + (a >= x.axis) for a in self.axes)
        return Batched(
            b.emit(Windows(axes, self.sizes, self.strides, self.dilations), x.value), x.axis + len(self.axes)
        )

    def element(self, e: Emitter, index: Index, x: Read) -> Value:
        inside, at = index[: len(self.axes)], list(index[len(self.axes) :])
        for axis, within, stride, dilation in zip(self.axes, inside, self.strides, self.dilations, strict=True):
            start = at[axis] if stride == 1 else e.mul(at[axis], e.index(stride))
            at[axis] = e.add(start, within if dilation == 1 else e.mul(within, e.index(dilation)))
        return x(tuple(at))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((0,), (3,), (1,), (1,)), (array(dtype, 5),))
        yield Example(cls((0,), (2,), (2,), (3,)), (array("f64", 9),))
        yield Example(cls((0, 1), (2, 3), (1, 2), (1, 1)), (array("f32", 4, 7),))
        yield Example(cls((1,), (2,), (1,), (1,)), (array("f64", 2, 40),))
        yield Example(cls((), (), (), ()), (array("f64", 3),))
        yield Example(cls((0,), (3,), (1,), (1,)), (array("f64", 3),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x = (array("f64", 3),)
        yield ErrorExample(
            cls((0,), (4,), (1,), (1,)), x, ShapeError, "one of 4 elements, 1 apart, does not fit axis 0"
        )
        yield ErrorExample(
            cls((0,), (2,), (1,), (3,)), x, ShapeError, "one of 2 elements, 3 apart, does not fit axis 0"
        )
        yield ErrorExample(cls((0,), (0,), (1,), (1,)), x, ShapeError, "of at least 1 for each axis")
        yield ErrorExample(cls((1,), (1,), (1,), (1,)), x, ShapeError, "are not sorted axes")
