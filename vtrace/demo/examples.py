"""The functions of the tour. Each is written for ONE example, in plain NumPy."""

from typing import Any

import numpy as np

import vtrace

Array = Any


def custom_dot(x: Array, y: Array) -> Array:
    """The square of a dot product: of two vectors."""
    return np.dot(x, y) ** 2


batched_dot = vtrace.vmap(custom_dot, in_axes=[0, 0])


def naive_custom_dot(X: Array, Y: Array) -> Array:
    """What `batched_dot` replaces."""
    return np.stack([custom_dot(x, y) for x, y in zip(X, Y, strict=True)])


vv = lambda x, y: np.dot(x, y)  # noqa: E731  # ([a], [a]) -> []
mv = vtrace.vmap(vv, (0, None), 0)  # ([b, a], [a]) -> [b]
mm = vtrace.vmap(mv, (None, 1), 1)  # ([b, a], [a, c]) -> [b, c]
