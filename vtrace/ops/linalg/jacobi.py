"""Rotations of Jacobi's methods: what `eigh` and `svd` share.

A lane whose matrix needs no rotation is left as it is, so that results do not depend on the other lanes: it is rotated
by nothing, which keeps all values but the sign of a zero. Results get rid of that sign at the end.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vtrace.ir.emitter import Place, Value, Workspace
from vtrace.ir.failure import Failure
from vtrace.ir.types import BOOL, DType, static_shape
from vtrace.ops.linalg.complex_numbers import conj, direction, real_dtype, taxicab
from vtrace.ops.linalg.matrix import At, accumulated, at, loop, plus, row_number

MOST_SWEEPS = 40
"""A sweep rotates every pair once. 6 to 10 are usual, as each squares what is left to do."""


@dataclass(frozen=True)
class Rotation:
    """Takes a pair x, y to c x - s y, s x + c y."""

    e: Workspace
    c: Value
    s: Value

    def turn(self, a: Place, one: tuple[Value, ...], other: tuple[Value, ...], mirrored: bool = False) -> None:
        """Rotate the elements at two places; if `mirrored`, the conjugate of x is at the first."""
        e, x, y = self.e, a(one), a(other)
        x = conj(e, x) if mirrored else x
        turned = e.fma(e.neg(self.s), y, e.mul(self.c, x))
        a.put(one, conj(e, turned) if mirrored else turned)
        a.put(other, e.fma(self.s, x, e.mul(self.c, y)))

    def turn_rows(self, a: Place, p: At, q: At) -> None:
        """Rotate two rows."""
        e = self.e
        columns = static_shape(a.type.shape)[1]
        loop(e, 0, columns, lambda k: self.turn(a, (at(e, p), at(e, k)), (at(e, q), at(e, k))), unrolled=False)


def rotation(e: Workspace, needed: Value, difference: Value, product: Value) -> tuple[Rotation, Value]:
    """The rotation by the smaller angle with cot(2 angle) = difference / (2 product), and its tangent; nothing where it
    is not needed."""
    dtype = product.dtype
    zero, one = e.constant(0, dtype), e.constant(1, dtype)
    cotangent = e.div(difference, e.add(product, product))
    root = e.sqrt(e.fma(cotangent, cotangent, one))
    tangent = e.copysign(e.div(one, e.add(e.abs(cotangent), root)), cotangent)
    tangent = e.select(needed, tangent, zero)
    c = e.div(one, e.sqrt(e.fma(tangent, tangent, one)))
    return Rotation(e, c, e.mul(tangent, c)), tangent


def times_row(e: Workspace, a: Place, row: At, factor: Value) -> None:
    """Multiply a row."""
    columns = static_shape(a.type.shape)[1]

    def element(k: At) -> None:
        place = (at(e, row), at(e, k))
        a.put(place, e.mul(a(place), factor))

    loop(e, 0, columns, element, unrolled=False)


def phase(e: Workspace, needed: Value, x: Value, size: Value) -> Value:
    """x / |x|, given its size, where it is needed, else 1."""
    return e.select(needed, direction(e, x, size), e.constant(1, size.dtype))


def sweeps(e: Workspace, n: int, rotate: Callable[[At, At], Value], failure: Failure) -> None:
    """`rotate(p, q)` for all pairs p < q below n, again and again until no lane has needed a rotation.

    It says where it has rotated; where that never ends, it is a failure.
    """
    moving = e.scratch(BOOL, ())
    moving.put((), e.constant(True, BOOL))

    def sweep() -> None:
        moving.put((), e.constant(False, BOOL))

        def pair(p: At, q: At) -> None:
            moving.put((), e.or_(moving(()), rotate(p, q)))

        loop(e, 0, n, lambda p: loop(e, plus(e, p, 1), n, lambda q: pair(p, q), unrolled=False), unrolled=False)

    e.repeat(e.index(0), e.index(MOST_SWEEPS), lambda _: e.guarded(moving(()), sweep, harmless=True))
    e.fault_where(moving(()), failure)


def power_of_two(e: Workspace, x: Value) -> Value:
    """The largest power of two up to x, which is positive, or the smallest normal number if that is larger."""
    dtype = x.dtype
    info = np.finfo(dtype)
    exponent = ((1 << info.bits - 1) - 1) ^ ((1 << info.nmant) - 1)
    bits = row_number(dtype)
    power = e.bitcast(e.and_(e.bitcast(x, bits), e.constant(exponent, bits)), dtype)
    least = e.constant(float(info.tiny), dtype)
    return e.select(e.compare("lt", power, least), least, power)


def largest(e: Workspace, a: Place) -> Value:
    """The largest size of an element, as `taxicab` has it; NaN is passed over."""
    rows, columns = static_shape(a.type.shape)

    def row(most: Value, i: At) -> Value:
        def element(most: Value, j: At) -> Value:
            size = taxicab(e, a((at(e, i), at(e, j))))
            return e.select(e.compare("lt", most, size), size, most)

        return accumulated(e, most, 0, columns, element, unrolled=False)

    return accumulated(e, e.constant(0, real_dtype(a.type.dtype)), 0, rows, row, unrolled=False)


def sort_rows(e: Workspace, keys: Place, rows: Place | None, order: str) -> None:
    """Sort `keys` so that none is before one that it is `order` than ("gt": ascending), and `rows` with them."""
    (n,) = static_shape(keys.type.shape)
    bits = row_number(keys.type.dtype)
    zero = e.constant(0, bits)

    def pair(i: At, j: At) -> None:
        first, second = keys((at(e, i),)), keys((at(e, j),))
        swapped = e.compare(order, first, second)

        def swap(a: Place, one: tuple[Value, ...], other: tuple[Value, ...]) -> None:
            x, y = (e.bitcast(a(place), bits) for place in (one, other))
            change = e.select(swapped, e.xor(x, y), zero)  # see `exchanged`
            a.put(one, e.bitcast(e.xor(x, change), a.type.dtype))
            a.put(other, e.bitcast(e.xor(y, change), a.type.dtype))

        def swaps() -> None:
            swap(keys, (at(e, i),), (at(e, j),))
            if rows is not None:
                columns = static_shape(rows.type.shape)[1]
                loop(e, 0, columns, lambda k: swap(rows, (at(e, i), at(e, k)), (at(e, j), at(e, k))), unrolled=False)

        e.guarded(swapped, swaps, harmless=True)

    loop(e, 0, n, lambda i: loop(e, plus(e, i, 1), n, lambda j: pair(i, j), unrolled=False), unrolled=False)


def identity(e: Workspace, a: Place) -> None:
    """Make `a` an identity matrix."""
    zero, one = e.constant(0, a.type.dtype), e.constant(1, a.type.dtype)
    e.each(static_shape(a.type.shape), lambda i: a.put(i, e.select(e.compare("eq", i[0], i[1]), one, zero)))


def epsilon(dtype: DType) -> float:
    """The distance from 1 to the next number."""
    return float(np.finfo(dtype).eps)
