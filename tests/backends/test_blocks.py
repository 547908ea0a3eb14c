"""Short rows, alone in a vector or several in one: small matrices against NumPy, reading nothing behind an array."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.helpers import at_the_end_of_a_page

Array = Any

SHAPES = [(4, 4, 4), (2, 2, 2), (3, 3, 3), (8, 8, 8), (6, 5, 4), (3, 4, 2), (4, 2, 8), (1, 4, 3), (8, 1, 2), (5, 2, 6)]
"""Rows that fill a vector or half of one, rows that do not, and numbers of rows that are no power of two."""


def products(a: Array, b: Array) -> Any:
    return a @ b, b.T @ a.T, (a[::-1] @ b)[:, ::-1]


def sums(a: Array, b: Array) -> Any:
    return np.sum(a @ b, axis=0), np.sum(a, axis=0)[:, None] * b, a - np.max(a, axis=1, keepdims=True)


def places(a: Array, b: Array) -> Any:
    """What depends on where an element is, and other orders than that in memory."""
    row, column = np.arange(a.shape[0]), np.arange(a.shape[1])
    below = np.where(row[:, None] >= column, a, 0)
    return below, a * row[:, None] + column, np.reshape(a, (a.shape[1], a.shape[0])), np.concatenate([a, a[:, :1]], 1)


def batches(dtype: Any, m: int, k: int, n: int, count: int = 5) -> list[Array]:
    rng = np.random.default_rng(m * 100 + k * 10 + n)
    return [rng.integers(-9, 9, (count, *shape)).astype(dtype) for shape in ((m, k), (k, n))]


@pytest.mark.parametrize("function", [products, sums, places])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_small_matrices(function: Callable[..., Any], dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole numbers, so that the order of a sum does not matter."""
    monkeypatch.setenv("VTRACE_LAYOUT", "inner")
    for shape in SHAPES:
        a, b = batches(dtype, *shape)
        results = vtrace.vmap(function)(a, b)
        for number, result in enumerate(results):
            expected = np.stack([np.asarray(function(x, y)[number]) for x, y in zip(a, b, strict=True)])
            assert result.dtype == expected.dtype
            np.testing.assert_array_equal(result, expected, err_msg=f"{shape}, result {number}")


@pytest.mark.parametrize("function", [products, sums, places])
def test_nothing_is_read_behind_an_array(function: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTRACE_LAYOUT", "inner")
    for shape in SHAPES[::3]:
        a, b = batches(np.float32, *shape)
        expected = vtrace.vmap(function)(a, b)
        guarded = vtrace.vmap(function)(at_the_end_of_a_page(a), at_the_end_of_a_page(b))
        for result, wanted in zip(guarded, expected, strict=True):
            np.testing.assert_array_equal(result, wanted)
