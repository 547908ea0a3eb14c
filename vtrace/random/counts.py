"""Poisson numbers."""

import math
from typing import Any

import numpy as np

from vtrace.errors import DTypeError
from vtrace.frontend.core import broadcast_to, convert_real
from vtrace.frontend.source import at_user_line
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import FLOAT64, DType
from vtrace.lax import cond, while_loop
from vtrace.random.elements import FIRST_TRIP, draw, each
from vtrace.random.sampling import sample, shape_argument

SMALL = 10.0
"""Means up to which numbers are multiplied; the other way needs a mean of some size."""


def poisson(key: Any, lam: Any, shape: Any = None, dtype: Any = np.int64) -> Any:
    """Poisson with mean `lam`, which broadcasts to `shape`; that is its own shape if None.

    Each element draws for as long as it takes. Up to a mean of 10 it multiplies uniform numbers (Knuth), beyond it uses
    the transformed rejection PTRS (Hörmann 1993). A negative, infinite or NaN mean gives -1.

    >>> from vtrace import random
    >>> poisson(random.key(0), 100.0, (10000,)).mean().round()
    np.float64(100.0)
    """
    wanted: DType = np.dtype(dtype)
    if wanted.kind not in "iu":
        raise DTypeError(f"{at_user_line()}: random.poisson: dtype must be an integer, got {wanted}")
    return sample(_poisson, key, lam, shape=np.shape(lam) if shape is None else shape_argument(shape), dtype=wanted)


def _poisson(key: Any, lam: Tracer, shape: tuple[int, ...], dtype: DType) -> Any:
    return convert_real(each(_one, key, shape, broadcast_to(convert_real(lam, FLOAT64), shape)), dtype)


def _one(key: Any, mean: Any) -> Any:
    good = (mean >= 0) & (mean < math.inf)
    usable = np.where(good, mean, 0.0)
    number = cond(usable < SMALL, lambda m: _by_products(key, m), lambda m: _by_rejection(key, m), usable)
    return np.where(good, number, -1.0)


def _by_products(key: Any, mean: Any) -> Any:
    """How many uniform numbers have a product above exp(-mean)."""
    floor = np.exp(-mean)

    def more(state: Any) -> Any:
        trip, product = state
        return trip + np.uint32(1), product * (1 - draw(key, trip, 0, FLOAT64))

    trips, _ = while_loop(lambda state: state[1] > floor, more, more((FIRST_TRIP, np.float64(1.0))))
    return convert_real(trips - np.uint32(1), FLOAT64)


def _by_rejection(key: Any, mean: Any) -> Any:
    """From a hat over a transformed uniform number; the constants are Hörmann's."""
    b = 0.931 + 2.53 * np.sqrt(mean)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    within = 0.9277 - 3.6224 / (b - 2)
    log_mean = np.log(mean)

    def attempt(state: Any) -> Any:
        trip, _, _ = state
        u, v = draw(key, trip, 0, FLOAT64) - 0.5, 1 - draw(key, trip, 1, FLOAT64)
        rest = 0.5 - np.abs(u)
        k = np.floor((2 * a / rest + b) * u + mean + 0.43)
        at_once = (rest >= 0.07) & (v <= within)
        possible = (k >= 0) & ((rest >= 0.013) | (v <= rest))
        height = np.log(v * inverse_alpha / (a / (rest * rest) + b))
        accepted = at_once | (possible & (height <= k * log_mean - mean - _log_factorial(np.maximum(k, 0.0))))
        return trip + np.uint32(1), k, accepted

    return while_loop(lambda state: ~state[2], attempt, (FIRST_TRIP, np.float64(0.0), np.False_))[1]


def _log_factorial(k: Any) -> Any:
    """log(k!), by Stirling's series for (k + 8)!: within 1e-13 of it, or of its last place."""
    x = k + 9.0
    z = 1 / (x * x)
    series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188)))) / x
    shifted = (x - 0.5) * np.log(x) - x + 0.5 * math.log(2 * math.pi) + series
    steps = k + 1.0
    for n in range(2, 9):
        steps = steps * (k + n)
    return shifted - np.log(steps)
