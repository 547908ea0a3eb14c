"""exp, exp2 and expm1, and the double-word exponential that the hyperbolic functions and power are made of.

x = n ln 2 + r with |r| <= ln(2) / 2, then exp(x) = 2**n exp(r) with a polynomial for exp(r).
"""

from typing import NamedTuple

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, fast_two_sum, two_product, two_sum
from vtrace.backends.vecmath.number import Number
from vtrace.backends.vecmath.scaling import power_of_two, round_product, round_to_integer, scale


class Reduced(NamedTuple):
    """n ln 2 + r, with the integer n and the double-word remainder r."""

    n: Number
    r: Double


def reduce(x: Number) -> Reduced:
    """x as n ln 2 + r."""
    rounded, n = round_product(x, x.part(c.LOG2_E, 0))
    # The first product cancels against x exactly: with fma it is rounded only after the subtraction.
    rough = (-rounded).fma(x.part(c.LN2, 0), x)
    high = (-rounded).fma(x.part(c.LN2, 1), rough)
    low = (-rounded).fma(x.part(c.LN2, 1), rough - high)
    return Reduced(n, Double(high, low))


def reduce_base2(x: Double) -> Reduced:
    """x ln 2 as n ln 2 + r."""
    rounded, n = round_to_integer(x.high)
    fraction = x.high - rounded
    high, error = two_product(fraction, fraction.part(c.LN2, 0))
    low = fraction.fma(fraction.part(c.LN2, 1), x.low.fma(fraction.part(c.LN2, 0), error))
    return Reduced(n, Double(high, low))


def beyond_linear(r: Double) -> Number:
    """exp(r) - 1 - r.high; with a rounding error of about 1/16 ulp of exp(r)."""
    square = r.high * r.high
    return square.fma(r.high.polynomial(c.EXP), r.high.fma(r.low, r.low))


def expm1_double(x: Number) -> Double:
    """exp(x) - 1 without cancellation, halved so that it does not overflow before its double would."""
    n, r = reduce(x)
    factor = power_of_two(n - 1, x.format)
    # Where factor is so small that this is no exact sum, it does not matter either.
    base, lost = fast_two_sum(factor, factor.like(-0.5))
    big, error = two_sum(base, factor * r.high)
    return fast_two_sum(big, factor.fma(beyond_linear(r), error + lost))


def exp_double(x: Number) -> Double:
    """exp(x) / 4, which overflows later than half of exp(x), for x where that is a normal number."""
    n, r = reduce(x)
    factor = power_of_two(n - 2, x.format)
    one, error = fast_two_sum(x.like(1.0), r.high)
    high, low = fast_two_sum(one, error + beyond_linear(r))
    return Double(high * factor, low * factor)


def exp_reduced(reduced: Reduced) -> Number:
    """2**n exp(r), where r.low may be several units in the last place of r.high."""
    n, r = reduced.n, fast_two_sum(*reduced.r)
    one, error = fast_two_sum(r.high.like(1.0), r.high)
    return scale(one + (error + beyond_linear(r)), n)


def exp(x: Number) -> Number:
    """e**x."""
    limited = x.clamp(*exponent_limits(x, 0.6931471805599453))
    n, r = reduce(limited)
    # r.low is under 1/4 ulp of a number near 1: not worth its three operations.
    return scale(1.0 + (r.high * r.high).fma(r.high.polynomial(c.EXP), r.high), n)


def exp2(x: Number) -> Number:
    """2**x."""
    limited = x.clamp(*exponent_limits(x, 1.0))
    rounded, n = round_to_integer(limited)
    r = limited - rounded
    return scale(r.fma(r.polynomial(c.EXP2), 1.0), n)


def expm1(x: Number) -> Number:
    """e**x - 1, good near 0."""
    form = x.format
    low, high = -(form.mantissa + 3.0), exponent_limits(x, 0.6931471805599453)[1]
    result = 2.0 * expm1_double(x.clamp(low, high)).total()
    # Halving has cost the subnormals their last bit.
    return (abs(x) < form.epsilon / 4).select(x, result)


def exponent_limits(x: Number, log_base: float) -> tuple[float, float]:
    """Beyond these x, base**x is 0 or infinite."""
    form = x.format
    return -(form.bias + form.mantissa + 1.0) * log_base, (form.bias + 1.5) * log_base
