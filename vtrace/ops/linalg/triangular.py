"""Systems with a triangular matrix."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Place, Value, Workspace
from vtrace.ir.failure import Failure
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType, static_shape
from vtrace.ops.linalg.elimination import Quotient
from vtrace.ops.linalg.matrix import (
    UNROLLED,
    At,
    MatrixProcedure,
    accumulated,
    at,
    loop,
    matrix_errors,
    minus,
    minus_product,
    plus,
    require_matrix,
)
from vtrace.ops.linalg.solve import require_right_side
from vtrace.ops.procedure import Work
from vtrace.ops.samples import array


def dominant(x: Array) -> Array:
    """A matrix with a large diagonal, made of any; anything that is not square stays."""
    return np.asarray(x + 9 * np.eye(x.shape[-1]), x.dtype) if x.shape[-1] == x.shape[-2] else x


@final
@primitive("triangular_solve")
@dataclass(frozen=True)
class TriangularSolve(MatrixProcedure):
    """The matrix x with `t @ x = b`, where t is the lower or upper triangle of `a`.

    With `unit`, its diagonal is taken to be ones. LinAlgError where there is a zero on the diagonal.
    """

    lower: bool
    unit: bool = False

    def infer_all(self, a: ArrayType, b: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # two operands
        require_matrix("triangular_solve", a)
        require_right_side("triangular_solve", a, b)
        return (b,)

    def compute(self, *arrays: Array) -> Sequence[Array]:
        from scipy.linalg.lapack import get_lapack_funcs  # SciPy takes a while to import

        a, b = arrays
        trtrs = get_lapack_funcs("trtrs", dtype=a.dtype)
        stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = np.broadcast_to(a, stack + a.shape[-2:]), np.broadcast_to(b, stack + b.shape[-2:])
        out = np.zeros(b.shape, b.dtype)
        if b.size:
            for n in np.ndindex(*stack):
                out[n], info = trtrs(a[n], b[n], lower=self.lower, unitdiag=self.unit)
                if info > 0:
                    raise np.linalg.LinAlgError(Failure.SINGULAR.value)
        return (out,)

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out,), (a, b) = results, reads
        rows, columns = static_shape(b.type.shape)
        straight = rows <= UNROLLED

        def step(n: At) -> None:
            i = n if self.lower else minus(e, rows - 1, n)
            here = at(e, i)
            quotient = None
            if not self.unit:
                pivot = a((here, here))
                e.fault_where(e.compare("eq", pivot, e.constant(0, pivot.dtype)), Failure.SINGULAR)
                quotient = Quotient.by(e, pivot)

            def column(c: At) -> None:
                place = at(e, c)

                def term(total: Value, k: At) -> Value:
                    return minus_product(e, total, a((here, at(e, k))), out((at(e, k), place)))

                first, last = (0, i) if self.lower else (plus(e, i, 1), rows)
                total = accumulated(e, b((here, place)), first, last, term, straight)
                out.put((here, place), total if quotient is None else quotient.of(e, total))

            loop(e, 0, columns, column, unrolled=columns == 1)

        loop(e, 0, rows, step, unrolled=straight)

    def work(self, a: ArrayType, b: ArrayType) -> Work:  # type: ignore[override]  # two operands
        rows, columns = static_shape(b.shape)
        return Work(rows * rows * columns / 2 + 3.0 * rows * columns + 10 * rows)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype, n, k, lower, unit in (
            ("f64", 1, 1, True, False),
            ("f64", 3, 1, True, False),
            ("f32", 6, 2, False, False),
            ("f64", 6, 1, True, True),
            ("f64", 18, 3, False, False),
            ("f32", 0, 1, True, False),
        ):
            yield Example(cls(lower, unit), (array(dtype, n, n), array(dtype, n, k)), prepared=dominant)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        a = array("f64", 2, 2)
        for error in matrix_errors(cls(True)):
            yield ErrorExample(error.primitive, (*error.types, a), error.error, error.match)
        yield ErrorExample(cls(True), (a, array("f64", 3, 1)), ShapeError, "is a matrix of 2 rows")
        yield ErrorExample(cls(True), (a, array("f32", 2, 1)), DTypeError, "of one dtype")
