"""Products of several matrices in the cheapest order, and linear equations of tensors."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.errors import LinAlgError, UsageError
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_matrices import inv, solve
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Any]) -> Any:
    if len(arrays) < 2:
        raise UsageError(f"{at_user_line()}: Expecting at least two arrays.")
    if len(arrays) == 2:
        return np.dot(arrays[0], arrays[1])
    tracers: list[Any] = [lift(a) for a in arrays]
    row, column = tracers[0].ndim == 1, tracers[-1].ndim == 1
    if row:
        tracers[0] = tracers[0][None, :]
    if column:
        tracers[-1] = tracers[-1][:, None]
    for t in tracers:
        if t.ndim != 2:
            raise LinAlgError(f"{at_user_line()}: {t.ndim}-dimensional array given. Array must be two-dimensional")
    result = _product(tracers, _splits([t.shape[0] for t in tracers] + [tracers[-1].shape[1]]), 0, len(tracers) - 1)
    if row and column:
        return result[0, 0]
    return np.ravel(result) if row or column else result


def _splits(extents: Sequence[int]) -> dict[tuple[int, int], int]:
    """For each run of matrices, from i to j, the one behind which to split it for the fewest multiplications."""
    count = len(extents) - 1
    costs: dict[tuple[int, int], int] = {(i, i): 0 for i in range(count)}
    splits: dict[tuple[int, int], int] = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            choices = [
                (costs[i, k] + costs[k + 1, j] + extents[i] * extents[k + 1] * extents[j + 1], k) for k in range(i, j)
            ]
            costs[i, j], splits[i, j] = min(choices)
    return splits


def _product(matrices: Sequence[Any], splits: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return matrices[i]
    k = splits[i, j]
    return np.dot(_product(matrices, splits, i, k), _product(matrices, splits, k + 1, j))


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    x, y = lift(a), lift(b)
    order = [k for k in range(x.ndim) if axes is None or k not in axes] + list(axes or ())
    tensor: Any = np.transpose(x, order)
    shape = tensor.shape[y.ndim - x.ndim :] if x.ndim > y.ndim else ()
    size = math.prod(shape)
    if tensor.size != size**2:
        raise LinAlgError(
            f"{at_user_line()}: Input arrays must satisfy the requirement prod(a.shape[b.ndim:]) == "
            f"prod(a.shape[:b.ndim]), got a of shape {tensor.shape} and b of shape {y.shape}"
        )
    return np.reshape(solve(np.reshape(tensor, (size, size)), np.ravel(y)), shape)


@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    x = lift(a)
    if ind <= 0:
        raise UsageError(f"{at_user_line()}: Invalid ind argument.")
    rows, columns = x.shape[ind:], x.shape[:ind]
    return np.reshape(inv(np.reshape(x, (math.prod(rows), -1))), rows + columns)
