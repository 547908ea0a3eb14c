"""Questions about complex numbers. They are ordered as NumPy orders them: by real part, then by imaginary part."""

from typing import Any

import numpy as np

from vtrace.frontend.complex_tracer import ComplexTracer, complex_ufunc
from vtrace.frontend.dispatch import UFUNC_HANDLERS
from vtrace.frontend.numpy_elementwise import select


@complex_ufunc(np.equal)
def equal(x: Any, y: Any) -> Any:
    return (x.re == y.re) & (x.im == y.im)


@complex_ufunc(np.not_equal)
def not_equal(x: Any, y: Any) -> Any:
    return (x.re != y.re) | (x.im != y.im)


def _ordered(real_parts: np.ufunc, imaginary_parts: np.ufunc) -> Any:
    def rule(x: Any, y: Any) -> Any:
        decided = UFUNC_HANDLERS[real_parts](x.re, y.re) & ~(np.isnan(x.im) | np.isnan(y.im))
        return decided | ((x.re == y.re) & UFUNC_HANDLERS[imaginary_parts](x.im, y.im))

    return rule


complex_ufunc(np.less)(_ordered(np.less, np.less))
less_equal = complex_ufunc(np.less_equal)(_ordered(np.less, np.less_equal))
complex_ufunc(np.greater)(_ordered(np.greater, np.greater))
greater_equal = complex_ufunc(np.greater_equal)(_ordered(np.greater, np.greater_equal))


def is_nan(x: Any) -> Any:
    """Whether one of the parts is."""
    return np.isnan(x.re) | np.isnan(x.im)


complex_ufunc(np.isnan)(is_nan)


@complex_ufunc(np.isinf)
def is_inf(x: Any) -> Any:
    return np.isinf(x.re) | np.isinf(x.im)


@complex_ufunc(np.isfinite)
def is_finite(x: Any) -> Any:
    return np.isfinite(x.re) & np.isfinite(x.im)


def _extremum(before: Any, nan_wins: bool) -> Any:
    """The operand that comes first; of two NaNs, or equal ones, the left one."""

    def rule(x: ComplexTracer, y: ComplexTracer) -> Any:
        return select(before(x, y) | is_nan(x if nan_wins else y), x, y)

    return rule


complex_ufunc(np.maximum)(_extremum(greater_equal, nan_wins=True))
complex_ufunc(np.minimum)(_extremum(less_equal, nan_wins=True))
complex_ufunc(np.fmax)(_extremum(greater_equal, nan_wins=False))
complex_ufunc(np.fmin)(_extremum(less_equal, nan_wins=False))
