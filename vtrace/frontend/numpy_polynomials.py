"""Polynomials by their coefficients, the highest power first."""

from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, ShapeError, UnsupportedError, UsageError
from vtrace.frontend.core import FLOAT64, convert, full, reshape, static_int
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_eigenvalues import eigvals
from vtrace.frontend.numpy_movement import atleast_1d, concatenate, stack
from vtrace.frontend.numpy_ranks import lstsq
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer


@implements(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    result: Any = np.zeros_like(lift(x))
    for coefficient in lift(p):
        result = result * x + coefficient
    return result


def _sum(ufunc: np.ufunc) -> Any:
    def handler(a1: Any, a2: Any) -> Any:
        x, y = atleast_1d(lift(a1)), atleast_1d(lift(a2))
        size = max(x.size, y.size)
        longer = [concatenate([full((size - t.size,), 0, t.dtype), t]) if t.size < size else t for t in (x, y)]
        return ufunc(*longer)

    return handler


implements(np.polyadd)(_sum(np.add))
implements(np.polysub)(_sum(np.subtract))


@implements(np.polyder)
def polyder(p: Any, m: int = 1) -> Any:
    order, c = static_int(m, "m"), atleast_1d(lift(p))
    if order < 0:
        raise UsageError(f"{at_user_line()}: Order of derivative must be positive (see polyint)")
    for _ in range(order):
        c = lift(c[:-1] * np.arange(c.size - 1, 0, -1))
    return c


@implements(np.polyint)
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    order, c = static_int(m, "m"), atleast_1d(lift(p))
    if order < 0:
        raise UsageError(f"{at_user_line()}: Order of integral must be positive (see polyder)")
    constants = atleast_1d(lift(0.0 if k is None else k))
    if constants.size not in (1, order) and constants.size < order:
        raise ShapeError(f"{at_user_line()}: k must be a scalar or a rank-1 array of length 1 or >m.")
    for n in range(order):
        last = constants[0 if constants.size == 1 else n]
        c = concatenate([c / np.arange(c.size, 0, -1), reshape(last, (1,))])
    return c


@implements(np.poly)
def poly(seq_of_zeros: Any) -> Any:
    roots = atleast_1d(lift(seq_of_zeros))
    result: Any
    if roots.ndim == 2 and roots.shape[0] == roots.shape[1] and roots.size:
        result = poly(eigvals(roots))
        return result if roots.dtype.kind == "c" else result.real
    if roots.ndim != 1:
        raise ShapeError(f"{at_user_line()}: input must be 1d or non-empty square 2d array.")
    dtype = roots.dtype if roots.dtype.kind in "fc" else np.dtype(float)
    result = np.ones((1,), dtype)
    for root in roots:
        result = np.convolve(result, stack([lift(dtype.type(1)), -convert(root, dtype)]))
    return result


@implements(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    t = lift(x)
    if t.ndim != 1:
        raise ShapeError(f"{at_user_line()}: x must be a one-dimensional array or sequence.")
    number = t.size if N is None else static_int(N, "N")
    base = convert(t, np.promote_types(t.dtype, int))
    columns: list[Tracer] = [full(base.shape, 1, base.dtype)]
    while len(columns) < number:
        columns.append(base if len(columns) == 1 else lift(columns[-1] * base))
    columns = columns[:number]
    return stack(columns if increasing else columns[::-1], 1) if columns else full((t.size, 0), 0, base.dtype)


@implements(np.polyfit)
def polyfit(x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False) -> Any:
    if np.ndim(deg):
        raise UnsupportedError(f"{at_user_line()}: np.polyfit with a list of degrees is not supported on traced arrays")
    order = static_int(deg, "deg") + 1
    if order < 1:
        raise UsageError(f"{at_user_line()}: expected deg >= 0")
    places, values = lift(x) + 0.0, lift(y) + 0.0
    if places.ndim != 1 or not places.size or values.ndim not in (1, 2):
        raise ArgumentError(
            f"{at_user_line()}: expected non-empty 1D vector for x and 1D or 2D array for y, "
            f"got {places.type} and {values.type}"
        )
    if values.shape[0] != places.shape[0]:
        raise ArgumentError(f"{at_user_line()}: expected x and y to have same length")
    powers: Any = vander(places, order)
    if w is not None:
        weights = lift(w) + 0.0
        if weights.shape != places.shape:
            raise ArgumentError(f"{at_user_line()}: expected w and y to have the same length, w one axis")
        powers = convert(powers * weights[:, None], powers.dtype)
        values = convert(values * (weights[:, None] if values.ndim == 2 else weights), values.dtype)
    small = places.size * np.finfo(places.dtype).eps if rcond is None else rcond
    scale: Any = np.sqrt((powers * powers).sum(axis=0))
    powers = powers / scale
    found, residuals, rank, singular = lstsq(powers, values, small)
    found = (found.T / scale).T
    if full:
        return found, residuals, rank, singular, small
    return (found, _covariance(powers, scale, residuals, cov, values.ndim)) if cov else found


def _covariance(powers: Any, scale: Any, residuals: Any, cov: Any, rank: int) -> Any:
    """That of the coefficients, for each column of values where these have two axes."""
    result: Any = np.linalg.inv(powers.T @ powers) / np.outer(scale, scale)
    if cov == "unscaled":
        return result if rank == 1 else result[..., None]
    number, order = powers.shape
    if number <= order:
        raise UsageError(
            f"{at_user_line()}: the number of data points must exceed order to scale the covariance matrix"
        )
    return (result if rank == 1 else result[..., None]) * (residuals / (number - order))


def all_roots(p: Any) -> Tracer:
    """The roots of as many as there may be, zeros after the others, and NaN for each leading coefficient that is 0."""
    c: Any = atleast_1d(lift(p))
    if c.ndim != 1:
        raise ShapeError(f"{at_user_line()}: Input must be a rank-1 array.")
    c = c if c.dtype.kind in "fc" else convert(c, FLOAT64)
    degree = c.size - 1
    if degree < 1:
        return full((0,), 0, np.result_type(c.dtype, np.complex64))
    leading: Any = np.where(np.all(c == 0), c.size, np.argmax(c != 0))
    c = np.where(leading > degree, 1, np.roll(c, -leading))
    found: Any = eigvals(concatenate([(-c[1:] / c[0])[None], np.eye(degree - 1, degree, dtype=c.dtype)]))
    found = np.where(found == 0, 0, found)[np.argsort(found == 0, stable=True)]
    return lift(np.where(np.arange(degree) + leading < degree, found, complex(np.nan, np.nan)))


def whole_product(a1: Any, a2: Any) -> Any:
    """The product with all its coefficients: one less than the factors have together."""
    x, y = _coefficients(a1), _coefficients(a2)
    return np.convolve(x, y)


def whole_quotient(u: Any, v: Any) -> tuple[Any, Any]:
    """The quotient, and a remainder of as many coefficients as `u` has, by long division."""
    x, divisor = _coefficients(u) + 0.0, _coefficients(v) + 0.0
    dtype = result_type(lift(x), lift(divisor))
    x, divisor = convert(x, dtype), convert(divisor, dtype)
    size = divisor.size
    scale: Any = 1.0 / divisor[0]
    window: Any = x[:size]
    quotient: list[Any] = []
    remainder: list[Any] = []
    for k in range(x.size - size + 1):
        quotient.append(scale * window[0])
        window = window - quotient[-1] * divisor
        if k + size < x.size:
            remainder.append(window[0])
            window = concatenate([window[1:], x[k + size : k + size + 1]])
    return (
        stack(quotient) if quotient else full((1,), 0, dtype),
        concatenate([stack(remainder), window]) if remainder else window,
    )


def _coefficients(p: Any) -> Any:
    """A vector, with at least one coefficient."""
    c = atleast_1d(lift(p))
    if c.ndim != 1:
        raise ShapeError(f"{at_user_line()}: Polynomial must be 1d only.")
    return c if c.size else full((1,), 0, c.dtype)
