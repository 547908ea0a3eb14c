"""A function under vmap against NumPy's loop over the examples, as machine code and in the interpreter."""

from collections.abc import Callable
from typing import Any

import numpy as np

import vtrace


def numbers(dtype: Any, *shape: int, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)


def phased(matrices: Any, dtype: Any = np.complex128) -> Any:
    """Complex matrices with the singular values of real ones; those that are about symmetric become about Hermitian."""
    rows, columns = matrices.shape[-2:]
    angles = 0.7 * np.arange(max(rows, columns)) ** 2
    turns = np.exp(1j * (angles[:, None] - angles))
    if rows != columns or not np.allclose(matrices, np.swapaxes(matrices, -1, -2), rtol=0.2):
        turns *= np.exp(0.3j)  # else the last pivot would be real but for errors of rounding
    return (matrices * turns[:rows, :columns]).astype(dtype)


def check(function: Callable[..., Any], *stacks: Any, rtol: float | None = None) -> None:
    """Dtypes, shapes and values are those of the loop; the arguments are left as they are."""
    before = [s.copy() for s in stacks]
    rows = [function(*(np.array(a) if np.ndim(a) else a for a in row)) for row in zip(*stacks, strict=True)]
    rows = [row if isinstance(row, tuple) else (row,) for row in rows]
    wanted = [np.stack([np.asarray(x) for x in column]) for column in zip(*rows, strict=True)]
    for interpreted in (False, True):
        with vtrace.disable_jit(interpreted):
            got = vtrace.vmap(function)(*stacks)
        for g, w in zip(got if isinstance(got, tuple) else (got,), wanted, strict=True):
            assert (g.dtype, g.shape) == (w.dtype, w.shape)
            narrow = any(x.dtype in (np.float32, np.complex64) for x in (w, *stacks))
            tolerance = rtol or (2e-4 if narrow else 1e-10)
            np.testing.assert_allclose(g, w, rtol=tolerance, atol=tolerance)
    for stack, copy in zip(stacks, before, strict=True):
        np.testing.assert_array_equal(stack, copy)
