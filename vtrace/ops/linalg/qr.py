"""QR factorisation by Householder reflections, with LAPACK's signs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Place, Value, Workspace
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType, static_shape
from vtrace.ops.linalg.complex_numbers import conj, plus_square, real, real_dtype, taxicab
from vtrace.ops.linalg.elimination import Quotient
from vtrace.ops.linalg.matrix import (
    BUSY,
    UNROLLED,
    At,
    MatrixProcedure,
    accumulated,
    at,
    copy,
    loop,
    minus,
    plus,
    require_matrix,
)
from vtrace.ops.procedure import Work
from vtrace.ops.samples import array


class Reflections:
    """Turns `a` in place into R and, below the diagonal, the vectors of the reflections that make it upper triangular.

    Each is I - tau v v', and v starts with a 1 that is not stored. R is made by their conjugates, Q of them.
    """

    def __init__(self, e: Workspace, a: Place) -> None:
        self.e, self.a, self.dtype = e, a, a.type.dtype
        self.rows, self.columns = static_shape(a.type.shape)
        self.steps = min(self.rows, self.columns)
        self.straight = max(self.rows, self.columns) <= UNROLLED
        self.taus = e.scratch(self.dtype, (self.steps,))

    def number(self, value: float) -> Value:
        return self.e.constant(value, real_dtype(self.dtype))

    def run(self) -> None:
        loop(self.e, 0, self.steps, self._step, unrolled=self.straight)

    def _step(self, j: At) -> None:
        e, here = self.e, at(self.e, j)
        below, corner = plus(e, j, 1), self.a((here, here))
        zero, one = self.number(0), self.number(1)

        def larger(most: Value, i: At) -> Value:
            size = taxicab(e, self.a((at(e, i), here)))
            return e.select(e.compare("lt", most, size), size, most)

        # squares of elements divided by the largest of them: their sum does not overflow
        most = accumulated(e, taxicab(e, corner), below, self.rows, larger, self.straight)
        whole = Quotient.by(e, e.select(e.compare("eq", most, zero), one, most))

        def square(total: Value, i: At) -> Value:
            return plus_square(e, total, whole.of(e, self.a((at(e, i), here))))

        rest = accumulated(e, zero, below, self.rows, square, self.straight)
        nothing = e.compare("eq", rest, zero)
        if self.dtype.kind == "c":  # the diagonal is to be real
            nothing = e.and_(nothing, e.compare("eq", corner, real(corner)))
        first = whole.of(e, corner)
        length = e.mul(most, e.sqrt(plus_square(e, rest, first)))
        diagonal = e.select(nothing, real(corner), e.neg(e.copysign(length, real(corner))))
        tau = e.select(nothing, zero, e.div(e.sub(diagonal, corner), diagonal))
        self.taus.put((here,), tau)
        self.a.put((here, here), diagonal)
        quotient = Quotient.by(e, e.select(nothing, one, e.sub(corner, diagonal)))

        def scale(i: At) -> None:
            place = (at(e, i), here)
            self.a.put(place, e.select(nothing, zero, quotient.of(e, self.a(place))))

        loop(e, below, self.rows, scale, unrolled=self.straight)
        self.apply(j, conj(e, self.taus((here,))), self.a, below, self.columns)

    def apply(self, j: At, tau: Value, to: Place, first: At, last: int) -> None:
        """Reflection j of columns `first` to `last` of `to`."""
        e, here = self.e, at(self.e, j)
        below = plus(e, j, 1)

        def column(c: At) -> None:
            place = at(e, c)

            def term(total: Value, i: At) -> Value:
                return e.fma(conj(e, self.a((at(e, i), here))), to((at(e, i), place)), total)

            inner = accumulated(e, to((here, place)), below, self.rows, term, self.straight)
            factor = e.neg(e.mul(tau, inner))
            to.put((here, place), e.add(to((here, place)), factor))

            def row(i: At) -> None:
                target = (at(e, i), place)
                to.put(target, e.fma(self.a((at(e, i), here)), factor, to(target)))

            loop(e, below, self.rows, row, unrolled=self.straight)

        loop(e, first, last, column, unrolled=self.straight)

    def orthogonal(self, q: Place) -> None:
        """Put the first columns of the product of all reflections into `q`."""
        e = self.e
        _, columns = static_shape(q.type.shape)
        zero, one = self.number(0), self.number(1)
        e.each((self.rows, columns), lambda i: q.put(i, e.select(e.compare("eq", i[0], i[1]), one, zero)))

        def step(n: At) -> None:
            j = minus(e, self.steps - 1, n)
            self.apply(j, self.taus((at(e, j),)), q, j, columns)

        loop(e, 0, self.steps, step, unrolled=self.straight)

    def triangle(self, r: Place) -> None:
        """Put R into `r`."""
        e, zero = self.e, self.number(0)
        extents = static_shape(r.type.shape)
        e.each(extents, lambda i: r.put(i, e.select(e.compare("le", i[0], i[1]), self.a(i), zero)))


@final
@primitive("qr")
@dataclass(frozen=True)
class Qr(MatrixProcedure):
    """The matrices q, with orthonormal columns, and the upper triangle r with `q @ r = x`; only r in mode "r".

    In mode "complete" q is square. The diagonal of r has LAPACK's signs.
    """

    mode: str = "reduced"

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        if self.mode not in ("reduced", "complete", "r"):
            raise ShapeError(f"qr: the mode is reduced, complete or r, not {self.mode!r}")
        rows, columns = require_matrix("qr", x, square=False)
        inner = rows if self.mode == "complete" else min(rows, columns)
        r = x.with_shape((inner, columns))
        return (r,) if self.mode == "r" else (x.with_shape((rows, inner)), r)

    def compute(self, *arrays: Array) -> Sequence[Array]:
        result = np.linalg.qr(arrays[0], self.mode)  # type: ignore[call-overload]  # the mode is one of three
        return (result,) if self.mode == "r" else tuple(result)

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (x,) = reads
        a = e.scratch(x.type.dtype, static_shape(x.type.shape))
        copy(e, a, x)
        reflections = Reflections(e, a)
        reflections.run()
        reflections.triangle(results[-1])
        if self.mode != "r":
            reflections.orthogonal(results[0])

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        rows, columns = static_shape(x.shape)
        steps = min(rows, columns)
        width = 0 if self.mode == "r" else rows if self.mode == "complete" else steps
        operations = 1.5 * rows * steps * (columns + width) + 8.0 * rows * (columns + width) + 20 * steps
        scratch = (rows * columns + steps) * x.dtype.itemsize
        return Work(operations, scratch=scratch, independent=steps > BUSY)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for mode, dtype, m, n in (
            ("reduced", "f64", 1, 1),
            ("reduced", "f64", 3, 3),
            ("complete", "f64", 3, 2),
            ("reduced", "f32", 5, 3),
            ("complete", "f32", 6, 2),
            ("reduced", "f64", 3, 7),
            ("r", "f64", 6, 6),
            ("r", "f32", 2, 5),
            ("reduced", "f64", 18, 17),
            ("complete", "f64", 2, 0),
        ):
            yield Example(cls(mode), (array(dtype, m, n),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls(), (array("f64", 3),), ShapeError, "qr takes a matrix")
        yield ErrorExample(cls(), (array("i64", 2, 2),), DTypeError, "does not work on int64")
        yield ErrorExample(
            cls("raw"), (array("f64", 2, 2),), ShapeError, "the mode is reduced, complete or r, not 'raw'"
        )
