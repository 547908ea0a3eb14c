"""Cholesky factorisation, column by column: each element is one sum of products."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.ir.emitter import Place, Read, Value, Workspace
from vtrace.ir.failure import Failure
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType, DType
from vtrace.ops.linalg.complex_numbers import conj, real, real_dtype
from vtrace.ops.linalg.matrix import (
    BUSY,
    UNROLLED,
    At,
    MatrixProcedure,
    accumulated,
    at,
    loop,
    matrix_errors,
    matrix_examples,
    minus_product,
    plus,
    require_matrix,
)
from vtrace.ops.procedure import Work


def definite(x: Array) -> Array:
    """A positive definite matrix made of any."""
    return np.asarray(x @ np.swapaxes(x, -1, -2) + x.shape[-1] * np.eye(x.shape[-1]), x.dtype)


@final
@primitive("cholesky")
@dataclass(frozen=True)
class Cholesky(MatrixProcedure):
    """The lower triangle l with `l @ l.T.conj() = x`, of whose upper triangle nothing is read.

    LinAlgError where x is not positive definite.
    """

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        require_matrix("cholesky", x)
        return (x,)

    def compute(self, *arrays: Array) -> Sequence[Array]:
        return (np.linalg.cholesky(*arrays),)

    def largest(self, dtype: DType) -> int:
        return 56 if dtype.itemsize == 4 else 44

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out,), (x,) = results, reads
        rows = int(x.type.shape[0])
        loop(e, 0, rows, lambda j: _column(e, out, x, j, rows), unrolled=rows <= UNROLLED)

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        rows = int(x.shape[0]) if isinstance(x.shape[0], int) else 0
        return Work(rows**3 / 6 + 2.0 * rows * rows + 10 * rows, independent=rows > BUSY)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        return matrix_examples(cls(), definite)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        return matrix_errors(cls())


def _column(e: Workspace, out: Place, x: Read, j: At, rows: int) -> None:
    """Column j of the factor, given the columns before it."""
    here, zero = at(e, j), e.constant(0, real_dtype(x.type.dtype))
    straight = rows <= UNROLLED
    across = {k: conj(e, out((here, e.index(k)))) for k in range(j)} if isinstance(j, int) else {}

    def left(i: At) -> Value:
        def term(total: Value, k: At) -> Value:
            other = across[k] if isinstance(k, int) and k in across else conj(e, out((here, at(e, k))))
            return minus_product(e, total, out((at(e, i), at(e, k))), other)

        return accumulated(e, x((at(e, i), here)), 0, j, term, unrolled=straight)

    square = real(left(j))
    e.fault_where(e.compare("le", square, zero), Failure.NOT_POSITIVE_DEFINITE)
    root = e.sqrt(square)
    out.put((here, here), root)
    inverse = e.div(e.constant(1, root.dtype), root)
    loop(e, plus(e, j, 1), rows, lambda i: out.put((at(e, i), here), e.mul(left(i), inverse)), unrolled=straight)
    loop(e, 0, j, lambda i: out.put((at(e, i), here), zero), unrolled=straight)
