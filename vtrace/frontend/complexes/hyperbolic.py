"""Hyperbolic and trigonometric functions of complex numbers, with the special values of annex G of the C standard."""

from typing import Any

import numpy as np

from vtrace.frontend.complex_tracer import complex_ufunc
from vtrace.frontend.complexes.arithmetic import Z
from vtrace.frontend.complexes.exponential import along, exp_steps, range_of
from vtrace.frontend.numpy_elementwise import constant_like
from vtrace.frontend.numpy_selection import where

_FLAT = {np.dtype(np.float32): 11.0, np.dtype(np.float64): 22.0}
"""From here on tanh is 1 to all digits."""


def _products(x: Any, y: Any, step: float) -> tuple[Any, Any, Any, Any]:
    """sinh(x) cos(y), cosh(x) sin(y), cosh(x) cos(y) and sinh(x) sin(y)."""
    big = np.abs(x) > step  # both are half of exp(abs(x)) then
    first, *others = exp_steps(np.abs(x), step)
    steps = (0.5 * first, *others)
    sign, cos, sin, short, wide = np.copysign(constant_like(x, 1), x), np.cos(y), np.sin(y), np.sinh(x), np.cosh(x)
    return (
        where(big, along(sign * cos, steps), short * cos),
        where(big, along(sin, steps), wide * sin),
        where(big, along(cos, steps), wide * cos),
        where(big, along(sign * sin, steps), short * sin),
    )


@complex_ufunc(np.sinh)
def sinh(x: Any) -> Z:
    re, im, _, _ = _products(x.re, x.im, range_of(x).step)
    unknown = ~np.isfinite(x.im)  # where the direction is not known, a size of 0 or infinity still is one
    re = where(unknown & (x.re == 0), x.re, where(unknown & np.isinf(x.re), np.inf, re))
    return Z(re, where(x.im == 0, x.im, im))


@complex_ufunc(np.cosh)
def cosh(x: Any) -> Z:
    _, _, re, im = _products(x.re, x.im, range_of(x).step)
    unknown = ~np.isfinite(x.im)
    re = where(unknown & np.isinf(x.re), np.inf, re)
    im = where(x.im == 0, x.im * np.copysign(constant_like(x.re, 1), x.re), im)
    return Z(re, where(unknown & (x.re == 0), 0, im))


@complex_ufunc(np.tanh)
def tanh(x: Any) -> Z:
    """Kahan's formula, by tan of the imaginary part and sinh of the real one."""
    tangent: Any = np.tan(x.im)
    long: Any = np.sinh(x.re)
    beta = 1 + tangent * tangent
    denominator = 1 + beta * long * long
    re, im = beta * np.sqrt(1 + long * long) * long / denominator, tangent / denominator
    size: Any = np.abs(x.re)
    flat = size >= _FLAT[x.re.dtype]
    rest: Any = 4 * np.sin(x.im) * np.cos(x.im) * np.exp(-2 * size)
    unknown = ~np.isfinite(x.im)
    rest = where(unknown & np.isinf(x.re), 0, rest)
    re = where(flat, where(unknown & ~np.isinf(x.re), np.nan, np.copysign(constant_like(x.re, 1), x.re)), re)
    re = where(unknown & (x.re == 0), x.re, re)
    im = where(flat, rest, im)
    return Z(re, where(x.im == 0, x.im, im))


def _turned(x: Any) -> Z:
    """i x"""
    return Z(-x.im, x.re)


def _turned_back(x: Any) -> Z:
    """-i x"""
    return Z(x.im, -x.re)


@complex_ufunc(np.sin)
def sin(x: Any) -> Z:
    result = _turned_back(sinh(_turned(x)))
    return Z(result.re, where(np.isinf(x.im) & ~np.isfinite(x.re), np.inf, result.im))


@complex_ufunc(np.cos)
def cos(x: Any) -> Z:
    return cosh(_turned(x))


@complex_ufunc(np.tan)
def tan(x: Any) -> Z:
    return _turned_back(tanh(_turned(x)))
