"""log, log2, log10 and log1p, and the double-word logarithm that the inverse hyperbolic functions are made of.

x = 2**k m with m from sqrt(1/2) to sqrt(2), and log(m) = 2 arctanh(s) with s = (m - 1) / (m + 1).
"""

import math

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, add, constant, fast_two_sum, multiply, two_product, two_sum
from vtrace.backends.vecmath.number import Coefficients, Number
from vtrace.backends.vecmath.scaling import integer_to_float, power_of_two, split_exponent


def log_near_one(f: Number) -> Double:
    """log(1 + f) = f - f**2 / 2 + rest for 1 + f from sqrt(1/2) to sqrt(2), to a few bits beyond one float."""
    s = f / (f + 2.0)
    z = s * s
    half_square, error = two_product(0.5 * f, f)
    rest = s * (half_square + z * z.fma(z.polynomial(c.LOG), 2.0 / 3.0))
    high, low = fast_two_sum(f, -half_square)
    return fast_two_sum(high, (low - error) + rest)


def special_cases(x: Number, result: Number) -> Number:
    """`result`, but log's values at 0, infinity, negative numbers and NaN."""
    result = (x < math.inf).select(result, x)
    result = x.equals(0.0).select(x.like(-math.inf), result)
    return (x < 0.0).select(x.like(math.nan), result)


def log(x: Number) -> Number:
    """The natural logarithm."""
    m, exponent = split_exponent(x)
    k = integer_to_float(exponent, x.format)
    f = m - 1.0
    s = f / (f + 2.0)
    z = s * s
    half_square = 0.5 * f * f
    rest = s * (half_square + z * z.fma(z.polynomial(c.LOG), 2.0 / 3.0))
    # The sum is taken from the smallest term up; k ln 2 loses no bit that its low part does not bring back.
    big = k * x.part(c.LN2, 0)
    low = k.fma(x.part(c.LN2, 0), -big) + k * x.part(c.LN2, 1)
    total = fast_two_sum(big, f)
    return special_cases(x, total.high + (total.low + low + (rest - half_square)))


def log_in_base(x: Number, scale: Coefficients, per_octave: Coefficients | None) -> Number:
    """log(x) * scale, where one octave of x counts `per_octave` (1 if None)."""
    m, exponent = split_exponent(x)
    k = integer_to_float(exponent, x.format)
    small = multiply(log_near_one(m - 1.0), constant(x, scale))
    if per_octave is None:
        octaves = Double(k, k.like(0.0))
    else:
        high, low = two_product(k, x.part(per_octave, 0))
        octaves = Double(high, k.fma(x.part(per_octave, 1), low))
    return special_cases(x, add(octaves, small).total())


def log2(x: Number) -> Number:
    """The logarithm in base 2, exact for powers of two."""
    return log_in_base(x, c.LOG2_E, None)


def log10(x: Number) -> Number:
    """The logarithm in base 10, exact for powers of ten."""
    return log_in_base(x, c.LOG10_E, c.LOG10_2)


def log1p_double(f: Double) -> Double:
    """log(1 + f) for a finite f above -1."""
    form = f.high.format
    whole, error = two_sum(f.high.like(1.0), f.high)
    m, exponent = split_exponent(whole)
    k = integer_to_float(exponent, form)
    # f itself, scaled, less the constant: exact where m - 1 alone has lost the low bits of f.
    # Halved twice over, as 2**-exponent is subnormal for the largest exponent.
    shrink = 0.5 * power_of_two(1 - exponent, form)
    near = exponent.equals(0)
    g = near.select(f.high, m - 1.0)
    g_low = near.select(f.low, (error + f.low) * shrink)
    small = log_near_one(g)
    small = Double(small.high, small.low + g_low / (1.0 + g))
    high, low = two_product(k, f.high.part(c.LN2, 0))
    return add(Double(high, k.fma(f.high.part(c.LN2, 1), low)), small)


def log1p(x: Number) -> Number:
    """log(1 + x), good near 0."""
    result = log1p_double(Double(x, x.like(0.0))).total()
    result = (abs(x) < x.format.epsilon / 4).select(x, result)
    result = (x < math.inf).select(result, x)
    result = x.equals(-1.0).select(x.like(-math.inf), result)
    return (x < -1.0).select(x.like(math.nan), result)
