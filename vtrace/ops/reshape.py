"""Reshape, whose lowering keeps apart the axes that do not mix.

`(b,2,3) -> (b,6)` only has to linearise its last two axes: the index along `b` is passed on as it is, so that a
code generator still sees the contiguous axis. Axes of extent 1 come and go for free.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.emitter import Emitter, Index, Read, Value
from vtrace.ir.primitive import Batched, Batcher, ElementPrimitive, ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType, Dim, Shape, count, shape_text, static_shape
from vtrace.ops.samples import EVERY_KIND, array

Group = tuple[tuple[int, ...], tuple[int, ...]]
"""Axes of the operand, and the axes of the result that have as many elements."""


@final
@primitive("reshape")
@dataclass(frozen=True)
class Reshape(ElementPrimitive):
    """The elements of `x`, in C order, in another `shape` of as many elements."""

    shape: Shape

    def infer(self, x: ArrayType) -> ArrayType:
        result = x.with_shape(self.shape)
        if count(x.shape) != count(self.shape):
            raise ShapeError(f"cannot reshape {x} into shape {shape_text(self.shape)}: the numbers of elements differ")
        return result

    def evaluate(self, x: Array) -> Array:
        return np.reshape(x, static_shape(self.shape))

    def batch(self, b: Batcher, x: Batched) -> Batched:
        return Batched(b.emit(Reshape((b.size, *self.shape)), b.move(x, 0)), 0)

    def element(self, e: Emitter, index: Index, x: Read) -> Value:
        if 0 in self.shape:
            return e.constant(0, x.type.dtype)
        at = [e.index(0)] * x.type.rank
        for sources, targets in axis_groups(x.type.shape, self.shape):
            flat = linearize(e, tuple(index[a] for a in targets), tuple(self.shape[a] for a in targets))
            spread = delinearize(e, flat, tuple(x.type.shape[a] for a in sources))
            for axis, value in zip(sources, spread, strict=True):
                at[axis] = value
        return x(tuple(at))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((6,)), (array(dtype, 2, 3),))
        yield Example(cls((2, 3, 4)), (array("f64", 6, 4),))
        yield Example(cls((3, 8)), (array("f32", 2, 3, 4),))
        yield Example(cls((2, 1, 3, 1)), (array("f64", 2, 3),))
        yield Example(cls((3,)), (array("f64", 1, 3, 1),))
        yield Example(cls((1, 1)), (array("f64"),))
        yield Example(cls(()), (array("i64", 1, 1),))
        yield Example(cls((7, 0)), (array("f64", 0, 3),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((7,)), (array("f64", 2, 3),), ShapeError, r"cannot reshape f64\[2,3\] into shape \[7\]")


def axis_groups(operand: Shape, result: Shape) -> list[Group]:
    """The smallest runs of axes of `operand` and of `result` that hold equally many elements, in order.

    Both shapes hold equally many elements, and not zero. Axes of extent 1 are in no group.
    """
    sources = [a for a, d in enumerate(operand) if d != 1]
    targets = [a for a, d in enumerate(result) if d != 1]
    groups: list[Group] = []
    while sources or targets:
        i, j = 0, 0
        while i == 0 or j == 0 or _taken(operand, sources[:i]) != _taken(result, targets[:j]):
            behind = _taken(operand, sources[:i]) <= _taken(result, targets[:j])
            if (behind and i < len(sources)) or j == len(targets):
                i += 1
            else:
                j += 1
        groups.append((tuple(sources[:i]), tuple(targets[:j])))
        sources, targets = sources[i:], targets[j:]
    return groups


def _taken(shape: Shape, axes: list[int]) -> tuple[int, list[str]]:
    static, symbols = count(tuple(shape[a] for a in axes))
    return static, [s.name for s in symbols]


def linearize(e: Emitter, index: Index, shape: Shape) -> Value:
    """The position of `index` in C order; `shape` has at least one axis."""
    flat = index[0]
    for at, extent in zip(index[1:], shape[1:], strict=True):
        flat = e.add(e.mul(flat, e.dim(extent)), at)
    return flat


def delinearize(e: Emitter, flat: Value, shape: Shape) -> Index:
    """The index at position `flat` in C order; `shape` has at least one axis."""
    reverse: list[Value] = []
    inner: tuple[Dim, ...] = shape[:0:-1]
    for extent in inner:
        reverse.append(e.int_rem(flat, e.dim(extent)))
        flat = e.int_div(flat, e.dim(extent))
    return (flat, *reversed(reverse))
