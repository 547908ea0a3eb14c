"""Comparisons: two numbers or bools in, a bool out. With a NaN only `ne` holds."""

from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import primitive
from vtrace.ir.types import Array
from vtrace.ops.kinds import ANY, Binary


@final
@primitive("eq")
@dataclass(frozen=True)
class Equal(Binary):
    """x == y."""

    kinds = ANY
    predicate = True

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.equal(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.compare("eq", x, y)


@final
@primitive("ne")
@dataclass(frozen=True)
class NotEqual(Binary):
    """x != y."""

    kinds = ANY
    predicate = True

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.not_equal(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.compare("ne", x, y)


@final
@primitive("lt")
@dataclass(frozen=True)
class Less(Binary):
    """x < y; False comes before True."""

    kinds = ANY
    predicate = True

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.less(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.compare("lt", x, y)


@final
@primitive("le")
@dataclass(frozen=True)
class LessEqual(Binary):
    """x <= y."""

    kinds = ANY
    predicate = True

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.less_equal(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.compare("le", x, y)


@final
@primitive("gt")
@dataclass(frozen=True)
class Greater(Binary):
    """x > y."""

    kinds = ANY
    predicate = True

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.greater(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.compare("gt", x, y)


@final
@primitive("ge")
@dataclass(frozen=True)
class GreaterEqual(Binary):
    """x >= y."""

    kinds = ANY
    predicate = True

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.greater_equal(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.compare("ge", x, y)
