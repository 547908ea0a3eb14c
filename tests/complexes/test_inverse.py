"""Inverse functions of complex numbers: each part against mpmath, signs of zeros along branch cuts against NumPy."""

from typing import Any

import mpmath
import numpy as np
import pytest

import vtrace
from tests.complexes.specials import drawn, grid

EXACT = {
    "arcsin": mpmath.asin,
    "arccos": mpmath.acos,
    "arctan": mpmath.atan,
    "arcsinh": mpmath.asinh,
    "arccosh": mpmath.acosh,
    "arctanh": mpmath.atanh,
}
DTYPES = [np.complex64, np.complex128]
LIMIT = 4.0
"""In units in the last place of each part."""


def near_branch_points(count: int) -> Any:
    """Numbers about 1 and i, on the unit circle, and of parts that differ much in size."""
    rng = np.random.default_rng(3)
    small = 1e-3 * (rng.normal(size=count) + 1j * rng.normal(size=count))
    edge = 1 + 1e-4 * rng.normal(size=count) + 1j * 10.0 ** rng.uniform(-20, 2, count)
    turns = np.exp(1j * rng.uniform(0, 2 * np.pi, count))
    uneven = 10.0 ** rng.uniform(-30, 30, count) + 1j * 10.0 ** rng.uniform(-30, 30, count)
    return np.concatenate([1 + small, 1j * (1 + small), edge, 1j * edge, turns, uneven])


def units(got: float, exact: Any, info: Any) -> float:
    exponent = max(mpmath.frexp(abs(exact))[1], int(info.minexp) + 1)
    return float(abs(mpmath.mpf(float(got)) - exact) / mpmath.mpf(2) ** (exponent - 1 - int(info.nmant)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXACT)
def test_each_part_is_accurate(name: str, dtype: Any) -> None:
    special = grid(dtype)
    z = np.concatenate([drawn(dtype, 100), near_branch_points(30).astype(dtype), special[np.isfinite(special)][::5]])
    z = z[(z.real != 0) & (z.imag != 0)]  # mpmath knows one zero only
    got, info = vtrace.vmap(getattr(np, name))(z), np.finfo(z.real.dtype)
    with mpmath.workprec(2300):  # of which the parts of tiny and huge numbers need most
        for value, result in zip(z, got, strict=True):
            exact = EXACT[name](mpmath.mpc(float(value.real), float(value.imag)))
            assert units(result.real, exact.real, info) <= LIMIT, value
            assert units(result.imag, exact.imag, info) <= LIMIT, value


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXACT)
def test_signs_are_numpys(name: str, dtype: Any) -> None:
    """On both sides of branch cuts, and for every other zero and infinity."""
    ufunc, z = getattr(np, name), grid(dtype)
    with np.errstate(all="ignore"):
        got, wanted = vtrace.vmap(lambda z: ufunc(z))(z), ufunc(z)
    for part in (np.real, np.imag):
        known = ~np.isnan(part(wanted))
        np.testing.assert_array_equal(np.signbit(part(got))[known], np.signbit(part(wanted))[known])
