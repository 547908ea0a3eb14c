"""Functions whose results are as long as the values say, with a size: what NumPy gives, cut off or filled up."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
import vtrace.numpy as vnp
from vtrace import DTypeError, IntegerOverflowError, UnsupportedError

SIZES = (0, 2, 9)
RNG = np.random.default_rng(0)


def values(dtype: str, *shape: int) -> Any:
    """Few different ones, zeros and NaN among them."""
    x = RNG.integers(-2, 3, shape)
    if dtype in "fd":
        return np.where(RNG.uniform(size=shape) < 0.2, np.nan, x).astype(dtype)
    return x + 1j * RNG.integers(-1, 1, shape) if dtype == "D" else np.abs(x).astype(dtype)


def fitted(wanted: Any, size: int, fill: Any) -> Any:
    """What NumPy gives, with `size` rows."""
    return np.concatenate([wanted[:size], np.full((max(size - len(wanted), 0), *wanted.shape[1:]), fill)])


def check(function: Callable[..., Any], expected: Callable[..., Any], *batches: Any) -> None:
    """`function` mapped over axes, the last one and the first, run by jit and outside of a trace."""
    rows = [[np.asarray(r) for r in expected(*examples)] for examples in zip(*batches, strict=True)]
    wanted = [np.stack(column) for column in zip(*rows, strict=True)]
    for axis in (0, -1):
        got = vtrace.vmap(function, in_axes=axis)(*(np.moveaxis(b, 0, axis) for b in batches))
        for g, w in zip(got, wanted, strict=True):
            np.testing.assert_array_equal(g, w, strict=True)
    first = [b[0] for b in batches]
    for g, w in zip(function(*first), wanted, strict=True):
        assert type(g) is np.ndarray
        np.testing.assert_array_equal(g, w[0], strict=True)
    with vtrace.disable_jit():
        for g, w in zip(vtrace.jit(function)(*first), wanted, strict=True):
            np.testing.assert_array_equal(g, w[0], strict=True)


@pytest.mark.parametrize("dtype", ["l", "d", "?", "D"])
def test_positions(dtype: str) -> None:
    def ours(x: Any) -> Any:
        return [
            result
            for size in SIZES
            for result in (
                *vnp.nonzero(x, size=size),
                *vnp.nonzero(x, size=size, fill_value=(7, -1)),
                *vnp.where(x, size=size, fill_value=-3),
                vnp.flatnonzero(x, size=size, fill_value=-1),
                vnp.argwhere(x, size=size, fill_value=5),
            )
        ]

    def numpys(x: Any) -> Any:
        at = np.nonzero(x)
        return [
            result
            for size in SIZES
            for result in (
                *(fitted(a, size, 0) for a in at),
                *(fitted(a, size, fill) for a, fill in zip(at, (7, -1), strict=True)),
                *(fitted(a, size, -3) for a in at),
                fitted(np.flatnonzero(x), size, -1),
                fitted(np.argwhere(x), size, 5),
            )
        ]

    check(ours, numpys, values(dtype, 3, 2, 3))


def test_positions_of_nothing_and_of_numbers() -> None:
    empty = np.zeros((2, 0))
    np.testing.assert_array_equal(vnp.argwhere(empty, size=2, fill_value=-1), [[-1, -1], [-1, -1]])
    assert vnp.argwhere(np.array(3), size=2).shape == (2, 0)
    np.testing.assert_array_equal(vnp.flatnonzero(np.array(3), size=2, fill_value=1), [0, 1])
    np.testing.assert_array_equal(vnp.nonzero(np.array([0, 1]), size=2, fill_value=0.5)[0], [1, 0.5])
    np.testing.assert_array_equal(vnp.where(np.array([True, False]), 1, 2), [1, 2])
    filled = vtrace.vmap(lambda x, fill: vnp.flatnonzero(x, size=2, fill_value=fill), in_axes=(None, 0))
    np.testing.assert_array_equal(filled(np.array([0, 1]), np.arange(2)), [[1, 0], [1, 1]])


@pytest.mark.parametrize("dtype", ["l", "d", "f", "?", "B", "D"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_different_ones(dtype: str, axis: int | None) -> None:
    def ours(x: Any) -> Any:
        return [
            np.moveaxis(r, axis or 0, 0) if n == 0 else r
            for size in SIZES
            for fill in (None, 1)
            for n, r in enumerate(vnp.unique(x, True, True, True, axis=axis, size=size, fill_value=fill))
        ]

    def numpys(x: Any) -> Any:
        found, first, inverse, counts = np.unique(x, True, True, True, axis=axis)  # type: ignore[call-overload]
        found = np.moveaxis(found, axis or 0, 0)
        return [
            r
            for size in SIZES
            for fill in (None, 1)
            for r in (
                fitted(found, size, found[0] if fill is None else np.array(fill, x.dtype)),
                fitted(first, size, first[0]),
                inverse,
                fitted(counts, size, 0),
            )
        ]

    x = values(dtype, 3, 4, 3)
    check(ours, numpys, x if axis is None else np.nan_to_num(x))  # of parts with NaN none equals another in NumPy


def test_which_parts_are_different() -> None:
    x = np.array([[1.0, np.nan], [0.0, 1.0], [1.0, np.nan]])
    assert vnp.unique(x, return_counts=True, axis=0, size=3)[1].tolist() == [1, 2, 0]
    assert vnp.unique(x, return_counts=True, axis=0, size=3, equal_nan=False)[1].tolist() == [1, 1, 1]
    assert vnp.unique(np.zeros((3, 0)), return_counts=True, axis=0, size=2)[1].tolist() == [3, 0]
    assert vnp.unique(np.zeros(0), size=2, fill_value=3).tolist() == [3, 3]


@pytest.mark.parametrize("dtype", ["l", "d"])
@pytest.mark.parametrize("name", ["all", "counts", "inverse", "values"])
def test_named_results(name: str, dtype: str) -> None:
    x = values(dtype, 8)
    wanted = getattr(np, f"unique_{name}")(x)
    size = len(np.unique_counts(x).values)
    for got in (
        getattr(vnp, f"unique_{name}")(x, size=size),
        vtrace.jit(lambda x: getattr(vnp, f"unique_{name}")(x, size=size))(x),
    ):
        assert type(got) is type(wanted)
        # NumPy may leave values alone in any order
        pairs = [(got, np.sort(wanted))] if name == "values" else zip(got, wanted, strict=True)
        for g, w in pairs:
            np.testing.assert_array_equal(g, w, strict=True)


@pytest.mark.parametrize("dtypes", ["ll", "dd", "DD", "ld", "?l", "il"])
@pytest.mark.parametrize("number", [4, 40])
def test_sets(dtypes: str, number: int) -> None:
    def ours(x: Any, y: Any) -> Any:
        return [
            result
            for size in (0, 3, 9)
            for result in (
                vnp.union1d(x, y, size=size, fill_value=7),
                *vnp.intersect1d(x, y, return_indices=True, size=size, fill_value=7),
                vnp.intersect1d(x, y, size=size),
                vnp.setdiff1d(x, y, size=size),
                vnp.setdiff1d(x, y, True, size=size, fill_value=1),
                vnp.setxor1d(x, y, size=size, fill_value=7),
            )
        ]

    def numpys(x: Any, y: Any) -> Any:
        both, of_x, of_y = np.intersect1d(x, y, return_indices=True)
        kind = both.dtype.type
        return [
            result
            for size in (0, 3, 9)
            for result in (
                fitted(np.union1d(x, y), size, kind(7)),
                fitted(both, size, kind(7)),
                fitted(of_x, size, x.size),
                fitted(of_y, size, y.size),
                fitted(both, size, both[0] if both.size else kind(0)),
                fitted(np.setdiff1d(x, y), size, x.dtype.type(0)),
                fitted(np.setdiff1d(x, y, True), size, x.dtype.type(1)),
                fitted(np.setxor1d(x, y), size, kind(7)),
            )
        ]

    check(ours, numpys, values(dtypes[0], 3, 2, 3), values(dtypes[1], 3, number))


def test_a_size_that_is_not_given_asks_numpy() -> None:
    x, y = np.array([3, 0, 3, 1]), np.array([3, 4])
    assert vnp.unique(x, sorted=True).tolist() == [0, 1, 3]
    for name in ("nonzero", "flatnonzero", "argwhere", "where", "unique_all"):
        np.testing.assert_equal(getattr(vnp, name)(x), getattr(np, name)(x))
    for name in ("union1d", "intersect1d", "setdiff1d", "setxor1d"):
        np.testing.assert_equal(getattr(vnp, name)(x, y), getattr(np, name)(x, y))


WRONG: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda x: vnp.nonzero(x), UnsupportedError, r"use vtrace.numpy.nonzero\(x, size=...\)"),
    (lambda x: vnp.where(x), UnsupportedError, r"or vtrace.numpy.where\(condition, size=...\)"),
    (lambda x: vnp.union1d(x, x), UnsupportedError, r"use vtrace.numpy.union1d\(x, y, size=...\)"),
    (lambda x: vnp.unique_all(x), UnsupportedError, r"use vtrace.numpy.unique_all\(x, size=...\)"),
    (lambda x: vnp.nonzero(x[0, 0], size=1), ValueError, "nonzero on 0d arrays"),
    (lambda x: vnp.nonzero(x, size=-1), ValueError, "vtrace.numpy.nonzero: size must not be negative"),
    (lambda x: vnp.nonzero(x, size=x[0, 0]), DTypeError, "size must be a Python integer"),
    (lambda x: vnp.nonzero(x, size=1, fill_value=(1,)), ValueError, "a number or a tuple of 2"),
    (lambda x: vnp.nonzero(x, size=1, fill_value=x), ValueError, "fill_value must be a number"),
    (lambda x: vnp.where(x, x), ValueError, "both or neither"),
    (lambda x: vnp.where(x, x, x, size=1), ValueError, "of a condition alone"),
    (lambda x: vnp.unique(x.astype(np.uint8), size=9, fill_value=-1), IntegerOverflowError, "numpy.unique: Python int"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_arguments(number: int) -> None:
    function, error, text = WRONG[number]
    with pytest.raises(error, match=text) as caught:
        vtrace.jit(function)(np.ones((2, 3)))
    assert __file__ in str(caught.value)
