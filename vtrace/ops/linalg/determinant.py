"""Determinants: the product of the pivots, or its sign and logarithm. They never fail."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.ir.emitter import Place, Value, Workspace
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType
from vtrace.ops.linalg.complex_numbers import direction, real_dtype
from vtrace.ops.linalg.elimination import Elimination
from vtrace.ops.linalg.matrix import (
    MatrixProcedure,
    copy,
    matrix_errors,
    matrix_examples,
    require_matrix,
    row_number,
)
from vtrace.ops.procedure import Work

RENORMALISED = 4
"""How often a product of pivots is at most scaled back at its end; what is farther out is infinite or zero."""


def _work(x: ArrayType) -> Work:
    rows = int(x.shape[0]) if isinstance(x.shape[0], int) else 0
    return Work(rows**3 + 6.0 * rows * rows + 30.0 * rows, scratch=(rows * rows + rows) * x.dtype.itemsize)


class _Pivots:
    """The pivots of a matrix, and what they say of its determinant."""

    def __init__(self, e: Workspace, x: Any) -> None:
        self.e, self.dtype, self.rows = e, x.type.dtype, int(x.type.shape[0])
        self.real = real_dtype(self.dtype)
        self.a = e.scratch(self.dtype, (self.rows, self.rows))
        copy(e, self.a, x)
        self.order = e.scratch(row_number(self.dtype), (self.rows,))
        Elimination(e, self.a, self.order, keeps_l=False, faults=False).run(self.rows)
        self.sign, self.zero = e.scratch(self.dtype, ()), e.scratch(np.dtype(bool), ())
        self.sign.put((), e.constant(1, self.dtype))
        self.zero.put((), e.constant(False, np.dtype(bool)))
        self.each(self._look)

    def number(self, value: float) -> Value:
        return self.e.constant(value, self.real)

    def each(self, body: Any) -> None:
        """`body(k, pivot)` for every pivot."""
        self.e.repeat(self.e.index(0), self.e.index(self.rows), lambda k: body(k, self.a((k, k))))

    def _look(self, k: Value, pivot: Value) -> None:
        e = self.e
        swapped = e.compare("ne", self.order((k,)), e.convert(k, self.order.type.dtype))
        if self.dtype.kind == "c":
            sign, turned = e.mul(self.sign(()), direction(e, pivot, e.abs(pivot))), swapped
        else:
            sign, turned = self.sign(()), e.xor(swapped, e.compare("lt", pivot, self.number(0)))
        self.sign.put((), e.select(turned, e.neg(sign), sign))
        self.zero.put((), e.or_(self.zero(()), e.compare("eq", pivot, e.constant(0, self.dtype))))


@final
@primitive("det")
@dataclass(frozen=True)
class Det(MatrixProcedure):
    """The determinant of a matrix."""

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        require_matrix("det", x)
        return (x.with_shape(()),)

    def compute(self, *arrays: Array) -> Sequence[Array]:
        return (np.linalg.det(*arrays),)

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out,), (x,) = results, reads
        pivots = _Pivots(e, x)
        size, least, most = (e.scratch(pivots.real, ()) for _ in range(3))
        for place in (size, least, most):
            place.put((), pivots.number(1))

        def multiply(_: Value, pivot: Value) -> None:
            size.put((), e.mul(size(()), e.abs(pivot)))
            least.put((), e.select(e.compare("lt", least(()), size(())), least(()), size(())))
            most.put((), e.select(e.compare("gt", most(()), size(())), most(()), size(())))

        pivots.each(multiply)
        info = np.finfo(pivots.real)
        safe = e.and_(
            e.compare("ge", least(()), pivots.number(float(info.tiny))),
            e.compare("le", most(()), pivots.number(float(info.max))),
        )
        e.guarded(e.invert(safe), lambda: _scaled_product(e, pivots, size))
        out.put((), e.select(pivots.zero(()), pivots.number(0), e.mul(size(()), pivots.sign(()))))

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        return _work(x)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        return matrix_examples(cls())

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        return matrix_errors(cls())


def _scaled_product(e: Workspace, pivots: _Pivots, out: Place) -> None:
    """The product of the pivots' sizes, where it leaves the range of the dtype on the way."""
    number = pivots.number
    bits = 2 ** math.floor(math.log2(np.finfo(pivots.real).maxexp)) // 4
    large, small = number(2.0**bits), number(2.0**-bits)
    down, up = number(2.0 ** (-2 * bits)), number(2.0 ** (2 * bits))
    scalings = e.scratch(pivots.real, ())
    scalings.put((), number(0))
    out.put((), number(1))

    def near_one(x: Value) -> Value:
        """`x`, scaled if it is far from 1."""
        over = e.compare("gt", x, large)
        under = e.compare("lt", x, small)
        change = e.select(over, number(1), e.select(under, number(-1), number(0)))
        scalings.put((), e.add(scalings(()), change))
        return e.mul(x, e.select(over, down, e.select(under, up, number(1))))

    def multiply(_: Value, pivot: Value) -> None:
        product = e.mul(out(()), near_one(near_one(e.abs(pivot))))
        out.put((), near_one(near_one(product)))

    pivots.each(multiply)

    def scale_back(_: Value) -> None:
        over = e.compare("gt", scalings(()), number(0))
        under = e.compare("lt", scalings(()), number(0))
        out.put((), e.mul(out(()), e.select(over, up, e.select(under, down, number(1)))))
        change = e.select(over, number(-1), e.select(under, number(1), number(0)))
        scalings.put((), e.add(scalings(()), change))

    e.repeat(e.index(0), e.index(RENORMALISED), scale_back)


@final
@primitive("slogdet")
@dataclass(frozen=True)
class SlogDet(MatrixProcedure):
    """The sign of a matrix's determinant, and the logarithm of its size: 0 and -inf where it is zero."""

    real = (1,)

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        require_matrix("slogdet", x)
        return (x.with_shape(()), x.with_shape(()))

    def compute(self, *arrays: Array) -> Sequence[Array]:
        return tuple(np.linalg.slogdet(*arrays))

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (sign, size), (x,) = results, reads
        pivots = _Pivots(e, x)
        size.put((), pivots.number(0))
        pivots.each(lambda _, pivot: size.put((), e.add(size(()), e.math("log", e.abs(pivot)))))
        size.put((), e.select(pivots.zero(()), pivots.number(-math.inf), size(())))
        sign.put((), e.select(pivots.zero(()), pivots.number(0), pivots.sign(())))

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        return _work(x)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        return matrix_examples(cls())

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        return matrix_errors(cls())
