"""np.convolve, np.correlate and sliding windows against NumPy: all modes, lengths and dtypes, batched too."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import vtrace
from tests.frontend.tracing import check, run

LENGTHS = (1, 2, 3, 7, 20)
DTYPES = [("float64", "float64"), ("float32", "float32"), ("int64", "int8"), ("float32", "int16"), ("bool", "bool")]


def vector(dtype: str, length: int) -> Any:
    values = np.random.default_rng(length).integers(-4, 5, length)
    return (values > 0) if dtype == "bool" else (values + (0.25 if dtype.startswith("f") else 0)).astype(dtype)


@pytest.mark.parametrize("dtypes", DTYPES, ids=str)
@pytest.mark.parametrize("function", [np.convolve, np.correlate])
@pytest.mark.parametrize("mode", ["valid", "same", "full"])
def test_vectors_of_all_lengths(mode: str, function: Any, dtypes: tuple[str, str]) -> None:
    for n, m in product(LENGTHS, LENGTHS):
        check(lambda x, y: function(x, y, mode), vector(dtypes[0], n), vector(dtypes[1], m))


@pytest.mark.parametrize("function", [np.convolve, np.correlate])
@pytest.mark.parametrize("shapes", [(1000, 9), (40, 33), (5, 3), (9, 1000)])
def test_batches(shapes: tuple[int, int], function: Any) -> None:
    rng = np.random.default_rng(1)
    rows, other, taps = rng.normal(size=(7, shapes[0])), rng.normal(size=(7, shapes[1])), rng.normal(size=shapes[1])
    for mode in ("valid", "same", "full"):
        expected = np.stack([function(x, y, mode) for x, y in zip(rows, other, strict=True)])
        both = vtrace.vmap(lambda x, y, m=mode: function(x, y, m))(rows, other)
        np.testing.assert_allclose(both, expected, rtol=1e-10, atol=1e-11)
        one = vtrace.vmap(lambda x, y, m=mode: function(x, y, m), in_axes=(0, None))(rows, taps)
        np.testing.assert_allclose(one, np.stack([function(x, taps, mode) for x in rows]), rtol=1e-10, atol=1e-11)


def test_what_is_filtered_may_be_computed() -> None:
    """The elements of a window are computed once, not once for each window."""
    rows = np.random.default_rng(2).normal(size=(5, 300))
    f = vtrace.vmap(lambda x: np.convolve(np.tanh(x), [1.0, 2.0, 3.0, 2.0, 1.0], "same"))
    np.testing.assert_allclose(f(rows), np.stack([np.convolve(np.tanh(x), [1, 2, 3, 2, 1], "same") for x in rows]))


@pytest.mark.parametrize("dtype", ["float64", "int8", "bool"])
def test_sliding_windows(dtype: str) -> None:
    x = vector(dtype, 60).reshape(3, 4, 5)
    check(lambda t: sliding_window_view(t, (2, 2, 3)), x)
    check(lambda t: sliding_window_view(t, 3, axis=-1), x)
    check(lambda t: sliding_window_view(t, (3, 2), axis=(2, 0)), x)
    check(lambda t: sliding_window_view(t, (2, 3), axis=(2, 2)), x)
    check(lambda t: sliding_window_view(t[0, 0], 5), x)
    check(lambda t: sliding_window_view(t, 0, axis=1), x)
    check(lambda t: sliding_window_view(t[0, 0], 3).max(axis=1), x)


ERRORS: list[tuple[Any, type[Exception], str]] = [
    (lambda x: np.convolve(x, x, "middle"), vtrace.UsageError, "mode must be one of"),
    (lambda x: np.convolve(x[None], x), vtrace.ShapeError, "too deep"),
    (lambda x: np.correlate(x, x[:0]), vtrace.ShapeError, "must not be empty"),
    (lambda x: sliding_window_view(x, 6), vtrace.ShapeError, "cannot be larger than input array"),
    (lambda x: sliding_window_view(x, -1), vtrace.UsageError, "cannot contain negative"),
    (lambda x: sliding_window_view(x, (2, 2)), vtrace.ShapeError, "has not one size for each"),
    (lambda x: sliding_window_view(x, 2, writeable=True), vtrace.UsageError, "cannot be written to"),
]


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_mistakes_are_errors(number: int) -> None:
    call, error, message = ERRORS[number]
    with pytest.raises(error, match=message):
        run(call, np.ones(5))
