"""Linear systems: Gaussian elimination of the matrix with the right-hand sides beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Place, Workspace
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType
from vtrace.ops.linalg.elimination import Elimination, Quotient
from vtrace.ops.linalg.matrix import (
    BUSY,
    UNROLLED,
    At,
    MatrixProcedure,
    at,
    copy,
    loop,
    matrix_errors,
    minus,
    minus_product,
    plus,
    require_matrix,
    row_number,
)
from vtrace.ops.procedure import Work
from vtrace.ops.samples import array


def require_right_side(name: str, a: ArrayType, b: ArrayType) -> None:
    """ShapeError or DTypeError unless `b` is a matrix with as many rows as `a`, of its dtype."""
    if a.dtype != b.dtype:
        raise DTypeError(f"{name} needs a matrix and a right-hand side of one dtype, got {a.dtype} and {b.dtype}")
    if b.rank != 2 or b.shape[0] != a.shape[0]:
        raise ShapeError(f"{name}: the right-hand side of {a} is a matrix of {a.shape[0]} rows, got {b}")


@final
@primitive("solve")
@dataclass(frozen=True)
class Solve(MatrixProcedure):
    """The matrix x with `a @ x = b`; LinAlgError where `a` is singular."""

    def infer_all(self, a: ArrayType, b: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # two operands
        require_matrix("solve", a)
        require_right_side("solve", a, b)
        return (b,)

    def compute(self, *arrays: Array) -> Sequence[Array]:
        return (np.linalg.solve(*arrays),)

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out,), (a, b) = results, reads
        rows, columns = (int(d) for d in b.type.shape)
        whole = e.scratch(a.type.dtype, (rows, rows + columns))
        copy(e, whole, a)
        e.each((rows, columns), lambda i: whole.put((i[0], e.add(i[1], e.index(rows))), b(i)))
        pivots = e.scratch(row_number(a.type.dtype), (rows,))
        Elimination(e, whole, pivots, keeps_l=False, faults=True).run(rows)
        substitute_back(e, whole, rows, columns)
        e.each((rows, columns), lambda i: out.put(i, whole((i[0], e.add(i[1], e.index(rows))))))

    def work(self, a: ArrayType, b: ArrayType) -> Work:  # type: ignore[override]  # two operands
        rows, columns = (int(d) for d in b.shape if isinstance(d, int))
        elements = rows * (rows + columns)
        operations = rows**3 + 2.0 * rows * rows * columns + 4.0 * elements
        return Work(operations, scratch=elements * a.dtype.itemsize, independent=rows > BUSY)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype, n, k in (("f64", 1, 1), ("f64", 2, 1), ("f64", 3, 2), ("f32", 6, 1), ("f64", 7, 3), ("f64", 18, 1)):
            yield Example(cls(), (array(dtype, n, n), array(dtype, n, k)))
        yield Example(cls(), (array("f32", 0, 0), array("f32", 0, 2)))
        yield Example(cls(), (array("f32", 2, 2), array("f32", 2, 0)))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        a = array("f64", 2, 2)
        for error in matrix_errors(cls()):
            yield ErrorExample(error.primitive, (*error.types, a), error.error, error.match)
        yield ErrorExample(cls(), (a, array("f64", 2)), ShapeError, "is a matrix of 2 rows, got f64.2.")
        yield ErrorExample(cls(), (a, array("f64", 3, 1)), ShapeError, "is a matrix of 2 rows, got f64.3,1.")
        yield ErrorExample(cls(), (a, array("f32", 2, 1)), DTypeError, "of one dtype")


def substitute_back(e: Workspace, whole: Place, rows: int, columns: int) -> None:
    """Solve in place for the last `columns` columns, with the upper triangle of the first ones."""
    straight = rows <= UNROLLED

    def step(down: At) -> None:
        j = minus(e, rows - 1, down)
        here = at(e, j)
        quotient = Quotient.by(e, whole((here, here)))

        def column(c: At) -> None:
            place = at(e, plus(e, c, rows))
            x = quotient.of(e, whole((here, place)))
            whole.put((here, place), x)

            def row(i: At) -> None:
                there = (at(e, i), place)
                whole.put(there, minus_product(e, whole(there), whole((at(e, i), here)), x))

            loop(e, 0, j, row, unrolled=straight)

        loop(e, 0, columns, column, unrolled=columns == 1)

    loop(e, 0, rows, step, unrolled=straight)
