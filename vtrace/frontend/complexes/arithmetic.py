"""Arithmetic of complex numbers, by the formulas that NumPy uses: so overflow and NaN show up where they do there."""

from typing import Any

import numpy as np

from vtrace.frontend.complex_tracer import ComplexTracer, complex_ufunc
from vtrace.frontend.core import alias
from vtrace.frontend.numpy_elementwise import constant_like
from vtrace.frontend.numpy_selection import where
from vtrace.frontend.tracer import Tracer

Z = ComplexTracer


@complex_ufunc(np.add)
def add(x: Any, y: Any) -> Z:
    return Z(x.re + y.re, x.im + y.im)


@complex_ufunc(np.subtract)
def subtract(x: Any, y: Any) -> Z:
    return Z(x.re - y.re, x.im - y.im)


@complex_ufunc(np.multiply)
def multiply(x: Any, y: Any) -> Z:
    return Z(x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re)


@complex_ufunc(np.true_divide)
def divide(x: Any, y: Any) -> Z:
    """Smith's method: the divisor is scaled by its larger part."""
    turned = ~(np.abs(y.re) >= np.abs(y.im))
    large, small = where(turned, y.im, y.re), where(turned, y.re, y.im)
    ratio: Any = small / large
    scale: Any = 1 / (large + small * ratio)
    re: Any = where(turned, x.re * ratio + x.im, x.re + x.im * ratio) * scale
    im: Any = where(turned, x.im * ratio - x.re, x.im - x.re * ratio) * scale
    by_zero = (y.re == 0) & (y.im == 0)
    size: Any = np.abs(y.re)
    return Z(where(by_zero, x.re / size, re), where(by_zero, x.im / size, im))


@complex_ufunc(np.reciprocal)
def reciprocal(x: Any) -> Z:
    turned = ~(np.abs(x.im) <= np.abs(x.re))
    large, small = where(turned, x.im, x.re), where(turned, x.re, x.im)
    ratio: Any = small / large
    denominator: Any = large + small * ratio
    long: Any = 1 / denominator
    short: Any = ratio / denominator
    return Z(where(turned, short, long), where(turned, -long, -short))


@complex_ufunc(np.negative)
def negative(x: Any) -> Z:
    return Z(-x.re, -x.im)


@complex_ufunc(np.positive)
def positive(x: Z) -> Tracer:
    return alias(x)


@complex_ufunc(np.conjugate)
def conjugate(x: Any) -> Z:
    return Z(alias(x.re), -x.im)


@complex_ufunc(np.square)
def square(x: Any) -> Z:
    return Z(x.re * x.re - x.im * x.im, x.re * x.im + x.im * x.re)


@complex_ufunc(np.absolute)
def absolute(x: Z) -> Any:
    return np.hypot(x.re, x.im)


def squared_size(x: Any) -> Any:
    """|x| ** 2, for real numbers as well."""
    return x.re * x.re + x.im * x.im if isinstance(x, Z) else np.square(x)


@complex_ufunc(np.sign)
def sign(x: Any) -> Z:
    """x / abs(x), and 0 for 0; where the length overflows, the direction of the axis on which the infinity lies."""
    size: Any = np.hypot(x.re, x.im)
    zero, endless, along_real = constant_like(x.re, 0), np.isinf(size), np.isinf(x.re)
    re = where(endless, where(along_real, np.sign(x.re), zero), where(size == 0, zero, x.re / size))
    im = where(endless, where(along_real, zero, np.sign(x.im)), where(size == 0, zero, x.im / size))
    lost = np.isnan(size) | (along_real & np.isinf(x.im))
    return Z(where(lost, np.nan, re), where(lost, np.nan, im))


@complex_ufunc(np.rint)
def rint(x: Any) -> Z:
    return Z(np.rint(x.re), np.rint(x.im))
