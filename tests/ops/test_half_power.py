"""How exact powers with half-integer exponents are, and what they give for the values that have rules of their own."""

import numpy as np
import pytest

from vtrace.backends.vecmath.numpy_emitter import NumpyEmitter
from vtrace.ir.types import Array
from vtrace.ops.half_power import HalfPow

ORDINARY = {-3: 0.51, -1: 0.51, 1: 0.5, 3: 1.3, 5: 1.95}
"""The largest errors in units in the last place, by numerator, for numbers that are neither huge nor tiny."""
ANY = {**ORDINARY, -3: 1.95, -1: 1.5}
"""For all numbers."""


def computed(numerator: int, x: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(HalfPow(numerator).scalar(NumpyEmitter(), x))


def error(numerator: int, x: Array) -> float:
    """The largest error in units in the last place, where the power is finite."""
    wide, info = (np.float64 if x.dtype == np.float32 else np.longdouble), np.finfo(x.dtype)
    with np.errstate(all="ignore"):
        exact = x.astype(wide) ** (wide(numerator) / 2)
        finite = exact < info.max
        exact = exact[finite]
        exponent = np.maximum(np.frexp(exact)[1] - 1, info.minexp)
        unit = np.ldexp(wide(1), exponent - info.nmant)
        return float(np.max(np.abs(computed(numerator, x)[finite].astype(wide) - exact) / unit))


@pytest.mark.parametrize("numerator", HalfPow.numerators)
def test_float32(numerator: int) -> None:
    mantissas = np.arange(0x3F800000, 0x40800000, 7, np.uint32).view(np.float32)  # the powers of 4 all look alike
    assert error(numerator, mantissas) <= ORDINARY[numerator]
    positive = np.arange(1, 0x7F800000, 997, np.uint32).view(np.float32)
    assert error(numerator, positive) <= ANY[numerator]


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="there is no wider float to compare with")
@pytest.mark.parametrize("numerator", HalfPow.numerators)
def test_float64(numerator: int) -> None:
    rng = np.random.default_rng(0)
    mantissas = rng.uniform(1, 4, 100_000)
    assert error(numerator, mantissas) <= ORDINARY[numerator]
    assert error(numerator, np.ldexp(mantissas, rng.integers(-1074, 1021, mantissas.size))) <= ANY[numerator]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_values(dtype: type) -> None:
    inf, nan = np.inf, np.nan
    x = np.array([0.0, -0.0, inf, -inf, nan, -1.0, -1e-30, -np.finfo(dtype).max, 1.0, 4.0], dtype)
    expected = {
        -3: [inf, inf, 0.0, 0.0, nan, nan, nan, nan, 1.0, 0.125],
        -1: [inf, inf, 0.0, 0.0, nan, nan, nan, nan, 1.0, 0.5],
        1: [0.0, 0.0, inf, inf, nan, nan, nan, nan, 1.0, 2.0],
        3: [0.0, 0.0, inf, inf, nan, nan, nan, nan, 1.0, 8.0],
        5: [0.0, 0.0, inf, inf, nan, nan, nan, nan, 1.0, 32.0],
    }
    for numerator, values in expected.items():
        found = computed(numerator, x)
        np.testing.assert_array_equal(found, np.array(values, dtype))
        assert not np.signbit(found[~np.isnan(found)]).any()
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(HalfPow(numerator).evaluate(x), found)
