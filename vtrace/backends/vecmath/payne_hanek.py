"""Reduction of huge numbers modulo pi/2 by Payne and Hanek's method: a product with the bits of 2/pi that matter."""

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, constant, fast_two_sum, multiply, two_sum
from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Number
from vtrace.ir.types import DTYPES

U64, I64 = DTYPES["u64"], DTYPES["i64"]
LIMB = 0xFFFFFFFF
WINDOW = 7
"""Limbs of 32 bits of 2/pi that one product needs: 3 limbs of x, 4 of the result, and one for carries."""
LEADING_ZEROS = 2
"""Limbs before the point, so that small numbers have a window too."""
LIMBS = (0,) * LEADING_ZEROS + c.TWO_OVER_PI_BITS


def fraction_of_turn(x: Number) -> list[Number]:
    """x / (2 pi) modulo 1 as four limbs of 32 bits, for a positive finite float64."""
    bits = x.bits().convert(U64)
    significand = (bits & (2**52 - 1)) | 2**52
    # x = significand * 2**(exponent - 1075), and the first limb of the window has weight 1 in x / (2 pi).
    shift = (bits >> 52) - (1077 - 32 * LEADING_ZEROS)
    w = [((shift >> 5) + k).lookup(LIMBS) for k in range(WINDOW)]
    within = shift & 31
    low = (significand & LIMB) << within
    high = ((significand >> 32) << within) + (low >> 32)
    m = (low & LIMB, high & LIMB, high >> 32)
    totals = [bits.like(0)] * 6
    for place in range(5):
        for k, limb in enumerate(m):
            product = limb * w[place + k]
            totals[place + 1] = totals[place + 1] + (product & LIMB)
            totals[place] = totals[place] + (product >> 32)
    for place in range(5, 0, -1):
        totals[place - 1] = totals[place - 1] + (totals[place] >> 32)
    return [total & LIMB for total in totals[1:5]]


def reduce_huge(size: Number) -> tuple[Number, Double]:
    """(n, r) with size = n pi/2 + r for a float64 of at least 2**11, n as an int64 modulo 4; NaN for infinity."""
    first, second, third, fourth = fraction_of_turn(size)
    top = (first << 32) | second
    n = (top + 2**61) >> 62
    signed = (top - (n << 62)).convert(I64)

    def weighed(limb: Number, exponent: int) -> Number:
        return limb.convert(FLOAT64_FORMAT.dtype) * 2.0**exponent

    head = two_sum(weighed(signed >> 32, -30), weighed(signed & LIMB, -62))
    middle = two_sum(head.low, weighed(third, -94))
    high, low = fast_two_sum(head.high, middle.high)
    quarters = fast_two_sum(high, low + (middle.low + weighed(fourth, -126)))
    r = multiply(quarters, constant(size, c.HALF_PI))
    return n.convert(I64), Double(r.high + (size - size), r.low)
