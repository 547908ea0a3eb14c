"""vtrace.linalg against SciPy, on arrays and on batches of traced matrices, example by example."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg

import vtrace
from tests.complexes.oracle import phased

RNG = np.random.default_rng(0)
SQUARE = RNG.normal(size=(37, 5, 5)) + 3 * np.eye(5)
TALL = RNG.normal(size=(37, 6, 3))
WIDE = np.swapaxes(TALL, 1, 2)
DEFINITE = np.asarray(TALL @ WIDE + np.eye(6))
LOPSIDED = np.tril(DEFINITE) + 0.9 * np.triu(DEFINITE, 1)
STACKED = RNG.normal(size=(5, 2, 3, 4, 4)) + 3 * np.eye(4)
ROWS = RNG.normal(size=(37, 5))
WHOLE = RNG.integers(-5, 6, (5, 3, 3)) + 12 * np.eye(3, dtype=np.int64)
LARGE = RNG.normal(size=(5, 66, 66)) + 20 * np.eye(66)
EYE = np.eye(5)
STRUCTURES = ("gen", "general", "sym", "her", "pos", "diagonal", "tridiagonal", "lower triangular", "upper triangular")
NORMS = (10.0 ** RNG.uniform(-3, 1.3, 37))[:, None, None]

Case = tuple[Callable[[Any, Any], Any], Any]
"""A function of the module (SciPy's or ours) and an example, and the batch."""

CASES: list[Case] = [
    *((lambda la, a, t=t: la.solve_triangular(a, a[0], trans=t), SQUARE) for t in (0, 1, 2, "N", "T", "C")),
    *((lambda la, a, t=t: la.solve_triangular(a, a[:, :2], t, lower=True), SQUARE) for t in (0, 1)),
    (lambda la, a: la.solve_triangular(a / 9, a[0], unit_diagonal=True), SQUARE),
    (lambda la, a: la.solve_triangular(EYE + np.tril(np.ones((5, 5))), a, lower=True), ROWS),
    (lambda la, a: la.solve_triangular(a, a[0]), WHOLE),
    (lambda la, a: la.solve_triangular(a, a[:, 0], lower=True), LARGE),
    *((lambda la, a: la.lu_factor(a), x) for x in (SQUARE, TALL, WIDE, WHOLE, LARGE)),
    *((lambda la, a, t=t: la.lu_solve(la.lu_factor(a), a[0], t), SQUARE) for t in (0, 1)),
    (lambda la, a: la.lu_solve(la.lu_factor(a), a[:, :2]), SQUARE),
    (lambda la, a: la.lu_solve(la.lu_factor(SQUARE[0]), a), ROWS),
    *((lambda la, a: la.lu(a), x) for x in (SQUARE, TALL, WIDE, WHOLE, STACKED, LARGE)),
    (lambda la, a: la.lu(a, permute_l=True), SQUARE),
    (lambda la, a: la.lu(a, p_indices=True), TALL),
    *((lambda la, a, low=low: la.cholesky(a, lower=low), LOPSIDED) for low in (False, True)),
    *((lambda la, a, low=low: la.cho_solve(la.cho_factor(a, low), a[0]), LOPSIDED) for low in (False, True)),
    (lambda la, a: la.cho_solve(la.cho_factor(a, lower=True), a[:, :2]), DEFINITE),
    *((lambda la, a, s=s: la.solve(a, a[0], assume_a=s), LOPSIDED) for s in STRUCTURES if s != "tridiagonal"),
    *((lambda la, a, s=s: la.solve(a, a[:, 1:], assume_a=s, lower=True), LOPSIDED) for s in ("sym", "pos")),
    (lambda la, a: la.solve(np.triu(np.tril(a, 1), -1), a[0], assume_a="tridiagonal"), SQUARE),
    (lambda la, a: la.solve(a, a[0], transposed=not np.iscomplexobj(a)), SQUARE),
    (lambda la, a: la.solve(a, a[0]), WHOLE),
    (lambda la, a: la.inv(a), SQUARE),
    (lambda la, a: la.inv(a, assume_a="pos", lower=True), LOPSIDED),
    (lambda la, a: la.det(a), SQUARE),
    *((lambda la, a, m=m: la.qr(a, mode=m), x) for m in ("full", "economic", "r") for x in (TALL, WIDE)),
    (lambda la, a: la.svd(a)[1], TALL),
    (lambda la, a: la.svd(a, compute_uv=False), WIDE),
    *((lambda la, a, s=s: la.polar(a, side=s), x) for s in ("right", "left") for x in (SQUARE, TALL, WIDE)),
    (lambda la, a: la.eigh(a)[0], LOPSIDED),
    (lambda la, a: la.eigh(a, lower=False, eigvals_only=True), LOPSIDED),
    (lambda la, a: la.eigh(a, 2 * a + np.eye(6), eigvals_only=True), LOPSIDED),
    (lambda la, a: np.abs(la.eigh(a[:3, :3], 2 * a[3:, 3:] + np.eye(3), lower=False)[1]), LOPSIDED),
    (lambda la, a: la.expm(a), (SQUARE - 3 * EYE) * NORMS),
    (lambda la, a: la.expm(a), SQUARE * 1e-9),
    (lambda la, a: la.expm(a), STACKED),
    (lambda la, a: la.expm(a / 12), WHOLE),
    (lambda la, a: la.expm(a[:1, :1] * 0), SQUARE),
    (lambda la, a: la.expm(a[:0, :0]), SQUARE),
    (lambda la, a: la.block_diag(a, 2, a[0], [[1, 2]]), TALL),
    (lambda la, a: la.block_diag(a, np.zeros((2, 0)), a), WHOLE),
    *((lambda la, a: la.toeplitz(a), x) for x in (ROWS, WHOLE[:, 0], ROWS + 1j)),
    (lambda la, a: la.toeplitz(a, a[1:] * 2), ROWS),
    (lambda la, a: la.toeplitz(np.arange(3), a), ROWS),
    *((lambda la, a: la.circulant(a), x) for x in (ROWS, WHOLE)),
    (lambda la, a: la.hankel(a), ROWS),
    (lambda la, a: la.hankel(a, a[1:] * 2), ROWS),
]


@pytest.mark.parametrize("dtype", ["as it is", "float32", "complex"])
@pytest.mark.parametrize("number", range(len(CASES)))
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::numpy.exceptions.ComplexWarning")
def test_agrees_with_scipy(number: int, dtype: str) -> None:
    function, batch = CASES[number]
    if dtype == "complex":
        batch = phased(batch, (np.complex64, np.complex128)[number % 2])
    elif dtype != "as it is":
        batch = np.asarray(batch, "complex64" if batch.dtype.kind == "c" else dtype)
    wanted = [np.stack(r) for r in zip(*(_several(function(scipy.linalg, x)) for x in batch), strict=True)]
    batched = vtrace.vmap(lambda x: function(vtrace.linalg, x))
    for length in {0, 1, 5, len(batch)}:
        results = [np.asarray(r) for r in _several(batched(batch[:length]))]
        assert len(results) == len(wanted)
        for got, expected in zip(results, wanted, strict=True):
            expected = expected[:length]
            assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
            floats = [t for t in (expected.dtype, batch.dtype) if t.kind in "fc"]
            unit = 2000 * max(np.finfo(t).eps for t in floats) if expected.dtype.kind in "fc" else 0
            size = np.max(np.abs(expected), axis=tuple(range(1, expected.ndim)), keepdims=True, initial=0)
            assert np.all(np.abs(got - expected) <= 10 * unit * size)


def _several(results: Any) -> tuple[Any, ...]:
    return results if isinstance(results, tuple) else (results,)


def test_arrays_are_done_by_scipy() -> None:
    np.testing.assert_array_equal(vtrace.linalg.expm(SQUARE[0]), scipy.linalg.expm(SQUARE[0]))
    np.testing.assert_array_equal(vtrace.linalg.toeplitz([1, 2]), [[1, 2], [2, 1]])
    captured = vtrace.vmap(lambda x: x + vtrace.linalg.inv(SQUARE[0]))(SQUARE)
    np.testing.assert_array_equal(captured, SQUARE + scipy.linalg.inv(SQUARE[0]))


@pytest.mark.parametrize("structure", ["gen", "her", "pos", "upper triangular", "diagonal"])
def test_transposes_of_complex_matrices(structure: Any) -> None:
    """SciPy does not solve with those."""
    batch = phased(DEFINITE)
    read = {"upper triangular": np.triu(batch), "diagonal": batch * np.eye(6)}.get(structure, batch)
    wanted = np.linalg.solve(np.swapaxes(read, 1, 2), batch)
    got = vtrace.vmap(lambda a: vtrace.linalg.solve(a, a, assume_a=structure, transposed=True))(batch)
    np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("trans", [0, 1])
def test_stacks_are_solved_matrix_by_matrix(trans: int) -> None:
    def stacked(a: Any) -> Any:
        return vtrace.linalg.lu_solve(vtrace.linalg.lu_factor(a), a[..., :2], trans)

    wanted = np.linalg.solve(np.swapaxes(STACKED, -1, -2) if trans else STACKED, STACKED[..., :2])
    np.testing.assert_allclose(vtrace.vmap(stacked)(STACKED), wanted, rtol=1e-10, atol=1e-12)


def test_exponentials_do_not_depend_on_the_batch() -> None:
    batch = SQUARE * NORMS
    expm = vtrace.vmap(vtrace.linalg.expm)
    alone = np.concatenate([expm(batch[k : k + 1]) for k in range(len(batch))])
    np.testing.assert_array_equal(expm(batch), alone)


def test_exponentials_of_what_is_not_finite_end() -> None:
    batch = np.stack([EYE, np.full((5, 5), np.nan), np.full((5, 5), np.inf), EYE * 1e300])
    result = vtrace.vmap(vtrace.linalg.expm)(batch)
    assert np.isfinite(result[0]).all()
    assert not np.isfinite(result[1:]).all(axis=(1, 2)).any()


SINGULAR = np.stack([EYE, EYE, np.diag([1.0, 1, 0, 1, 1])])


@pytest.mark.parametrize(
    "function",
    [
        lambda la, a: la.solve_triangular(a, a[0]),
        lambda la, a: la.lu_solve(la.lu_factor(a), a[0]),
        lambda la, a: la.solve(a, a[0]),
        lambda la, a: la.solve(a, a[0], assume_a="diagonal"),
        lambda la, a: la.inv(a),
        lambda la, a: la.cholesky(a),
        lambda la, a: la.cho_solve(la.cho_factor(a), a[0]),
        lambda la, a: la.eigh(a, a),
    ],
)
def test_matrices_without_a_result_are_named(function: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(vtrace.LinAlgError, match=r"batch element 2 \(.*test_linalg_module.py"):
        vtrace.vmap(lambda a: function(vtrace.linalg, a))(SINGULAR)


WRONG: list[tuple[Callable[[Any, Any], Any], type[Exception], str]] = [
    (
        lambda la, a: la.solve_triangular(a, a[0, :2]),
        ValueError,
        r"solve_triangular: shapes of a \(5, 5\) and b \(2,\)",
    ),
    (lambda la, a: la.solve(a, a[0, 0]), ValueError, "solve: shapes of"),
    (lambda la, a: la.lu_solve(la.lu_factor(a), a[:2]), ValueError, "lu_solve: shapes of"),
    (lambda la, a: la.solve_triangular(a[:2], a[0]), ValueError, "must be square"),
    (lambda la, a: la.solve_triangular(a, a[0], trans="X"), ValueError, "trans must be"),
    (lambda la, a: la.solve(a, a[0], assume_a="odd"), ValueError, "odd is not a recognized matrix structure"),
    (lambda la, a: la.qr(a, mode="odd"), ValueError, "Mode argument should be one of"),
    (lambda la, a: la.qr(a, pivoting=True), NotImplementedError, "vtrace.linalg.qr with pivoting=True"),
    (lambda la, a: la.eigh(a, type=2), NotImplementedError, "vtrace.linalg.eigh with type=2"),
    (lambda la, a: la.eigh(a, a[:2, :2]), ValueError, "wrong b dimensions"),
    (lambda la, a: la.polar(a, "top"), ValueError, "must be either 'right' or 'left'"),
    (lambda la, a: la.toeplitz(a), ValueError, "toeplitz takes vectors"),
    (lambda la, a: la.block_diag(a[None]), ValueError, "block_diag takes matrices"),
    (lambda la, a: la.cho_solve((a, a[0, 0] > 0), a[0]), ValueError, "lower must be known"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_errors_say_what_is_wrong(number: int) -> None:
    function, error, match = WRONG[number]
    with pytest.raises(error, match=match) as raised:
        vtrace.vmap(lambda a: function(vtrace.linalg, a))(SQUARE)
    assert isinstance(raised.value, vtrace.VTraceError)
    assert "test_linalg_module.py" in str(raised.value)
