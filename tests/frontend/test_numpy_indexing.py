"""Indexing and assignment against NumPy, views included."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import basic_indices

import vtrace.numpy as vnp
from tests.frontend.tracing import check, run
from vtrace.errors import ConcretizationError, IndexOutOfRangeError, ShapeError, UnsupportedError

X = np.arange(60.0).reshape(3, 4, 5)
MASK = X[:, :, 0] % 2 == 0

STATIC: list[Any] = [
    0,
    -1,
    (1, 2, 3),
    (slice(None), 1),
    (Ellipsis, 0),
    (None, Ellipsis, None, 2),
    slice(None, None, -1),
    (slice(2, 0, -1), slice(1, None, 2), slice(-2, None)),
    (slice(5, 2), slice(9, 9)),
    [0, 2],
    np.array([[0, 1], [2, -1]]),
    (slice(None), [1, -1]),
    ([0, 2], slice(None), [1, 3]),
    ([0, 2], [1, 3]),
    ([[0], [2]], [1, 3], slice(1, 4)),
    (slice(None), [0, 1], [[2], [3]]),
    (1, slice(None), [0, 4]),
    (0, [1, 2], [3, 3]),
    ([0, 1], None, [1, 2]),
    (X > 7),
    MASK,
    (slice(None), MASK[0]),
    (np.array([True, False, True]), 1),
    [True, False, True],
    np.int8(2),
    [],
    (),
]


@pytest.mark.parametrize("index", STATIC, ids=repr)
def test_static_indices(index: Any) -> None:
    check(lambda x: x[index], X)


@pytest.mark.parametrize("index", STATIC, ids=repr)
def test_assignment_at_static_indices(index: Any) -> None:
    def f(x: Any, v: Any) -> Any:
        y = np.copy(x)
        y[index] = v
        z = np.copy(x)
        z[index] += v
        return y, z

    check(f, X, np.float32(2.5))


@given(basic_indices((3, 4, 5), allow_ellipsis=True, allow_newaxis=True))
def test_any_basic_index(index: Any) -> None:
    check(lambda x: x[index], X)


TRACED: list[Callable[[Any, Any, Any], Any]] = [
    lambda x, i, j: x[i],
    lambda x, i, j: x[i, j],
    lambda x, i, j: x[:, i, ::-1],
    lambda x, i, j: x[..., i],
    lambda x, i, j: x[None, i, :, j],
    lambda x, i, j: x[-1, i, 1:3],
    lambda x, i, j: x[np.stack([i, j])],
    lambda x, i, j: x[:, np.stack([i, j])],
    lambda x, i, j: x[[0, 1], np.stack([i, j])],
    lambda x, i, j: x[np.stack([i, j]), :, np.stack([j, i])],
    lambda x, i, j: x[i, [0, 1], np.stack([j, j])],
    lambda x, i, j: x[[i, j]],
    lambda x, i, j: np.take(x, i, axis=1),
    lambda x, i, j: np.take(x, [i, j], axis=0) if isinstance(x, np.ndarray) else np.take(x, vnp.array([i, j]), axis=0),
    lambda x, i, j: x.argmax(0)[i],
    lambda x, i, j: x[0][i][j],
    lambda x, i, j: x[i + np.arange(2)],
]


@pytest.mark.parametrize("number", range(len(TRACED)))
@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint64])
def test_traced_indices(number: int, dtype: type) -> None:
    if dtype is np.uint64 and number == len(TRACED) - 1:
        return  # uint64 + int64 is float64, which is no index
    check(TRACED[number], X, dtype(1), dtype(2))
    if dtype is not np.uint64 and number != len(TRACED) - 1:
        check(TRACED[number], X, dtype(-1), dtype(-3))


def put(x: Any, index: Any, mode: str) -> Any:
    np.put(x, index, 7.0, mode=mode)
    return x


def added(x: Any, index: Any) -> Any:
    np.add.at(x, index, 7.0)
    return x


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64])
@pytest.mark.parametrize(
    "function",
    [
        lambda x, i: x[i],
        lambda x, i: x[i, i % 2],
        lambda x, i: x.flat[i],
        lambda x, i: np.take(x, i, axis=0, mode="clip"),
        lambda x, i: np.take(x, i, axis=0, mode="wrap"),
        lambda x, i: put(x.copy(), i, "raise"),
        lambda x, i: put(x.copy(), i, "wrap"),
        lambda x, i: added(x.copy(), i),
    ],
)
def test_indices_in_a_dtype_that_does_not_hold_the_extent(function: Any, dtype: type) -> None:
    """Known and traced: an int8 counts from the end of an axis of 300, too."""
    x, index = np.arange(600.0).reshape(300, 2), np.array([100, 3, -1 if dtype != np.uint8 else 255]).astype(dtype)
    check(lambda x: function(x, index), x)
    check(function, x, index)


def test_assignment_at_traced_indices() -> None:
    def f(x: Any, i: Any, j: Any) -> Any:
        y, z, w = np.copy(x), np.copy(x), np.copy(x)
        y[i] = 1
        z[i, :, j] = z[0, :, 0]
        w[1, i] += w[0, j, :]
        w[-1, 1:3, i] *= 2
        return y, z, w

    check(f, X, np.int64(1), np.int64(-2))


def test_a_traced_index_out_of_range_is_an_index_error_naming_the_axis() -> None:
    for function in (lambda x, i: x[i], lambda x, i: x[i, [0, 1]], lambda x, i: x[:, i]):
        with pytest.raises(IndexError, match=r"index 7 is out of bounds for axis [01] with size [34]"):
            run(function, X, np.int64(7))
    with pytest.raises(IndexError, match="axis 1 with size 4"):
        run(lambda x, i: x[[0, 1], i], X, np.int64(7))


def test_assignment_to_a_view_changes_its_base() -> None:
    def f(x: Any) -> Any:
        row = x[0]
        row += 1
        x[1, 2] = -1
        column = x.T[3]
        column[...] = row[1, 1]
        flat = x.reshape(-1)
        flat[::7] = 0
        flipped = np.flip(x, 0)
        flipped[0, 0] = 100
        return x, row, column, flat, flipped

    check(f, np.copy(X))


def test_a_change_of_the_base_shows_in_its_views() -> None:
    def f(x: Any) -> Any:
        row, matrix, inner = x[0], x[1].T, x[2][1:3][:, ::2]
        x *= 2
        x[2, 1] = 7
        return row, matrix, inner, x

    check(f, np.copy(X))


def test_copies_are_not_views() -> None:
    def f(x: Any) -> Any:
        a, b, c, d, e = x.copy(), x.flatten(), x[[0, 1]], x.T.reshape(-1), x + 0
        x += 1
        a[0], b[0], c[0], d[0], e[0] = 1, 2, 3, 4, 5
        return a, b, c, d, e, x

    check(f, np.copy(X))


def test_a_row_at_a_traced_index_is_a_view() -> None:
    def f(x: Any, i: Any) -> Any:
        row = x[i]
        row += 10
        return x, row

    check(f, np.copy(X), np.int64(1))


def test_arrays_of_vtrace_numpy_hold_traced_values() -> None:
    def f(x: Any) -> Any:
        out = vnp.zeros((2, 3), np.float32)
        for i in range(3):
            out[0, i] = x[i]
        out[1] = vnp.ones(3)
        more = vnp.empty(3, int)
        more[...] = x
        return out, more

    check(f, np.array([1.5, 2.5, 3.5]))


def test_masked_assignment_of_a_number() -> None:
    def f(x: Any) -> Any:
        x[x > 20] = 0
        x[x[:, 0, 0] > 10] = -1
        return x

    check(f, np.copy(X))


def test_augmented_assignment_keeps_the_dtype() -> None:
    def f(x: Any, y: Any) -> Any:
        x += y
        x *= 2.5
        return x

    check(f, np.float32([1, 2]), np.float64([0.1, 0.2]))
    with pytest.raises(TypeError, match=r"Cannot cast ufunc 'add' output from dtype.'float64'. to dtype.'int64'."):
        run(f, np.int64([1, 2]), np.float64([1, 2]))
    with pytest.raises(ValueError, match=r"non-broadcastable output operand with shape \(2,\)"):
        run(f, np.float64([1, 2]), np.ones((3, 2)))


def test_a_scalar_is_immutable() -> None:
    def f(x: Any) -> Any:
        s = total = x.sum()
        total += 0.5
        return s, total

    check(f, np.int64([1, 2]))


def test_read_only_views_refuse_assignment() -> None:
    def f(x: Any) -> Any:
        y = np.broadcast_to(x, (2, 3))
        y[0] = 1
        return y

    with pytest.raises(ShapeError, match="assignment destination is read-only"):
        run(f, np.ones(3))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x[3], "index 3 is out of bounds for axis 0 with size 3"),
        (lambda x: x[:, -5], "index -5 is out of bounds for axis 1 with size 4"),
        (lambda x: x[[0, 9]], "index 9 is out of bounds for axis 0 with size 3"),
        (lambda x: x[0, 0, 0, 0], "too many indices for array: array is 3-dimensional, but 4 were indexed"),
        (lambda x: x[..., ...], "an index can only have a single ellipsis"),
        (lambda x: x[1.5], "only integers, slices"),
        (lambda x: x["a"], "only integers, slices"),
        (lambda x: x[np.sum(x)], "only integers, slices"),
        (lambda x: x[x], "arrays used as indices must be of integer"),
        (lambda x: x[np.array([True, False])], "boolean index did not match indexed array along axis 0"),
        (lambda x: x[[0, 1], [0, 1, 2]], "indexing arrays could not be broadcast together with shapes"),
    ],
)
def test_wrong_indices_are_numpys_index_errors(function: Any, message: str) -> None:
    with pytest.raises(IndexOutOfRangeError, match=message):
        run(function, X)


def test_what_depends_on_values_names_the_remedy() -> None:
    with pytest.raises(UnsupportedError, match=r"use np\.where\(mask, x, other\), which keeps the shape"):
        run(lambda x: x[x > 3], X)
    with pytest.raises(ConcretizationError, match=r"write x\[start \+ np\.arange\(length\)\]"):
        run(lambda x, i: x[i : i + 2], X, np.int64(0))
