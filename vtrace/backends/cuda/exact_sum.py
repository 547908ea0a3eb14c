"""Sums of floats that many threads make in any order, and that are the same every time: they are exact.

A sum is an integer, counted in units of the smallest subnormal number, in digits of 32 bits each. A digit has 64 bits
of memory, so that 2**31 numbers can be added to it, or taken from it, before anything is carried over; there is an
atomic for each of the two or three digits that a number has. At the end what is left over is carried, and the sum is
rounded once.
"""

from typing import NamedTuple

from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Format, Number
from vtrace.backends.vecmath.scaling import scale
from vtrace.ir.types import DTYPES, INT64

DIGIT_BITS = 32
DIGIT = (1 << DIGIT_BITS) - 1
"""The largest digit."""
DIGITS = {4: 10, 8: 67}
"""Of a sum, by the size of the floats: enough for 2**31 times the largest number."""
INFINITY, MINUS_INFINITY, NAN, ZERO = 1, 2, 4, 8
"""Flags, in a word behind the digits: what was added that has no digits."""
U64 = DTYPES["u64"]


class Digits(NamedTuple):
    """A number: `digits` from number `first` on, all of its sign, and what else there is to it."""

    first: Number
    digits: tuple[Number, ...]
    flags: Number


def taken_apart(x: Number) -> Digits:
    """The digits of a float."""
    form = x.format
    bits, largest = x.bits().convert(INT64), 2 * form.bias + 1
    field, fraction = (bits >> form.mantissa) & largest, bits & ((1 << form.mantissa) - 1)
    negative, special, normal = bits < 0, field.equals(largest), field.differs(0)
    significand = normal.select(fraction | (1 << form.mantissa), fraction)
    significand = special.select(bits.like(0), significand)
    place = normal.select(field - 1, 0)
    first, shift = place >> 5, place & (DIGIT_BITS - 1)
    whole = (significand << shift).convert(U64)
    digits = [whole & DIGIT, whole >> DIGIT_BITS]
    if x.dtype.itemsize == 8:
        digits.append((significand >> 1 >> (63 - shift)).convert(U64))  # by 64 at once would be too far
    signed = (d.convert(INT64) for d in digits)
    flags = special.select(
        fraction.differs(0).select(bits.like(NAN), negative.select(bits.like(MINUS_INFINITY), INFINITY)),
        bits.equals(0).select(bits.like(ZERO), 0),
    )
    return Digits(first, tuple(negative.select(-d, d) for d in signed), flags)


class Window(NamedTuple):
    """The upper digits of a sum that is not negative."""

    high: Number
    """The first that is not zero."""
    middle: Number
    low: Number
    rest: Number
    """Not zero if one of those below is not."""
    place: Number
    """The number of `high`."""


def put_together(form: Format, window: Window, leading_zeros: Number, negative: Number) -> Number:
    """The float that is nearest to a sum which is not zero; the zeros are those of `high`, as a digit."""
    high, middle, low = (d.convert(U64) for d in window[:3])
    zeros = leading_zeros.convert(U64)
    upper = (((high << DIGIT_BITS) | middle) << zeros) | (low >> (DIGIT_BITS - zeros))
    lost = ((low << zeros) & DIGIT) | window.rest.convert(U64)
    rounded = (upper | lost.differs(0).select(upper.like(1), 0)).convert(form.dtype).convert(FLOAT64_FORMAT.dtype)
    unit = form.mantissa + form.bias - 1
    size = scale(rounded, (window.place - 1) * DIGIT_BITS - leading_zeros - unit)
    return negative.select(-size, size).convert(form.dtype)


def with_specials(total: Number, flags: Number, is_zero: Number, start: Number) -> Number:
    """The sum, where it may be zero, or not finite; `start` is the number to which the others were added."""
    untouched = start.equals(0.0).select(start, 0.0)  # -0.0 stays, unless 0.0 was added
    zero = (flags & ZERO).differs(0).select(start.like(0.0), untouched)
    result = is_zero.select(zero, total)
    result = (flags & INFINITY).differs(0).select(start.like(float("inf")), result)
    result = (flags & MINUS_INFINITY).differs(0).select(start.like(float("-inf")), result)
    both = INFINITY | MINUS_INFINITY
    is_nan = ((flags & NAN).differs(0)) | (flags & both).equals(both)
    return is_nan.select(start.like(float("nan")), result)
