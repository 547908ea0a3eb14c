"""fmod, exactly: x - y * trunc(x / y), where the remainder of a quotient of few enough bits has no rounding error."""

import math

from vtrace.backends.vecmath.number import FLOAT64_FORMAT, Number

STEP = 50
"""Bits of the quotient found at a time; a float64 quotient of up to 53 bits is off by one at most."""


def reduce_once(x: Number, y: Number) -> Number:
    """x modulo y for x, y >= 0 and x / y below 2**53."""
    quotient = (x / y).trunc()
    rest = (-quotient).fma(y, x)
    return (rest < 0.0).select(rest + y, rest)


def reduce_fully(x: Number, y: Number, steps: int) -> Number:
    """x modulo y for any x, y >= 0 whose quotient has at most STEP * steps bits."""
    multiples = [y]
    for _ in range(steps - 1):
        multiples.append(multiples[-1] * 2.0**STEP)
    for multiple in reversed(multiples):
        x = (multiple < math.inf).select(reduce_once(x, multiple), x)
    return x


def huge_quotient(left: Number, right: Number) -> Number:
    """left modulo right for float64s whose quotient has any number of bits."""
    return reduce_fully(left, right, 42)


def large_quotient(left: Number, right: Number) -> Number:
    """The same for operands that are float32s in fact."""
    return reduce_fully(left, right, 6)


def fmod(x: Number, y: Number) -> Number:
    """The exact remainder, with the sign of x."""
    single = x.dtype.itemsize == 4
    left, right = abs(x).convert(FLOAT64_FORMAT.dtype), abs(y).convert(FLOAT64_FORMAT.dtype)
    few = reduce_once(left, right)
    huge = (left / right >= 2.0**52) & (left < math.inf) & (right > 0.0)
    result = huge.rarely(large_quotient if single else huge_quotient, (left, right), few)
    result = (right.equals(math.inf) & (left < math.inf)).select(left, result)
    return result.convert(x.dtype).copysign(x)
