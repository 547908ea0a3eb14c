"""How exact the inverse of the normal distribution function is, tails included."""

import mpmath
import numpy as np
import pytest
from scipy.special import erfinv

from vtrace.backends.vecmath.numpy_emitter import NumpyEmitter
from vtrace.ir.types import Array
from vtrace.ops.uniform_to_normal import UniformToNormal

LIMIT = 5.0
"""In units in the last place; what the documentation promises."""


def computed(x: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(UniformToNormal().scalar(NumpyEmitter(), x))


def test_float32() -> None:
    """Every seventh number that a sampler can draw."""
    x = (np.arange(1, 2**24, 7) * 2.0**-23 - 1).astype(np.float32)
    exact = erfinv(x.astype(float)) * np.sqrt(2)
    unit = np.spacing(np.abs(exact).astype(np.float32))
    assert np.max(np.abs(computed(x) - exact) / unit) <= LIMIT


def exactly(u: float) -> mpmath.mpf:
    with mpmath.workprec(160):
        x = mpmath.mpf(float(erfinv(u)))
        for _ in range(3):
            error = mpmath.erfc(x) - (1 - mpmath.mpf(u))
            x += error * mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(x * x)
        return x * mpmath.sqrt(2)


@pytest.mark.parametrize("part", ["centre", "tail"])
def test_float64(part: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 500) if part == "centre" else 1 - 10.0 ** rng.uniform(-15.9, -2, 300)
    for found, u in zip(computed(x), x, strict=True):
        exact = exactly(float(u))
        assert abs(mpmath.mpf(float(found)) - exact) <= LIMIT * np.spacing(abs(float(exact))), u


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ends(dtype: type) -> None:
    x = np.array([0.0, -0.0, 1.0, -1.0, 1.5, np.nan, -np.inf], dtype)
    expected = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, np.nan, np.nan], dtype)
    np.testing.assert_array_equal(computed(x), expected)
    np.testing.assert_array_equal(np.signbit(computed(x)[:2]), [False, True])
