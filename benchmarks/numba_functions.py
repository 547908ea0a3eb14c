"""The workloads as a Numba user would write them: loops over the batch, in parallel."""

import math
from typing import Any

import numba
import numpy as np

from benchmarks.divergent import DEAR

FLAGS: Any = {"reassoc", "contract", "nsz"}
"""Sums may be reordered, or they would not be vectorised."""


def _dot(x, y):
    out = np.empty(x.shape[0], x.dtype)
    for i in numba.prange(x.shape[0]):
        s = x[i, 0] * y[i, 0]
        for j in range(1, x.shape[1]):
            s += x[i, j] * y[i, j]
        out[i] = s * s
    return out


def _mm(x, y):
    return np.dot(x, y)


def _add1(x):
    out = np.empty_like(x)
    for i in numba.prange(x.size):
        out[i] = x[i] + x.dtype.type(1)
    return out


def _chain(x):
    out = np.empty_like(x)
    for i in numba.prange(x.size):
        out[i] = math.exp(-x[i] * x[i]) * math.tanh(x.dtype.type(3) * x[i]) + x[i]
    return out


def _sum(x):
    out = np.empty(x.shape[0], x.dtype)
    for i in numba.prange(x.shape[0]):
        s = x[i, 0]
        for j in range(1, x.shape[1]):
            s += x[i, j]
        out[i] = s
    return out


def _max(x):
    out = np.empty(x.shape[0], x.dtype)
    for i in numba.prange(x.shape[0]):
        m = x[i, 0]
        for j in range(1, x.shape[1]):
            m = max(m, x[i, j])
        out[i] = m
    return out


def _softmax(x):
    out = np.empty_like(x)
    for i in numba.prange(x.shape[0]):
        m = x[i, 0]
        for j in range(1, x.shape[1]):
            m = max(m, x[i, j])
        s = x.dtype.type(0)
        for j in range(x.shape[1]):
            e = math.exp(x[i, j] - m)
            out[i, j] = e
            s += e
        for j in range(x.shape[1]):
            out[i, j] /= s
    return out


def _mean_var(x):
    mean, var = np.empty(x.shape[0], x.dtype), np.empty(x.shape[0], x.dtype)
    for i in numba.prange(x.shape[0]):
        s = x[i, 0]
        for j in range(1, x.shape[1]):
            s += x[i, j]
        m = s / x.dtype.type(x.shape[1])
        v = x.dtype.type(0)
        for j in range(x.shape[1]):
            d = x[i, j] - m
            v += d * d
        mean[i], var[i] = m, v / x.dtype.type(x.shape[1])
    return mean, var


def _wander(x, trips):
    out = np.empty_like(x)
    for i in numba.prange(x.size):
        y = x[i]
        for _ in range(trips[i]):
            y = math.sin(y) + 0.5 * math.exp(-y * y)
        out[i] = y
    return out


def _settle(x):
    out = np.empty_like(x)
    for i in numba.prange(x.size):
        if x[i] < 0.01:
            y = x[i]
            for _ in range(DEAR):
                y = 0.999 * y + 0.25 * x[i]
            out[i] = y
        else:
            out[i] = 2 * x[i] + 1
    return out


def _read(x, y):
    s = x.dtype.type(0)
    for i in numba.prange(x.size):
        s += x[i] + y[i]
    return s


FUNCTIONS = {
    "dot": _dot,
    "mm": _mm,
    "add1": _add1,
    "chain": _chain,
    "sum": _sum,
    "max": _max,
    "softmax": _softmax,
    "mean_var": _mean_var,
    "wander": _wander,
    "settle": _settle,
    "read": _read,
}


def build(family: str) -> Any:
    """The compiled function of a batch."""
    # BLAS has threads of its own, so there is no loop to run in parallel
    return numba.njit(parallel=family != "mm", fastmath=FLAGS)(FUNCTIONS[family])
