"""Programs without a batch that read other rows of a value than the one they compute: all must be computed, not one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import vtrace
from vtrace import lax


def cheap(x: Any) -> Any:
    """Not dear enough for a kernel of its own, and too dear to be computed again and again."""
    return x * 2 + 1 - 3 * x + x * x * 0.5 - x


PROGRAMS: list[Callable[[Any], Any]] = [
    lambda x: cheap(x).T @ cheap(x),
    lambda x: cheap(x) @ cheap(x),
    lambda x: cheap(x) @ cheap(x).T,
    lambda x: (cheap(x), cheap(x).T @ cheap(x)),
    lambda x: cheap(x)[np.array([3, 1, 0, 2, 2])] + cheap(x)[::-1],
    lambda x: np.sum(cheap(x)[:, None, :] * cheap(x)[None, :, :], axis=-1),
    lambda x: np.sum(cheap(x[0]) * cheap(x), axis=1) + np.sum(cheap(x), axis=0),
    lambda x: np.argmax(cheap(x).T, axis=1) + np.argmax(cheap(x), axis=1),
    lambda x: np.max(sliding_window_view(np.pad(cheap(x), 2), (5, 5)), axis=(2, 3)),
    lambda x: np.reshape(sliding_window_view(np.pad(x, 1), (3, 3)), (25, 9)),
    lambda x: np.sum(np.reshape(np.concatenate([cheap(x), cheap(x)]), (5, 10)) * 2, axis=1),
    lambda x: np.einsum("bij,bjk->bik", np.stack([cheap(x), x] * 2 + [x]), np.stack([x, cheap(x)] * 2 + [x])),
    lambda x: np.exp(x - np.max(x, axis=1, keepdims=True)) / np.sum(np.exp(x), axis=0),
    lambda x: cheap(x)[np.argmax(x, axis=1)],
    lambda x: cheap(x)[:, np.argmax(cheap(x), axis=0)],
    lambda x: cheap(x)[np.arange(5), np.argmax(cheap(x), axis=1)],
    lambda x: cheap(x)[np.argmax(cheap(x), axis=1), np.argmin(x, axis=0)],
    lambda x: np.take_along_axis(cheap(x), np.argmax(cheap(x), axis=1)[:, None], axis=1) + cheap(x),
    lambda x: np.take_along_axis(cheap(x), np.argmax(cheap(x), axis=0)[None], axis=0) + cheap(x),
    lambda x: cheap(x)[np.argmax(x[0])] + cheap(x),
    lambda x: lax.dynamic_slice(cheap(x), (np.argmax(x[0]) // 2, np.argmax(x[1]) // 2), (2, 2)) + cheap(x)[:2, :2],
]


@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_rows_are_those_that_are_asked_for(number: int) -> None:
    f = PROGRAMS[number]
    x = np.random.default_rng(0).normal(size=(5, 5))
    results, expected = vtrace.jit(f)(x), f(x)
    if not isinstance(expected, tuple):
        results, expected = (results,), (expected,)
    for result, wanted in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-10, atol=1e-12)
    batched = vtrace.vmap(f)(np.stack([x, x + 1]))
    batched = batched if isinstance(batched, tuple) else (batched,)
    for result, wanted in zip(batched, expected, strict=True):
        np.testing.assert_allclose(result[0], wanted, rtol=1e-10, atol=1e-12)
