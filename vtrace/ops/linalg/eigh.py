"""Eigenvalues and eigenvectors of symmetric matrices, by Jacobi's method."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.ir.emitter import Place, Read, Value, Workspace
from vtrace.ir.failure import Failure
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import BOOL, Array, ArrayType, DType, static_shape
from vtrace.ops.linalg.complex_numbers import conj, plus_square, real, real_dtype
from vtrace.ops.linalg.jacobi import (
    epsilon,
    identity,
    largest,
    phase,
    power_of_two,
    rotation,
    sort_rows,
    sweeps,
    times_row,
)
from vtrace.ops.linalg.matrix import (
    At,
    MatrixProcedure,
    accumulated,
    at,
    loop,
    matrix_errors,
    matrix_examples,
    plus,
    require_finite,
    require_matrix,
)
from vtrace.ops.procedure import Work

SWEEPS = 7
"""How many sweeps a matrix usually takes."""


def _work(x: ArrayType, vectors: bool) -> Work:
    rows, _ = static_shape(x.shape)
    operations = SWEEPS * (rows**3 * (6.0 if vectors else 3.0) + 20.0 * rows * rows)
    return Work(operations, scratch=(1 + vectors) * rows * rows * x.dtype.itemsize)


@final
@primitive("eigh")
@dataclass(frozen=True)
class Eigh(MatrixProcedure):
    """The eigenvalues of a symmetric (or Hermitian) matrix, ascending, and its eigenvectors as columns.

    Only its lower triangle is read. An eigenvector has length 1; its sign is not NumPy's. LinAlgError where an element
    is not finite.
    """

    real = (0,)

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        require_matrix("eigh", x)
        return (x.with_shape(x.shape[:1]), x)

    def compute(self, *arrays: Array) -> Sequence[Array]:
        (x,) = arrays
        require_finite(np.tril(x), Failure.EIGENVALUES)
        return tuple(np.linalg.eigh(x))

    def largest(self, dtype: DType) -> int:
        return 32 if dtype.itemsize == 4 else 24

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (values, vectors), (x,) = results, reads
        rows, _ = static_shape(x.type.shape)
        turned = e.scratch(x.type.dtype, (rows, rows))
        _Symmetric(e, x, turned).run(values)
        sort_rows(e, values, turned, "gt")
        zero = e.constant(0, x.type.dtype)
        e.each((rows, rows), lambda i: vectors.put(i, e.add(turned((i[1], i[0])), zero)))

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        return _work(x, vectors=True)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        return matrix_examples(cls())

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        return matrix_errors(cls())


@final
@primitive("eigvalsh")
@dataclass(frozen=True)
class EigvalsH(MatrixProcedure):
    """The eigenvalues of a symmetric (or Hermitian) matrix, ascending; only its lower triangle is read.

    LinAlgError where an element is not finite.
    """

    real = (0,)

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        require_matrix("eigvalsh", x)
        return (x.with_shape(x.shape[:1]),)

    def compute(self, *arrays: Array) -> Sequence[Array]:
        (x,) = arrays
        require_finite(np.tril(x), Failure.EIGENVALUES)
        return (np.linalg.eigvalsh(x),)

    def largest(self, dtype: DType) -> int:
        return 32 if dtype.itemsize == 4 else 24

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (values,), (x,) = results, reads
        _Symmetric(e, x, None).run(values)
        sort_rows(e, values, None, "gt")

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        return _work(x, vectors=False)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        return matrix_examples(cls())

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        return matrix_errors(cls())


class _Symmetric:
    """The lower triangle of a matrix, on its way to a diagonal. Row k of `vectors` becomes eigenvector k."""

    def __init__(self, e: Workspace, x: Read, vectors: Place | None) -> None:
        self.e, self.x, self.vectors, self.dtype = e, x, vectors, x.type.dtype
        self.rows, _ = static_shape(x.type.shape)
        self.a = e.scratch(self.dtype, (self.rows, self.rows))
        self.real = real_dtype(self.dtype)

    def run(self, values: Place) -> None:
        """Put the eigenvalues into `values`, not sorted."""
        e, zero = self.e, self.e.constant(0, self.real)
        finite = e.scratch(BOOL, ())
        finite.put((), e.constant(True, BOOL))

        def take(i: At, j: At) -> None:
            place = (at(e, i), at(e, j))
            element = self.x(place)
            self.a.put(place, element)
            self.a.put((place[1], place[0]), conj(e, element))
            # the difference of an infinity from itself is NaN
            finite.put((), e.and_(finite(()), e.compare("eq", e.sub(element, element), zero)))

        loop(e, 0, self.rows, lambda i: loop(e, 0, plus(e, i, 1), lambda j: take(i, j), False), unrolled=False)
        if self.dtype.kind == "c":
            e.each((self.rows,), lambda i: self.a.put((i[0], i[0]), real(self.a((i[0], i[0])))))
        e.fault_where(e.invert(finite(())), Failure.EIGENVALUES)
        scale = power_of_two(e, largest(e, self.a))
        inverse = e.div(e.constant(1, self.real), scale)

        def element(i: Any) -> None:
            self.a.put(i, e.select(finite(()), e.mul(self.a(i), inverse), zero))

        e.each((self.rows, self.rows), element)
        if self.vectors is not None:
            identity(e, self.vectors)
        self.tolerance = e.mul(self._length(), e.constant(epsilon(self.dtype) / (4 * max(self.rows, 1)), self.real))
        sweeps(e, self.rows, self._rotate, Failure.EIGENVALUES)
        e.each((self.rows,), lambda i: values.put(i, e.add(e.mul(real(self.a((i[0], i[0]))), scale), zero)))

    def _length(self) -> Value:
        """The Frobenius norm."""
        e = self.e

        def row(total: Value, i: At) -> Value:
            def term(total: Value, j: At) -> Value:
                return plus_square(e, total, self.a((at(e, i), at(e, j))))

            return accumulated(e, total, 0, self.rows, term, unrolled=False)

        return e.sqrt(accumulated(e, e.constant(0, self.real), 0, self.rows, row, unrolled=False))

    def _rotate(self, p: At, q: At) -> Value:
        """Make the element at (q, p) zero."""
        e, one, two = self.e, at(self.e, p), at(self.e, q)
        corner = self.a((two, one))
        size = e.abs(corner)
        needed = e.compare("gt", size, self.tolerance)
        first, second = real(self.a((one, one))), real(self.a((two, two)))

        def turn() -> None:
            product = corner
            if self.dtype.kind == "c":
                self._align(q, phase(e, needed, corner, size))
                product = size
            around, tangent = rotation(e, needed, e.sub(second, first), product)
            step = e.mul(tangent, product)
            self.a.put((one, one), e.sub(first, step))
            self.a.put((two, two), e.add(second, step))
            self.a.put((two, one), e.select(needed, e.constant(0, self.real), e.add(corner, step)))
            spans: tuple[tuple[At, At, bool, bool], ...] = (
                (0, p, False, False),
                (plus(e, p, 1), q, True, False),
                (plus(e, q, 1), self.rows, True, True),
            )
            for start, stop, beyond_p, beyond_q in spans:

                def element(k: At, beyond_p: bool = beyond_p, beyond_q: bool = beyond_q) -> None:
                    place = at(e, k)
                    x, y = (place, one) if beyond_p else (one, place), (place, two) if beyond_q else (two, place)
                    around.turn(self.a, x, y, mirrored=beyond_p and not beyond_q)

                loop(e, start, stop, element, unrolled=False)
            if self.vectors is not None:
                around.turn_rows(self.vectors, p, q)

        e.guarded(needed, turn, harmless=True)
        return needed

    def _align(self, q: At, factor: Value) -> None:
        """Take a complex `factor` of size 1 out of row q, and into vector q."""
        e, two = self.e, at(self.e, q)

        def times(place: tuple[Value, ...], x: Value) -> None:
            self.a.put(place, e.mul(self.a(place), x))

        loop(e, 0, q, lambda k: times((two, at(e, k)), conj(e, factor)), unrolled=False)
        loop(e, plus(e, q, 1), self.rows, lambda k: times((at(e, k), two), factor), unrolled=False)
        if self.vectors is not None:
            times_row(e, self.vectors, q, factor)
