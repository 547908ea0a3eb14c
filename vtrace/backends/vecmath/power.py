"""power, as 2**(y log2|x|) with a logarithm of twice the usual precision; cbrt and hypot."""

import math

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import (
    Double,
    fast_two_sum,
    two_product,
    two_sum,
)
from vtrace.backends.vecmath.exponential import beyond_linear, exponent_limits, reduce_base2
from vtrace.backends.vecmath.logarithm import log2_wide
from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Number
from vtrace.backends.vecmath.scaling import (
    integer_to_float,
    power_of_two,
    round_to_integer,
    scale,
    split_exponent,
    split_normal,
)


def log2_double(m: Number, exponent: Number) -> Double:
    """log2(m * 2**exponent) to about 65 bits, for a float64 m from sqrt(1/2) to sqrt(2).

    log2(m) = a (1 + t) with a = 2 s / ln 2, s = (m - 1) / (m + 1) and t = z w(z), z = s**2. No sum is normalised but
    the last one: low parts only have to be small.
    """
    k = integer_to_float(exponent, m.format)
    difference, total = m - 1.0, m + 1.0
    reciprocal = 1.0 / total
    s = difference * reciprocal
    remainder = (-s).fma(m - (total - 1.0), (-s).fma(total, difference))
    s_low = remainder * reciprocal
    z = s * s
    z_low = (s + s).fma(s_low, s.fma(s, -z))
    tail = z.polynomial(c.LOG_LONG)
    third = m.like(1.0 / 3.0)
    w = z.fma(tail, third)
    w_low = z.fma(tail, third - w) + 2.0**-54 / 3.0
    t = z * w
    t_low = z.fma(w, -t) + z.fma(w_low, z_low * w)
    factor, factor_low = 2.0 * c.LOG2_E[8][0], 2.0 * c.LOG2_E[8][1]
    a = s * factor
    a_low = s.fma(factor, -a) + s.fma(factor_low, s_low * factor)
    b = a * t
    b_low = a.fma(t, -b) + a.fma(t_low, a_low * t)
    large = fast_two_sum(k, a)
    sum_, error = two_sum(large.high, b)
    return Double(sum_, error + (large.low + (a_low + b_low)))


def exp2_double(x: Double) -> tuple[Number, Number]:
    """(p, n) with 2**x = p * 2**n, n an integer."""
    n, r = reduce_base2(x)
    r = fast_two_sum(*r)
    one, error = fast_two_sum(r.high.like(1.0), r.high)
    return one + (error + beyond_linear(r)), n


def exp2_wide(x: Number) -> Number:
    """2**x of a float64 within the range of float32, to about 34 bits."""
    rounded, n = round_to_integer(x)
    r = (x - rounded) * c.LN2[8][0]
    grown = (r * r).fma(r.polynomial(c.EXP, size=4), r) + 1.0
    return (grown.bits() + (n << FLOAT64_FORMAT.mantissa)).as_float(FLOAT64_FORMAT)


def power_usual(size: Number, y: Number) -> tuple[Number, Number]:
    """size**y for a normal size > 0 and a normal result; and whether these are what was given."""
    single = size.dtype.itemsize == 4
    usual = (size >= size.format.min_normal) & (size < math.inf)
    if single:
        wide = log2_wide(*split_normal(size.convert(FLOAT64_FORMAT.dtype))) * y.convert(FLOAT64_FORMAT.dtype)
        return exp2_wide(wide).convert(size.dtype), usual & (abs(wide) < 126.0)
    logarithm = log2_double(*split_normal(size))
    product = logarithm.high * y
    error = logarithm.high.fma(y, -product) + logarithm.low * y
    grown, n = exp2_double(Double(product, error))
    scaled = (grown.bits() + (n << FLOAT64_FORMAT.mantissa)).as_float(FLOAT64_FORMAT)
    return scaled, usual & (abs(product) < 1021.0)


def power_in_full(size: Number, y: Number) -> Number:
    """size**y for any size that is not negative, with NumPy's special cases."""
    edge = size.equals(0.0) | size.equals(math.inf)
    low_limit, high_limit = exponent_limits(size, 1.0)
    if size.dtype.itemsize == 4:
        logarithm = log2_wide(*split_normal(size.convert(FLOAT64_FORMAT.dtype)))
        product = (logarithm * y.convert(FLOAT64_FORMAT.dtype)).clamp(low_limit - 1.0, high_limit + 1.0)
        result = exp2_wide(product).convert(size.dtype)
    else:
        long = log2_double(*split_exponent(size))
        rounded = long.high * y
        error = long.high.fma(y, -rounded) + long.low * y
        error = (abs(rounded) < high_limit + 64.0).select(error, 0.0)
        result = scale(*exp2_double(Double(rounded.clamp(low_limit, high_limit), error)))
    vanishing = (size < 1.0) ^ (y < 0.0)
    result = (edge | abs(y).equals(math.inf)).select(vanishing.select(size.like(0.0), math.inf), result)
    result = (size.is_nan() | y.is_nan()).select(size + y, result)
    return (y.equals(0.0) | size.equals(1.0)).select(size.like(1.0), result)


def signed_power(x: Number, y: Number, result: Number) -> Number:
    """x**y for a negative x, of which |x|**y is `result`."""
    whole = y.trunc().equals(y)
    half = 0.5 * y
    odd = whole & half.trunc().differs(half)
    undefined = (x < 0.0) & (x > -math.inf) & ~whole
    return undefined.select(x.like(math.nan), odd.select(-result, result))


def power(x: Number, y: Number) -> Number:
    """x**y, with NumPy's special cases."""
    size = abs(x)
    result, usual = power_usual(size, y)
    result = (~usual).rarely(power_in_full, (size, y), result)
    negative = x.bits() < 0
    return negative.when(lambda: signed_power(x, y, result), result)


def cbrt(x: Number) -> Number:
    """The cube root."""
    form = x.format
    m, exponent = split_exponent(abs(x))
    # exponent + 3 shift = 3 third + left with left from 0 to 2; then 2**(left - 3) m is small, and its root is scaled.
    shift = form.bias + form.mantissa
    offset = exponent + 3 * shift
    third = (offset * 21846) >> 16
    small = m * power_of_two(offset - 3 * third - 3, form)
    w = small.polynomial(c.CBRT)
    wrong = 1.0 - small * w * w * w
    w = w + w * (wrong * (1.0 / 3.0 + wrong * (2.0 / 9.0)))
    root = small * w * w
    square = two_product(root, root)
    excess = root.fma(square.high, -small) + root * square.low
    result = scale(root - excess * (w * w * (1.0 / 3.0)), third + (1 - shift)).copysign(x)
    return ((abs(x) < math.inf) & x.differs(0.0)).select(result, x)


def hypot(x: Number, y: Number) -> Number:
    """sqrt(x**2 + y**2) without overflow on the way."""
    form = x.format
    left, right = abs(x), abs(y)
    swap = left < right
    large, small = swap.select(right, left), swap.select(left, right)
    # A power of two brings the squares into range.
    shift = form.bias - form.mantissa - 4
    far, near = large > 2.0 ** (form.bias // 2 - 2), large < 2.0 ** (form.bias // 2 - 2 - shift)
    step = 2.0**shift
    down = far.select(x.like(1.0 / step), near.select(x.like(step), 1.0))
    up = far.select(x.like(step), near.select(x.like(1.0 / step), 1.0))
    large, small = large * down, small * down
    squares = two_product(large, large)
    others = two_product(small, small)
    high, low = fast_two_sum(squares.high, others.high)
    root = high.sqrt()
    rest = (-root).fma(root, high) + (low + (squares.low + others.low))
    result = (root + rest / (root + root + form.min_normal)) * up
    return (left.equals(math.inf) | right.equals(math.inf)).select(x.like(math.inf), result)
