"""sin, cos and tan: |x| = n pi/2 + r with |r| <= pi/4, a polynomial for each of sin(r) and cos(r), and n says which."""

from collections.abc import Callable
from typing import NamedTuple

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, divide, fast_two_sum
from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Number
from vtrace.backends.vecmath.payne_hanek import reduce_huge


class Reduced(NamedTuple):
    """n pi/2 + r; only the low two bits of n matter."""

    n: Number
    r: Double


MODERATE = (1.5 * 2.0**10, 1.5 * 2.0**22)
"""The largest number that `reduce` is good for, in float32 and in float64."""


def reduce(size: Number) -> Reduced:
    """`size` less the nearest multiple of pi/2, by Cody and Waite's method, for numbers from 0 to `MODERATE`.

    With fma the first step is exact. The second part of pi/2 is so short that what rounding loses in the second step
    can be computed exactly too; it is in r.low, which is not small against r.high where that is tiny.
    """
    shifter = size.like(size.format.shifter)
    shifted = size.fma(size.part(c.TWO_OVER_PI, 0), shifter)
    minus = shifter - shifted
    first = minus.fma(size.part(c.HALF_PI_STEPS, 0), size)
    high = minus.fma(size.part(c.HALF_PI_STEPS, 1), first)
    low = minus.fma(size.part(c.HALF_PI_STEPS, 1), first - high)
    return Reduced(shifted.bits(), Double(high, minus.fma(size.part(c.HALF_PI_STEPS, 2), low)))


def sin_kernel(r: Double) -> Double:
    """sin(r), not yet rounded, but for 1/6 unit in its last place."""
    z = r.high * r.high
    return Double(r.high, (r.high * z).fma(z.polynomial(c.SIN), r.low))


def cos_kernel(r: Double) -> Double:
    """cos(r), not yet rounded, but for 1/4 unit in its last place."""
    z = r.high * r.high
    most = z.fma(-0.5, 1.0)
    lost = z.fma(-0.5, 1.0 - most)
    return Double(most, (z * z).fma(z.polynomial(c.COS), r.high.fma(-r.low, lost)))


def last_bit(n: Number) -> Number:
    """Whether an integer is odd."""
    return (n << (8 * n.dtype.itemsize - 1)) < 0


def quarter_turn(reduced: Reduced, turns: int, sign: Number | None = None) -> Number:
    """sin(x + turns * pi/2), with x reduced; times -1 where `sign` is negative."""
    n = reduced.n + turns if turns else reduced.n
    size = last_bit(n).select(cos_kernel(reduced.r).total(), sin_kernel(reduced.r).total())
    flips = n << (8 * n.dtype.itemsize - 2)
    return flip(size, flips if sign is None else flips ^ sign.bits())


def flip(x: Number, flips: Number) -> Number:
    """-x where the integer `flips` is negative, else x."""
    return (x.bits() ^ (flips & x.format.sign_bit)).as_float(x.format)


def tangent(reduced: Reduced, sign: Number) -> Number:
    """tan(x), with x reduced; times -1 where `sign` is negative."""
    n, r = reduced
    z = r.high * r.high
    lost = r.high.fma(r.high, -z)
    sine = fast_two_sum(*sin_kernel(Double(r.high, (-0.5 * z).fma(r.low, r.low))))
    most, less = cos_kernel(r)
    cosine = fast_two_sum(most, lost.fma(-0.5, less))
    odd = last_bit(n)
    top = Double(odd.select(-cosine.high, sine.high), odd.select(-cosine.low, sine.low))
    bottom = Double(odd.select(sine.high, cosine.high), odd.select(sine.low, cosine.low))
    return flip(divide(top, bottom).total(), sign.bits())


def sin_of_large(x: Number) -> Number:
    """sin(x) for numbers beyond `MODERATE`, infinite ones too."""
    if x.dtype.itemsize == 4:
        return sin(x.convert(FLOAT64_FORMAT.dtype)).convert(x.dtype)
    return quarter_turn(Reduced(*reduce_huge(abs(x))), 0, x)


def cos_of_large(x: Number) -> Number:
    """The same for cos."""
    if x.dtype.itemsize == 4:
        return cos(x.convert(FLOAT64_FORMAT.dtype)).convert(x.dtype)
    return quarter_turn(Reduced(*reduce_huge(abs(x))), 1)


def tan_of_large(x: Number) -> Number:
    """The same for tan."""
    if x.dtype.itemsize == 4:
        return tan(x.convert(FLOAT64_FORMAT.dtype)).convert(x.dtype)
    return tangent(Reduced(*reduce_huge(abs(x))), x)


def unless_large(x: Number, usual: Number, of_large: Callable[[Number], Number]) -> Number:
    """`usual`, or `of_large(x)` where `reduce` is not good enough."""
    single = x.dtype.itemsize == 4
    return (abs(x) > x.by_format(*MODERATE)).rarely(of_large, (x,), usual, together=single)


def sin(x: Number) -> Number:
    """The sine of x radians."""
    return unless_large(x, quarter_turn(reduce(abs(x)), 0, x), sin_of_large)


def cos(x: Number) -> Number:
    """The cosine of x radians."""
    return unless_large(x, quarter_turn(reduce(abs(x)), 1), cos_of_large)


def tan(x: Number) -> Number:
    """The tangent of x radians."""
    return unless_large(x, tangent(reduce(abs(x)), x), tan_of_large)
