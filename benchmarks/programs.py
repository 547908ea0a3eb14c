"""Programs over arrays as a user of vtrace writes them: functions of ONE example in plain NumPy.

Those with loops and branches are in loop_programs.py.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import erf

import vtrace

Array = Any


def dot(x: Array, y: Array) -> Array:
    return np.dot(x, y) ** 2


def row_times_matrix(x: Array, ys: Array) -> Array:
    return vtrace.vmap(np.dot, (None, 1))(x, ys)


def add1(x: Array) -> Array:
    return x + 1


def black_scholes(spot: Array, strike: Array, time: Array) -> Array:
    deviation = 0.3 * np.sqrt(time)
    d1 = (np.log(spot / strike) + 0.095 * time) / deviation
    d2 = d1 - deviation

    def normal(v: Array) -> Array:
        return 0.5 * (1 + erf(v * 0.7071067811865476))

    return spot * normal(d1) - strike * np.exp(-0.05 * time) * normal(d2)


def chain(x: Array) -> Array:
    return np.tanh(erf(x) * np.log(x + 1)) + np.sin(3 * x) * np.exp(-x) + x**1.7


def softmax(x: Array) -> Array:
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def layer_norm(x: Array) -> Array:
    mean = np.mean(x)
    return (x - mean) / np.sqrt(np.mean((x - mean) ** 2) + 1e-5)


def log_sum_exp(x: Array) -> Array:
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def distances(point: Array, others: Array) -> Array:
    return vtrace.vmap(lambda other: np.sqrt(np.sum((point - other) ** 2)))(others)


def accelerations(place: Array, places: Array, masses: Array) -> Array:
    away = places - place
    squared = np.sum(away * away, axis=1) + 1e-3
    return np.sum((masses * squared**-1.5)[:, None] * away, axis=0)


def inverse3(m: Array) -> Array:
    (a, b, c), (d, e, f), (g, h, i) = m
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    rows = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    return np.stack([np.stack(row) for row in rows]) / determinant


def solve(a: Array, b: Array) -> Array:
    return np.linalg.solve(a, b)


def inverse(a: Array) -> Array:
    return np.linalg.inv(a)


def cholesky(a: Array) -> Array:
    return np.linalg.cholesky(a)


def rotate(quaternion: Array, vector: Array) -> Array:
    turn = 2 * np.cross(quaternion[1:], vector)
    return vector + quaternion[0] * turn + np.cross(quaternion[1:], turn)


def perceptron(x: Array, w1: Array, b1: Array, w2: Array, b2: Array) -> Array:
    return np.tanh(x @ w1 + b1) @ w2 + b2


def attention(q: Array, k: Array, v: Array) -> Array:
    scores = q @ k.T * 32**-0.5
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True) @ v


def convolve9(x: Array, kernel: Array) -> Array:
    return np.convolve(x, kernel, mode="valid")


def histogram(values: Array) -> Array:
    """How often each of the numbers from 0 to 63 occurs."""
    return np.bincount(values, minlength=64).astype(np.float32)


def take(x: Array, indices: Array) -> Array:
    return x[indices]


def order(x: Array) -> Array:
    return np.argsort(x, kind="stable")


def largest10(x: Array) -> Array:
    return vtrace.lax.top_k(x, 10)[0]


PROGRAMS: dict[str, tuple[Callable[..., Any], Any]] = {
    **{f"dot{n}": (dot, 0) for n in (100, 1000, 5000, 10000)},
    "matmul1024": (row_times_matrix, (0, None)),
    "add1": (add1, 0),
    "blackscholes": (black_scholes, 0),
    "chain32": (chain, 0),
    "chain64": (chain, 0),
    "softmax": (softmax, 0),
    "layernorm": (layer_norm, 0),
    "logsumexp": (log_sum_exp, 0),
    "var64": (np.var, 0),
    "cumsum": (np.cumsum, 0),
    "pdist3": (distances, (0, None)),
    "pdist64": (distances, (0, None)),
    "nbody": (accelerations, (0, None, None)),
    "mm4": (np.dot, 0),
    "inv3": (inverse3, 0),
    "linv3": (inverse, 0),
    "solve8": (solve, 0),
    "chol6": (cholesky, 0),
    "quatrot": (rotate, 0),
    "mlp": (perceptron, (0, None, None, None, None)),
    "mlp_ps": (perceptron, 0),
    "attn": (attention, 0),
    "conv9": (convolve9, (0, None)),
    "gather": (take, 0),
    "interp": (np.interp, (0, None, None)),
    "sort": (np.sort, 0),
    "argsort": (order, 0),
    "topk": (largest10, 0),
    "median": (np.median, 0),
    "hist": (histogram, 0),
    "fft256": (np.fft.fft, 0),
}
"""Functions of one example and in_axes, by the name of the workload."""
