"""Complex numbers in procedures: a value that is a pair of real ones, and a workspace that calculates with them.

So an algorithm is written once. What it says of numbers, it says to the workspace; where a complex one needs more than
that (`conj`, `taxicab`), it calls a function that leaves real numbers alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from vtrace.ir.emitter import Index, Place, Read, Value, Workspace
from vtrace.ir.types import ArrayType, DType, part_dtype, whole_dtype


@dataclass(frozen=True)
class Pair:
    """A complex number; or the bits of one, as two integers."""

    re: Value
    im: Value

    @property
    def dtype(self) -> DType:
        return whole_dtype(self.re.dtype) if self.re.dtype.kind == "f" else self.re.dtype


@dataclass(frozen=True)
class PairRead:
    """A complex operand."""

    re: Read
    im: Read

    @property
    def type(self) -> ArrayType:
        return self.re.type.with_dtype(whole_dtype(self.re.type.dtype))

    def __call__(self, index: Index) -> Value:
        return Pair(self.re(index), self.im(index))


@dataclass(frozen=True)
class PairPlace(PairRead):
    """A complex result, or scratch."""

    re: Place
    im: Place
    e: Workspace
    """That of its parts."""

    def put(self, index: Index, value: Value) -> None:
        re, im = _parts(self.e, value)
        self.re.put(index, re)
        self.im.put(index, im)


def real_dtype(dtype: DType) -> DType:
    """That of the sizes of numbers of `dtype`."""
    return part_dtype(dtype) if dtype.kind == "c" else dtype


def conj(e: Workspace, x: Value) -> Value:
    """The conjugate."""
    return Pair(x.re, e.neg(x.im)) if isinstance(x, Pair) else x


def real(x: Value) -> Value:
    """The real part."""
    return x.re if isinstance(x, Pair) else x


def taxicab(e: Workspace, x: Value) -> Value:
    """|re| + |im|: the size that LAPACK chooses pivots by."""
    return e.add(e.abs(x.re), e.abs(x.im)) if isinstance(x, Pair) else e.abs(x)


def plus_square(e: Workspace, total: Value, x: Value) -> Value:
    """total + |x| ** 2, of real numbers."""
    if isinstance(x, Pair):
        return e.fma(x.im, x.im, e.fma(x.re, x.re, total))
    return e.fma(x, x, total)


def direction(e: Workspace, x: Value, size: Value) -> Value:
    """x / |x|, given its size, which is not 0; of a real number, its sign."""
    if isinstance(x, Pair):
        return Pair(e.div(x.re, size), e.div(x.im, size))
    return e.copysign(e.constant(1, x.dtype), x)


def _parts(e: Workspace, x: Value) -> tuple[Value, Value]:
    return (x.re, x.im) if isinstance(x, Pair) else (x, e.constant(0, x.dtype))


class ComplexWorkspace:
    """A workspace whose numbers may be pairs. Real ones may stand beside them, and cost less."""

    def __init__(self, e: Workspace) -> None:
        self.e = e

    def __getattr__(self, name: str) -> Any:
        """What is no arithmetic: loops, indices, failures; and functions of real numbers alone."""
        return getattr(self.e, name)

    def scratch(self, dtype: DType, shape: tuple[int, ...]) -> Place:
        if dtype.kind != "c":
            return self.e.scratch(dtype, shape)
        part = part_dtype(dtype)
        return PairPlace(self.e.scratch(part, shape), self.e.scratch(part, shape), self.e)

    def constant(self, value: Any, dtype: DType) -> Value:
        if dtype.kind != "c":
            return self.e.constant(value, dtype)
        part = part_dtype(dtype)
        return Pair(self.e.constant(np.real(value), part), self.e.constant(np.imag(value), part))

    def _each(self, rule: Callable[..., Value], *numbers: Value) -> Value:
        """`rule` of the real parts, and of the imaginary parts."""
        if not any(isinstance(x, Pair) for x in numbers):
            return rule(*numbers)
        re, im = zip(*(_parts(self.e, x) for x in numbers), strict=True)
        return Pair(rule(*re), rule(*im))

    def add(self, x: Value, y: Value) -> Value:
        if isinstance(x, Pair) and not isinstance(y, Pair):
            return Pair(self.e.add(x.re, y), x.im)
        return self._each(self.e.add, x, y)

    def sub(self, x: Value, y: Value) -> Value:
        if isinstance(x, Pair) and not isinstance(y, Pair):
            return Pair(self.e.sub(x.re, y), x.im)
        return self._each(self.e.sub, x, y)

    def neg(self, x: Value) -> Value:
        return self._each(self.e.neg, x)

    def xor(self, x: Value, y: Value) -> Value:
        return self._each(self.e.xor, x, y)

    def select(self, condition: Value, x: Value, y: Value) -> Value:
        return self._each(lambda a, b: self.e.select(condition, a, b), x, y)

    def bitcast(self, x: Value, dtype: DType) -> Value:
        return self._each(lambda a: self.e.bitcast(a, real_dtype(dtype)), x)

    def mul(self, x: Value, y: Value) -> Value:
        e = self.e
        if isinstance(x, Pair) and isinstance(y, Pair):
            re = e.fma(e.neg(x.im), y.im, e.mul(x.re, y.re))
            return Pair(re, e.fma(x.im, y.re, e.mul(x.re, y.im)))
        if isinstance(x, Pair):
            return Pair(e.mul(x.re, y), e.mul(x.im, y))
        return self.mul(y, x) if isinstance(y, Pair) else e.mul(x, y)

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """x * y + z; each part of a product of two pairs takes two steps."""
        e = self.e
        if not any(isinstance(v, Pair) for v in (x, y, z)):
            return e.fma(x, y, z)
        if isinstance(y, Pair) and not isinstance(x, Pair):
            x, y = y, x
        re, im = _parts(e, z)
        if isinstance(x, Pair) and isinstance(y, Pair):
            re, im = e.fma(e.neg(x.im), y.im, re), e.fma(x.im, y.re, im)
            return Pair(e.fma(x.re, y.re, re), e.fma(x.re, y.im, im))
        if isinstance(x, Pair):
            return Pair(e.fma(x.re, y, re), e.fma(x.im, y, im))
        return Pair(e.fma(x, y, re), im)

    def div(self, x: Value, y: Value) -> Value:
        """By a pair with Smith's method: the divisor is scaled by its larger part."""
        e = self.e
        if not isinstance(y, Pair):
            return self._each(lambda a: e.div(a, y), x) if isinstance(x, Pair) else e.div(x, y)
        turned = e.compare("lt", e.abs(y.re), e.abs(y.im))
        large, small = e.select(turned, y.im, y.re), e.select(turned, y.re, y.im)
        ratio, one = e.div(small, large), e.constant(1, y.re.dtype)
        long = e.div(one, e.fma(small, ratio, large))
        short = e.mul(ratio, long)
        inverse = Pair(e.select(turned, short, long), e.neg(e.select(turned, long, short)))
        return self.mul(x, inverse)

    def abs(self, x: Value) -> Value:
        return self.e.math("hypot", x.re, x.im) if isinstance(x, Pair) else self.e.abs(x)

    def compare(self, op: str, x: Value, y: Value) -> Value:
        """Pairs are equal or not; they have no order."""
        if not (isinstance(x, Pair) or isinstance(y, Pair)):
            return self.e.compare(op, x, y)
        assert op in ("eq", "ne"), op
        (a, b), (c, d) = _parts(self.e, x), _parts(self.e, y)
        joined = self.e.and_ if op == "eq" else self.e.or_
        return joined(self.e.compare(op, a, c), self.e.compare(op, b, d))


def complex_workspace(e: Workspace) -> Workspace:
    """The workspace around this one."""
    return cast("Workspace", ComplexWorkspace(e))
