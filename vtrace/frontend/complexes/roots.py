"""Square roots and powers of complex numbers."""

from typing import Any

import numpy as np

from vtrace.frontend.complex_tracer import complex_ufunc
from vtrace.frontend.complexes.arithmetic import Z, divide, multiply, square
from vtrace.frontend.complexes.exponential import exp, log, range_of
from vtrace.frontend.core import full
from vtrace.frontend.numpy_elementwise import constant_like, select
from vtrace.frontend.numpy_selection import where

LARGEST_PRODUCT = 100
"""Integer powers below are products, in NumPy as here."""


@complex_ufunc(np.sqrt)
def sqrt(x: Any) -> Z:
    """The branch with a real part that is not negative; the imaginary part has the sign of that of x."""
    limits = range_of(x)
    large = np.maximum(np.abs(x.re), np.abs(x.im))
    huge, tiny = large > limits.large, large < limits.small
    scale: Any = where(huge, constant_like(x.re, 0.0625), where(tiny, constant_like(x.re, 2.0**limits.lift), 1))
    back: Any = where(huge, 4, where(tiny, constant_like(x.re, 2.0 ** (-limits.lift // 2)), 1))
    a, b = np.abs(x.re) * scale, np.abs(x.im) * scale
    root: Any = np.sqrt((a + np.hypot(a, b)) * 0.5)
    other: Any = where(root == 0, root, b / (2 * root))
    left = x.re < 0
    re, im = where(left, other, root) * back, np.copysign(where(left, root, other) * back, x.im)
    endless = np.isinf(x.im)
    return Z(where(endless, np.inf, re), where(endless, x.im, im))


@complex_ufunc(np.power, np.float_power)
def power(x: Any, y: Any) -> Any:
    """exp(y log(x)); with NumPy's answers for 0 ** y and x ** 0."""
    one, zero, nan = (full(x.shape, value, x.dtype) for value in (1, 0, complex(np.nan, np.nan)))
    of_zero = select(y.re > 0, zero, nan)
    result = select((x.re == 0) & (x.im == 0), of_zero, exp(multiply(y, log(x))))
    return select((y.re == 0) & (y.im == 0), one, result)


def constant_power(x: Any, exponent: complex) -> Any:
    """x ** exponent; for a small integer a product."""
    n = int(exponent.real) if np.isfinite(exponent.real) else 0
    if exponent != n or abs(n) >= LARGEST_PRODUCT:
        return power(x, full(x.shape, exponent, x.dtype))
    if n == 0:
        return full(x.shape, 1, x.dtype)
    result = _product(x, abs(n))
    if n < 0:
        result = divide(full(x.shape, 1, x.dtype), result)
    of_zero = full(x.shape, 0 if n > 0 else complex(np.nan, np.nan), x.dtype)
    return select((x.re == 0) & (x.im == 0), of_zero, result)


def _product(x: Any, n: int) -> Any:
    """x ** n by squaring, for a positive n."""
    result, factor = None, x
    while True:
        if n & 1:
            result = factor if result is None else multiply(result, factor)
        n >>= 1
        if not n:
            return result
        factor = square(factor)
