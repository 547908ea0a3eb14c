"""What `np.linalg` builds from factorisations: least squares, pseudo-inverses, ranks, conditions, long products."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.errors import LinAlgError, ShapeError
from vtrace.frontend.core import INT64, convert, full, reshape
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_linalg import norm
from vtrace.frontend.numpy_matrices import eigh, inv, matrices, solve, svd, svdvals, transposed
from vtrace.frontend.numpy_movement import moveaxis
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DTYPES


def least_squares(a: Tracer, b: Tracer, rcond: Any) -> tuple[Any, Any, Any]:
    """The shortest of the x for which |a x - b| is smallest, the rank of `a`, and its singular values.

    Singular values that are not above `rcond` times the largest one count as 0.
    """
    u, s, vt = svd(a, full_matrices=False)
    eps = np.finfo(a.dtype).eps  # to LAPACK a share that is none means the precision
    share = np.where((rcond > 0) & (rcond < 1), rcond, eps) if isinstance(rcond, Tracer) else rcond
    share = share if isinstance(rcond, Tracer) or 0 < rcond < 1 else eps
    large = s > share * s[:1]
    inverse = np.where(large, 1 / np.where(large, s, 1), 0)
    return vt.T @ (inverse[:, None] * (u.T @ b)), np.sum(large), s


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    x, y = matrices(a, b, square=False)
    if x.ndim != 2:
        raise LinAlgError(f"{at_user_line()}: {x.ndim}-dimensional array given. Array must be two-dimensional")
    if y.ndim not in (1, 2):
        raise LinAlgError(f"{at_user_line()}: {y.ndim}-dimensional array given. Array must be one- or two-dimensional")
    m, n = x.shape
    if y.shape[0] != m:
        raise LinAlgError(f"{at_user_line()}: Incompatible dimensions")
    eps = float(np.finfo(x.dtype).eps)
    small = eps * max(m, n) if rcond is None else rcond
    rows = y if y.ndim == 2 else reshape(y, (m, 1))
    found, rank, s = least_squares(x, rows, small)
    rest = np.sum(np.square(rows - x @ found), axis=0) if m > n else full((0,), 0, x.dtype)
    return found if y.ndim == 2 else found[:, 0], rest, convert(rank, DTYPES["i32"]), s


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Any:
    (x,) = matrices(a, square=False)
    if not x.size:
        return full((*x.shape[:-2], x.shape[-1], x.shape[-2]), 0, x.dtype)
    if rcond is None:
        rcond = 1e-15 if rtol is np._NoValue else rtol
        rcond = max(x.shape[-2:]) * np.finfo(x.dtype).eps if rcond is None else rcond
    u, s, vt = _hermitian_svd(x) if hermitian else svd(x, full_matrices=False)
    cutoff = np.asarray(rcond)[..., None] if not isinstance(rcond, Tracer) else rcond[..., None]
    large = s > cutoff * np.max(s, axis=-1, keepdims=True)
    inverse = np.where(large, 1 / np.where(large, s, 1), 0)
    return np.matmul(transposed(lift(vt)), inverse[..., None] * transposed(lift(u)))


def _hermitian_svd(x: Tracer) -> tuple[Any, Any, Any]:
    """Singular values and vectors of symmetric matrices, from their eigenvalues; in no order."""
    values, vectors = eigh(x)
    signs = np.where(values < 0, -1, 1).astype(values.dtype)
    return vectors * signs[..., None, :], np.abs(values), transposed(vectors)


@implements(np.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    x = lift(A)
    if x.ndim < 2:
        return convert(~np.all(x == 0), INT64)
    (m,) = matrices(x, square=False)
    values: Any = np.abs(np.linalg.eigvalsh(m)) if hermitian else svdvals(m)
    if tol is None:
        share = max(m.shape[-2:]) * np.finfo(m.dtype).eps if rtol is None else np.expand_dims(rtol, -1)
        tol = np.max(values, axis=-1, keepdims=True, initial=0) * share
    else:
        tol = np.expand_dims(tol, -1)
    return np.count_nonzero(values > tol, axis=-1)


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    (m,) = matrices(x, square=p not in (None, 2, -2))
    if p in (None, 2, -2):
        s: Any = svdvals(m)
        result = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    else:
        result = norm(m, p, (-2, -1)) * norm(inv(m), p, (-2, -1))
    undefined = np.isnan(result) & ~np.any(np.isnan(m), axis=(-2, -1))
    return convert(np.where(undefined, np.inf, result), m.dtype)


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any) -> Any:
    factors = [lift(a) for a in arrays]
    if len(factors) < 2:
        raise ShapeError(f"{at_user_line()}: Expecting at least two arrays.")
    first, last = factors[0].ndim == 1, factors[-1].ndim == 1
    if first:
        factors[0] = reshape(factors[0], (1, factors[0].size))
    if last:
        factors[-1] = reshape(factors[-1], (factors[-1].size, 1))
    wrong = next((f for f in factors if f.ndim != 2), None)
    if wrong is not None:
        raise LinAlgError(f"{at_user_line()}: {wrong.ndim}-dimensional array given. Array must be two-dimensional")
    result: Any = _chain(factors)
    kept = tuple(n for n, dropped in zip(result.shape, (first, last), strict=True) if not dropped)
    return reshape(result, kept)


def _chain(factors: Sequence[Tracer]) -> Any:
    """The product, in the order that takes the fewest multiplications."""
    sizes = [factors[0].shape[0], *(f.shape[1] for f in factors)]
    best: dict[tuple[int, int], tuple[int, int]] = {(n, n): (0, n) for n in range(len(factors))}
    for length in range(1, len(factors)):
        for i in range(len(factors) - length):
            j = i + length
            best[i, j] = min(
                (best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )

    def product(i: int, j: int) -> Any:
        if i == j:
            return factors[i]
        k = best[i, j][1]
        return np.dot(product(i, k), product(k + 1, j))

    return product(0, len(factors) - 1)


@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    x = lift(a)
    if ind <= 0:
        raise ShapeError(f"{at_user_line()}: Invalid ind argument.")
    rows = math.prod(x.shape[ind:])
    flat = reshape(x, (x.size // max(rows, 1), rows))
    return reshape(inv(flat), (*x.shape[ind:], *x.shape[:ind]))


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    x, y = lift(a), lift(b)
    if axes is not None:
        order = [n for n in range(x.ndim) if n not in [k % x.ndim for k in axes]]
        x = moveaxis(x, [*order, *axes], range(x.ndim))
    shape = x.shape[y.ndim - x.ndim :] if x.ndim > y.ndim else ()
    columns = math.prod(shape)
    if x.size != columns**2:
        raise LinAlgError(
            f"{at_user_line()}: Input arrays must satisfy the requirement prod(a.shape[b.ndim:]) == "
            "prod(a.shape[:b.ndim])"
        )
    return reshape(solve(reshape(x, (columns, columns)), reshape(y, (y.size,))), shape)
