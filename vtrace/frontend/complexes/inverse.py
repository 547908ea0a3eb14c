"""Inverse trigonometric and hyperbolic functions of complex numbers, with C99's branch cuts and special values.

arcsin and arccos by Hull, Fairgrieve and Tang (1997), without the choices that arctan2 makes needless.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtrace.frontend.complex_tracer import complex_ufunc
from vtrace.frontend.complexes.arithmetic import Z
from vtrace.frontend.numpy_elementwise import constant_like
from vtrace.frontend.numpy_selection import where


@dataclass(frozen=True)
class Squares:
    """What the dtype of the parts can hold the square of."""

    least: float
    """Squares of numbers below lose digits."""
    most: float
    """Sums of squares of numbers beyond overflow; 1 added to one of them is lost."""


_SQUARES = {
    np.dtype(np.float32): Squares(2.0**-61, 2.0**60),
    np.dtype(np.float64): Squares(2.0**-509, 2.0**508),
}


def _arcsine_parts(x: Any, y: Any) -> tuple[Any, Any]:
    """Of the size of x + i y: what the tangent of arcsin's real part is x divided by, and the imaginary part."""
    limits = _SQUARES[x.dtype]
    x, y = np.abs(x), np.abs(y)
    inside = x < 1
    above, below = x + 1, x - 1
    r, s = np.hypot(above, y), np.hypot(below, y)
    a = 0.5 * (r + s)
    square, long = y * y, 0.5 * (a + x)
    near, far = r + above, s + np.abs(below)
    angle = where(x <= 1, np.sqrt(long * (square / near + far)), y * np.sqrt(long / near + long / far))
    # 2 (a - 1), whose digits a has lost where it is near 1
    beyond: Any = where(a < 1.5, square / near + where(inside, square / far, far), 2 * (a - 1))
    flat = inside & (y < limits.least)
    root = np.sqrt(where(flat, -above * below, beyond * (0.5 * (a + 1))))
    size = where(flat, y / root, np.log1p(0.5 * beyond + root))
    endless = np.isinf(x) | np.isinf(y)
    large, small = np.maximum(x, y), np.minimum(x, y)
    ratio = small / large
    distant = math.log(2) + np.log(large) + 0.5 * np.log1p(ratio * ratio)
    huge = large > limits.most
    return where(huge, y, angle), where(endless, np.inf, where(huge, distant, size))


def _angle(x: Any, other: Any) -> Any:
    """arctan2, but 0 for 0 whatever the other number is."""
    return where(x == 0, x, np.arctan2(x, other))


def _arccosine(x: Any) -> tuple[Any, Any]:
    """The sizes of the parts."""
    other, size = _arcsine_parts(x.re, x.im)
    return where((x.re == 0) & np.isnan(x.im), math.pi / 2, np.arctan2(other, x.re)), size


@complex_ufunc(np.arcsin)
def arcsin(x: Any) -> Z:
    other, size = _arcsine_parts(x.re, x.im)
    return Z(_angle(x.re, other), np.copysign(size, x.im))


@complex_ufunc(np.arcsinh)
def arcsinh(x: Any) -> Z:
    other, size = _arcsine_parts(x.im, x.re)
    return Z(np.copysign(size, x.re), _angle(x.im, other))


@complex_ufunc(np.arccos)
def arccos(x: Any) -> Z:
    angle, size = _arccosine(x)
    return Z(angle, -np.copysign(size, x.im))


@complex_ufunc(np.arccosh)
def arccosh(x: Any) -> Z:
    angle, size = _arccosine(x)
    return Z(size, np.copysign(angle, x.im))


def _arctangent_parts(x: Any, y: Any) -> tuple[Any, Any]:
    """The parts of arctanh(x + i y)."""
    limits = _SQUARES[x.dtype]
    a, b = np.abs(x), np.abs(y)
    endless = np.isinf(a) | np.isinf(b)
    huge = np.maximum(a, b) > limits.most
    scale: Any = where(huge, constant_like(x, 0.0625), 1)
    distance = np.hypot((a - 1) * scale, b * scale)
    quotient = 4 * (a * scale / distance / distance * scale)
    # of 1 alone the distance may be so small
    size = where(distance < limits.least, 0.5 * (math.log(2) - np.log(distance)), 0.25 * np.log1p(quotient))
    size = where(endless | (a == 0), 0, size)
    flat = endless & ~np.isnan(y) & ~(np.isnan(x) & ~np.isinf(y))
    angle = 0.5 * np.arctan2(2 * y, (1 - a) * (1 + a) - b * b)
    return np.copysign(size, x), where(huge | flat, np.copysign(constant_like(y, math.pi / 2), y), angle)


@complex_ufunc(np.arctanh)
def arctanh(x: Any) -> Z:
    return Z(*_arctangent_parts(x.re, x.im))


@complex_ufunc(np.arctan)
def arctan(x: Any) -> Z:
    im, re = _arctangent_parts(x.im, x.re)
    return Z(re, im)
