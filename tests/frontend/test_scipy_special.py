"""The ufuncs of scipy.special that can be traced, against SciPy."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import special

import vtrace


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("function", [special.erf, special.erfc, special.expit, special.log_expit, special.ndtr])
def test_agrees_with_scipy(function, dtype):
    x = np.arange(-8, 9).astype(dtype)
    got, wanted = vtrace.vmap(lambda x: function(x))(x), function(x)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-6 if dtype == np.float32 else 1e-14, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "function", [special.logit, special.entr, special.exp2, special.exp10, special.expm1, special.log1p, special.cbrt]
)
def test_agrees_with_scipy_on_the_unit_interval(function, dtype):
    x = np.concatenate([np.linspace(0, 1, 41), [np.nan]]).astype(dtype)
    got, wanted = vtrace.vmap(lambda x: function(x))(x), function(x)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-5 if dtype == np.float32 else 1e-13, atol=1e-16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [special.gammaln, special.psi, special.digamma])
def test_gamma_functions(function, dtype):
    x = np.concatenate([np.linspace(-9.7, 30, 400), [0.0, -0.0, -3.0, 1.0, 2.0, 1e-20, 1e20, np.inf, np.nan]]).astype(
        dtype
    )
    got, wanted = vtrace.vmap(lambda x: function(x))(x), function(x)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-6 if dtype == np.float32 else 1e-13, atol=3e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [special.ndtri, special.erfinv, special.erfcinv])
def test_inverses_of_distributions(function, dtype):
    x = np.concatenate([np.linspace(-1, 2, 601), [1e-30, 1e-8, 1 - 1e-7, np.nan]]).astype(dtype)
    got, wanted = vtrace.vmap(lambda x: function(x))(x), function(x)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-6 if dtype == np.float32 else 1e-13, atol=1e-16)


@pytest.mark.parametrize("function", [special.xlogy, special.xlog1py])
def test_products_with_logarithms(function):
    x, y = (g.ravel() for g in np.meshgrid([0.0, -0.0, 1.5, np.nan, -2.0], [0.0, 0.5, 3.0, np.nan, np.inf]))
    np.testing.assert_allclose(vtrace.vmap(lambda x, y: function(x, y))(x, y), function(x, y), rtol=1e-14)


def test_others_are_not_supported():
    with pytest.raises(vtrace.UnsupportedError, match="spence is not supported on traced arrays"):
        vtrace.vmap(lambda x: special.spence(x))(np.ones(3))


def test_tracing_does_not_import_scipy():
    code = "import sys, numpy as np, vtrace; vtrace.make_ir(np.exp)(np.ones(3)); print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
