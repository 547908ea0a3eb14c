"""Between a complex array as it lies in memory, its two parts side by side, and these parts as arrays of their own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.emitter import Emitter, Index, Read, Value
from vtrace.ir.primitive import Batched, Batcher, ElementPrimitive, ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType
from vtrace.ops.kinds import FLOATS, require_kind, require_same
from vtrace.ops.samples import array

_NAMES = ("real", "imag")


def require_pairs(name: str, x: ArrayType) -> None:
    """ShapeError or DTypeError unless `x` is floats with a last axis of two: real and imaginary parts."""
    require_kind(name, x.dtype, FLOATS)
    if not x.rank or x.shape[-1] != 2:
        raise ShapeError(f"{name} needs pairs along the last axis, got {x}")


@final
@primitive("part")
@dataclass(frozen=True)
class Part(ElementPrimitive):
    """The "real" or the "imag" part of complex numbers, which lie in pairs along the last axis of `x`."""

    which: str

    def infer(self, x: ArrayType) -> ArrayType:
        require_pairs("part", x)
        if self.which not in _NAMES:
            raise ShapeError(f"part takes 'real' or 'imag', not {self.which!r}")
        return x.with_shape(x.shape[:-1])

    def evaluate(self, x: Array) -> Array:
        return np.asarray(x[..., _NAMES.index(self.which)])

    def batch(self, b: Batcher, x: Batched) -> Batched:
        axis = x.axis
        assert axis is not None
        if axis == x.type.rank - 1:
            axis -= 1
        return Batched(b.emit(self, b.move(x, axis)), axis)

    def element(self, e: Emitter, index: Index, x: Read) -> Value:
        return x((*index, e.index(_NAMES.index(self.which))))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for which in _NAMES:
            yield Example(cls(which), (array("f64", 2),))
            yield Example(cls(which), (array("f32", 3, 2),))
        yield Example(cls("imag"), (array("f32", 2, 37, 2),))
        yield Example(cls("real"), (array("f64", 0, 2),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls("real"), (array("f64", 3),), ShapeError, "pairs along the last axis")
        yield ErrorExample(cls("real"), (array("f64"),), ShapeError, "pairs along the last axis")
        yield ErrorExample(cls("first"), (array("f64", 2),), ShapeError, "'real' or 'imag', not 'first'")


@final
@primitive("interleave")
@dataclass(frozen=True)
class Interleave(ElementPrimitive):
    """Real parts `x` and imaginary parts `y` as complex numbers lie in memory: in pairs along a new last axis."""

    def infer(self, x: ArrayType, y: ArrayType) -> ArrayType:
        require_same("interleave", (x, y))
        require_kind("interleave", x.dtype, FLOATS)
        return x.with_shape((*x.shape, 2))

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.stack([x, y], axis=-1)

    def batch(self, b: Batcher, x: Batched, y: Batched) -> Batched:
        axis = x.axis if x.axis is not None else y.axis
        assert axis is not None
        return Batched(b.emit(self, b.move(x, axis), b.move(y, axis)), axis)

    def element(self, e: Emitter, index: Index, x: Read, y: Read) -> Value:
        is_real = e.compare("eq", index[-1], e.index(0))
        imaginary = e.when(e.invert(is_real), lambda: y(index[:-1]), e.constant(0, y.type.dtype))
        return e.when(is_real, lambda: x(index[:-1]), imaginary)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), (array("f64"), array("f64")))
        yield Example(cls(), (array("f32", 3), array("f32", 3)))
        yield Example(cls(), (array("f32", 2, 37), array("f32", 2, 37)))
        yield Example(cls(), (array("f64", 0), array("f64", 0)))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls(), (array("f64", 3), array("f64", 4)), ShapeError, "operands of one shape")
