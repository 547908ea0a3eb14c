"""Complex matrices where no library helps, in loops and branches; what of them is read; and those without a result."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.complexes.oracle import numbers
from vtrace import lax

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "inv": np.linalg.inv,
    "solve": lambda a: np.linalg.solve(a, a[0]),
    "det": np.linalg.det,
    "slogdet": lambda a: tuple(np.linalg.slogdet(a)),
    "cholesky": lambda a: np.linalg.cholesky(a @ a.T.conj()),
    "qr": lambda a: tuple(np.linalg.qr(a)),
    "eigvalsh": np.linalg.eigvalsh,
    "svdvals": np.linalg.svdvals,
    "pinv": np.linalg.pinv,
}


def square(dtype: Any, *shape: int) -> Any:
    return numbers(dtype, *shape) + np.eye(shape[-1], dtype=dtype) * shape[-1]


def several(x: Any) -> Any:
    return x if isinstance(x, tuple) else (x,)


@pytest.mark.parametrize("rows", [2, 30])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_inside_of_loops(name: str, rows: int) -> None:
    """Where the algorithms are ours, whatever the size."""
    function, batch = FUNCTIONS[name], square(np.complex128, 3, 2, rows, rows)
    got = several(vtrace.vmap(lambda stack: lax.map(function, stack))(batch))
    wanted = zip(*(several(function(a)) for stack in batch for a in stack), strict=True)
    for g, w in zip(got, wanted, strict=True):
        expected = np.reshape(np.stack(w), g.shape)
        np.testing.assert_allclose(g, expected, rtol=1e-9, atol=1e-10 * max(1, float(np.max(np.abs(expected)))))


@pytest.mark.parametrize("rows", [3, 8, 32])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_bits_do_not_depend_on_the_batch(name: str, rows: int) -> None:
    mapped, batch = vtrace.vmap(FUNCTIONS[name]), square(np.complex64, 37, rows, rows)
    whole = several(mapped(batch))
    for start, stop in ((0, 1), (5, 12)):
        for all_of_it, part in zip(whole, several(mapped(batch[start:stop])), strict=True):
            assert all_of_it[start:stop].tobytes() == part.tobytes()


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_determinants_do_not_overflow_on_the_way(dtype: Any) -> None:
    far = float(np.finfo(dtype).max) ** 0.4
    diagonal = np.array([far, 1j * far, 1j * far, 1 / far, -1 / far, 1 / far], dtype)
    np.testing.assert_allclose(vtrace.vmap(lambda d: np.linalg.det(np.diag(d)))(diagonal[None]), [1], rtol=1e-5)


@pytest.mark.parametrize("rows", [3, 40])
def test_eigh_reads_one_triangle_and_the_real_diagonal(rows: int) -> None:
    batch = numbers(np.complex128, 4, rows, rows)
    for triangle in ("L", "U"):
        values, vectors = vtrace.vmap(lambda a, t=triangle: np.linalg.eigh(a, t))(batch)
        np.testing.assert_allclose(values, np.linalg.eigh(batch, triangle)[0], rtol=1e-9, atol=1e-10)
        half = np.tril(batch, -1) if triangle == "L" else np.triu(batch, 1)
        whole = half + np.conj(np.swapaxes(half, 1, 2)) + batch.real * np.eye(rows)
        np.testing.assert_allclose(whole @ vectors, vectors * values[:, None], atol=1e-11 * rows)


@pytest.mark.parametrize("rows", [3, 40])
@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (np.linalg.inv, "Singular matrix"),
        (lambda a: np.linalg.solve(a, a[0]), "Singular matrix"),
        (np.linalg.cholesky, "Matrix is not positive definite"),
        (lambda a: np.linalg.eigvalsh(a / a[0, 0]), "Eigenvalues did not converge"),
        (lambda a: np.linalg.svdvals(a / a[0, 0]), "SVD did not converge"),
        (lambda a: vtrace.linalg.solve_triangular(a, a[0]), "Singular matrix"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_matrix_without_a_result_is_named(function: Any, reason: str, rows: int) -> None:
    batch = np.stack([np.eye(rows, dtype=complex)] * 5)
    batch[3] = 0
    with pytest.raises(vtrace.LinAlgError, match=f"{reason}, batch element 3 .*test_matrices.py"):
        vtrace.vmap(function)(batch)


def test_a_branch_that_is_not_taken_does_not_fail() -> None:
    batch = np.stack([np.eye(3) * 2j, np.zeros((3, 3), complex)])
    got = vtrace.vmap(lambda a: lax.cond(np.linalg.det(a) != 0, np.linalg.inv, np.zeros_like, a))(batch)
    np.testing.assert_array_equal(got, [np.eye(3) / 2j, np.zeros((3, 3))])


def test_one_complex_operand_makes_the_system_complex() -> None:
    real, whole = np.random.default_rng(0).normal(size=(4, 3, 3)).astype(np.float32), numbers(np.complex64, 4, 3)
    for a, b in ((real, whole), (real.astype(np.complex64), whole.real.copy()), (real, whole.astype(complex))):
        got = vtrace.vmap(np.linalg.solve)(a, b)
        wanted = np.stack([np.linalg.solve(x, y) for x, y in zip(a, b, strict=True)])
        assert got.dtype == wanted.dtype
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-4)
