"""np.linalg.eig and eigvals: NumPy's numbers, always complex."""

from typing import Any

import numpy as np
import pytest

import vtrace
from tests.complexes.oracle import phased
from vtrace import lax

RNG = np.random.default_rng(0)
SQUARE = RNG.normal(size=(37, 5, 5))
STACKED = RNG.normal(size=(4, 2, 3, 3, 3))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128, np.int64])
@pytest.mark.parametrize("batch", [SQUARE, STACKED, SQUARE[:0], SQUARE[:, :0, :0], RNG.normal(size=(3, 40, 40))])
def test_values_and_vectors_are_numpys(batch: Any, dtype: Any) -> None:
    batch = phased(batch, dtype) if np.dtype(dtype).kind == "c" else (batch * 9).astype(dtype)
    whole = np.result_type(dtype, np.complex64) if dtype != np.float64 else np.complex128
    results = vtrace.vmap(np.linalg.eig)(batch)
    assert type(results) is type(np.linalg.eig(np.eye(1)))
    values, vectors = results
    assert values.dtype == vectors.dtype == whole
    assert vtrace.vmap(np.linalg.eigvals)(batch).shape == values.shape == batch.shape[:-1]
    for n, matrices in enumerate(batch):
        for at in np.ndindex(*matrices.shape[:-2]):  # each may be real or not
            wanted = np.linalg.eig(matrices[at])
            np.testing.assert_array_equal(values[n][at], wanted[0])
            np.testing.assert_array_equal(vectors[n][at], wanted[1])
            np.testing.assert_allclose(
                np.sort_complex(vtrace.jit(np.linalg.eigvals)(matrices[at])),
                np.sort_complex(np.linalg.eigvals(matrices[at])),
                rtol=1e-3 if np.finfo(whole).bits == 32 else 1e-9,
            )


def test_bits_do_not_depend_on_the_batch() -> None:
    eig = vtrace.vmap(np.linalg.eig)
    whole = eig(SQUARE)
    for start, stop in ((0, 1), (3, 20)):
        for all_of_it, part in zip(whole, eig(SQUARE[start:stop]), strict=True):
            np.testing.assert_array_equal(all_of_it[start:stop], part)


def test_they_feed_what_follows() -> None:
    """The square root of a matrix, by its eigenvalues."""

    def root(a: Any) -> Any:
        values, vectors = np.linalg.eig(a)
        return np.linalg.solve(vectors.T, (vectors * np.sqrt(values)).T).T

    roots = vtrace.vmap(root)(SQUARE)
    np.testing.assert_allclose(roots @ roots, SQUARE, atol=1e-10)
    nested = vtrace.vmap(vtrace.vmap(np.linalg.eigvals, in_axes=1), in_axes=1)(STACKED)
    wanted = np.linalg.eigvals(np.moveaxis(STACKED, 0, 2))
    np.testing.assert_allclose(np.sort_complex(nested), np.sort_complex(wanted), rtol=1e-10)


def test_a_matrix_that_is_not_finite_is_named() -> None:
    batch = SQUARE.copy()
    batch[3, 1, 1] = np.nan
    with pytest.raises(vtrace.LinAlgError, match=r"Eigenvalues did not converge, batch element 3 \(.*eigenvalues.py"):
        vtrace.vmap(np.linalg.eigvals)(batch)


def test_no_library_is_called_in_loops() -> None:
    with pytest.raises(vtrace.UnsupportedError, match=r"np.linalg.eigvals inside of a loop .* np.linalg.eigh"):
        vtrace.vmap(lambda x: lax.map(np.linalg.eigvals, x))(STACKED[:, 0])
    with pytest.raises(vtrace.LinAlgError, match="must be square"):
        vtrace.vmap(lambda x: np.linalg.eig(x[:2]))(SQUARE)
