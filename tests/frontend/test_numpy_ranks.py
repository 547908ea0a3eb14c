"""Pseudo-inverses, least squares, ranks, conditions and tensors, on batches against NumPy, example by example."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.complexes.oracle import phased

RNG = np.random.default_rng(0)
SQUARE = RNG.normal(size=(37, 5, 5)) + 3 * np.eye(5)
TALL = RNG.normal(size=(37, 6, 3))
WIDE = np.swapaxes(TALL, 1, 2)
LOW = np.asarray(TALL @ RNG.normal(size=(3, 5)))
SYMMETRIC = np.asarray(TALL @ WIDE)
STACKED = RNG.normal(size=(4, 2, 3, 4, 3))
WHOLE = RNG.integers(-5, 6, (5, 3, 3)) + 12 * np.eye(3, dtype=np.int64)
LARGE = RNG.normal(size=(5, 70, 66))
TENSOR = RNG.normal(size=(5, 6, 4, 2, 3, 4))

CASES: list[tuple[Callable[..., Any], Any]] = [
    *((np.linalg.pinv, x) for x in (SQUARE, TALL, WIDE, STACKED, WHOLE, LARGE, TALL[:, :0])),
    (lambda a: np.linalg.pinv(a, rcond=1e-4), LOW),
    (lambda a: np.linalg.pinv(a, rtol=None), SQUARE),
    (lambda a: np.linalg.pinv(a, rtol=1e-4), LOW),
    (lambda a: np.linalg.pinv(a, np.array([[1e-1, 1e-2, 1e-3]] * 2)), STACKED),
    (lambda a: np.linalg.pinv(a, 1e-4, hermitian=True), SYMMETRIC),
    (lambda a: np.linalg.pinv(a, rcond=0.5), SQUARE),
    *((lambda a: np.linalg.lstsq(a, np.cos(np.arange(a.shape[0]))), x) for x in (SQUARE, TALL, WIDE, WHOLE, LARGE)),
    (lambda a: np.linalg.lstsq(a, np.arange(6.0)), TALL),
    (lambda a: np.linalg.lstsq(a, np.arange(12.0).reshape(6, 2)), TALL),
    (lambda a: np.linalg.lstsq(a, np.arange(6.0), 0.5)[0], TALL),
    (lambda a: np.linalg.lstsq(a, np.arange(6.0), 1e-4)[::2], LOW),
    (lambda a: np.linalg.lstsq(a[:0], np.ones((0, 2))), TALL),
    (lambda a: np.linalg.lstsq(a[:, :0], np.ones(6))[::2], TALL),
    *((np.linalg.matrix_rank, x) for x in (SQUARE, TALL, LOW, STACKED, WHOLE, LARGE, SQUARE[:, 0], SQUARE[:, 0] * 0)),
    (lambda a: np.linalg.matrix_rank(a, hermitian=True, rtol=1e-4), SYMMETRIC),
    (lambda a: np.linalg.matrix_rank(a, 3.0), SQUARE),
    (lambda a: np.linalg.matrix_rank(a * 0), SQUARE),
    (lambda a: np.linalg.matrix_rank(a, rtol=0.3), STACKED),
    *((lambda a, p=p: np.linalg.cond(a, p), SQUARE) for p in (None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc")),
    *((lambda a, p=p: np.linalg.cond(a * [[0], [1], [1]], p), WHOLE) for p in (1, "fro")),
    (lambda a: np.linalg.cond(a * np.nan, 1), SQUARE),
    (np.linalg.cond, STACKED),
    (lambda a: np.linalg.cond(a[..., :3, :], 1), STACKED),
    (lambda a: np.linalg.multi_dot([a, a]), SQUARE),
    (lambda a: np.linalg.multi_dot([a.T, a, a.T]), TALL),
    (lambda a: np.linalg.multi_dot([a.T[0], a, a.T, a, a.T, np.arange(6)]), TALL),
    (lambda a: np.linalg.multi_dot([a.T, a, a.T, a[:, 0]]), TALL),
    (lambda a: np.linalg.tensorsolve(a, a[:, :, 0, 0, 0]), TENSOR),
    (lambda a: np.linalg.tensorsolve(np.moveaxis(a, 2, 0), a[:, :, 0, 0, 0], axes=(0,)), TENSOR.swapaxes(3, 5)),
    (np.linalg.tensorinv, TENSOR),
    (lambda a: np.linalg.tensorinv(a.reshape(24, 8, 3), ind=1), TENSOR),
]


@pytest.mark.parametrize("dtype", ["as it is", "float32", "complex"])
@pytest.mark.parametrize("number", range(len(CASES)))
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::numpy.exceptions.ComplexWarning")
def test_agrees_with_numpy(number: int, dtype: str) -> None:
    function, batch = CASES[number]
    if dtype == "complex":
        batch = phased(batch, (np.complex64, np.complex128)[number % 2])
    elif dtype != "as it is":
        batch = np.asarray(batch, dtype)
    wanted = [np.stack(r) for r in zip(*(_several(function(x)) for x in batch), strict=True)]
    for length in {0, 1, 5, len(batch)}:
        results = [np.asarray(r) for r in _several(vtrace.vmap(function)(batch[:length]))]
        for got, expected in zip(results, wanted, strict=True):
            expected = expected[:length]
            assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
            # Conditions are below 1000 here. Some steps may have been taken in the argument's dtype.
            coarsest = max(
                np.finfo(d).eps for d in (batch.dtype, expected.dtype, np.dtype(np.float64)) if d.kind in "fc"
            )
            unit = 1000 * coarsest if expected.dtype.kind in "fc" else 0
            size = np.max(np.abs(expected), initial=0, where=np.isfinite(expected))
            np.testing.assert_allclose(got, expected, rtol=20 * unit, atol=10 * unit * size)


def _several(results: Any) -> tuple[Any, ...]:
    return results if isinstance(results, tuple) else (results,)


def test_residuals_are_there_whatever_the_rank() -> None:
    b = np.arange(6.0)
    x, residuals, rank, _ = vtrace.vmap(lambda a: np.linalg.lstsq(a, b, 1e-10))(LOW)
    assert rank.tolist() == [3] * len(LOW)
    np.testing.assert_allclose(residuals[:, 0], np.sum((LOW @ x[:, :, None] - b[:, None]) ** 2, axis=(1, 2)))


WRONG: list[Callable[[Any], Any]] = [
    lambda a: np.linalg.pinv(a[0]),
    lambda a: np.linalg.pinv(a, 1e-3, rtol=1e-3),
    lambda a: np.linalg.lstsq(a, a[:2]),
    lambda a: np.linalg.lstsq(a[None], a[None]),
    lambda a: np.linalg.matrix_rank(a, 1e-3, rtol=1e-3),
    lambda a: np.linalg.cond(a[:0]),
    lambda a: np.linalg.cond(a[:2], 1),
    lambda a: np.linalg.multi_dot([a]),
    lambda a: np.linalg.multi_dot([a, a[None], a]),
    lambda a: np.linalg.tensorinv(a, 0),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_errors_are_worded_as_numpys(number: int) -> None:
    function = WRONG[number]
    with pytest.raises(ValueError) as theirs:
        function(SQUARE[0])
    with pytest.raises(type(theirs.value)) as ours:
        vtrace.vmap(function)(SQUARE)
    assert isinstance(ours.value, vtrace.VTraceError)
    assert str(theirs.value) in str(ours.value)
    assert "test_numpy_ranks.py" in str(ours.value)


def test_tensors_that_make_no_square_matrix_are_refused() -> None:
    with pytest.raises(vtrace.LinAlgError, match=r"prod\(a.shape\[b.ndim:\]\)"):
        vtrace.vmap(lambda a: np.linalg.tensorsolve(a, a[0]))(TALL)
