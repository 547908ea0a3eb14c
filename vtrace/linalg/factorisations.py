"""Factors of matrices."""

from typing import Any

import numpy as np

from vtrace.errors import UsageError
from vtrace.frontend import numpy_matrices
from vtrace.frontend.numpy_matrices import adjoint, apply, matrices
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.linalg.arguments import as_scipy, refuse, triangle
from vtrace.ops.linalg.complex_numbers import real_dtype
from vtrace.ops.linalg.lu import Lu, SwapRows


@as_scipy
def cholesky(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The triangle r with `r.T.conj() @ r = a`, or `r @ r.T.conj()` if `lower`, of a positive definite matrix.

    Of `a`, that triangle alone is read. LinAlgError where it is not positive definite.

    >>> import vtrace
    >>> vtrace.vmap(cholesky)(np.array([[[4.0, 2.0], [2.0, 2.0]]]))
    array([[[2., 1.],
            [0., 1.]]])
    """
    return np.linalg.cholesky(a, upper=not lower)


@as_scipy
def cho_factor(a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """What `cho_solve` takes: the triangle of `cholesky`, with zeros in the other one, and `lower`."""
    return cholesky(a, lower), lower


@as_scipy
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """What `lu_solve` takes: L, without its diagonal of ones, and U in one matrix, and for each row the one that it
    changes places with, int32[min(m, n)].

    >>> import vtrace
    >>> factors, pivots = vtrace.vmap(lu_factor)(np.array([[[1.0, 3.0], [2.0, 2.0]]]))
    >>> factors, pivots
    (array([[[2. , 2. ],
            [0.5, 2. ]]]), array([[1, 1]], dtype=int32))
    """
    factors, pivots = apply(Lu(), *matrices(a, square=False))
    return factors, pivots


@as_scipy
def lu(
    a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True, p_indices: bool = False
) -> Any:
    """The matrices p, l, u with `p @ l @ u = a`; `p @ l` and u if `permute_l`, and with `l[p] @ u = a` if `p_indices`.

    >>> import vtrace
    >>> p, l, u = vtrace.vmap(lu)(np.array([[[1.0, 3.0], [2.0, 2.0]]]))
    >>> (p @ l @ u).tolist()
    [[[1.0, 3.0], [2.0, 2.0]]]
    """
    (x,) = matrices(a, square=False)
    rows, columns = x.shape[-2:]
    inner = min(rows, columns)
    factors, pivots = apply(Lu(), x)
    factors_: Any = factors
    left = triangle(factors_[..., :inner], lower=True, strict=True) + np.eye(rows, inner, dtype=x.dtype)
    right = triangle(factors_[..., :inner, :], lower=False)
    if permute_l:
        return permuted(left, pivots, back=True), right
    if p_indices:
        numbers: Any = permuted(lift(np.arange(rows, dtype=np.int32)[:, None]), pivots, back=True)
        return numbers[..., 0], left, right
    return permuted(lift(np.eye(rows, dtype=real_dtype(x.dtype))), pivots, back=True), left, right


def permuted(x: Any, pivots: Any, back: bool = False) -> Any:
    """The rows of `x` after they have changed places as `lu_factor` says; those are undone if `back`."""
    (result,) = apply(SwapRows(back), lift(x), lift(pivots), ranks=(2, 1))
    return result


@as_scipy
def qr(
    a: Any,
    overwrite_a: bool = False,
    lwork: Any = None,
    mode: str = "full",
    pivoting: bool = False,
    check_finite: bool = True,
) -> Any:
    """Orthonormal q and triangular r with `q @ r = a`; q is square in mode "full", of min(m, n) columns if "economic".

    Mode "r" gives `(r,)`, of the shape of `a`.
    """
    refuse("qr", pivoting=pivoting)
    if mode == "r":
        (x,) = matrices(a, square=False)
        rows, columns = x.shape[-2:]
        r: Any = numpy_matrices.qr(x, "r")
        return (np.pad(r, [(0, 0)] * (r.ndim - 2) + [(0, rows - min(rows, columns)), (0, 0)]),)
    if mode == "raw":
        refuse("qr", mode=mode)
    if mode not in ("full", "economic"):
        raise UsageError(f"{at_user_line()}: Mode argument should be one of ['full', 'r', 'economic', 'raw']")
    return tuple(numpy_matrices.qr(a, "complete" if mode == "full" else "reduced"))


@as_scipy
def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    overwrite_a: bool = False,
    check_finite: bool = True,
    lapack_driver: str = "gesdd",
) -> Any:
    """u, s, vh with `u * s @ vh = a`, as `np.linalg.svd`; s alone if not `compute_uv`."""
    result = numpy_matrices.svd(a, full_matrices, compute_uv)
    return tuple(result) if compute_uv else result


@as_scipy
def polar(a: Any, side: str = "right") -> Any:
    """The nearest matrix u with orthonormal columns or rows, and a positive semidefinite p with `u @ p = a`.

    With side "left", `p @ u = a`.
    """
    if side not in ("right", "left"):
        raise UsageError(f"{at_user_line()}: `side` must be either 'right' or 'left'")
    w, s, vh = numpy_matrices.svd(a, full_matrices=False)
    scaled = s[..., None] * vh if side == "right" else s[..., None, :] * w
    return w @ vh, (adjoint(vh) @ scaled if side == "right" else scaled @ adjoint(w))
