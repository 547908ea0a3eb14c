"""Inverses, solvers, determinants and factorisations of `np.linalg`, by the primitives of `ops.linalg`.

Stacks of matrices are lists of examples of their own. Errors have NumPy's texts.
"""

import math
import operator
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, LinAlgError, ShapeError, UnsupportedError
from vtrace.frontend.complex_tracer import ComplexTracer, regroup, split
from vtrace.frontend.core import broadcast_to, convert, full, reshape
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_movement import moveaxis
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit_all, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import FLOAT32, FLOAT64, ArrayType, part_dtype, whole_dtype
from vtrace.ops.linalg.cholesky import Cholesky
from vtrace.ops.linalg.complex_matrix import ComplexMatrix
from vtrace.ops.linalg.determinant import Det, SlogDet
from vtrace.ops.linalg.eigh import Eigh, EigvalsH
from vtrace.ops.linalg.inverse import Inverse
from vtrace.ops.linalg.lu import SwapRows
from vtrace.ops.linalg.matrix import MatrixProcedure
from vtrace.ops.linalg.qr import Qr
from vtrace.ops.linalg.solve import Solve
from vtrace.ops.linalg.svd import Svd, SvdVals
from vtrace.ops.mapped import Mapped

_EXAMPLE = np.eye(1)
SlogdetResult: Any = type(np.linalg.slogdet(_EXAMPLE))
QRResult: Any = type(np.linalg.qr(_EXAMPLE))
EighResult: Any = type(np.linalg.eigh(_EXAMPLE))
SVDResult: Any = type(np.linalg.svd(_EXAMPLE))


def matrices(*values: Any, square: bool = True) -> tuple[Tracer, ...]:
    """The operands as numbers of one dtype: in single precision if all are, complex if one is. The first one is a stack
    of matrices."""
    tracers = [lift(v) for v in values]
    (a, *_) = tracers
    if a.ndim < 2:
        raise LinAlgError(f"{at_user_line()}: {a.ndim}-dimensional array given. Array must be at least two-dimensional")
    if square and a.shape[-1] != a.shape[-2]:
        raise LinAlgError(f"{at_user_line()}: Last 2 dimensions of the array must be square")
    dtype = FLOAT32 if all(t.dtype in _SINGLE and not t.weak for t in tracers) else FLOAT64
    if any(t.dtype.kind == "c" for t in tracers):
        dtype = whole_dtype(dtype)
    return tuple(convert(t, dtype) for t in tracers)


_SINGLE = (FLOAT32, whole_dtype(FLOAT32))


def apply(primitive: Primitive, *operands: Tracer, ranks: Sequence[int] = ()) -> tuple[Tracer, ...]:
    """The results for matrices, or for stacks of them whose leading axes broadcast together.

    `ranks` are those of one example's operands, where some are no matrices.
    """
    ranks = ranks or [2] * len(operands)
    try:
        lead = np.broadcast_shapes(*(t.shape[: t.ndim - rank] for t, rank in zip(operands, ranks, strict=True)))
    except ValueError:
        shapes = " ".join(str(t.shape).replace(" ", "") for t in operands)
        raise ShapeError(
            f"{at_user_line()}: operands could not be broadcast together with remapped shapes {shapes}"
        ) from None
    if any(isinstance(t, ComplexTracer) for t in operands):
        return _apply_complex(primitive, operands, ranks)
    if not lead:
        return emit_all(primitive, *operands)
    size = math.prod(lead)
    shared = [t.ndim == rank for t, rank in zip(operands, ranks, strict=True)]
    stacks = [
        t if alone else reshape(broadcast_to(t, lead + t.shape[-rank:]), (size, *t.shape[-rank:]))
        for t, rank, alone in zip(operands, ranks, shared, strict=True)
    ]
    axes = tuple(None if alone else 0 for alone in shared)
    results = emit_all(Mapped(primitive, axes, size), *stacks)
    return tuple(reshape(r, lead + r.shape[1:]) for r in results)


def _apply_complex(op: Primitive, operands: Sequence[Tracer], ranks: Sequence[int]) -> tuple[Tracer, ...]:
    """The same for operands of which one is complex."""
    if isinstance(op, SwapRows):  # what moves numbers moves their parts
        x, pivots = operands
        assert isinstance(x, ComplexTracer)
        ((re,), (im,)) = (apply(op, part, pivots, ranks=ranks) for part in (x.re, x.im))
        return (ComplexTracer(re, im),)
    assert isinstance(op, MatrixProcedure)
    whole = operands[0].dtype
    parts = split(convert(t, whole) for t in operands)
    results = apply(ComplexMatrix(op), *parts, ranks=[rank for rank in ranks for _ in range(2)])
    types = op.infer_all(*(ArrayType(part_dtype(whole), t.shape[-2:]) for t in operands))
    dtypes = [whole if t.dtype.kind == "f" and n not in op.real else t.dtype for n, t in enumerate(types)]
    return tuple(regroup(results, dtypes, [False] * len(dtypes)))


def transposed(x: Tracer) -> Tracer:
    """Each matrix of a stack, transposed."""
    return moveaxis(x, -1, -2)


def adjoint(x: Any) -> Any:
    """Each matrix of a stack, transposed and conjugated."""
    return np.conjugate(transposed(x)) if isinstance(x, ComplexTracer) else transposed(x)


@implements(np.linalg.inv)
def inv(a: Any) -> Tracer:
    (result,) = apply(Inverse(), *matrices(a))
    return result


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Tracer:
    x, y = matrices(a, b)
    vector = y.ndim == 1  # since NumPy 2, a b of more axes is a stack of matrices
    check_right_side("solve1" if vector else "solve", x, y)
    (result,) = apply(Solve(), x, reshape(y, (*y.shape, 1)) if vector else y)
    return reshape(result, result.shape[:-1]) if vector else result


def check_right_side(name: str, a: Tracer, b: Tracer) -> None:
    """ShapeError, worded as NumPy's, unless `b` has as many rows as `a`."""
    vector = b.ndim == 1
    signature = "(m,m),(m)->(m)" if vector else "(m,m),(m,n)->(m,n)"
    if b.ndim == 0:
        raise ShapeError(
            f"{at_user_line()}: {name}: Input operand 1 does not have enough dimensions (has 0, gufunc core with "
            f"signature {signature} requires 2)"
        )
    rows, wanted = b.shape[-1 if vector else -2], a.shape[-1]
    if rows != wanted:
        raise ShapeError(
            f"{at_user_line()}: {name}: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature "
            f"{signature} (size {rows} is different from {wanted})"
        )


@implements(np.linalg.det)
def det(a: Any) -> Tracer:
    (result,) = apply(Det(), *matrices(a))
    return result


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    return SlogdetResult(*apply(SlogDet(), *matrices(a)))


@implements(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    (x,) = matrices(a)
    (lower,) = apply(Cholesky(), adjoint(x) if upper else x)
    return adjoint(lower) if upper else lower


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    if mode not in ("reduced", "complete", "r"):
        if mode == "raw":
            raise UnsupportedError(f"{at_user_line()}: np.linalg.qr with mode='raw' is not supported on traced arrays")
        raise ShapeError(f"{at_user_line()}: Unrecognized mode '{mode}'")
    results = apply(Qr(mode), *matrices(a, square=False))
    return results[0] if mode == "r" else QRResult(*results)


def _lower(a: Any, triangle: Any) -> Any:
    """The matrices with the triangle that is read below."""
    if not isinstance(triangle, str) or triangle.upper() not in ("L", "U"):
        raise ShapeError(f"{at_user_line()}: UPLO argument must be 'L' or 'U'")
    (x,) = matrices(a)
    return adjoint(x) if triangle.upper() == "U" else x


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    return EighResult(*apply(Eigh(), _lower(a, UPLO)))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Tracer:
    (result,) = apply(EigvalsH(), _lower(a, UPLO))
    return result


@implements(np.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if hermitian:
        return _of_symmetric(a, compute_uv)
    if not compute_uv:
        return svdvals(a)
    return SVDResult(*apply(Svd(bool(full_matrices)), *matrices(a, square=False)))


def _of_symmetric(a: Any, vectors: bool) -> Any:
    """The singular value decomposition of symmetric matrices, by their eigenvalues."""
    if not vectors:
        return np.flip(np.sort(np.abs(eigvalsh(a)), axis=-1), axis=-1)
    values, u = eigh(a)
    order: Any = np.flip(np.argsort(np.abs(values), axis=-1), axis=-1)
    values = np.take_along_axis(values, order, axis=-1)
    u = np.take_along_axis(u, order[..., None, :], axis=-1)
    return SVDResult(u, np.abs(values), adjoint(u * np.sign(values)[..., None, :]))


@implements(np.linalg.svdvals)
def svdvals(x: Any, /) -> Tracer:
    (result,) = apply(SvdVals(), *matrices(x, square=False))
    return result


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: Any) -> Any:
    matrices(a)  # for its errors
    x = lift(a)
    try:
        exponent = operator.index(n)
    except TypeError:
        raise ArgumentError(f"{at_user_line()}: exponent must be an integer, a Python one: shapes are static") from None
    if exponent == 0:
        rows = x.shape[-1]
        return full((), 0, x.dtype) + broadcast_to(lift(np.eye(rows, dtype=x.dtype)), x.shape)
    power: Any = inv(x) if exponent < 0 else x
    return _power(power, abs(exponent))


def _power(x: Any, exponent: int) -> Any:
    """In NumPy's order of products."""
    if exponent == 3:
        return np.matmul(np.matmul(x, x), x)
    result: Any = None
    while exponent:
        if exponent & 1:
            result = x if result is None else np.matmul(result, x)
        exponent >>= 1
        if exponent:
            x = np.matmul(x, x)
    return result


def singular_value_norm(t: Tracer, order: Any, axes: Sequence[int]) -> Any:
    """The largest (2) or smallest (-2) singular value of the matrices along two axes, or their sum ("nuc")."""
    values = svdvals(moveaxis(t, axes, (-2, -1)))
    reduce: Any = np.sum if order == "nuc" else partial(np.max, initial=0) if order == 2 else np.min
    return reduce(values, axis=-1)
