"""ndtri, erfinv and erfcinv: the quantile of the normal distribution, by polynomials.

In the tails the logarithm of the probability is taken with some more bits. float32 is computed in float64.
"""

import math

from vtrace.backends.vecmath import quotients as q
from vtrace.backends.vecmath.doubled import Double, fast_two_sum, multiply, square_root, two_product, two_sum
from vtrace.backends.vecmath.gamma import choose, pair, ratio
from vtrace.backends.vecmath.logarithm import log_double, log_wide
from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Number

MIDDLE = 0.35
START, SLOPE = 0.625, 0.75
"""In the tails x = r - START + SLOPE t - polynomial, with t = (r - 4) / (r + 4): the polynomial is small."""


def near_in(r: Double, t: Number, above: Double) -> Number:
    """The polynomial up to r = 6, less SLOPE times what t, a quotient by `above`, has lost to rounding."""
    # 1 / (r + 4) is (1 - t) / 8; the weight is that of the sum of both, roughly.
    rest = r.low.fma(1.0 - t, (-t).fma(above.high, r.high - 4.0) - t * above.low)
    return (rest * (1.0 - t)).fma(t.fma(0.9, -0.75) * 0.125, t.polynomial(q.QUANTILE_TAIL))


def far_out(r: Number) -> Number:
    """The polynomial from r = 6: a quotient of two."""
    return ratio((r - 16.0) / (r + 16.0), q.QUANTILE_FAR_TOP, q.QUANTILE_FAR_BOTTOM, 8)


def quantile(centred: Double, tail: Number) -> Double:
    """The quantile of 1/2 + centred, where the lesser of that and 1 less that is `tail`; float64, not yet rounded."""
    square = centred.high * centred.high
    slope = (square - 0.0625).polynomial(q.QUANTILE)
    product, error = two_product(centred.high, 2.5)
    middle = Double(product, centred.high.fma(slope, centred.low.fma(slope + 2.5, error)))
    logarithm = log_double(tail)
    r = square_root(Double(-2.0 * logarithm.high, -2.0 * logarithm.low))
    above = two_sum(r.high, r.high.like(4.0))
    t = (r.high - 4.0) / above.high
    less = (r.high > 6.0).rarely(far_out, (r.high,), near_in(r, t, above))
    whole, lost = two_sum(r.high, r.high.like(-START))
    line = two_product(t, SLOPE)
    total = fast_two_sum(whole, line.high)
    rest = (total.low + (lost + r.low + line.low)) - less
    negative = centred.high < 0.0
    outer = Double(negative.select(-total.high, total.high), negative.select(-rest, rest))
    return choose(abs(centred.high) <= MIDDLE, middle, outer)


def quantile_wide(centred: Number, tail: Number) -> Number:
    """The same to about 30 bits."""
    square = centred * centred
    middle = centred * ((square - 0.0625).polynomial(q.QUANTILE, 4) + 2.5)
    r = (-2.0 * log_wide(tail)).sqrt()
    t = (r - 4.0) / (r + 4.0)
    outer = t.fma(SLOPE, r - START) - t.polynomial(q.QUANTILE_TAIL, 4)
    return (abs(centred) <= MIDDLE).select(middle, outer.copysign(centred))


def at_the_ends(size: Number, tail: Number, result: Number) -> Number:
    """`result`, but infinite with the sign of `size` where the tail is empty, and NaN where it is less than that."""
    result = tail.equals(0.0).select(size.like(math.inf).copysign(size), result)
    return (tail < 0.0).select(size.like(math.nan), result)


def ndtri(p: Number) -> Number:
    """The x for which a standard normal variable is below x with probability p."""
    wide = p.convert(FLOAT64_FORMAT.dtype)
    centred = two_sum(wide.like(-0.5), wide)
    tail = (wide > 0.5).select(1.0 - wide, wide)
    if p.dtype.itemsize == 4:
        result = quantile_wide(centred.high, tail).convert(p.dtype)
    else:
        result = quantile(centred, tail).total()
    sign = (wide > 0.5).select(p.like(1.0), -1.0)
    return p.is_nan().select(p, at_the_ends(sign, tail.convert(p.dtype), result))


def erfinv(y: Number) -> Number:
    """The x for which erf(x) is y; 0.0 for -0.0, as SciPy has it."""
    y = y + 0.0
    wide = y.convert(FLOAT64_FORMAT.dtype)
    half = 0.5 * wide
    tail = 0.5 - abs(half)
    if y.dtype.itemsize == 4:
        result = (quantile_wide(half, tail) * q.ROOT_HALF[0]).convert(y.dtype)
    else:
        result = multiply(quantile(Double(half, half.like(0.0)), tail), pair(wide, q.ROOT_HALF)).total()
        # For tiny y, and most of all for subnormal ones, the long product loses bits.
        result = (abs(y) < 2.0**-60).select(y * 0.886226925452758, result)
    return y.is_nan().select(y, at_the_ends(y, tail.convert(y.dtype), result))


def erfcinv(y: Number) -> Number:
    """The x for which 1 - erf(x) is y; -0.0 for 1, as SciPy has it."""
    p = 0.5 * y.convert(FLOAT64_FORMAT.dtype)
    centred = two_sum(p.like(-0.5), p)
    tail = (p > 0.5).select(1.0 - p, p)
    if y.dtype.itemsize == 4:
        result = (quantile_wide(centred.high, tail) * -q.ROOT_HALF[0]).convert(y.dtype)
    else:
        result = -multiply(quantile(centred, tail), pair(p, q.ROOT_HALF)).total()
    sign = (p > 0.5).select(y.like(-1.0), 1.0)
    return y.is_nan().select(y, at_the_ends(sign, (tail + tail).convert(y.dtype), result))
