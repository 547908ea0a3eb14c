"""What NumPy builds on singular values: pseudo-inverses, least squares, ranks and conditions of matrices."""

import math
from typing import Any

import numpy as np

from vtrace.errors import LinAlgError, UsageError
from vtrace.frontend.complexes.arithmetic import squared_size
from vtrace.frontend.core import convert, full
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_linalg import norm
from vtrace.frontend.numpy_matrices import adjoint, apply, eigvalsh, inv, matrices, svd, svdvals
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DTYPES
from vtrace.ops.linalg.complex_numbers import real_dtype
from vtrace.ops.linalg.lu import Lu

_NOT_GIVEN: Any = object()
"""In place of NumPy's own mark, as None means something else."""


def _epsilon(x: Any) -> float:
    """The relative size below which singular values are taken for zeros, by default."""
    return float(max(x.shape[-2:]) * np.finfo(x.dtype).eps)


def _largest(s: Any) -> Any:
    return np.max(s, axis=-1, keepdims=True, initial=0)


def _reciprocals(s: Any, cutoff: Any) -> Any:
    """1 / s where it is above the cutoff, else 0."""
    large = s > cutoff
    return np.where(large, 1 / np.where(large, s, 1), 0).astype(s.dtype)


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _NOT_GIVEN) -> Any:
    (x,) = matrices(a, square=False)
    if rcond is None:
        rcond = 1e-15 if rtol is _NOT_GIVEN else _epsilon(x) if rtol is None else rtol
    elif rtol is not _NOT_GIVEN:
        raise UsageError(f"{at_user_line()}: `rtol` and `rcond` can't be both set.")
    if x.size == 0:
        return full((*x.shape[:-2], x.shape[-1], x.shape[-2]), 0, x.dtype)
    u, s, vh = svd(x, full_matrices=False, hermitian=hermitian)
    inverses = _reciprocals(s, np.expand_dims(rcond, -1) * _largest(s))
    return np.matmul(adjoint(vh), inverses[..., None] * adjoint(u))


def least_squares(a: Tracer, b: Tracer, rcond: Any) -> tuple[Any, Any, Any]:
    """The shortest of the x for which |a x - b| is smallest, the rank of `a`, and its singular values.

    Singular values that are not above `rcond` times the largest one count as 0; a share that is none, the precision, as
    LAPACK has it.
    """
    epsilon = np.finfo(a.dtype).eps
    traced = isinstance(rcond, Tracer)
    share = np.where((rcond > 0) & (rcond < 1), rcond, epsilon) if traced else rcond if 0 < rcond < 1 else epsilon
    if 0 in a.shape:
        s: Any = full((0,), 0, real_dtype(a.dtype))
        return full((a.shape[1], b.shape[1]), 0, a.dtype), np.sum(s > 0), s
    u, s, vh = svd(a, full_matrices=False)
    cutoff = share * s[:1]
    return adjoint(vh) @ (_reciprocals(s, cutoff)[:, None] * (adjoint(u) @ b)), np.sum(s > cutoff), s


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Any, Any, Any, Any]:
    """NumPy's, but for the residuals, whose shape cannot depend on the rank: they are there wherever m > n."""
    x, y = matrices(a, b, square=False)
    if x.ndim != 2:
        raise LinAlgError(f"{at_user_line()}: {x.ndim}-dimensional array given. Array must be two-dimensional")
    if y.ndim not in (1, 2):
        raise LinAlgError(f"{at_user_line()}: {y.ndim}-dimensional array given. Array must be one- or two-dimensional")
    vector = y.ndim == 1
    y = y[:, None] if vector else y
    m, n = x.shape
    if y.shape[0] != m:
        raise LinAlgError(f"{at_user_line()}: Incompatible dimensions")
    solution, rank, s = least_squares(x, y, _epsilon(x) if rcond is None else rcond)
    real = real_dtype(x.dtype)
    residuals = np.sum(squared_size(y - x @ solution), axis=0) if m > n else full((0,), 0, real)
    return (solution[:, 0] if vector else solution), residuals, convert(rank, DTYPES["i32"]), s


@implements(np.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    if rtol is not None and tol is not None:
        raise UsageError(f"{at_user_line()}: `tol` and `rtol` can't be both set.")
    if lift(A).ndim < 2:
        return np.any(A != 0).astype(np.int64)
    (x,) = matrices(A, square=hermitian)
    s = np.abs(eigvalsh(x)) if hermitian else svdvals(x)
    if tol is None:
        tol = _largest(s) * (_epsilon(x) if rtol is None else np.expand_dims(rtol, -1))
    else:
        tol = np.expand_dims(tol, -1)
    return np.count_nonzero(s > tol, axis=-1)


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    spectral = p is None or p in (2, -2)
    (a,) = matrices(x, square=not spectral)
    if 0 in a.shape[-2:]:
        raise LinAlgError(f"{at_user_line()}: cond is not defined on empty arrays")
    result: Any
    if spectral:
        s = svdvals(a)
        result = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    else:
        factors, _ = apply(Lu(), a)
        singular: Any = np.any(np.diagonal(factors, axis1=-2, axis2=-1) == 0, axis=-1)
        harmless = np.where(singular[..., None, None], np.eye(a.shape[-1], dtype=a.dtype), a)
        both = norm(a, p, (-2, -1)) * norm(inv(harmless), p, (-2, -1))
        result = np.where(singular, np.array(math.inf, both.dtype), both)
    unknown = np.any(np.isnan(a), axis=(-2, -1))
    return np.where(np.isnan(result) & ~unknown, np.array(math.inf, result.dtype), result)
