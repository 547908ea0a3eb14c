"""erf and erfc.

erf is an odd polynomial up to 0.92; beyond, it is 1 - exp(-x**2) q(x - 2), or 1 - 2**p(x - 1) in float32. erfc(x) is
1 - erf(x) up to 0.65 and exp(-x**2) p(t) / (1 + 2 x) beyond, with t = (x - 4) / (x + 4).
"""

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, divide, fast_two_sum, two_product
from vtrace.backends.vecmath.exponential import Reduced, beyond_linear, exp_reduced, reduce
from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Number
from vtrace.backends.vecmath.power import exp2_wide
from vtrace.backends.vecmath.scaling import round_to_integer, scale

SPLIT = 0.921875
ERFC_SPLIT = 0.65
"""Where the polynomials of erf and of erfc meet."""
SATURATED = (4.0, 6.0)
"""From where on erf is 1, in float32 and in float64."""


def erf(x: Number) -> Number:
    """The error function."""
    saturated = x.by_format(*SATURATED)
    size = (abs(x) > saturated).select(x.like(saturated), abs(x))
    square, error = two_product(size, size)
    near = size.fma(square.polynomial(c.ERF), size)
    far = erf_far_size32(size) if x.dtype.itemsize == 4 else erf_far_size64(size, square, error)
    return (size >= SPLIT).select(far, near).copysign(x)


def erf_far_size32(size: Number) -> Number:
    """1 - 2**p(size). The fraction of p is taken before p is rounded."""
    t = size - 1.0
    *slopes, constant = c.ERFC_LOG2[4]
    line = t.polynomial({4: tuple(slopes)})
    octaves, n = round_to_integer(line.fma(t, constant))
    r = line.fma(t, constant - octaves)
    decay = r.fma(r.polynomial(c.EXP2), 1.0)
    return 1.0 - (decay.bits() + (n << size.format.mantissa)).as_float(size.format)


def erf_far_size64(size: Number, square: Number, error: Number) -> Number:
    """1 - exp(-size**2) q(size - 2)."""
    n, r = reduce(-square)
    decay = exp_reduced(Reduced(n, Double(r.high, r.low - error)))
    return (-decay).fma((size - 2.0).polynomial(c.ERF_TAIL), 1.0)


def erfc_far_size32(size: Number) -> Number:
    """erfc of a float32 of at least 0.65, by float64."""
    x = size.convert(FLOAT64_FORMAT.dtype)
    scaled = ((x - 4.0) / (x + 4.0)).polynomial(c.ERFC, size=4) / (1.0 + 2.0 * x)
    return (scaled * exp2_wide(x * x * -c.LOG2_E[8][0])).convert(size.dtype)


def erfc_far_size64(x: Number) -> Number:
    """erfc of a float64 of at least 0.65. Each factor has a low part, as their errors would add up."""
    t = (x - 4.0) / (x + 4.0)
    *slopes, constant = c.ERFC[8]
    slope = t.polynomial({8: tuple(slopes)})
    top = t.fma(slope, constant)
    quotient = divide(Double(top, t.fma(slope, constant - top)), fast_two_sum(2.0 * x, x.like(1.0)))
    square, error = two_product(x, x)
    n, r = reduce(-square)
    r = fast_two_sum(r.high, r.low - error)
    one, low = fast_two_sum(x.like(1.0), r.high)
    low = low + beyond_linear(r)
    return scale(quotient.high.fma(one, quotient.high.fma(low, quotient.low * one)), n)


def erfc(x: Number) -> Number:
    """1 - erf(x), good where that is small."""
    small = x.clamp(-ERFC_SPLIT, ERFC_SPLIT)
    whole, lost = fast_two_sum(x.like(1.0), -small)
    near = whole + (lost - small * (small * small).polynomial(c.ERF))
    size = abs(x).clamp(ERFC_SPLIT, x.by_format(12.0, 28.0))
    far = (erfc_far_size32 if x.dtype.itemsize == 4 else erfc_far_size64)(size)
    far = (x < 0.0).select(2.0 - far, far)
    return (abs(x) < ERFC_SPLIT).select(near, far)
