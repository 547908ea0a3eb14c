"""Reductions: sum, product, extrema and their positions, all and any."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import BOOL, Array, DType
from vtrace.ops.argreduce import ArgMax as ArgMax
from vtrace.ops.argreduce import ArgMin as ArgMin
from vtrace.ops.extrema import extreme, greatest, least
from vtrace.ops.kinds import ANY, BOOLS, NUMBERS, Reduction
from vtrace.ops.samples import EVERY_KIND, array

EXAMPLE_NUMBERS = ("f64", "f32", "i64", "u8")


@final
@primitive("reduce_sum")
@dataclass(frozen=True)
class ReduceSum(Reduction):
    """Sum of the elements of `x` along `axes`, in the dtype of `x`; 0 for no elements."""

    axes: tuple[int, ...]
    kinds = NUMBERS

    def rebuilt(self, axes: tuple[int, ...]) -> "ReduceSum":
        return ReduceSum(axes)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.sum(x, axis=self.axes, dtype=x.dtype))

    def initial(self, e: Emitter, dtype: DType) -> Value:
        return e.constant(0, dtype)

    def combine(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.add(x, y)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EXAMPLE_NUMBERS:
            yield Example(cls((0,)), (array(dtype, 3),))
            yield Example(cls((0, 2)), (array(dtype, 2, 3, 4),))
        yield Example(cls((1,)), (array("f32", 2, 133),))
        yield Example(cls(()), (array("f64", 3),))
        yield Example(cls(()), (array("f64"),))
        yield Example(cls((0,)), (array("f64", 0, 2),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((0,)), (array("bool", 3),), DTypeError, "reduce_sum does not work on bool")
        yield ErrorExample(cls((1,)), (array("f64", 3),), ShapeError, "are not sorted axes")


@final
@primitive("reduce_prod")
@dataclass(frozen=True)
class ReduceProd(Reduction):
    """Product of the elements of `x` along `axes`, in the dtype of `x`; 1 for no elements."""

    axes: tuple[int, ...]
    kinds = NUMBERS

    def rebuilt(self, axes: tuple[int, ...]) -> "ReduceProd":
        return ReduceProd(axes)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.prod(x, axis=self.axes, dtype=x.dtype))

    def initial(self, e: Emitter, dtype: DType) -> Value:
        return e.constant(1, dtype)

    def combine(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.mul(x, y)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EXAMPLE_NUMBERS:
            yield Example(cls((0,)), (array(dtype, 3),))
            yield Example(cls((0, 2)), (array(dtype, 2, 3, 2),))
        yield Example(cls((1,)), (array("f32", 2, 33),), 0.5, 1.5)
        yield Example(cls(()), (array("f64"),))
        yield Example(cls((0,)), (array("f64", 0, 2),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((0,)), (array("bool", 3),), DTypeError, "reduce_prod does not work on bool")
        yield ErrorExample(cls((-1,)), (array("f64", 3),), ShapeError, "are not sorted axes")


@final
@primitive("reduce_max")
@dataclass(frozen=True)
class ReduceMax(Reduction):
    """The greatest element of `x` along `axes`; NaN if there is one."""

    axes: tuple[int, ...]
    kinds = ANY
    without_identity = "maximum"

    def rebuilt(self, axes: tuple[int, ...]) -> "ReduceMax":
        return ReduceMax(axes)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.max(x, axis=self.axes))

    def initial(self, e: Emitter, dtype: DType) -> Value:
        return e.constant(least(dtype), dtype)

    def combine(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.or_(x, y) if x.dtype == BOOL else extreme(e, "gt", x, y)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield from extremum_examples(cls)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        empty = "zero-size array to reduction operation maximum which has no identity"
        yield ErrorExample(cls((0,)), (array("f64", 0),), ShapeError, empty)
        yield ErrorExample(cls((1, 0)), (array("f64", 2, 3),), ShapeError, "are not sorted axes")


@final
@primitive("reduce_min")
@dataclass(frozen=True)
class ReduceMin(Reduction):
    """The smallest element of `x` along `axes`; NaN if there is one."""

    axes: tuple[int, ...]
    kinds = ANY
    without_identity = "minimum"

    def rebuilt(self, axes: tuple[int, ...]) -> "ReduceMin":
        return ReduceMin(axes)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.min(x, axis=self.axes))

    def initial(self, e: Emitter, dtype: DType) -> Value:
        return e.constant(greatest(dtype), dtype)

    def combine(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.and_(x, y) if x.dtype == BOOL else extreme(e, "lt", x, y)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield from extremum_examples(cls)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        empty = "zero-size array to reduction operation minimum which has no identity"
        yield ErrorExample(cls((0,)), (array("f64", 0),), ShapeError, empty)
        yield ErrorExample(cls((1, 0)), (array("f64", 2, 3),), ShapeError, "are not sorted axes")


@final
@primitive("reduce_and")
@dataclass(frozen=True)
class ReduceAnd(Reduction):
    """Whether all bools of `x` along `axes` are true; so they are where there are none."""

    axes: tuple[int, ...]
    kinds = BOOLS

    def rebuilt(self, axes: tuple[int, ...]) -> "ReduceAnd":
        return ReduceAnd(axes)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.all(x, axis=self.axes))

    def initial(self, e: Emitter, dtype: DType) -> Value:
        return e.constant(True, dtype)

    def combine(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.and_(x, y)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield from logical_examples(cls)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((0,)), (array("i64", 3),), DTypeError, "reduce_and does not work on int64")


@final
@primitive("reduce_or")
@dataclass(frozen=True)
class ReduceOr(Reduction):
    """Whether any bool of `x` along `axes` is true; none is where there are none."""

    axes: tuple[int, ...]
    kinds = BOOLS

    def rebuilt(self, axes: tuple[int, ...]) -> "ReduceOr":
        return ReduceOr(axes)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.any(x, axis=self.axes))

    def initial(self, e: Emitter, dtype: DType) -> Value:
        return e.constant(False, dtype)

    def combine(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.or_(x, y)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield from logical_examples(cls)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((0,)), (array("i64", 3),), DTypeError, "reduce_or does not work on int64")


def extremum_examples(cls: type[ReduceMax] | type[ReduceMin]) -> Iterator[Example]:
    """What the maximum and the minimum are tried on."""
    for dtype in EVERY_KIND:
        yield Example(cls((0,)), (array(dtype, 3),))
        yield Example(cls((0, 2)), (array(dtype, 2, 3, 4),))
    yield Example(cls((1,)), (array("f32", 2, 133),))
    yield Example(cls(()), (array("f64"),))
    yield Example(cls((1,)), (array("f64", 0, 2),))


def logical_examples(cls: type[ReduceAnd] | type[ReduceOr]) -> Iterator[Example]:
    """What all and any are tried on."""
    yield Example(cls((0,)), (array("bool", 3),))
    yield Example(cls((0, 2)), (array("bool", 2, 3, 4),))
    yield Example(cls((1,)), (array("bool", 2, 133),))
    yield Example(cls(()), (array("bool"),))
    yield Example(cls((0,)), (array("bool", 0, 2),))
