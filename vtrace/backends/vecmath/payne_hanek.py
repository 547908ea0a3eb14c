"""Reduction of huge numbers modulo pi/2 by Payne and Hanek's method: a product with the bits of 2/pi that matter."""

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, constant, fast_two_sum, multiply, two_sum
from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Number
from vtrace.ir.types import DTYPES

U64, I64 = DTYPES["u64"], DTYPES["i64"]
LIMB = 0xFFFFFFFF
WINDOW = 7
"""Limbs of 32 bits of 2/pi that one product needs: 3 limbs of x, 4 of the result, and one for carries."""


def windows(position: Number, count: int, leading_zeros: int) -> list[Number]:
    """WINDOW limbs of 2/pi from `position` < count on, after some zeros: selected bit by bit of the position."""
    digits = (0,) * leading_zeros + c.TWO_OVER_PI_BITS
    limbs = [position.like(digit) for digit in digits[: count + WINDOW]]
    bit = 1 << (count - 1).bit_length()
    while bit := bit >> 1:
        here = (position & bit).differs(0)
        limbs = [
            here.select(limbs[k + bit], limbs[k]) if k + bit < len(limbs) else limbs[k]
            for k in range(min(len(limbs), bit - 1 + WINDOW))
        ]
    return limbs


def fraction_of_turn(x: Number, count: int, leading_zeros: int) -> list[Number]:
    """x / (2 pi) modulo 1 as four limbs of 32 bits, for a positive finite float64."""
    bits = x.bits().convert(U64)
    significand = (bits & (2**52 - 1)) | 2**52
    # x = significand * 2**(exponent - 1075), and the first limb of the window has weight 1 in x / (2 pi).
    shift = (bits >> 52) - (1077 - 32 * leading_zeros)
    w = windows(shift >> 5, count, leading_zeros)
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


def reduce_huge(x: Number) -> tuple[Number, Double]:
    """(n, r) with x = n pi/2 + r for a finite x of at least 2**11 (float32: 2**-7), n as an int64 modulo 4."""
    single = x.dtype.itemsize == 4
    size = abs(x).convert(FLOAT64_FORMAT.dtype)
    first, second, third, fourth = fraction_of_turn(size, *((8, 2) if single else (32, 1)))
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
    negative = x < 0.0
    r = Double(negative.select(-r.high, r.high), negative.select(-r.low, r.low))
    n = n.convert(I64)
    n = negative.select(-n, n)
    if not single:
        return n, r
    rounded = r.high.convert(x.dtype)
    rest = (r.high - rounded.convert(size.dtype)) + r.low
    return n.convert(x.format.integer), Double(rounded, rest.convert(x.dtype))
