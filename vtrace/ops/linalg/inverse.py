"""The inverse of a matrix: elimination, the inverse of U, and then that of L."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.ir.emitter import Place, Workspace
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType, DType
from vtrace.ops.linalg.elimination import Elimination, Quotient, exchanged
from vtrace.ops.linalg.matrix import (
    BUSY,
    UNROLLED,
    At,
    MatrixProcedure,
    accumulated,
    at,
    copy,
    loop,
    matrix_errors,
    matrix_examples,
    minus,
    minus_product,
    plus,
    require_matrix,
    row_number,
)
from vtrace.ops.procedure import Work


@final
@primitive("inverse")
@dataclass(frozen=True)
class Inverse(MatrixProcedure):
    """The inverse of a matrix; LinAlgError where it is singular."""

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        require_matrix("inverse", x)
        return (x,)

    def compute(self, *arrays: Array) -> Sequence[Array]:
        return (np.linalg.inv(*arrays),)

    def largest(self, dtype: DType) -> int:
        return 48 if dtype.itemsize == 4 else 32

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out,), (x,) = results, reads
        copy(e, out, x)
        rows = int(x.type.shape[0])
        pivots = e.scratch(row_number(x.type.dtype), (rows,))
        Elimination(e, out, pivots, keeps_l=True, faults=True).run(rows)
        _Inversion(e, out, pivots).run()

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        rows = int(x.shape[0]) if isinstance(x.shape[0], int) else 0
        return Work(1.5 * rows**3 + 6.0 * rows * rows, scratch=2 * rows * x.dtype.itemsize, independent=rows > BUSY)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        return matrix_examples(cls())

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        return matrix_errors(cls())


class _Inversion:
    """From L and U in one matrix to the inverse of the matrix that was eliminated, in place."""

    def __init__(self, e: Workspace, a: Place, pivots: Place) -> None:
        self.e, self.a, self.pivots = e, a, pivots
        self.rows = int(a.type.shape[0])  # type: ignore[arg-type]  # scratch has known extents
        self.straight = self.rows <= UNROLLED

    def run(self) -> None:
        loop(self.e, 0, self.rows, self._upper_column, unrolled=self.straight)
        column = self.e.scratch(self.a.type.dtype, (self.rows,))
        loop(self.e, 1, self.rows, lambda k: self._lower_column(minus(self.e, self.rows - 1, k), column), self.straight)
        loop(self.e, 1, self.rows, lambda k: self._swap_columns(minus(self.e, self.rows - 1, k)), self.straight)

    def _upper_column(self, j: At) -> None:
        """Column j of the inverse of U, given the columns before it."""
        e, a, here = self.e, self.a, at(self.e, j)
        inverse = Quotient.by(e, a((here, here)))
        one = e.constant(1, a.type.dtype)
        a.put((here, here), inverse.of(e, one))

        def row(i: At) -> None:
            first = at(e, i)

            def term(total: Any, k: At) -> Any:
                return minus_product(e, total, a((first, at(e, k))), a((at(e, k), here)))

            total = accumulated(e, e.constant(0, a.type.dtype), i, j, term, self.straight)
            a.put((first, here), inverse.of(e, total))

        loop(e, 0, j, row, unrolled=self.straight)

    def _lower_column(self, j: At, column: Place) -> None:
        """Column j of X, with X L = the inverse of U, given the columns after it."""
        e, a, here = self.e, self.a, at(self.e, j)
        zero = e.constant(0, a.type.dtype)

        def take(k: At) -> None:
            place = (at(e, k), here)
            column.put((at(e, k),), a(place))
            a.put(place, zero)

        after = plus(e, j, 1)
        loop(e, after, self.rows, take, unrolled=self.straight)

        def row(i: At) -> None:
            place = (at(e, i), here)

            def term(total: Any, k: At) -> Any:
                return minus_product(e, total, a((at(e, i), at(e, k))), column((at(e, k),)))

            a.put(place, accumulated(e, a(place), after, self.rows, term, self.straight))

        loop(e, 0, self.rows, row, unrolled=self.straight)

    def _swap_columns(self, k: At) -> None:
        """Undo what the pivots have done to the order of the columns."""
        e, a, here = self.e, self.a, at(self.e, k)
        other = self.pivots((here,))

        def row(i: At) -> None:
            place = (at(e, i), here)
            a.put(place, exchanged(e, a, place, other, k, self.rows, 1, self.straight))

        def swaps() -> None:
            loop(e, 0, self.rows, row, unrolled=self.straight)

        if self.straight:
            swaps()
        else:
            e.guarded(e.compare("ne", other, e.convert(here, other.dtype)), swaps, harmless=True)
