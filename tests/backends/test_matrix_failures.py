"""Matrices without a result: the first failing example is told, however the work is done, and what is unused is not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax
from vtrace.backends import threads

GOOD = {n: np.random.default_rng(n).normal(size=(300, n, n)) + 3 * n * np.eye(n) for n in (2, 5, 64)}
"""Matrices of 64 rows go to LAPACK."""
SINGULAR = "Singular matrix"
CASES: list[tuple[Callable[[Any], Any], str, float]] = [
    (np.linalg.inv, SINGULAR, 0.0),
    (lambda a: np.linalg.solve(a, a[0]), SINGULAR, 0.0),
    (lambda a: np.linalg.matrix_power(a, -2), SINGULAR, 0.0),
    (lambda a: np.linalg.cholesky(a @ a.T * np.sign(a[0, 0])), "Matrix is not positive definite", -1.0),
    (lambda a: np.linalg.cholesky(a @ a.T, upper=True), "Matrix is not positive definite", 0.0),
    (lambda a: np.linalg.eigh(a)[1], "Eigenvalues did not converge", np.nan),
    (np.linalg.eigvalsh, "Eigenvalues did not converge", np.inf),
    (np.linalg.svd, "SVD did not converge", np.nan),
    (np.linalg.svdvals, "SVD did not converge", np.inf),
]


def with_bad(n: int, value: float, *places: int) -> Any:
    batch = GOOD[n].copy() if n < 64 else GOOD[n][:40].copy()
    batch[list(places)] = value
    return batch


@pytest.mark.parametrize("n", [2, 5, 64])
@pytest.mark.parametrize("number", range(len(CASES)))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_first_failing_example_is_told(number: int, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    function, text, value = CASES[number]
    f = vtrace.vmap(function)
    for count in (1, 3):
        monkeypatch.setattr(threads, "thread_count", lambda count=count: count)
        for places in ((0,), (39,), (33, 17, 38)):
            batch = with_bad(n, value, *places)
            with pytest.raises(
                np.linalg.LinAlgError, match=rf"{text}, batch element {min(places)} \(.*\.py:"
            ) as raised:
                f(batch)
            assert isinstance(raised.value, vtrace.VTraceError)
        f(with_bad(n, 2.0)[:0])
        f(with_bad(n, 2.0))


@pytest.mark.parametrize("n", [2, 5, 64])
def test_determinants_of_singular_matrices_are_zero(n: int) -> None:
    batch = with_bad(n, 0.0, 3, 7)
    got = vtrace.vmap(np.linalg.det)(batch)
    assert (np.flatnonzero(got == 0) == [3, 7]).all()
    sign, size = vtrace.vmap(np.linalg.slogdet)(batch)
    assert (sign[[3, 7]] == 0).all()
    assert (size[[3, 7]] == -np.inf).all()


@pytest.mark.parametrize("n", [2, 5])
def test_branches_that_are_not_taken_never_fail(n: int) -> None:
    batch = with_bad(n, 0.0, 0, 5, 6)

    def careful(a: Any) -> Any:
        return lax.cond(np.linalg.det(a) != 0, np.linalg.inv, lambda a: a, a)

    got = vtrace.vmap(careful)(batch)
    wanted = np.stack([np.linalg.inv(a) if a.any() else a for a in batch])
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


def test_what_examples_share_fails_only_if_there_are_examples() -> None:
    f = vtrace.vmap(lambda a, x: np.linalg.inv(a) * x, in_axes=(None, 0))
    assert f(np.zeros((2, 2)), np.ones(0)).shape == (0, 2, 2)
    with pytest.raises(np.linalg.LinAlgError, match=SINGULAR):
        f(np.zeros((2, 2)), np.ones(3))
    np.testing.assert_allclose(f(np.eye(2) * 2, np.ones(3)), np.stack([np.eye(2) / 2] * 3))
    assert f(np.zeros((40, 40)), np.ones(0)).shape == (0, 40, 40)


def test_loops_fail_where_they_are() -> None:
    def refine(a: Any) -> Any:
        return lax.fori_loop(0, 3, lambda i, x: np.linalg.inv(x) - a * (i == 0), a)

    batch = GOOD[2][:20].copy()
    batch[4] = np.eye(2)  # whose inverse minus itself is zero
    with pytest.raises(np.linalg.LinAlgError, match=rf"{SINGULAR}, batch element 4 \("):
        vtrace.vmap(refine)(batch)


@pytest.mark.parametrize("n", [2, 5, 64])
def test_the_interpreter_fails_too(n: int) -> None:
    with vtrace.disable_jit(), pytest.raises(vtrace.LinAlgError, match=SINGULAR):
        vtrace.vmap(np.linalg.inv)(with_bad(n, 0.0, 3)[:5])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 3, 6, 20, 41, 64])
def test_bits_do_not_depend_on_the_batch(n: int, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(n)
    batch = (rng.normal(size=(21, n, n)) + np.eye(n)).astype(dtype)
    batch[5] = np.eye(n)  # needs no rotations, no exchanges of rows

    def everything(a: Any) -> Any:
        definite = a @ a.T + np.eye(n, dtype=dtype)
        factors = (np.linalg.inv(a), np.linalg.solve(a, a[0]), np.linalg.det(a), np.linalg.cholesky(definite))
        return *factors, *np.linalg.qr(a), *np.linalg.eigh(definite), *np.linalg.svd(a)

    f = vtrace.vmap(everything if n < 20 else lambda a: everything(a)[:6])
    whole = f(batch)
    for count in (1, 3):
        monkeypatch.setattr(threads, "thread_count", lambda count=count: count)
        for start, stop in ((0, 1), (5, 6), (4, 7), (2, 21)):
            for all_, part in zip(whole, f(batch[start:stop]), strict=True):
                np.testing.assert_array_equal(all_[start:stop], part)
