"""log, log2, log10 and log1p, and the double-word logarithm that the inverse hyperbolic functions are made of.

x = 2**k m with m from sqrt(1/2) to sqrt(2), and log(m) = 2 arctanh(s) with s = (m - 1) / (m + 1).
"""

import math

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, add, constant, fast_two_sum, multiply, two_product, two_sum
from vtrace.backends.vecmath.number import Coefficients, Number, Operand
from vtrace.backends.vecmath.scaling import integer_to_float, power_of_two, split_exponent, split_normal


def log_near_one(f: Number, f_low: Operand = 0.0) -> Double:
    """log(1 + f + f_low) = f - f**2 / 2 + rest for 1 + f from sqrt(1/2) to sqrt(2), to a few bits beyond one float."""
    s = f / (f + 2.0)
    z = s * s
    half_square, error = two_product(0.5 * f, f)
    rest = s * (half_square + z * z.fma(z.polynomial(c.LOG), 2.0 / 3.0))
    high, low = fast_two_sum(f, -half_square)
    if isinstance(f_low, Number):
        # times 1 / (1 + f), nearly
        rest = rest + f_low * (1.0 - (s + s) * (1.0 - s))
    return fast_two_sum(high, (low - error) + rest)


def log_direct(
    f: Number, f_low: Operand, k: Number, scale: Coefficients | None, per_octave: Coefficients | None
) -> Number:
    """The logarithm of (1 + f + f_low) * 2**k for float32, without a division; a scale of None stands for 1."""
    if scale is None:
        line, low = f, f_low
    else:
        line, error = two_product(f, f.part(scale, 0))
        low = f.fma(f.part(scale, 1), error)
    rest = line.fma(f * f.polynomial(c.LOG_DIRECT), low)
    if per_octave is None:
        octaves = k
    else:
        octaves, lost = two_product(k, f.part(per_octave, 0))
        rest = rest + k.fma(f.part(per_octave, 1), lost)
    total = fast_two_sum(octaves, line)
    return total.high + (total.low + rest)


def special_cases(x: Number, result: Number) -> Number:
    """`result`, but log's values at 0, infinity, negative numbers and NaN."""
    result = (x < math.inf).select(result, x)
    result = x.equals(0.0).select(x.like(-math.inf), result)
    return (x < 0.0).select(x.like(math.nan), result)


def log(x: Number) -> Number:
    """The natural logarithm."""
    m, exponent = split_exponent(x)
    f = m - 1.0
    if x.dtype.itemsize == 4:
        return special_cases(x, log_direct(f, 0.0, exponent.convert(x.dtype), None, c.LN2))
    k = integer_to_float(exponent, x.format)
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
    if x.dtype.itemsize == 4:
        return special_cases(x, log_direct(m - 1.0, 0.0, exponent.convert(x.dtype), scale, per_octave))
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


def log2_wide(m: Number, exponent: Number) -> Number:
    """log2(m * 2**exponent) to about 34 bits, for a float64 m from sqrt(1/2) to sqrt(2)."""
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    tail = z.polynomial(c.LOG_LONG, size=4).fma(z, 1.0 / 3.0)
    line = s * (2.0 * c.LOG2_E[8][0])
    return integer_to_float(exponent, m.format) + line.fma(z * tail, line)


def log_wide(x: Number) -> Number:
    """The natural logarithm of a normal float64 above 0, for use in float32."""
    return log2_wide(*split_normal(x)) * c.LN2[8][0]


def log_double(x: Number) -> Double:
    """log(x) for a finite x above 0."""
    m, exponent = split_exponent(x)
    k = integer_to_float(exponent, x.format)
    high, low = two_product(k, x.part(c.LN2, 0))
    return add(Double(high, k.fma(x.part(c.LN2, 1), low)), log_near_one(m - 1.0))


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
    small = log_near_one(g, g_low)
    high, low = two_product(k, f.high.part(c.LN2, 0))
    return add(Double(high, k.fma(f.high.part(c.LN2, 1), low)), small)


def log1p_size32(x: Number) -> Number:
    """log(1 + x) of a finite float32 above -1."""
    exponent = split_exponent(1.0 + x)[1]
    shrink = power_of_two(2 - exponent, x.format)
    f, f_low = two_sum(0.25 * shrink - 1.0, 0.25 * x * shrink)
    return log_direct(f, (-f).fma(f_low, f_low), exponent.convert(x.dtype), None, c.LN2)


def log1p(x: Number) -> Number:
    """log(1 + x), good near 0."""
    result = log1p_size32(x) if x.dtype.itemsize == 4 else log1p_double(Double(x, x.like(0.0))).total()
    result = (abs(x) < x.format.epsilon / 4).select(x, result)
    result = (x < math.inf).select(result, x)
    result = x.equals(-1.0).select(x.like(-math.inf), result)
    return (x < -1.0).select(x.like(math.nan), result)
