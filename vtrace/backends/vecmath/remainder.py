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


def fmod(x: Number, y: Number) -> Number:
    """The exact remainder, with the sign of x."""
    single = x.dtype.itemsize == 4
    left, right = abs(x).convert(FLOAT64_FORMAT.dtype), abs(y).convert(FLOAT64_FORMAT.dtype)
    steps = 6 if single else 42
    few = reduce_once(left, right)
    # Rarely needed, and costly: a branch, taken where some quotient is huge.
    huge = (left / right >= 2.0**52) & (left < math.inf) & (right > 0.0)
    result = huge.when(lambda: reduce_fully(left, right, steps), few)
    result = (right.equals(math.inf) & (left < math.inf)).select(left, result)
    return result.convert(x.dtype).copysign(x)
