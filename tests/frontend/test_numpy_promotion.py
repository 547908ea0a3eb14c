"""NEP 50, for every pair of dtypes and for Python numbers: results have NumPy's dtype or NumPy's error."""

import operator
from typing import Any

import numpy as np
import pytest

from tests.frontend.tracing import check, run
from vtrace.errors import DTypeError
from vtrace.ir.types import DTYPES

BINARY = [
    np.add, np.subtract, np.multiply, np.divide, np.floor_divide, np.remainder, np.power, np.float_power, np.fmod,
    np.maximum, np.minimum, np.fmax, np.fmin, np.arctan2, np.hypot, np.copysign, np.heaviside, np.logaddexp,
    np.logaddexp2, np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.logical_and,
    np.logical_or, np.logical_xor, np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.left_shift, np.right_shift,
    np.divmod,
]  # fmt: skip
UNARY = [
    np.negative, np.positive, np.absolute, np.fabs, np.sign, np.square, np.sqrt, np.cbrt, np.reciprocal, np.exp,
    np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan,
    np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh, np.arctanh, np.floor, np.ceil, np.trunc, np.rint, np.isnan,
    np.isinf, np.isfinite, np.signbit, np.logical_not, np.invert, np.conjugate, np.deg2rad, np.rad2deg, np.degrees,
    np.radians, np.modf,
]  # fmt: skip
OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
    operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge, operator.and_, operator.or_,
    operator.xor, operator.lshift, operator.rshift,
]  # fmt: skip


def sample(dtype: np.dtype[Any], seed: int = 0) -> Any:
    values = np.random.default_rng(seed).integers(1, 6, 7)
    return (values % 2 == 0) if dtype.kind == "b" else values.astype(dtype)


def agrees(function: Any, *arguments: Any) -> None:
    """Same result, or an error on both sides; float16, which vtrace has not, is a DTypeError."""
    try:
        with np.errstate(all="ignore"):
            expected = function(*arguments)
    except (TypeError, ValueError, OverflowError):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            run(function, *arguments)
        return
    results = expected if isinstance(expected, tuple) else (expected,)
    if any(r.dtype == np.float16 for r in results):
        with pytest.raises(DTypeError, match="float16 is not supported"):
            run(function, *arguments)
        return
    check(function, *arguments)


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda u: u.__name__)
def test_binary_ufuncs_promote_as_numpy(ufunc: np.ufunc) -> None:
    for left in DTYPES.values():
        for right in DTYPES.values():
            agrees(ufunc, sample(left), sample(right, 1))


@pytest.mark.parametrize("ufunc", UNARY, ids=lambda u: u.__name__)
def test_unary_ufuncs_promote_as_numpy(ufunc: np.ufunc) -> None:
    for dtype in DTYPES.values():
        agrees(ufunc, sample(dtype))


@pytest.mark.parametrize("op", OPERATORS, ids=lambda o: o.__name__)
@pytest.mark.parametrize(
    "number", [2, 3, -1, 0, 2.0, 0.5, -1.0, True, np.float64(2), np.int8(3), np.float32(3)], ids=repr
)
def test_operators_with_a_number(op: Any, number: Any) -> None:
    for dtype in DTYPES.values():
        agrees(lambda x, op=op: op(x, number), sample(dtype))
        agrees(lambda x, op=op: op(number, x), sample(dtype))


@pytest.mark.parametrize("op", OPERATORS[:4] + OPERATORS[7:13], ids=lambda o: o.__name__)
@pytest.mark.parametrize("number", [300, -300, 2**40, 2**63, 1e300], ids=repr)
def test_operators_with_a_number_that_may_not_fit(op: Any, number: Any) -> None:
    for dtype in DTYPES.values():
        agrees(lambda x, op=op: op(x, number), sample(dtype))


@pytest.mark.parametrize("op", OPERATORS[:13], ids=lambda o: o.__name__)
def test_traced_python_numbers_are_weak(op: Any) -> None:
    for dtype in DTYPES.values():
        for number in (2, 2.0):
            if op is operator.pow and dtype.kind in "iub" and number == 2:
                continue  # a traced exponent: not known to be 2
            agrees(lambda x, y, op=op: op(x, y), sample(dtype), number)


def test_two_python_numbers_stay_a_python_number() -> None:
    x = np.float32([1, 2])
    check(lambda x, s, t: x * (s * t), x, 2.0, 3.0)
    check(lambda x, s, t: x * np.multiply(s, t), x, 2.0, 3.0)
    check(lambda x, s: x + (-s), np.int8([1, 2]), 3)
    check(lambda x, s: x + abs(s) // 2, np.int8([1, 2]), -3)


def test_a_dtype_argument_sets_the_dtype_of_the_computation() -> None:
    check(lambda x: np.add(x, x, dtype=np.float64), np.float32([1, 2]))
    check(lambda x: np.sqrt(x, dtype=np.float32), np.float32([1, 2]))
    with pytest.raises(TypeError):
        run(lambda x: np.bitwise_and(x, x, dtype=np.float64), np.int64([1, 2]))


def test_float16_is_refused_by_name() -> None:
    with pytest.raises(DTypeError, match=r"np\.exp of int8 gives float16: dtype float16 is not supported"):
        run(np.exp, np.int8([1, 2]))
