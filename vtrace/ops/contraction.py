"""Contractions: sums of products. `dot` is the general one; `matmul` holds those that a library computes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Emitter, Index, Read, Value, Values
from vtrace.ir.primitive import (
    Batched,
    Batcher,
    ElementPrimitive,
    ErrorExample,
    Example,
    primitive,
)
from vtrace.ir.types import DTYPES, FLOAT64, Array, ArrayType, Shape
from vtrace.ops.kinds import NUMBERS, require_kind

AxisPairs = tuple[tuple[int, ...], tuple[int, ...]]
"""Axes of the left operand, and the axes of the right operand they are paired with."""


def free_axes(rank: int, *used: tuple[int, ...]) -> tuple[int, ...]:
    """The axes that are neither contracted nor batch axes, in order."""
    return tuple(a for a in range(rank) if all(a not in axes for axes in used))


@final
@primitive("dot")
@dataclass(frozen=True)
class Dot(ElementPrimitive):
    """Sum of products of `x` and `y` over the paired `contract` axes, for each index of the paired `batch_axes`.

    The result's axes are the batch axes, then the free axes of `x`, then those of `y`.
    """

    contract: AxisPairs
    batch_axes: AxisPairs = ((), ())

    def infer(self, x: ArrayType, y: ArrayType) -> ArrayType:
        if x.dtype != y.dtype:
            raise DTypeError(f"dot needs operands of one dtype, got {x.dtype} and {y.dtype}")
        require_kind("dot", x.dtype, NUMBERS)
        for pairs in (self.contract, self.batch_axes):
            if len(pairs[0]) != len(pairs[1]) or any(
                not 0 <= a < t.rank for axes, t in zip(pairs, (x, y), strict=True) for a in axes
            ):
                raise ShapeError(f"dot: axes {pairs} do not pair the axes of {x} and {y}")
            for i, j in zip(*pairs, strict=True):
                if x.shape[i] != y.shape[j]:
                    raise ShapeError(
                        f"dot: axis {i} of {x} has extent {x.shape[i]}, but axis {j} of {y} has extent {y.shape[j]}"
                    )
        return x.with_shape(self._batch_shape(x) + self._free_shape(0, x) + self._free_shape(1, y))

    def free(self, side: int, rank: int) -> tuple[int, ...]:
        """The free axes of operand `side`."""
        return free_axes(rank, self.contract[side], self.batch_axes[side])

    def _batch_shape(self, x: ArrayType) -> Shape:
        return tuple(x.shape[a] for a in self.batch_axes[0])

    def _free_shape(self, side: int, t: ArrayType) -> Shape:
        return tuple(t.shape[a] for a in self.free(side, t.rank))

    def evaluate(self, x: Array, y: Array) -> Array:
        labels = iter(range(52))
        left, right = [-1] * x.ndim, [-1] * y.ndim
        for i, j in zip(*(self.batch_axes[s] + self.contract[s] for s in (0, 1)), strict=True):
            left[i] = right[j] = next(labels)
        for side in (left, right):
            side[:] = [next(labels) if label < 0 else label for label in side]
        out = [left[a] for a in self.batch_axes[0] + self.free(0, x.ndim)] + [right[a] for a in self.free(1, y.ndim)]
        return np.asarray(np.einsum(x, left, y, right, out), dtype=x.dtype)

    def batch(self, b: Batcher, x: Batched, y: Batched) -> Batched:
        (cx, cy), (bx, by) = self.contract, self.batch_axes

        def shifted(axes: tuple[int, ...], axis: int | None) -> tuple[int, ...]:
            return axes if axis is None else tuple(a + (a >= axis) for a in axes)

        cx, bx, cy, by = shifted(cx, x.axis), shifted(bx, x.axis), shifted(cy, y.axis), shifted(by, y.axis)
        if x.axis is not None and y.axis is not None:
            op = Dot((cx, cy), ((x.axis, *bx), (y.axis, *by)))
            return Batched(b.emit(op, x.value, y.value), 0)
        op = Dot((cx, cy), (bx, by))
        if x.axis is not None:
            axis = len(bx) + op.free(0, x.type.rank).index(x.axis)
        else:
            assert y.axis is not None
            axis = len(bx) + len(op.free(0, x.type.rank)) + op.free(1, y.type.rank).index(y.axis)
        return Batched(b.emit(op, x.value, y.value), axis)

    def element(self, e: Emitter, index: Index, x: Read, y: Read) -> Value:
        dtype = x.type.dtype
        batch = len(self.batch_axes[0])
        split = batch + len(self.free(0, x.type.rank))
        outer = (index[:batch] + index[batch:split], index[:batch] + index[split:])

        def operand(side: int, read: Read, inner: Index) -> Value:
            axes = self.batch_axes[side] + self.free(side, read.type.rank) + self.contract[side]
            at = dict(zip(axes, outer[side] + inner, strict=True))
            return read(tuple(at[a] for a in range(read.type.rank)))

        def step(acc: Values, xy: Values) -> Values:
            if dtype.kind == "f":
                return (e.fma(xy[0], xy[1], acc[0]),)
            return (e.add(acc[0], e.mul(xy[0], xy[1])),)

        return e.fold(
            tuple(x.type.shape[a] for a in self.contract[0]),
            (e.constant(0, dtype),),
            step,
            lambda a, b: (e.add(a[0], b[0]),),
            lambda inner: (operand(0, x, inner), operand(1, y, inner)),
        )[0]

    @classmethod
    def examples(cls) -> Iterator[Example]:
        f64, f32 = FLOAT64, DTYPES["f32"]
        for dtype in (f64, f32, DTYPES["i32"]):
            yield Example(cls(((0,), (0,))), (ArrayType(dtype, (5,)),) * 2)
        yield Example(cls(((1,), (0,))), (ArrayType(f64, (2, 3)), ArrayType(f64, (3, 4))))
        yield Example(cls(((0,), (1,))), (ArrayType(f32, (3, 2)), ArrayType(f32, (4, 3))))
        yield Example(cls(((2,), (1,)), ((0,), (0,))), (ArrayType(f64, (2, 3, 4)), ArrayType(f64, (2, 4))))
        yield Example(cls(((), ())), (ArrayType(f64, (2,)), ArrayType(f64, (3,))))
        yield Example(cls(((1, 0), (0, 1))), (ArrayType(f64, (2, 3)), ArrayType(f64, (3, 2))))
        yield Example(cls(((0,), (0,))), (ArrayType(f32, (133,)),) * 2)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        f64 = FLOAT64
        yield ErrorExample(
            cls(((0,), (0,))), (ArrayType(f64, (3,)), ArrayType(f64, (4,))), ShapeError, "axis 0 of .* has extent 3"
        )
        yield ErrorExample(
            cls(((0,), (0,))), (ArrayType(f64, (3,)), ArrayType(DTYPES["f32"], (3,))), DTypeError, "of one dtype"
        )
        yield ErrorExample(cls(((1,), (0,))), (ArrayType(f64, (3,)), ArrayType(f64, (3,))), ShapeError, "do not pair")
