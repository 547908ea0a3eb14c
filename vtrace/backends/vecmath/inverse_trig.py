"""arctan, arctan2, arcsin and arccos, each a multiple of pi/4 and a polynomial of a small argument."""

import math

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, constant, divide, fast_two_sum, two_product
from vtrace.backends.vecmath.number import Number

TAN_EIGHTH = math.sqrt(2.0) - 1.0
"""tan(pi/8), where arctan(t) changes to pi/4 + arctan((t - 1) / (t + 1))."""


def arctan_ratio(small: Number, large: Number, turned: Number, quarters: Number) -> Number:
    """quarters * pi/4 + arctan(small / large), the arctangent negated where `turned`; 0 <= small <= large."""
    middle = small > large * TAN_EIGHTH
    total, difference = fast_two_sum(large, small), fast_two_sum(large, -small)
    zero = small.like(0.0)
    top = Double(middle.select(-difference.high, small), middle.select(-difference.low, zero))
    bottom = Double(middle.select(total.high, large), middle.select(total.low, zero))
    t = divide(top, bottom)
    z = t.high * t.high
    rest = (t.high * z).fma(z.polynomial(c.ARCTAN), t.low)
    quarters = quarters + middle.select(turned.select(small.like(-1.0), 1.0), 0.0)
    base, base_error = two_product(quarters, quarters.part(c.QUARTER_PI, 0))
    base_error = quarters.fma(quarters.part(c.QUARTER_PI, 1), base_error)
    high, low = fast_two_sum(base, turned.select(-t.high, t.high))
    return high + (low + (base_error + turned.select(-rest, rest)))


def arctan(x: Number) -> Number:
    """The angle in [-pi/2, pi/2] whose tangent is x."""
    # Far out, where the quotient would underflow, arctan is constant.
    size = abs(x).clamp(0.0, x.format.epsilon**-2)
    turned = size > 1.0
    small, large = turned.select(x.like(1.0), size), turned.select(size, 1.0)
    result = arctan_ratio(small, large, turned, turned.select(x.like(2.0), 0.0))
    return (size < x.format.epsilon).select(x, result.copysign(x))


def arctan2(y: Number, x: Number) -> Number:
    """The angle of the point (x, y), in [-pi, pi]."""
    form = x.format
    rise, run = abs(y), abs(x)
    steep = rise > run
    small, large = steep.select(run, rise), steep.select(rise, run)
    # Scaling both by a power of two keeps products and sums in range.
    factor = (large < 2.0 ** (form.bias // 2 - 2)).select(x.like(2.0 ** (form.bias // 2)), 1.0)
    factor = (large > 2.0 ** (form.bias - 2)).select(x.like(0.25), factor)
    infinite, nothing = large.equals(math.inf), large.equals(0.0)
    one = x.like(1.0)
    small = infinite.select(small.equals(math.inf).select(one, 0.0), small * factor)
    large = (infinite | nothing).select(one, large * factor)
    backward = x.bits() < 0
    quarters = steep.select(x.like(2.0), backward.select(x.like(4.0), 0.0))
    result = arctan_ratio(small, large, steep ^ backward, quarters).copysign(y)
    return (y.is_nan() | x.is_nan()).select(x + y, result)


def arcsine_parts(x: Number) -> tuple[Number, Double]:
    """Whether |x| > 1/2, and arcsin(|x|) where it is not, else arcsin(sqrt((1 - |x|) / 2))."""
    size = abs(x)
    outer = size > 0.5
    z = outer.select(0.5 - 0.5 * size, size * size)
    root = z.sqrt()
    # The least normal number keeps the division at 1 from being 0/0.
    root_error = (-root).fma(root, z) / (root + root + x.format.min_normal)
    s = outer.select(root, size)
    rest = (s * z).fma(z.polynomial(c.ARCSIN), outer.select(root_error, 0.0))
    return outer, Double(s, rest)


def arcsin(x: Number) -> Number:
    """The angle in [-pi/2, pi/2] whose sine is x."""
    outer, angle = arcsine_parts(x)
    half_pi = constant(x, c.HALF_PI)
    high, low = fast_two_sum(half_pi.high, -2.0 * angle.high)
    outer_result = high + (low + (half_pi.low - 2.0 * angle.low))
    return outer.select(outer_result, angle.total()).copysign(x)


def arccos(x: Number) -> Number:
    """The angle in [0, pi] whose cosine is x."""
    outer, angle = arcsine_parts(x)
    half_pi = constant(x, c.HALF_PI)
    factor = outer.select((x < 0.0).select(x.like(-2.0), 2.0), (x < 0.0).select(x.like(1.0), -1.0))
    quarters = outer.select((x < 0.0).select(x.like(2.0), 0.0), 1.0)
    high, low = fast_two_sum(quarters * half_pi.high, factor * angle.high)
    return high + (low + (quarters * half_pi.low + factor * angle.low))
