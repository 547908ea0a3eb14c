"""LU factorisation with partial pivoting, and the order of rows that it leaves behind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Place, Value, Workspace
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import DTYPES, Array, ArrayType, static_shape
from vtrace.ops.linalg.elimination import Elimination
from vtrace.ops.linalg.matrix import MatrixProcedure, copy, require_matrix, row_number
from vtrace.ops.procedure import Procedure, Work
from vtrace.ops.samples import array

INT32 = DTYPES["i32"]


@final
@primitive("lu")
@dataclass(frozen=True)
class Lu(MatrixProcedure):
    """L without its diagonal of ones and U in one matrix, and for each step the row that changed places with its own.

    As LAPACK's getrf, whose rows count from 1. A singular matrix has a zero on the diagonal of U.
    """

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        rows, columns = require_matrix("lu", x, square=False)
        return (x, ArrayType(INT32, (min(rows, columns),)))

    def compute(self, *arrays: Array) -> Sequence[Array]:
        from scipy.linalg.lapack import get_lapack_funcs  # SciPy takes a while to import

        (x,) = arrays
        getrf = get_lapack_funcs("getrf", dtype=x.dtype)
        factors, pivots = np.empty_like(x), np.zeros((*x.shape[:-2], min(x.shape[-2:])), np.int32)
        if x.size:
            for n in np.ndindex(*x.shape[:-2]):
                factors[n], pivots[n], _ = getrf(x[n])
        return factors, pivots

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out, order), (x,) = results, reads
        copy(e, out, x)
        (steps,) = static_shape(order.type.shape)
        pivots = e.scratch(row_number(x.type.dtype), (steps,))
        Elimination(e, out, pivots, keeps_l=True, faults=False).run(steps)
        e.each((steps,), lambda i: order.put(i, e.convert(pivots(i), INT32)))

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        rows, columns = static_shape(x.shape)
        operations = 1.5 * rows * columns * min(rows, columns) + 2.0 * rows * columns
        return Work(operations, scratch=8 * min(rows, columns))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype, m, n in (("f64", 1, 1), ("f64", 3, 3), ("f32", 4, 2), ("f32", 6, 6), ("f64", 5, 7), ("f64", 17, 18)):
            yield Example(cls(), (array(dtype, m, n),))
        yield Example(cls(), (array("f64", 8, 3),))
        yield Example(cls(), (array("f64", 0, 2),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls(), (array("f64", 3),), ShapeError, "lu takes a matrix")
        yield ErrorExample(cls(), (array("i64", 2, 2),), DTypeError, "does not work on int64")


@final
@primitive("swap_rows")
@dataclass(frozen=True)
class SwapRows(Procedure):
    """`x` after row k has changed places with row `pivots[k]`, for every k in turn; from the last to the first with
    `back`."""

    back: bool = False

    def infer_all(self, x: ArrayType, pivots: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # two
        if pivots.dtype != INT32:
            raise DTypeError(f"swap_rows takes pivots of int32, got {pivots.dtype}")
        if x.rank != 2 or pivots.rank != 1:
            raise ShapeError(f"swap_rows takes a matrix and a vector of pivots, got {x} and {pivots}")
        return (x,)

    def evaluate_all(self, x: Array, pivots: Array) -> tuple[Array, ...]:  # type: ignore[override]  # two operands
        result = x.copy()
        steps = range(len(pivots))
        for k in reversed(steps) if self.back else steps:
            result[[k, pivots[k]]] = result[[pivots[k], k]]
        return (result,)

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out,), (x, pivots) = results, reads
        copy(e, out, x)
        rows, columns = static_shape(x.type.shape)
        (steps,) = static_shape(pivots.type.shape)

        def step(n: Value) -> None:
            k = e.sub(e.index(steps - 1), n) if self.back else n
            other = e.checked_index(e.convert(pivots((k,)), DTYPES["i64"]), rows, 0, wrap=False)

            def swap(index: Any) -> None:
                upper, lower = out((k, *index)), out((other, *index))
                out.put((k, *index), lower)
                out.put((other, *index), upper)

            e.each((columns,), swap)

        e.repeat(e.index(0), e.index(steps), step)

    def work(self, x: ArrayType, pivots: ArrayType) -> Work:  # type: ignore[override]  # two operands
        rows, columns = static_shape(x.shape)
        return Work(2.0 * rows * columns, jumps=2.0 * rows * columns)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for back in (False, True):
            yield Example(cls(back), (array("f64", 5, 3), array("i32", 4)), 0, 5)
            yield Example(cls(back), (array("i64", 2, 20), array("i32", 2)), 0, 2)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x = array("f64", 2, 2)
        yield ErrorExample(cls(), (x, array("i64", 2)), DTypeError, "takes pivots of int32")
        yield ErrorExample(cls(), (x, array("i32", 2, 2)), ShapeError, "takes a matrix and a vector")
