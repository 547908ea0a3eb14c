"""Gamma numbers, and what is made of them."""

import math
from typing import Any

import numpy as np

from vtrace.errors import ShapeError
from vtrace.frontend.core import broadcast_to, convert_real
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DType
from vtrace.lax import while_loop
from vtrace.ops.uniform_to_normal import UniformToNormal
from vtrace.random.continuous import normals
from vtrace.random.elements import FIRST_TRIP, draw, each
from vtrace.random.keys import new_keys
from vtrace.random.sampling import float_argument, sample, shape_argument


def _drawn(name: str, function: Any, key: Any, *parameters: Any, shape: Any, dtype: Any) -> Any:
    shapes = (np.shape(p) for p in parameters)
    wanted = np.broadcast_shapes(*shapes) if shape is None else shape_argument(shape)
    return sample(function, key, *parameters, shape=wanted, dtype=float_argument(name, dtype))


def gamma(key: Any, a: Any, shape: Any = None, dtype: Any = np.float64) -> Any:
    """Gamma with shape parameter `a` and scale 1; `a` broadcasts to `shape`, which is its own shape if None.

    Each element draws until one is accepted (Marsaglia and Tsang 2000), mostly the first. NaN unless `a` is positive.

    >>> from vtrace import random
    >>> gamma(random.key(0), 3.0, (1000,)).mean().round(1)
    np.float64(3.0)
    """
    return _drawn("gamma", _gamma, key, a, shape=shape, dtype=dtype)


def _gamma(key: Any, a: Tracer, shape: tuple[int, ...], dtype: DType) -> Any:
    scale, number = _gammas(key, a, shape, dtype)
    return np.exp(scale) * number


def loggamma(key: Any, a: Any, shape: Any = None, dtype: Any = np.float64) -> Any:
    """The logarithm of a gamma number, also where that is too small for a float: as for an `a` of 1e-4."""
    return _drawn("loggamma", _loggamma, key, a, shape=shape, dtype=dtype)


def _loggamma(key: Any, a: Tracer, shape: tuple[int, ...], dtype: DType) -> Any:
    scale, number = _gammas(key, a, shape, dtype)
    return scale + np.log(number)


def _gammas(key: Any, a: Tracer, shape: tuple[int, ...], dtype: DType) -> tuple[Any, Any]:
    """Gamma numbers as exp(first) * second."""
    parameters = broadcast_to(convert_real(a, dtype), shape)
    results: tuple[Any, Any] = each(lambda k, p: _one_gamma(k, p, dtype), key, shape, parameters)
    return results


def _one_gamma(key: Any, a: Any, dtype: DType) -> tuple[Any, Any]:
    small = a < 1  # gamma(a) is gamma(a + 1) * uniform ** (1 / a)
    boost = np.where(small, np.log1p(-draw(key, FIRST_TRIP, 2, dtype)) / a, dtype.type(0))
    d = np.where(small, a + dtype.type(1), a) - dtype.type(1 / 3)
    c = dtype.type(1 / 3) / np.sqrt(d)

    def attempt(state: Any) -> Any:
        trip, _, _ = state
        x: Any = emit(UniformToNormal(), draw(key, trip, 0, dtype) * dtype.type(2) + _above_minus_one(dtype))
        v = (1 + c * x) ** 3
        bound = x * x / 2 + d - d * v + d * np.log(v)  # NaN, which nothing is below, where v is not positive
        accepted = np.log1p(-draw(key, trip, 1, dtype)) < bound
        return trip + np.uint32(1), v, accepted | ~(a > 0)

    _, v, _ = while_loop(lambda state: ~state[2], attempt, (FIRST_TRIP, np.zeros((), dtype), np.False_))
    return boost, np.where(a > 0, d * v, dtype.type(math.nan))


def _above_minus_one(dtype: DType) -> Any:
    return np.nextafter(dtype.type(-1), dtype.type(0))


def chisquare(key: Any, df: Any, shape: Any = None, dtype: Any = np.float64) -> Any:
    """Chi-squared with `df` degrees of freedom, which broadcast to `shape`; that is its own shape if None."""
    return _drawn("chisquare", _chisquare, key, df, shape=shape, dtype=dtype)


def _chisquare(key: Any, df: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    return 2 * _gamma(key, convert_real(df, dtype) / 2, shape, dtype)


def t(key: Any, df: Any, shape: Any = (), dtype: Any = np.float64) -> Any:
    """Student's t with `df` degrees of freedom, which broadcast to `shape`."""
    return _drawn("t", _t, key, df, shape=shape, dtype=dtype)


def _t(key: Any, df: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    first, second = new_keys(key, (2,))
    half: Any = convert_real(df, dtype) / 2
    return normals(first, shape, dtype) * np.sqrt(half / _gamma(second, half, shape, dtype))


def beta(key: Any, a: Any, b: Any, shape: Any = None, dtype: Any = np.float64) -> Any:
    """Beta with parameters `a` and `b`, which broadcast to `shape`; to each other's if None.

    >>> from vtrace import random
    >>> beta(random.key(0), 2.0, 6.0, (10000,)).mean().round(2)
    np.float64(0.25)
    """
    return _drawn("beta", _beta, key, a, b, shape=shape, dtype=dtype)


def _beta(key: Any, a: Tracer, b: Tracer, shape: tuple[int, ...], dtype: DType) -> Any:
    first, second = new_keys(key, (2,))
    x, y = _loggamma(first, a, shape, dtype), _loggamma(second, b, shape, dtype)
    return 1 / (1 + np.exp(y - x))


def dirichlet(key: Any, alpha: Any, shape: Any = None, dtype: Any = np.float64) -> Any:
    """Dirichlet with parameters along the last axis of `alpha`: as many numbers that add up to 1, for each of `shape`.

    The other axes of `alpha` broadcast to `shape`, and are it if None.

    >>> import numpy as np
    >>> from vtrace import random
    >>> dirichlet(random.key(0), np.array([1.0, 2.0, 3.0]), (4,)).sum(axis=1)
    array([1., 1., 1., 1.])
    """
    if np.ndim(alpha) == 0:
        raise ShapeError(f"{at_user_line()}: random.dirichlet: alpha needs at least one axis")
    outer, last = np.shape(alpha)[:-1], np.shape(alpha)[-1]
    wanted = (*(outer if shape is None else shape_argument(shape)), last)
    return sample(_dirichlet, key, alpha, shape=wanted, dtype=float_argument("dirichlet", dtype))


def _dirichlet(key: Any, alpha: Tracer, shape: tuple[int, ...], dtype: DType) -> Any:
    logs = _loggamma(key, alpha, shape, dtype)
    parts = np.exp(logs - np.max(logs, axis=-1, keepdims=True))
    return parts / np.sum(parts, axis=-1, keepdims=True)
