"""Inverses, determinants, eigenvalues and exponentials."""

from typing import Any

import numpy as np

from vtrace.errors import UsageError
from vtrace.frontend import numpy_matrices
from vtrace.frontend.core import convert, full
from vtrace.frontend.numpy_matrices import adjoint, matrices
from vtrace.frontend.source import at_user_line
from vtrace.ir.types import FLOAT32, FLOAT64, whole_dtype
from vtrace.lax import fori_loop
from vtrace.linalg.arguments import as_scipy, refuse
from vtrace.linalg.factorisations import cholesky
from vtrace.linalg.solvers import solve, solve_triangular
from vtrace.ops.linalg.complex_numbers import real_dtype

_PADE = {
    7: (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0),
    13: (
        64764752532480000.0,
        32382376266240000.0,
        7771770303897600.0,
        1187353796428800.0,
        129060195264000.0,
        10559470521600.0,
        670442572800.0,
        33522128640.0,
        1323241920.0,
        40840800.0,
        960960.0,
        16380.0,
        182.0,
        1.0,
    ),
}
"""Coefficients of the numerators of Padé's approximations of the exponential function, by their degree."""
_REACH = {7: 3.925724783138660, 13: 5.371920351148152}
"""The 1-norms up to which they are exact to float32 and to float64 (Higham, 2005)."""


@as_scipy
def inv(
    a: Any, overwrite_a: bool = False, check_finite: bool = True, *, assume_a: Any = None, lower: bool = False
) -> Any:
    """The inverse of a matrix; LinAlgError where it is singular. What `solve` may assume of it, this may."""
    if assume_a is None:
        return np.linalg.inv(a)
    (x,) = matrices(a)
    return solve(x, np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape), lower, assume_a=assume_a)


@as_scipy
def det(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The determinant of a matrix, always a float64 or complex128, as SciPy's."""
    (x,) = matrices(a)
    return np.linalg.det(convert(x, FLOAT64 if x.dtype.kind == "f" else whole_dtype(FLOAT64)))


@as_scipy
def eigh(
    a: Any,
    b: Any = None,
    *,
    lower: bool = True,
    eigvals_only: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    type: int = 1,
    check_finite: bool = True,
    subset_by_index: Any = None,
    subset_by_value: Any = None,
    driver: Any = None,
) -> Any:
    """Eigenvalues of a symmetric or Hermitian matrix, ascending, and its eigenvectors: `a @ v = v * w`, or
    `a @ v = b @ v * w` with a positive definite `b`, and then `v.T.conj() @ b @ v` is the identity.

    >>> import vtrace
    >>> vtrace.vmap(lambda a: eigh(a, eigvals_only=True))(np.array([[[2.0, 1.0], [1.0, 2.0]]]))
    array([[1., 3.]])
    """
    refuse("eigh", subset_by_index=subset_by_index is not None, subset_by_value=subset_by_value is not None)
    if type != 1:
        refuse("eigh", type=type)
    triangle = "L" if lower else "U"
    if b is None:
        return numpy_matrices.eigvalsh(a, triangle) if eigvals_only else tuple(numpy_matrices.eigh(a, triangle))
    x, y = matrices(a, b)
    if x.shape[-2:] != y.shape[-2:]:
        raise UsageError(f"{at_user_line()}: wrong b dimensions {y.shape}, should be {x.shape}")
    factor = cholesky(y if lower else adjoint(y), lower=True)
    whole: Any = x
    half = np.tril(whole) if lower else np.triu(whole)
    whole = half + adjoint(np.tril(whole, -1) if lower else np.triu(whole, 1))
    inner = solve_triangular(factor, adjoint(solve_triangular(factor, whole, lower=True)), lower=True)
    if eigvals_only:
        return np.linalg.eigvalsh(inner)
    values, vectors = np.linalg.eigh(inner)
    return values, solve_triangular(factor, vectors, trans=2, lower=True)


@as_scipy
def expm(A: Any) -> Any:
    """The exponential of a matrix, by scaling and squaring of Padé's approximation.

    Under `vmap` each example is squared as often as its own norm asks for.

    >>> import vtrace
    >>> vtrace.vmap(expm)(np.array([[[0.0, 1.0], [0.0, 0.0]]]))
    array([[[1., 1.],
            [0., 1.]]])
    """
    (x,) = matrices(A)
    a: Any = x
    if a.size == 0:
        return full(a.shape, 0, a.dtype)
    real = real_dtype(a.dtype)
    degree = 7 if real == FLOAT32 else 13
    norm = np.max(np.sum(np.abs(a), axis=-2), axis=-1)
    many = np.isfinite(norm) & (norm > _REACH[degree])
    squarings = np.where(many, np.ceil(np.log2(np.where(many, norm, 1) / _REACH[degree])), 0).astype(np.int32)
    result = _pade(a * np.exp2(-squarings[..., None, None].astype(real)), degree)
    if a.ndim == 2:
        return fori_loop(0, squarings, lambda _, r: r @ r, result)
    return fori_loop(0, np.max(squarings), lambda n, r: np.where((n < squarings)[..., None, None], r @ r, r), result)


def _pade(a: Any, degree: int) -> Any:
    """exp(a) for a matrix of small norm: a quotient of polynomials, whose odd parts differ in sign."""
    coefficients = _PADE[degree]
    one = np.eye(a.shape[-1], dtype=a.dtype)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2

    def polynomial(first: int) -> Any:
        b = coefficients[first::2]
        low = b[3] * a6 + b[2] * a4 + b[1] * a2 + b[0] * one
        return low if len(b) == 4 else a6 @ (b[6] * a6 + b[5] * a4 + b[4] * a2) + low

    even, odd = polynomial(0), a @ polynomial(1)
    return np.linalg.solve(even - odd, even + odd)
