"""Folds whose many elements are of different rows: lanes along the rows, a few rows at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax

Array = Any


def times(a: Array, v: Array) -> Array:
    return np.tanh(a @ v) + 1


def sums(a: Array, v: Array) -> Array:
    return np.sum(a * v, axis=1) - np.max(a, axis=1) + np.sum(a, axis=0)[: a.shape[0]]


def softmax(a: Array, v: Array) -> Array:
    e = np.exp(a - np.max(a, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True) * v


def again(a: Array, v: Array) -> Array:
    """Products within a loop."""
    return lax.fori_loop(0, 3, lambda _, w: a.T @ np.sin(a @ w) * 0.1, v)


def whole(a: Array, v: Array) -> Array:
    return np.where(a @ v > 0, np.argmax(a, axis=1), np.all(a > -3, axis=1))


PROGRAMS: list[Callable[[Array, Array], Array]] = [times, sums, softmax, again, whole]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("rows", "columns"), [(17, 19), (23, 37), (64, 130), (101, 203)])
@pytest.mark.parametrize("f", PROGRAMS)
def test_rows(f: Callable[[Array, Array], Array], rows: int, columns: int, dtype: type) -> None:
    rng = np.random.default_rng(rows)
    a, v = rng.normal(size=(3, rows, columns)).astype(dtype), rng.normal(size=(3, columns)).astype(dtype)
    with vtrace.disable_jit():
        wanted = vtrace.vmap(f)(a, v)
    tolerance = 2e-4 if dtype is np.float32 else 1e-11
    np.testing.assert_allclose(vtrace.vmap(f)(a, v), wanted, rtol=tolerance, atol=tolerance * columns)
    np.testing.assert_allclose(vtrace.jit(f)(a[0], v[0]), wanted[0], rtol=tolerance, atol=tolerance * columns)
    alone = vtrace.vmap(f)(a[1:2], v[1:2])
    np.testing.assert_array_equal(alone[0], vtrace.vmap(f)(a, v)[1])


def test_no_element_is_fetched_by_itself() -> None:
    a, v = np.ones((64, 130)), np.ones(130)
    asm = vtrace.jit(lambda a, v: lax.fori_loop(0, 3, lambda _, w: a.T @ (a @ w), v)).inspect(a, v).asm
    assert "gather" not in asm
