"""np.linalg on traced arrays: a table of functions, each run on a batch and compared with NumPy, example by example."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.complexes.oracle import phased

RNG = np.random.default_rng(0)
SQUARE = RNG.normal(size=(9, 5, 5)) + 3 * np.eye(5)
TALL = RNG.normal(size=(9, 6, 3))
DEFINITE = np.asarray(TALL @ np.swapaxes(TALL, 1, 2) + np.eye(6))
STACKED = RNG.normal(size=(4, 2, 3, 3, 3)) + 2 * np.eye(3)
WHOLE = RNG.integers(-5, 6, (9, 3, 3)) + 12 * np.eye(3, dtype=np.int64)
LARGE = RNG.normal(size=(5, 70, 70)) + 20 * np.eye(70)

Case = tuple[Callable[..., Any], Any]


CASES: list[Case] = [
    (np.linalg.inv, SQUARE),
    (np.linalg.inv, WHOLE),
    (np.linalg.inv, STACKED),
    (np.linalg.inv, LARGE),
    (np.linalg.inv, SQUARE[:, :0, :0]),
    (lambda a: np.linalg.solve(a, a[0]), SQUARE),
    (lambda a: np.linalg.solve(a, a[:, :2]), SQUARE),
    (lambda a: np.linalg.solve(a, a[0]), WHOLE),
    (lambda a: np.linalg.solve(a.astype(np.float32), a[0]), SQUARE),
    (lambda a: np.linalg.solve(a, np.arange(5)), SQUARE),
    (lambda a: np.linalg.solve(np.eye(5) * 4, a), SQUARE),
    (lambda a: np.linalg.solve(a, a[0, 0, 0]), STACKED),
    (lambda a: np.linalg.solve(a[0, 0], a), STACKED),
    (lambda a: np.linalg.solve(a, a[:1]), STACKED),
    (lambda a: np.linalg.solve(a, a[:, :3]), LARGE),
    (np.linalg.det, SQUARE),
    (np.linalg.det, WHOLE > 12),
    (np.linalg.det, STACKED),
    (np.linalg.det, LARGE),
    (lambda a: np.linalg.det(a * 0), SQUARE),
    (lambda a: np.linalg.det(a * 1e70), SQUARE),
    (np.linalg.slogdet, SQUARE),
    (np.linalg.slogdet, STACKED),
    (np.linalg.slogdet, LARGE),
    (lambda a: np.linalg.slogdet(a * 0), SQUARE),
    (lambda a: np.linalg.slogdet(-a).logabsdet, SQUARE),
    (np.linalg.cholesky, DEFINITE),
    (lambda a: np.linalg.cholesky(a, upper=True), np.tril(DEFINITE) + np.triu(DEFINITE, 1) * 0.9),
    (lambda a: np.linalg.cholesky(a @ a.T.conj()), LARGE),
    (np.linalg.qr, SQUARE),
    (np.linalg.qr, TALL),
    (np.linalg.qr, np.swapaxes(TALL, 1, 2)),
    (lambda a: np.linalg.qr(a, "complete"), TALL),
    (lambda a: np.linalg.qr(a, mode="r"), TALL),
    (np.linalg.qr, STACKED),
    (np.linalg.qr, LARGE),
    (lambda a: np.linalg.eigh(a).eigenvalues, SQUARE),
    (lambda a: np.linalg.eigh(a, "U")[0], SQUARE),
    (lambda a: np.abs(np.linalg.eigh(a).eigenvectors), DEFINITE[:, :3, :3]),
    (np.linalg.eigvalsh, SQUARE),
    (lambda a: np.linalg.eigvalsh(a, UPLO="u"), STACKED),
    (np.linalg.eigvalsh, LARGE),
    (lambda a: np.linalg.svd(a)[1], SQUARE),
    (lambda a: np.linalg.svd(a, compute_uv=False), np.swapaxes(TALL, 1, 2)),
    (lambda a: np.abs(np.linalg.svd(a, full_matrices=False).U), TALL),
    (np.linalg.svdvals, STACKED),
    (np.linalg.svdvals, LARGE),
    *((lambda a, n=n: np.linalg.matrix_power(a, n), SQUARE) for n in (-3, -1, 0, 1, 2, 3, 5, 6)),
    *((lambda a, n=n: np.linalg.matrix_power(a, n), WHOLE) for n in (-1, 0, 3, 7)),
    (lambda a: np.linalg.matrix_power(a, 4), STACKED),
    *((lambda a, p=p: np.linalg.norm(a, p), SQUARE) for p in (None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)),
    (lambda a: np.linalg.norm(a, 2, axis=(2, 0), keepdims=True), STACKED),
    (lambda a: np.linalg.norm(a, "nuc", axis=(0, -1)), STACKED),
    (lambda a: np.linalg.matrix_norm(a, ord=2), STACKED),
    (lambda a: np.linalg.matrix_norm(a, keepdims=True), STACKED),
    (lambda a: np.linalg.norm(a, 2), WHOLE),
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
    results = [np.asarray(r) for r in _several(vtrace.vmap(function)(batch))]
    wanted = [np.stack(r) for r in zip(*(_several(function(x)) for x in batch), strict=True)]
    for got, expected in zip(results, wanted, strict=True):
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        # Conditions are below 200 here, and nothing is scaled by more than the largest element.
        unit = 200 * np.finfo(expected.dtype).eps if expected.dtype.kind in "fc" else 0
        size = np.max(np.abs(expected), initial=0, where=np.isfinite(expected))
        np.testing.assert_allclose(got, expected, rtol=20 * unit, atol=10 * unit * size)


def _several(results: Any) -> tuple[Any, ...]:
    return results if isinstance(results, tuple) else (results,)


def adjoint(x: Any) -> Any:
    return np.conj(np.swapaxes(x, 1, 2))


@pytest.mark.parametrize("name", ["slogdet", "qr", "eigh", "svd"])
def test_several_results_have_names(name: str) -> None:
    function = getattr(np.linalg, name)
    assert type(vtrace.vmap(function)(DEFINITE)) is type(function(DEFINITE))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (7, 4), (4, 7), (12, 12), (60, 8)])
def test_factors_multiply_to_the_matrix(shape: tuple[int, int], dtype: type) -> None:
    """Also where singular values are equal, zero, or far apart, so that there are many good factors."""
    rng = np.random.default_rng(1)
    batch = rng.normal(size=(8, *shape)).astype(np.result_type(dtype, np.float64))
    if batch.dtype.kind == "c":
        batch.imag = rng.normal(size=batch.shape)
    batch[1] = 0
    batch[2] = np.eye(*shape)
    batch[3] = batch[3, :1] * batch[3, :, :1]
    batch[4] *= 10.0 ** rng.integers(-8, 8, shape)
    batch[5] *= 1e-30
    batch[6] *= 1e30
    batch = batch.astype(dtype)
    slack = 40 * max(shape) * float(np.finfo(dtype).eps)

    def check(left: Any, right: Any, wanted: Any) -> None:
        size = np.max(np.abs(wanted), axis=(1, 2), keepdims=True)
        assert np.all(np.abs(left @ right - wanted) <= slack * size)

    def check_orthonormal(q: Any) -> None:
        assert np.max(np.abs(adjoint(q) @ q - np.eye(q.shape[2])), initial=0) <= slack

    for full in (False, True):
        u, s, vh = vtrace.vmap(lambda a, full=full: np.linalg.svd(a, full))(batch)
        inner = s.shape[1]
        check(u[:, :, :inner] * s[:, None], vh[:, :inner], batch)
        check_orthonormal(u)
        check_orthonormal(adjoint(vh))
        assert np.all(s >= 0)
        assert np.all(s[:, 1:] <= s[:, :-1])
    for mode in ("reduced", "complete"):
        q, r = vtrace.vmap(lambda a, mode=mode: np.linalg.qr(a, mode))(batch)
        check(q, r, batch)
        check_orthonormal(q)
        assert np.all(np.tril(r, -1) == 0)
    if shape[0] == shape[1]:
        symmetric = batch + adjoint(batch)
        values, vectors = vtrace.vmap(np.linalg.eigh)(symmetric)
        check(vectors * values[:, None], adjoint(vectors), symmetric)
        check_orthonormal(vectors)
        assert np.all(np.diff(values, axis=1) >= 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (5, 5), (9, 4), (4, 9)])
def test_singular_values_of_matrices_of_low_rank(shape: tuple[int, int], dtype: type) -> None:
    """What is left of a column that depends on others is errors of rounding, which rotations do not make smaller."""
    rng = np.random.default_rng(2)
    rows, columns = shape
    dependent = rng.normal(size=(30, rows, columns))
    dependent[:, :, 1] = dependent[:, :, 0]
    no_row = rng.normal(size=(30, rows, columns)) * (np.arange(rows) > 0)[:, None]
    rank_one = rng.normal(size=(30, rows, 1)) @ rng.normal(size=(30, 1, columns))
    for batch in (dependent, no_row, rank_one, rng.integers(-1, 2, (30, rows, columns))):
        batch = np.asarray(phased(batch) if np.dtype(dtype).kind == "c" else batch, dtype)
        wanted = np.linalg.svd(batch.astype(np.result_type(dtype, np.float64)), compute_uv=False)
        slack = 40 * np.finfo(dtype).eps * np.max(wanted)
        np.testing.assert_allclose(vtrace.vmap(np.linalg.svdvals)(batch), wanted, rtol=0, atol=slack)
        np.testing.assert_allclose(vtrace.vmap(np.linalg.svd)(batch).S, wanted, rtol=0, atol=slack)


WRONG: list[Callable[[Any], Any]] = [
    lambda a: np.linalg.inv(a[0]),
    lambda a: np.linalg.inv(a[:2]),
    lambda a: np.linalg.det(a[0, 0]),
    lambda a: np.linalg.cholesky(a[:, :1]),
    lambda a: np.linalg.solve(a, a[:2]),
    lambda a: np.linalg.solve(a, a[0, :2]),
    lambda a: np.linalg.solve(a, a[0, 0]),
    lambda a: np.linalg.solve(a[None] + np.zeros((2, 1, 1)), a[None] + np.zeros((3, 1, 1))),
    lambda a: np.linalg.qr(a[0]),
    lambda a: np.linalg.qr(a, "q"),
    lambda a: np.linalg.eigh(a, "X"),
    lambda a: np.linalg.svd(a[0]),
    lambda a: np.linalg.matrix_power(a[:2], 2),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_errors_are_worded_as_numpys(number: int) -> None:
    function = WRONG[number]
    with pytest.raises(ValueError) as theirs:
        function(SQUARE[0])
    with pytest.raises(type(theirs.value)) as ours:
        vtrace.vmap(function)(SQUARE)
    assert isinstance(ours.value, vtrace.VTraceError)
    assert str(theirs.value).split("shapes")[0].strip() in str(ours.value)
    assert "test_numpy_matrices.py" in str(ours.value)


def test_what_is_not_supported_is_refused() -> None:
    with pytest.raises(vtrace.UnsupportedError, match="mode='raw'"):
        vtrace.vmap(lambda a: np.linalg.qr(a, "raw"))(SQUARE)
    with pytest.raises(vtrace.ArgumentError, match="exponent must be an integer"):
        vtrace.vmap(lambda a: np.linalg.matrix_power(a, 0.5))(SQUARE)
    with pytest.raises(vtrace.ShapeError, match="Invalid norm order"):
        vtrace.vmap(lambda a: np.linalg.norm(a, 3))(SQUARE)
