"""vtrace.special against SciPy, on arrays and while tracing."""

import numpy as np
import pytest
from scipy import special

import vtrace

ROWS = np.random.default_rng(0).normal(size=(5, 3, 4)) * 30
EDGES = np.array(
    [
        [0.0, -40.0, -40.0],
        [np.inf, 1.0, 2.0],
        [-np.inf, -np.inf, -np.inf],
        [-np.inf, 0.0, 1.0],
        [np.nan, 0.0, 1.0],
        [1e308, 1e308, -1e308],
        [2.0, 2.0, 2.0],
    ]
)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_agrees_with_scipy_along_axes(name, axis, dtype):
    ours, theirs = getattr(vtrace.special, name), getattr(special, name)
    rows = ROWS.astype(dtype)
    atol = np.finfo(np.float32 if dtype == np.float32 else float).eps if name == "log_softmax" else 1e-30
    wanted = np.stack([theirs(r, axis=axis) for r in rows])
    for got in (vtrace.vmap(lambda r: ours(r, axis=axis))(rows), np.stack([ours(r, axis=axis) for r in rows])):
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
        np.testing.assert_allclose(got, wanted, rtol=2e-5 if dtype == np.float32 else 1e-13, atol=atol)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_infinities_and_small_addends(name):
    ours, theirs = getattr(vtrace.special, name), getattr(special, name)
    wanted = np.stack([theirs(r) for r in EDGES])
    np.testing.assert_allclose(vtrace.vmap(ours)(EDGES), wanted, rtol=1e-13)
    np.testing.assert_allclose(np.stack([ours(r) for r in EDGES]), wanted, rtol=1e-13)


def test_reduced_axes_may_be_kept():
    got = vtrace.vmap(lambda r: vtrace.special.logsumexp(r, axis=1, keepdims=True))(ROWS)
    np.testing.assert_allclose(got, special.logsumexp(ROWS, axis=2, keepdims=True), rtol=1e-13)
