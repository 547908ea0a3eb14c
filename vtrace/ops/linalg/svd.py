"""Singular values and vectors, by Jacobi's one-sided method: columns are rotated until they are orthogonal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
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
from vtrace.ops.linalg.matrix import At, MatrixProcedure, accumulated, at, require_finite, require_matrix
from vtrace.ops.linalg.qr import Reflections
from vtrace.ops.procedure import Work
from vtrace.ops.samples import array

SWEEPS = 7
"""How many sweeps a matrix usually takes."""
SHAPES = (("f64", 1, 1), ("f64", 3, 3), ("f64", 5, 3), ("f32", 2, 4), ("f32", 6, 6), ("f64", 18, 4), ("f64", 2, 0))


def _work(x: ArrayType, vectors: bool) -> Work:
    longer, shorter = sorted(static_shape(x.shape), reverse=True)
    operations = SWEEPS * shorter * shorter * (3.5 * longer + 20 + 2.0 * shorter * vectors) + 4.0 * longer**2 * shorter
    return Work(operations, scratch=(longer * shorter + longer * longer + shorter**2) * x.dtype.itemsize)


def _errors(op: MatrixProcedure) -> Iterator[ErrorExample]:
    yield ErrorExample(op, (array("f64", 3),), ShapeError, f"{op.name} takes a matrix")
    yield ErrorExample(op, (array("i64", 2, 2),), DTypeError, "does not work on int64")


@final
@primitive("svd")
@dataclass(frozen=True)
class Svd(MatrixProcedure):
    """The matrices u, s, vh with `u * s @ vh = x`: orthonormal columns, singular values in descending order, and
    orthonormal rows. With `full`, u and vh are square.

    The signs of singular vectors are not NumPy's. LinAlgError where an element is not finite.
    """

    real = (1,)

    full: bool = False

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        rows, columns = require_matrix("svd", x, square=False)
        inner = min(rows, columns)
        left, right = (rows, columns) if self.full else (inner, inner)
        return (x.with_shape((rows, left)), x.with_shape((inner,)), x.with_shape((right, columns)))

    def compute(self, *arrays: Array) -> Sequence[Array]:
        (x,) = arrays
        require_finite(x, Failure.SVD)
        return tuple(np.linalg.svd(x, full_matrices=self.full))

    def largest(self, dtype: DType) -> int:
        return 28 if dtype.itemsize == 4 else 24

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (u, s, vh), (x,) = results, reads
        rows, columns = static_shape(x.type.shape)
        wide = columns > rows  # then the transpose is done
        long, right = (vh, u) if wide else (u, vh)
        whole = _Columns(e, x, wide)
        turned = e.scratch(x.type.dtype, (whole.count, whole.count))
        whole.run(s, turned)
        left = e.scratch(x.type.dtype, (whole.length, static_shape(long.type.shape)[0 if wide else 1]))
        whole.directions(left)
        zero = e.constant(0, x.type.dtype)

        def put_long(i: Any) -> None:
            long.put((i[1], i[0]) if wide else i, e.add(left(i), zero))

        def put_right(i: Any) -> None:
            right.put((i[1], i[0]) if wide else i, e.add(conj(e, turned(i)), zero))

        e.each(static_shape(left.type.shape), put_long)
        e.each(static_shape(turned.type.shape), put_right)

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        return _work(x, vectors=True)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for full in (False, True):
            for dtype, m, n in SHAPES:
                yield Example(cls(full), (array(dtype, m, n),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        return _errors(cls())


@final
@primitive("svdvals")
@dataclass(frozen=True)
class SvdVals(MatrixProcedure):
    """The singular values of a matrix, in descending order. LinAlgError where an element is not finite."""

    real = (0,)

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        return (x.with_shape((min(require_matrix("svdvals", x, square=False)),)),)

    def compute(self, *arrays: Array) -> Sequence[Array]:
        (x,) = arrays
        require_finite(x, Failure.SVD)
        return (np.linalg.svd(x, compute_uv=False),)

    def largest(self, dtype: DType) -> int:
        return 32 if dtype.itemsize == 4 else 24

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (s,), (x,) = results, reads
        rows, columns = static_shape(x.type.shape)
        _Columns(e, x, columns > rows).run(s, None)

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        return _work(x, vectors=False)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype, m, n in SHAPES:
            yield Example(cls(), (array(dtype, m, n),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        return _errors(cls())


class _Columns:
    """The columns of a matrix, or its rows if it is `wide`, as the rows of a scratch array."""

    def __init__(self, e: Workspace, x: Read, wide: bool) -> None:
        self.e, self.dtype = e, x.type.dtype
        extents = static_shape(x.type.shape)
        self.count, self.length = extents if wide else extents[::-1]
        self.a = e.scratch(self.dtype, (self.count, self.length))
        self.real = real_dtype(self.dtype)
        self.zero = e.constant(0, self.real)
        finite = e.scratch(BOOL, ())
        finite.put((), e.constant(True, BOOL))

        def row(i: At) -> None:
            def take(j: At) -> None:
                place = (at(e, i), at(e, j))
                element = x(place if wide else place[::-1])
                self.a.put(place, element)
                # the difference of an infinity from itself is NaN
                finite.put((), e.and_(finite(()), e.compare("eq", e.sub(element, element), self.zero)))

            e.repeat(e.index(0), e.index(self.length), take)

        e.repeat(e.index(0), e.index(self.count), row)
        e.fault_where(e.invert(finite(())), Failure.SVD)
        self.scale = power_of_two(e, largest(e, self.a))
        inverse = e.div(e.constant(1, self.real), self.scale)
        e.each(
            (self.count, self.length),
            lambda i: self.a.put(i, e.select(finite(()), e.mul(self.a(i), inverse), self.zero)),
        )

    def run(self, values: Place, turned: Place | None) -> None:
        """Make the columns orthogonal, in the order of their lengths, which are the `values`."""
        e, self.turned = self.e, turned
        if turned is not None:
            identity(e, turned)
        # what rounding alone may leave of a sum of so many products
        self.tolerance = e.constant(epsilon(self.dtype) * (4 + self.length / 2), self.real)
        squares = accumulated(
            e, self.zero, 0, self.count, lambda total, i: e.add(total, self._square(i)), unrolled=False
        )
        least = e.mul(self.tolerance, e.constant(epsilon(self.dtype), self.real))
        self.nothing = e.mul(e.mul(squares, least), least)
        sweeps(e, self.count, self._rotate, Failure.SVD)

        def beside(i: Any) -> tuple[Value, ...]:
            return (i[0], e.add(i[1], e.index(self.length)))

        both = self.a if turned is None else e.scratch(self.dtype, (self.count, self.length + self.count))
        if turned is not None:  # sorted together
            e.each((self.count, self.length), lambda i: both.put(i, self.a(i)))
            e.each((self.count, self.count), lambda i: both.put(beside(i), turned(i)))
        e.repeat(e.index(0), e.index(self.count), lambda i: values.put((i,), e.sqrt(self._square(i))))
        sort_rows(e, values, None if turned is None else both, "lt")
        if turned is not None:
            e.each((self.count, self.length), lambda i: self.a.put(i, both(i)))
            e.each((self.count, self.count), lambda i: turned.put(i, both(beside(i))))
        e.each((self.count,), lambda i: values.put(i, e.mul(values(i), self.scale)))

    def _product(self, p: Any, q: Any) -> Value:
        e, one, two = self.e, at(self.e, p), at(self.e, q)

        def term(total: Value, k: At) -> Value:
            return e.fma(conj(e, self.a((one, at(e, k)))), self.a((two, at(e, k))), total)

        return accumulated(e, e.constant(0, self.dtype), 0, self.length, term, unrolled=False)

    def _square(self, p: Any) -> Value:
        """The product of a column with itself."""
        e, here = self.e, at(self.e, p)

        def term(total: Value, k: At) -> Value:
            return plus_square(e, total, self.a((here, at(e, k))))

        return accumulated(e, self.zero, 0, self.length, term, unrolled=False)

    def _rotate(self, p: At, q: At) -> Value:
        """Make columns p and q orthogonal, unless one is made of nothing but errors of rounding.

        Where a column depends on others, what a rotation leaves of it is such errors, `epsilon` times as long as it was
        before, and again in the next sweep, until the numbers are too small for any angle.
        """
        e = self.e
        first, second, product = self._square(p), self._square(q), self._product(p, q)
        size = e.abs(product)
        limit = e.mul(e.mul(e.sqrt(first), e.sqrt(second)), self.tolerance)
        something = e.and_(e.compare("gt", first, self.nothing), e.compare("gt", second, self.nothing))
        needed = e.and_(e.compare("gt", size, limit), something)

        def turn() -> None:
            if self.dtype.kind == "c":  # first make the product real
                self._times(q, conj(e, phase(e, needed, product, size)))
            around, _ = rotation(e, needed, e.sub(second, first), size if self.dtype.kind == "c" else product)
            around.turn_rows(self.a, p, q)
            if self.turned is not None:
                around.turn_rows(self.turned, p, q)

        e.guarded(needed, turn, harmless=True)
        return needed

    def _times(self, q: At, factor: Value) -> None:
        """Multiply column q."""
        times_row(self.e, self.a, q, factor)
        if self.turned is not None:
            times_row(self.e, self.turned, q, factor)

    def directions(self, left: Place) -> None:
        """The columns, each divided by its length, in `left`, and as many more as it has room for, orthogonal to them.

        By reflections: they find a direction for a column of zeros, too.
        """
        e = self.e
        a = e.scratch(self.dtype, (self.length, self.count))
        e.each((self.length, self.count), lambda i: a.put(i, self.a((i[1], i[0]))))
        reflections = Reflections(e, a)
        reflections.run()
        reflections.orthogonal(left)

        def sign(i: Any) -> None:
            left.put(i, e.select(e.compare("lt", real(a((i[1], i[1]))), self.zero), e.neg(left(i)), left(i)))

        e.each((self.length, self.count), sign)
