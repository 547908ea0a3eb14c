"""Gaussian elimination with partial pivoting, for the procedures that need it.

Each lane finds its own pivot. Rows change places where a lane asks for it: the whole vector is skipped when none does,
as with matrices that are dominated by their diagonal.
"""

from dataclasses import dataclass

import numpy as np

from vtrace.ir.emitter import Index, Place, Value, Workspace
from vtrace.ir.failure import Failure
from vtrace.ir.types import DType
from vtrace.ops.linalg.complex_numbers import Pair, PairPlace, real_dtype, taxicab
from vtrace.ops.linalg.matrix import UNROLLED, At, accumulated, at, loop, minus_product, plus, row_number


@dataclass
class Elimination:
    """Turns the first columns of `a`, in place, into U and, below the diagonal, the multipliers of L."""

    e: Workspace
    a: Place
    pivots: Place
    """For each step, the row that changes places with the row of that number."""
    keeps_l: bool
    """Whether the multipliers are needed afterwards; else their places hold anything."""
    faults: bool
    """Whether a pivot of zero is a failure."""

    def __post_init__(self) -> None:
        self.rows, self.columns = (int(d) for d in self.a.type.shape if isinstance(d, int))
        self.straight = self.rows <= UNROLLED
        self.dtype: DType = self.a.type.dtype

    def run(self, steps: int) -> None:
        loop(self.e, 0, steps, self._step, unrolled=self.straight)

    def _step(self, k: At) -> None:
        if not (isinstance(k, int) and k + 1 >= self.rows):
            self._find_pivot(k)
            self._swap_rows(k)
        else:
            self.pivots.put((at(self.e, k),), self.e.constant(k, self.pivots.type.dtype))
        self._eliminate(k)

    def _find_pivot(self, k: At) -> None:
        """The largest element of the column from the diagonal on; the first of equal ones."""
        e, here = self.e, at(self.e, k)
        best, row = e.scratch(real_dtype(self.dtype), ()), e.scratch(row_number(self.dtype), ())
        best.put((), taxicab(e, self.a((here, here))))
        row.put((), e.convert(here, row.type.dtype))

        def compare(r: At) -> None:
            size = taxicab(e, self.a((at(e, r), here)))
            better = e.compare("gt", size, best(()))
            best.put((), e.select(better, size, best(())))
            row.put((), e.select(better, e.convert(at(e, r), row.type.dtype), row(())))

        loop(e, plus(e, k, 1), self.rows, compare, unrolled=self.straight)
        self.pivots.put((here,), row(()))

    def _swap_rows(self, k: At) -> None:
        e, here = self.e, at(self.e, k)
        row = self.pivots((here,))

        def column(j: At) -> None:
            place = (here, at(e, j))
            self.a.put(place, exchanged(e, self.a, place, row, k, self.rows, 0, self.straight))

        def swaps() -> None:
            loop(e, 0 if self.keeps_l else k, self.columns, column, unrolled=self.straight)

        if self.straight:
            swaps()
        else:
            e.guarded(e.compare("ne", row, e.convert(here, row.dtype)), swaps, harmless=True)

    def _eliminate(self, k: At) -> None:
        e, here = self.e, at(self.e, k)
        pivot = self.a((here, here))
        if self.faults:
            e.fault_where(e.compare("eq", pivot, e.constant(0, self.dtype)), Failure.SINGULAR)
        if isinstance(k, int) and k + 1 >= self.rows:
            return
        quotient = Quotient.by(e, pivot)
        first = plus(e, k, 1)
        upper = {j: self.a((here, at(e, j))) for j in range(first, self.columns)} if isinstance(first, int) else {}

        def row(i: At) -> None:
            factor = quotient.of(e, self.a((at(e, i), here)))
            if self.keeps_l:
                self.a.put((at(e, i), here), factor)

            def element(j: At) -> None:
                place = (at(e, i), at(e, j))
                top = upper[j] if isinstance(j, int) and j in upper else self.a((here, at(e, j)))
                self.a.put(place, minus_product(e, self.a(place), factor, top))

            loop(e, first, self.columns, element, unrolled=self.straight)

        loop(e, first, self.rows, row, unrolled=self.straight)


def exchanged(
    e: Workspace, a: Place, place: Index, wanted: Value, k: At, stop: int, axis: int, unrolled: bool
) -> Value:
    """What is wanted at `place`, which stands at k along `axis`: the element at `wanted` there, from k to below `stop`.

    The one at `place` is put where that came from. Every lane may want another one.
    """
    if isinstance(a, PairPlace):
        re, im = (exchanged(e, part, place, wanted, k, stop, axis, unrolled) for part in (a.re, a.im))
        return Pair(re, im)
    bits = row_number(a.type.dtype)
    own, nothing = e.bitcast(a(place), bits), e.constant(0, bits)

    def step(new: Value, r: At) -> Value:
        other = (*place[:axis], at(e, r), *place[axis + 1 :])
        element = e.bitcast(a(other), bits)
        here = e.compare("eq", wanted, e.convert(at(e, r), wanted.dtype))
        # by exclusive or: a selection that is written back becomes a masked store, which takes some CPUs 20 cycles
        change = e.select(here, e.xor(own, element), nothing)
        a.put(other, e.bitcast(e.xor(element, change), a.type.dtype))
        return e.xor(new, change)

    return e.bitcast(accumulated(e, own, plus(e, k, 1), stop, step, unrolled), a.type.dtype)


@dataclass(frozen=True)
class Quotient:
    """Division by one number, many times: x / y is (x * scale) * inverse. The scale keeps 1 / y finite."""

    scale: Value
    inverse: Value

    @staticmethod
    def by(e: Workspace, y: Value) -> "Quotient":
        """For a y that all the x are not much larger than, or where an infinite x / y is what it should be."""
        real = real_dtype(y.dtype)
        small = e.compare("lt", taxicab(e, y), e.constant(np.finfo(real).tiny, real))
        scale = e.select(small, e.constant(1 / np.finfo(real).eps, real), e.constant(1, real))
        return Quotient(scale, e.div(e.constant(1, real), e.mul(y, scale)))

    def of(self, e: Workspace, x: Value) -> Value:
        """x / y."""
        return e.mul(e.mul(x, self.scale), self.inverse)
