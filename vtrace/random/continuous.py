"""Floats of the common distributions, each from one uniform number by the inverse of its distribution function."""

import math
from typing import Any

import numpy as np

from vtrace.frontend.core import broadcast_to, convert_real
from vtrace.frontend.trace import emit
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DType
from vtrace.ops.special import Erf
from vtrace.ops.uniform_to_normal import UniformToNormal
from vtrace.random.bits import centred, fraction, positive
from vtrace.random.sampling import float_argument, sample, shape_argument


def _sampled(name: str, function: Any, key: Any, shape: Any, dtype: Any) -> Any:
    return sample(function, key, shape=shape_argument(shape), dtype=float_argument(name, dtype))


def normal(key: Any, shape: Any = (), dtype: Any = np.float64) -> Any:
    """Normal with mean 0 and variance 1.

    >>> import numpy as np
    >>> from vtrace import random
    >>> normal(random.key(0), (3,), np.float32).round(4)
    array([ 1.6226,  2.0253, -0.4336], dtype=float32)
    """
    return _sampled("normal", normals, key, shape, dtype)


def normals(key: Any, shape: tuple[int, ...], dtype: DType) -> Tracer:
    """`normal` on traced arrays."""
    return emit(UniformToNormal(), centred(key, shape, dtype))


def exponential(key: Any, shape: Any = (), dtype: Any = np.float64) -> Any:
    """Exponential with mean 1."""
    return _sampled("exponential", exponentials, key, shape, dtype)


def exponentials(key: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    """`exponential` on traced arrays."""
    return -np.log(1 - fraction(key, shape, dtype))  # the difference is exact


def gumbel(key: Any, shape: Any = (), dtype: Any = np.float64) -> Any:
    """Gumbel: minus the logarithm of an exponential number."""
    return _sampled("gumbel", gumbels, key, shape, dtype)


def gumbels(key: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    """`gumbel` on traced arrays."""
    return -np.log(-np.log(positive(key, shape, dtype)))


def laplace(key: Any, shape: Any = (), dtype: Any = np.float64) -> Any:
    """Laplace with mean 0 and scale 1: an exponential number with a random sign."""
    return _sampled("laplace", _laplace, key, shape, dtype)


def _laplace(key: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    u = centred(key, shape, dtype)
    return np.copysign(np.log1p(-np.abs(u)), -u)


def logistic(key: Any, shape: Any = (), dtype: Any = np.float64) -> Any:
    """Logistic with mean 0 and scale 1."""
    return _sampled("logistic", _logistic, key, shape, dtype)


def _logistic(key: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    u = positive(key, shape, dtype)
    return np.log(u) - np.log1p(-u)


def cauchy(key: Any, shape: Any = (), dtype: Any = np.float64) -> Any:
    """Cauchy with median 0 and scale 1."""
    return _sampled("cauchy", _cauchy, key, shape, dtype)


def _cauchy(key: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    return np.tan(dtype.type(math.pi / 2) * centred(key, shape, dtype))


def truncated_normal(key: Any, lower: Any, upper: Any, shape: Any = None, dtype: Any = np.float64) -> Any:
    """Normal with mean 0 and variance 1, given that it lies in [lower, upper].

    The bounds broadcast to `shape`, which is theirs if it is None. Beyond 5 (float32) or 8 (float64) from 0 the
    distribution function is 1 to the last bit, and nothing is left to choose from but the bounds.

    >>> import numpy as np
    >>> from vtrace import random
    >>> x = truncated_normal(random.key(0), -1.0, 2.0, (1000,))
    >>> bool(np.all((-1 <= x) & (x <= 2)))
    True
    """
    wanted = np.broadcast_shapes(np.shape(lower), np.shape(upper)) if shape is None else shape_argument(shape)
    kind = float_argument("truncated_normal", dtype)
    return sample(_truncated_normal, key, lower, upper, shape=wanted, dtype=kind)


def _truncated_normal(key: Any, lower: Tracer, upper: Tracer, shape: tuple[int, ...], dtype: DType) -> Any:
    low: Any = broadcast_to(convert_real(lower, dtype), shape)
    high: Any = broadcast_to(convert_real(upper, dtype), shape)
    first, last = (emit(Erf(), bound * dtype.type(math.sqrt(0.5))) for bound in (low, high))
    u = fraction(key, shape, dtype) * (last - first) + first
    return np.clip(emit(UniformToNormal(), u), low, high)
