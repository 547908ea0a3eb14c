"""Choosing between values, changing their dtype, and asking what kind of float one is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import BOOL, DTYPES, FLOAT64, INT64, Array, ArrayType, DType
from vtrace.ops.kinds import BOOLS, FLOATS, Elementwise, Unary, require_kind, require_same


@final
@primitive("select")
@dataclass(frozen=True)
class Select(Elementwise):
    """`x` where `condition` (bool) holds, else `y`; both are computed."""

    def infer(self, condition: ArrayType, x: ArrayType, y: ArrayType) -> ArrayType:
        require_kind("select", condition.dtype, BOOLS)
        require_same("select", (x, y))
        require_same("select", (condition, x.with_dtype(BOOL)))
        return x

    def evaluate(self, condition: Array, x: Array, y: Array) -> Array:
        return np.asarray(np.where(condition, x, y))

    def scalar(self, e: Emitter, condition: Value, x: Value, y: Value) -> Value:
        return e.select(condition, x, y)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in DTYPES.values():
            yield Example(cls(), (ArrayType(BOOL, (3,)), *(ArrayType(dtype, (3,)),) * 2))
        yield Example(cls(), (ArrayType(BOOL), *(ArrayType(FLOAT64),) * 2))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        bools, floats, ints = (ArrayType(d, (3,)) for d in (BOOL, FLOAT64, INT64))
        yield ErrorExample(cls(), (ints, floats, floats), DTypeError, "select does not work on int64; it takes bool")
        yield ErrorExample(cls(), (bools, floats, ints), DTypeError, "operands of one dtype, got float64 and int64")
        yield ErrorExample(cls(), (ArrayType(BOOL), floats, floats), ShapeError, r"operands of one shape, got \[\] and")


@final
@primitive("convert")
@dataclass(frozen=True)
class Convert(Elementwise):
    """`x` in another dtype, as `ndarray.astype` converts: floats are truncated, integers wrap, non-zero is True."""

    dtype: DType

    def infer(self, x: ArrayType) -> ArrayType:
        return x.with_dtype(self.dtype)

    def evaluate(self, x: Array) -> Array:
        return x.astype(self.dtype)

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.convert(x, self.dtype)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for source in DTYPES.values():
            for target in DTYPES.values():
                # which integer a float outside its range becomes is up to the machine; inside, it is not
                low = 0.0 if source.kind == "f" and target.kind == "u" else -100.0
                yield Example(cls(target), (ArrayType(source, (3,)),), low, 100.0)
        yield Example(cls(INT64), (ArrayType(FLOAT64),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        half = np.dtype(np.float16)
        yield ErrorExample(cls(half), (ArrayType(FLOAT64),), DTypeError, "dtype float16 is not supported")


@final
@primitive("is_nan")
@dataclass(frozen=True)
class IsNan(Unary):
    """Whether `x` is not a number."""

    kinds = FLOATS
    predicate = True

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.isnan(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.compare("ne", x, x)


@final
@primitive("is_finite")
@dataclass(frozen=True)
class IsFinite(Unary):
    """Whether `x` is neither infinite nor NaN."""

    kinds = FLOATS
    predicate = True

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.isfinite(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.compare("lt", e.abs(x), e.constant(np.inf, x.dtype))


@final
@primitive("is_inf")
@dataclass(frozen=True)
class IsInf(Unary):
    """Whether `x` is plus or minus infinity."""

    kinds = FLOATS
    predicate = True

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.isinf(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.compare("eq", e.abs(x), e.constant(np.inf, x.dtype))
