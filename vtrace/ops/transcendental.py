"""Functions of the calculus, floats only, computed by the emitter's table of math functions.

They are accurate to 2 units in the last place; special values (infinities, NaN, signed zeros) are NumPy's.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import primitive
from vtrace.ir.types import Array
from vtrace.ops.kinds import FLOATS, Binary, Unary


class MathFunction(Unary):
    """A function that NumPy and the emitter's table both know by the primitive's name."""

    kinds = FLOATS

    @final
    def evaluate(self, x: Array) -> Array:
        return np.asarray(getattr(np, self.name)(x))

    @final
    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.math(self.name, x)


@final
@primitive("exp")
@dataclass(frozen=True)
class Exp(MathFunction):
    """e to the power `x`."""

    domain = (-80.0, 80.0)


@final
@primitive("exp2")
@dataclass(frozen=True)
class Exp2(MathFunction):
    """2 to the power `x`."""

    domain = (-100.0, 100.0)


@final
@primitive("expm1")
@dataclass(frozen=True)
class Expm1(MathFunction):
    """e to the power `x`, minus 1: accurate where `x` is small."""

    domain = (-10.0, 10.0)


@final
@primitive("log")
@dataclass(frozen=True)
class Log(MathFunction):
    """Natural logarithm; NaN below zero, -inf at zero."""

    domain = (0.0, 100.0)


@final
@primitive("log2")
@dataclass(frozen=True)
class Log2(MathFunction):
    """Logarithm to base 2."""

    domain = (0.0, 100.0)


@final
@primitive("log10")
@dataclass(frozen=True)
class Log10(MathFunction):
    """Logarithm to base 10."""

    domain = (0.0, 1000.0)


@final
@primitive("log1p")
@dataclass(frozen=True)
class Log1p(MathFunction):
    """log(1 + x): accurate where `x` is small."""

    domain = (-1.0, 10.0)


@final
@primitive("sqrt")
@dataclass(frozen=True)
class Sqrt(Unary):
    """Square root, correctly rounded; NaN below zero."""

    kinds = FLOATS
    domain = (0.0, 100.0)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.sqrt(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.sqrt(x)


@final
@primitive("cbrt")
@dataclass(frozen=True)
class Cbrt(MathFunction):
    """Cube root, of negative numbers too."""

    domain = (-100.0, 100.0)


@final
@primitive("sin")
@dataclass(frozen=True)
class Sin(MathFunction):
    """Sine of `x`, in radians."""

    domain = (-50.0, 50.0)


@final
@primitive("cos")
@dataclass(frozen=True)
class Cos(MathFunction):
    """Cosine of `x`, in radians."""

    domain = (-50.0, 50.0)


@final
@primitive("tan")
@dataclass(frozen=True)
class Tan(MathFunction):
    """Tangent of `x`, in radians."""

    domain = (-50.0, 50.0)


@final
@primitive("arcsin")
@dataclass(frozen=True)
class ArcSin(MathFunction):
    """Inverse sine, in [-pi/2, pi/2]; NaN outside [-1, 1]."""

    domain = (-1.0, 1.0)


@final
@primitive("arccos")
@dataclass(frozen=True)
class ArcCos(MathFunction):
    """Inverse cosine, in [0, pi]; NaN outside [-1, 1]."""

    domain = (-1.0, 1.0)


@final
@primitive("arctan")
@dataclass(frozen=True)
class ArcTan(MathFunction):
    """Inverse tangent, in [-pi/2, pi/2]."""

    domain = (-10.0, 10.0)


@final
@primitive("sinh")
@dataclass(frozen=True)
class Sinh(MathFunction):
    """Hyperbolic sine."""

    domain = (-20.0, 20.0)


@final
@primitive("cosh")
@dataclass(frozen=True)
class Cosh(MathFunction):
    """Hyperbolic cosine."""

    domain = (-20.0, 20.0)


@final
@primitive("tanh")
@dataclass(frozen=True)
class Tanh(MathFunction):
    """Hyperbolic tangent."""

    domain = (-5.0, 5.0)


@final
@primitive("arcsinh")
@dataclass(frozen=True)
class ArcSinh(MathFunction):
    """Inverse hyperbolic sine."""

    domain = (-100.0, 100.0)


@final
@primitive("arccosh")
@dataclass(frozen=True)
class ArcCosh(MathFunction):
    """Inverse hyperbolic cosine; NaN below 1."""

    domain = (1.0, 100.0)


@final
@primitive("arctanh")
@dataclass(frozen=True)
class ArcTanh(MathFunction):
    """Inverse hyperbolic tangent; NaN outside [-1, 1]."""

    domain = (-1.0, 1.0)


@final
@primitive("arctan2")
@dataclass(frozen=True)
class ArcTan2(Binary):
    """The angle of the point (y, x), in [-pi, pi]."""

    kinds = FLOATS

    def evaluate(self, y: Array, x: Array) -> Array:
        return np.asarray(np.arctan2(y, x))

    def scalar(self, e: Emitter, y: Value, x: Value) -> Value:
        return e.math("arctan2", y, x)


@final
@primitive("hypot")
@dataclass(frozen=True)
class Hypot(Binary):
    """sqrt(x * x + y * y) without overflow on the way."""

    kinds = FLOATS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.hypot(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.math("hypot", x, y)
