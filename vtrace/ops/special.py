"""Functions of `scipy.special` that NumPy does not have, floats only: the emitter has a table of them."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import primitive
from vtrace.ir.types import Array
from vtrace.ops.kinds import FLOATS, Unary


class SpecialFunction(Unary):
    """A function that the emitter's table knows by the primitive's name."""

    kinds = FLOATS

    @final
    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.math(self.name, x)


@final
@primitive("erf")
@dataclass(frozen=True)
class Erf(SpecialFunction):
    """The error function."""

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.vectorize(math.erf, otypes=[x.dtype])(x))


@final
@primitive("erfc")
@dataclass(frozen=True)
class Erfc(SpecialFunction):
    """1 - erf(x), accurate where that is small."""

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.vectorize(math.erfc, otypes=[x.dtype])(x))


class SciPyFunction(SpecialFunction):
    """A function that SciPy has by the primitive's name; it is imported where a graph is evaluated."""

    @final
    def evaluate(self, x: Array) -> Array:
        from scipy import special

        return np.asarray(getattr(special, self.name)(x))


@final
@primitive("gammaln")
@dataclass(frozen=True)
class Gammaln(SciPyFunction):
    """The logarithm of the size of the gamma function."""

    domain = (0.0, 20.0)


@final
@primitive("digamma")
@dataclass(frozen=True)
class Digamma(SciPyFunction):
    """The derivative of the logarithm of the gamma function; NaN at negative integers."""

    domain = (0.0, 20.0)


@final
@primitive("ndtri")
@dataclass(frozen=True)
class Ndtri(SciPyFunction):
    """The number below which a standard normal variable is with probability `x`; NaN outside [0, 1]."""

    domain = (0.0, 1.0)


@final
@primitive("erfinv")
@dataclass(frozen=True)
class Erfinv(SciPyFunction):
    """The inverse of erf; NaN outside [-1, 1]."""

    domain = (-1.0, 1.0)


@final
@primitive("erfcinv")
@dataclass(frozen=True)
class Erfcinv(SciPyFunction):
    """The inverse of erfc; NaN outside [0, 2]."""

    domain = (0.0, 2.0)
