"""Systems of linear equations."""

from typing import Any

import numpy as np

from vtrace.errors import ShapeError, UsageError
from vtrace.frontend.core import reshape
from vtrace.frontend.numpy_matrices import adjoint, apply, matrices
from vtrace.frontend.numpy_matrices import transposed as turned
from vtrace.frontend.source import at_user_line
from vtrace.frontend.tracer import Tracer
from vtrace.linalg.arguments import as_scipy, triangle
from vtrace.linalg.factorisations import cholesky, permuted
from vtrace.ops.linalg.triangular import TriangularSolve

_TRANSPOSED = {0: "N", "N": "N", 1: "T", "T": "T", 2: "C", "C": "C"}
_GENERAL = (None, "gen", "general", "banded", "tridiagonal")
_SYMMETRIC = ("sym", "symmetric")
_HERMITIAN = ("her", "hermitian")
_DEFINITE = ("pos", "positive definite")
_TRIANGULAR = ("lower triangular", "upper triangular")
_TURNED: dict[str | None, str] = dict(zip(_TRIANGULAR, reversed(_TRIANGULAR), strict=True))
"""What the transpose of a matrix is."""


@as_scipy
def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """The x with `t @ x = b`, where t is the upper triangle of `a`, or the lower one; with its transpose for trans "T",
    and the conjugate of that for "C".

    LinAlgError where there is a zero on its diagonal, unless that is taken to be ones, by `unit_diagonal`.

    >>> import vtrace
    >>> vtrace.vmap(solve_triangular, (0, None))(np.array([[[1.0, 2.0], [0.0, 4.0]]]), np.array([5.0, 8.0]))
    array([[1., 2.]])
    """
    x, y, vector = _system("solve_triangular", a, b)
    return _unframed(_triangular(x, y, lower, unit_diagonal, _transposition(trans)), vector)


@as_scipy
def lu_solve(lu_and_piv: Any, b: Any, trans: Any = 0, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """The x with `a @ x = b`, given `lu_factor(a)`; with the transpose of `a` for trans "T" or 1, and the conjugate of
    that for "C" or 2.

    LinAlgError where `a` is singular.
    """
    factors, pivots = lu_and_piv
    x, y, vector = _system("lu_solve", factors, b)
    if (turn := _transposition(trans)) != "N":
        y = _triangular(x, y, lower=False, unit=False, turn=turn)
        return _unframed(permuted(_triangular(x, y, lower=True, unit=True, turn=turn), pivots, back=True), vector)
    y = _triangular(x, permuted(y, pivots), lower=True, unit=True)
    return _unframed(_triangular(x, y, lower=False, unit=False), vector)


@as_scipy
def cho_solve(c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """The x with `a @ x = b`, given `cho_factor(a)`."""
    c, lower = c_and_lower
    if isinstance(lower, Tracer):
        raise UsageError(f"{at_user_line()}: cho_solve: lower must be known while tracing; pass on the matrix alone")
    x, y, vector = _system("cho_solve", c, b)
    y = _triangular(x, y, lower, unit=False, turn="N" if lower else "C")
    return _unframed(_triangular(x, y, lower, unit=False, turn="C" if lower else "N"), vector)


@as_scipy
def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    """The x with `a @ x = b`; with the transpose of `a` if `transposed`. LinAlgError where `a` is singular.

    What is assumed of `a` says what is read of it: the triangle that `lower` tells for "sym", "her" and "pos", the
    one it names for "lower triangular" and "upper triangular", and the diagonal for "diagonal".

    >>> import vtrace
    >>> vtrace.vmap(solve, (0, None))(np.array([[[2.0, 0.0], [1.0, 4.0]]]), np.array([2.0, 5.0]))
    array([[1., 1.]])
    """
    x, y, vector = _system("solve", a, b)
    if transposed:
        x, lower, assume_a = turned(x), not lower, _TURNED.get(assume_a, assume_a)
    if assume_a in _DEFINITE:
        return _unframed(cho_solve((cholesky(x, lower), lower), y), vector)
    if assume_a in _TRIANGULAR:
        return _unframed(_triangular(x, y, assume_a == "lower triangular", False), vector)
    if assume_a == "diagonal":
        return _unframed(_triangular(triangle(triangle(x, True), False), y, lower=True, unit=False), vector)
    if assume_a in _SYMMETRIC:
        x = triangle(x, lower) + turned(triangle(x, lower, strict=True))
    elif assume_a in _HERMITIAN:
        x = triangle(x, lower) + adjoint(triangle(x, lower, strict=True))
    elif assume_a not in _GENERAL:
        raise UsageError(f"{at_user_line()}: {assume_a} is not a recognized matrix structure")
    return _unframed(np.linalg.solve(x, y), vector)


def _triangular(a: Any, b: Any, lower: bool, unit: bool, turn: str = "N") -> Any:
    """The solution with one triangle of `a`, or with its transpose ("T"), or the conjugate of that ("C")."""
    if turn != "N":
        a, lower = adjoint(a) if turn == "C" else turned(a), not lower
    (result,) = apply(TriangularSolve(bool(lower), bool(unit)), a, b)
    return result


def _transposition(trans: Any) -> str:
    if trans not in _TRANSPOSED:
        raise UsageError(f"{at_user_line()}: trans must be 0, 1, 2, 'N', 'T' or 'C', got {trans!r}")
    return _TRANSPOSED[trans]


def _system(name: str, a: Any, b: Any) -> tuple[Any, Any, bool]:
    """The square matrix and the right-hand sides, as matrices of one dtype, and whether `b` is a vector."""
    x, y = matrices(a, b)
    vector = y.ndim == 1
    if y.ndim == 0 or y.shape[-1 if vector else -2] != x.shape[-1]:
        raise ShapeError(f"{at_user_line()}: {name}: shapes of a {x.shape} and b {y.shape} are incompatible")
    return x, (reshape(y, (*y.shape, 1)) if vector else y), vector


def _unframed(x: Any, vector: bool) -> Any:
    return x[..., 0] if vector else x
