"""How near a computed result must be to NumPy's.

Integers, bools and the float operations that IEEE 754 rounds correctly: the same bits. That is the default; an
operation that is less exact is listed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.ops.agreement_linalg import bounds
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import FLOAT32, FLOAT64, Array, ArrayType
from vtrace.ops.half_power import HalfPow
from vtrace.ops.power import MOST_PRODUCTS, IntegerPow, Pow
from vtrace.ops.special import SciPyFunction, SpecialFunction
from vtrace.ops.transcendental import ArcTan2, Hypot, MathFunction
from vtrace.ops.uniform_to_normal import UniformToNormal

LIBRARY_ULPS = 2
SCIPY_EPSILONS = 16
"""The same for SciPy's functions in float64, against a result that is at least 1."""
SUMS = frozenset({"reduce_sum", "reduce_prod", "dot", "matmul", "batched_matmul", "cumsum", "cumprod"})
"""Their order of evaluation is free, so the error is measured against the same sum of absolute values."""

TRANSFORMS = frozenset({"fft", "rfft", "irfft"})
"""Sums as well, of which each result takes all operands with factors of size 1; a norm only makes results smaller."""


def ulps(primitive: Primitive) -> int:
    """How many units in the last place a float result may be from the exact one."""
    if isinstance(primitive, IntegerPow):
        exponent = abs(primitive.exponent)
        return 0 if primitive.exponent in (0, 1, 2) else exponent if exponent <= MOST_PRODUCTS else LIBRARY_ULPS
    if isinstance(primitive, UniformToNormal):
        return 5  # SciPy's own errors included
    functions = MathFunction | SpecialFunction | ArcTan2 | Hypot | Pow | HalfPow
    return LIBRARY_ULPS if isinstance(primitive, functions) else 0


@dataclass(frozen=True)
class Expected:
    """NumPy's value of one result, and how far from it a good one may be."""

    value: Array
    ulps: int = 0
    slack: Array | None = None
    """The largest absolute error, for each element."""
    signs: int | None = None
    """The axis along which all elements may have the other sign: eigenvectors have none of their own."""

    def check(self, actual: Array, where: str, operands: Sequence[Array] = ()) -> None:
        """AssertionError unless `actual` has the same dtype, shape and, within the bounds, values.

        The message names the first wrong element, and the elements of `operands` that it was computed from.
        """
        assert (actual.dtype, actual.shape) == (self.value.dtype, self.value.shape), where
        wrong = ~self._good(actual)
        if wrong.any():
            at = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(wrong)))
            values = f"{np.atleast_1d(actual)[at]!r} instead of {np.atleast_1d(self.value)[at]!r}"
            of = "".join(f" {x[at]!r}" for x in operands)
            raise AssertionError(f"{where}: {values} at {at}{of}; {wrong.sum()} of {wrong.size} are wrong")

    def _good(self, actual: Array) -> Array:
        if actual.dtype.kind != "f":
            return np.asarray(actual == self.value)
        if self.signs is not None:
            agrees = np.sum(actual * self.value, axis=self.signs, keepdims=True) >= 0
            actual = np.where(agrees, actual, -actual)
        same = (actual == self.value) & (np.signbit(actual) == np.signbit(self.value))
        same |= np.isnan(actual) & np.isnan(self.value)
        if self.slack is not None:
            with np.errstate(invalid="ignore"):
                return np.asarray(same | (np.abs(actual - self.value) <= self.slack))
        near = np.abs(_ordinal(actual) - _ordinal(self.value)) <= self.ulps
        return np.asarray(same | (near & (actual != self.value) & ~np.isnan(actual) & ~np.isnan(self.value)))


def _ordinal(x: Array) -> Array:
    """Neighbouring floats as neighbouring numbers, both zeros as 0; exact where it matters, for small distances."""
    bits = np.asarray(x, order="C").view(np.int32 if x.dtype == FLOAT32 else np.int64).astype(np.longdouble)
    lowest = -(np.longdouble(2) ** (8 * x.dtype.itemsize - 1))
    return np.asarray(np.where(bits < 0, lowest - bits, bits)).reshape(x.shape)


def expected(primitive: Primitive, operands: Sequence[Array]) -> list[Expected]:
    """What the results must be for these operands."""
    with np.errstate(all="ignore"):
        if ulps(primitive) and operands[0].dtype == FLOAT32:  # NumPy's own functions are off by up to 4 units there
            wide = primitive.evaluate_all(*(x.astype(FLOAT64) for x in operands))
            return [Expected(np.asarray(x.astype(FLOAT32)), ulps(primitive)) for x in wide]
        results = primitive.evaluate_all(*operands)
        if (limits := bounds(primitive, operands, results)) is not None:
            return [Expected(x, 0, limit.slack, limit.signs) for x, limit in zip(results, limits, strict=True)]
        if isinstance(primitive, SciPyFunction):  # whose float64 results are off by many units where they are small
            slack = SCIPY_EPSILONS * np.finfo(results[0].dtype).eps * np.maximum(1, np.abs(results[0]))
            return [Expected(results[0], 0, np.asarray(slack))]
        if primitive.name in TRANSFORMS:
            error = 16 * np.finfo(operands[0].dtype).eps * np.abs(operands[0]).sum()
            return [Expected(x, 0, np.full(x.shape, error)) for x in results]
        if primitive.name not in SUMS or results[0].dtype.kind != "f":
            return [Expected(x, ulps(primitive)) for x in results]
        terms = 1 + max(x.size for x in operands)
        scales = primitive.evaluate_all(*map(np.abs, operands))
        return [
            Expected(x, 0, np.asarray(terms * np.finfo(x.dtype).eps * s)) for x, s in zip(results, scales, strict=True)
        ]


def stacked(examples: Sequence[Sequence[Expected]], types: Sequence[ArrayType], axes: Sequence[int]) -> list[Expected]:
    """What a batch must be, with its axes at `axes`, from what each example must be; there may be no examples."""
    return [
        Expected(
            _stack([e[n].value for e in examples], type, axis),
            max((e[n].ulps for e in examples), default=0),
            _stack([e[n].slack for e in examples], type, axis)
            if examples and examples[0][n].slack is not None
            else None,
            _moved(examples[0][n].signs, axis) if examples else None,
        )
        for n, (type, axis) in enumerate(zip(types, axes, strict=True))
    ]


def _moved(signs: int | None, axis: int) -> int | None:
    """Where an axis is once there is a batch axis at `axis`."""
    return None if signs is None else signs + (axis <= signs)


def _stack(arrays: Sequence[Array | None], type: ArrayType, axis: int) -> Array:
    return np.moveaxis(np.array(arrays, type.dtype).reshape(len(arrays), *type.shape), 0, axis)


def check_all(actual: Sequence[Array], wanted: Sequence[Expected], where: str) -> None:
    """AssertionError unless every result is as expected."""
    assert len(actual) == len(wanted), where
    for n, (a, w) in enumerate(zip(actual, wanted, strict=True)):
        w.check(a, f"{where}, result {n}")
