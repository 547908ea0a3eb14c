"""sinh, cosh, tanh, from the double-word exponential, and their inverses, from the double-word logarithm."""

import math

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import (
    Double,
    add,
    constant,
    divide,
    fast_two_sum,
    multiply,
    square_root,
    two_product,
    two_sum,
)
from vtrace.backends.vecmath.exponential import exp, exp_double, expm1_double
from vtrace.backends.vecmath.logarithm import log1p_double, log_wide
from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Number


def tanh(x: Number) -> Number:
    """The hyperbolic tangent."""
    size = abs(x)
    if x.dtype.itemsize == 4:
        z = size * size
        near = (size * z).fma(z.polynomial(c.TANH), size)
        far = 1.0 - 2.0 / (exp(2.0 * size.clamp(0.0, 9.5)) + 1.0)
        return (size < 0.90625).select(near, far).copysign(x)
    limit = 20.0
    # expm1(2 x) / (expm1(2 x) + 2), with both halved.
    grown = expm1_double(2.0 * size.clamp(0.0, limit))
    below, error = two_sum(grown.high, x.like(1.0))
    result = divide(grown, Double(below, error + grown.low)).total()
    result = (size < x.format.epsilon / 4).select(size, result)
    return result.copysign(x)


def sinh(x: Number) -> Number:
    """The hyperbolic sine."""
    size = abs(x)
    z = size * size
    small = (size * z).fma(z.polynomial(c.SINH), size)
    grown = exp_double(size.clamp(0.0, overflow_limit(x)))
    high, low = fast_two_sum(grown.high, -0.0625 / grown.high)
    large = 2.0 * (high + (low + grown.low))
    result = (size < 1.0).select(small, large)
    return (size < math.inf).select(result, size).copysign(x)


def cosh(x: Number) -> Number:
    """The hyperbolic cosine."""
    size = abs(x)
    grown = exp_double(size.clamp(0.0, overflow_limit(x)))
    high, low = fast_two_sum(grown.high, 0.0625 / grown.high)
    return (size < math.inf).select(2.0 * (high + (low + grown.low)), size)


def overflow_limit(x: Number) -> float:
    """An x whose exp(x) / 2 is infinite, while 2**(n - 2) still is a number."""
    return (x.format.bias + 2.25) * 0.6931471805599453


def arcsinh(x: Number) -> Number:
    """The inverse hyperbolic sine."""
    size = abs(x)
    if x.dtype.itemsize == 4:
        wide = size.convert(FLOAT64_FORMAT.dtype)
        result = log_wide(wide + wide.fma(wide, 1.0).sqrt()).convert(x.dtype)
        return ((size < math.inf) & (size > 2.0**-12)).select(result, size).copysign(x)
    limit = 2.0 ** (x.format.bias // 2 - 4)
    inner = size.clamp(0.0, limit)
    # log1p(x + (sqrt(1 + x**2) - 1)), or log(2 x) where 1 is lost against x**2.
    square, lost = two_product(inner, inner)
    high, low = two_sum(square, x.like(1.0))
    root = square_root(Double(high, low + lost))
    # What cancels against 1 is exact, and the low part of the root has bits enough for what is left.
    excess = root.high - 1.0
    total = two_sum(inner, excess)
    return finish_inverse(size, size > limit, Double(total.high, total.low + root.low)).copysign(x)


def arccosh(x: Number) -> Number:
    """The inverse hyperbolic cosine; NaN below 1."""
    if x.dtype.itemsize == 4:
        wide = x.convert(FLOAT64_FORMAT.dtype)
        result = log_wide(wide + ((wide - 1.0) * (wide + 1.0)).sqrt()).convert(x.dtype)
        return (x < 1.0).select(x.like(math.nan), (x < math.inf).select(result, x))
    limit = 2.0 ** (x.format.bias // 2 - 4)
    inner = x.clamp(1.0, limit) - 1.0
    # log1p(t + sqrt(t (t + 2))) with t = x - 1.
    square = multiply(Double(inner, x.like(0.0)), two_sum(inner, x.like(2.0)))
    root = square_root(Double(square.high + x.format.min_normal, square.low))
    result = finish_inverse(x, x > limit, add(Double(inner, x.like(0.0)), root))
    return x.equals(1.0).select(x.like(0.0), (x < 1.0).select(x.like(math.nan), result))


def finish_inverse(size: Number, far: Number, near: Double) -> Number:
    """log(1 + near), or log(2 size) where that is `far`; size itself where it is tiny or not finite."""
    logarithm = log1p_double(Double(far.select(size, near.high), far.select(size.like(0.0), near.low)))
    doubled = constant(size, c.LN2)
    high, low = fast_two_sum(logarithm.high, far.select(doubled.high, 0.0))
    result = high + (low + (logarithm.low + far.select(doubled.low, 0.0)))
    return ((size < math.inf) & (size > size.format.epsilon / 4)).select(result, size)


def arctanh_size32(x: Number) -> Number:
    """The same for float32, by float64."""
    size = abs(x)
    wide = size.convert(FLOAT64_FORMAT.dtype)
    result = (0.5 * log_wide((1.0 + wide) / (1.0 - wide))).convert(x.dtype)
    result = (size > 2.0**-12).select(result, size)
    result = size.equals(1.0).select(x.like(math.inf), result)
    return (size > 1.0).select(x.like(math.nan), result).copysign(x)


def arctanh(x: Number) -> Number:
    """The inverse hyperbolic tangent; NaN beyond 1."""
    size = abs(x)
    if x.dtype.itemsize == 4:
        return arctanh_size32(x)
    ratio = divide(Double(2.0 * size, x.like(0.0)), fast_two_sum(x.like(1.0), -size))
    result = 0.5 * log1p_double(ratio).total()
    result = (size < x.format.epsilon / 4).select(size, result)
    result = size.equals(1.0).select(x.like(math.inf), result)
    return (size > 1.0).select(x.like(math.nan), result).copysign(x)
