"""power, as 2**(y log2|x|) with a logarithm of twice the usual precision; cbrt and hypot."""

import math

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import (
    Double,
    add,
    constant,
    divide,
    fast_two_sum,
    multiply,
    two_product,
)
from vtrace.backends.vecmath.exponential import exp_reduced, exponent_limits, reduce_base2
from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Number
from vtrace.backends.vecmath.scaling import (
    integer_to_float,
    power_of_two,
    round_to_integer,
    scale,
    split_exponent,
)


def log2_double(x: Number) -> Double:
    """log2(x) to about 65 bits, for a positive finite float64."""
    m, exponent = split_exponent(x)
    k = integer_to_float(exponent, x.format)
    s = divide(Double(m - 1.0, x.like(0.0)), fast_two_sum(x.like(1.0), m))
    square = two_product(s.high, s.high)
    z = Double(square.high, (2.0 * s.high).fma(s.low, square.low))
    # log(m) = 2 s (1 + z w) with w = 1/3 + z tail(z).
    third, error = fast_two_sum(x.like(1.0 / 3.0), z.high * z.high.polynomial(c.LOG_LONG))
    w = Double(third, error + x.like(2.0**-54 / 3.0))
    line = multiply(s, constant(x, c.LOG2_E))
    line = Double(2.0 * line.high, 2.0 * line.low)
    return add(Double(k, k.like(0.0)), add(line, multiply(line, multiply(z, w))))


def power_size64(x: Number, y: Number) -> Number:
    """x**y of float64 x >= 0, apart from NumPy's rules for 1**y and x**0."""
    low_limit, high_limit = exponent_limits(x, 1.0)
    logarithm = log2_double(x)
    edge = (x < math.inf).select(x.equals(0.0).select(x.like(-math.inf), logarithm.high), x)
    product = edge * y
    error = edge.fma(y, -product) + logarithm.low * y
    ordinary = (abs(product) < high_limit + 64.0) & (edge > -math.inf) & (edge < math.inf)
    exponent = Double(product.clamp(low_limit, high_limit), ordinary.select(error, 0.0))
    return exp_reduced(reduce_base2(exponent))


def power_size32(x: Number, y: Number) -> Number:
    """The same for float32, computed in float64, whose range and precision need no double-word."""
    wide, wide_y = x.convert(FLOAT64_FORMAT.dtype), y.convert(FLOAT64_FORMAT.dtype)
    m, exponent = split_exponent(wide)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    tail = z.polynomial(c.LOG_LONG, size=4).fma(z, 1.0 / 3.0)
    line = s * (2.0 * c.LOG2_E[8][0])
    logarithm = integer_to_float(exponent, FLOAT64_FORMAT) + line.fma(z * tail, line)
    edge = (wide < math.inf).select(wide.equals(0.0).select(wide.like(-math.inf), logarithm), wide)
    rounded, n = round_to_integer((edge * wide_y).clamp(-200.0, 200.0))
    r = ((edge * wide_y).clamp(-200.0, 200.0) - rounded) * c.LN2[8][0]
    grown = (r * r).fma(r.polynomial(c.EXP, size=4), r) + 1.0
    return (grown * power_of_two(n, FLOAT64_FORMAT)).convert(x.dtype)


def power(x: Number, y: Number) -> Number:
    """x**y, with NumPy's special cases."""
    size = abs(x)
    result = (power_size32 if x.dtype.itemsize == 4 else power_size64)(size, y)
    whole = y.trunc().equals(y)
    half = 0.5 * y
    odd = whole & half.trunc().differs(half)
    result = (odd & (x.bits() < 0)).select(-result, result)
    undefined = (x < 0.0) & (x > -math.inf) & ~whole & y.equals(y)
    result = undefined.select(x.like(math.nan), result)
    one = y.equals(0.0) | x.equals(1.0) | (size.equals(1.0) & abs(y).equals(math.inf))
    return one.select(x.like(1.0), result)


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
