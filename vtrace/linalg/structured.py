"""Matrices made of the elements of vectors and of smaller matrices."""

from typing import Any

import numpy as np

from vtrace.errors import ShapeError
from vtrace.frontend.numpy_creation import asarray
from vtrace.frontend.source import at_user_line
from vtrace.linalg.arguments import as_scipy


@as_scipy
def block_diag(*arrs: Any) -> Any:
    """The matrices along a diagonal, zeros elsewhere. A vector is a matrix of one row.

    >>> import vtrace
    >>> vtrace.vmap(lambda x: block_diag(x, 3))(np.array([[1, 2]]))
    array([[[1, 2, 0],
            [0, 0, 3]]])
    """
    blocks = [np.atleast_2d(asarray(a)) for a in arrs]
    for block in blocks:
        if block.ndim > 2:
            raise ShapeError(f"{at_user_line()}: block_diag takes matrices, got an array of shape {block.shape}")
    widths = [b.shape[1] for b in blocks]
    before = np.cumsum([0, *widths])
    return np.concatenate(
        [np.pad(b, ((0, 0), (int(before[k]), int(before[-1] - before[k + 1])))) for k, b in enumerate(blocks)]
    )


@as_scipy
def toeplitz(c: Any, r: Any = None) -> Any:
    """The matrix with the first column `c` and, but for the corner, the first row `r`, whose diagonals are constant.

    Without `r` it is the conjugate of `c`.

    >>> import vtrace
    >>> vtrace.vmap(toeplitz)(np.array([[1, 2, 3]]))
    array([[[1, 2, 3],
            [2, 1, 2],
            [3, 2, 1]]])
    """
    column = _vector("toeplitz", c)
    row = np.conjugate(column) if r is None else _vector("toeplitz", r)
    rows, columns = column.shape[0], row.shape[0]
    return np.concatenate([row[:0:-1], column])[np.arange(rows)[:, None] - np.arange(columns) + max(columns - 1, 0)]


@as_scipy
def circulant(c: Any) -> Any:
    """The square matrix whose columns are the vector `c`, each turned by one more place; a stack of them for a stack.

    >>> import vtrace
    >>> vtrace.vmap(circulant)(np.array([[1, 2, 3]]))
    array([[[1, 3, 2],
            [2, 1, 3],
            [3, 2, 1]]])
    """
    c = asarray(c)
    places = np.arange(c.shape[-1])
    return c[..., (places[:, None] - places) % max(len(places), 1)]


@as_scipy
def hankel(c: Any, r: Any = None) -> Any:
    """The matrix with the first column `c` and, but for the corner, the last row `r` (zeros), constant along diagonals
    from the lower left to the upper right.

    >>> import vtrace
    >>> vtrace.vmap(hankel)(np.array([[1, 2, 3]]))
    array([[[1, 2, 3],
            [2, 3, 0],
            [3, 0, 0]]])
    """
    column = _vector("hankel", c)
    row = np.zeros_like(column) if r is None else _vector("hankel", r)
    rows, columns = column.shape[0], row.shape[0]
    return np.concatenate([column, row[1:]])[np.arange(rows)[:, None] + np.arange(columns)]


def _vector(name: str, x: Any) -> Any:
    x = asarray(x)
    if x.ndim != 1:
        raise ShapeError(f"{at_user_line()}: {name} takes vectors, got an array of shape {x.shape}")
    return x
