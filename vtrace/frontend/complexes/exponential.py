"""Exponentials and logarithms of complex numbers, with the special values of annex G of the C standard."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtrace.frontend.complex_tracer import ComplexTracer, complex_ufunc
from vtrace.frontend.complexes.arithmetic import Z
from vtrace.frontend.numpy_elementwise import constant_like
from vtrace.frontend.numpy_selection import where


@dataclass(frozen=True)
class Range:
    """What the dtype of the parts can hold."""

    step: float
    """Exponentials of larger numbers are computed in two steps, as they overflow where their products need not."""
    large: float
    """Of a number beyond, a small multiple may overflow."""
    small: float
    """The square of a number below, or the length of a vector, may lose digits."""
    lift: int
    """2 ** lift times a smaller one does not."""


_RANGES = {
    np.dtype(np.float32): Range(80.0, 2.0**124, 2.0**-100, 60),
    np.dtype(np.float64): Range(700.0, 2.0**1020, 2.0**-960, 120),
}


def range_of(x: ComplexTracer) -> Range:
    return _RANGES[x.re.dtype]


def exp_steps(x: Any, step: float) -> tuple[Any, Any, Any]:
    """Three factors of exp(x), for `along`."""
    one, two = x > step, x > 2 * step
    reduced = where(two, x - 2 * step, where(one, x - step, x))
    factor = math.exp(step) if x.dtype == np.float64 else float(np.exp(np.float32(step)))
    return where(one, constant_like(x, factor), 1), where(two, constant_like(x, factor), 1), np.exp(reduced)


def along(direction: Any, steps: Sequence[Any]) -> Any:
    """The product, from left to right: a small direction keeps it from overflowing, a large step keeps its digits."""
    return direction * steps[0] * steps[1] * steps[2]


@complex_ufunc(np.exp)
def exp(x: Any) -> Z:
    steps = exp_steps(x.re, range_of(x).step)
    re, im = along(np.cos(x.im), steps), along(np.sin(x.im), steps)
    endless = np.isinf(x.re) & ~np.isfinite(x.im)  # the direction is unknown, the size is not
    re = where(endless, np.maximum(x.re, 0), re)
    im = where(endless & (x.re < 0), 0, im)
    return Z(re, where(x.im == 0, x.im, im))


@complex_ufunc(np.exp2)
def exp2(x: Any) -> Z:
    return exp(_times(x, math.log(2.0)))


@complex_ufunc(np.expm1)
def expm1(x: Any) -> Z:
    half: Any = np.sin(x.im / 2)
    return Z(np.expm1(x.re) * np.cos(x.im) - 2 * half * half, np.exp(x.re) * np.sin(x.im))


def _times(x: Any, factor: float) -> Z:
    return Z(x.re * factor, x.im * factor)


@complex_ufunc(np.log)
def log(x: Any) -> Z:
    """Where the length is about 1 its logarithm is that of its square minus 1, which keeps the digits."""
    limits = range_of(x)
    a, b = np.abs(x.re), np.abs(x.im)
    large, small = np.maximum(a, b), np.minimum(a, b)
    huge, tiny = large > limits.large, large < limits.small
    scale: Any = where(huge, constant_like(x.re, 0.25), where(tiny, constant_like(x.re, 2.0**limits.lift), 1))
    shift: Any = where(huge, math.log(4.0), where(tiny, -limits.lift * math.log(2.0), constant_like(x.re, 0)))
    far = np.log(np.hypot(a * scale, b * scale)) + shift
    near = 0.5 * np.log1p((large - 1) * (large + 1) + small * small)
    return Z(where((large > 0.7) & (large < 1.5), near, far), np.arctan2(x.im, x.re))


@complex_ufunc(np.log2)
def log2(x: Any) -> Z:
    return _times(log(x), math.log2(math.e))


@complex_ufunc(np.log10)
def log10(x: Any) -> Z:
    return _times(log(x), math.log10(math.e))


@complex_ufunc(np.log1p)
def log1p(x: Any) -> Z:
    """By NumPy's formula, which has no more digits than 1 + x."""
    return Z(np.log(np.hypot(x.re + 1, x.im)), np.arctan2(x.im, x.re + 1))
