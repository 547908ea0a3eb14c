"""Indices out of range: the first failing example is told, however the work is shared, and nothing is returned."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax
from vtrace.backends import threads

N = 300_000
TABLE = np.arange(7.0)


@pytest.fixture(params=[1, 3], autouse=True)
def number_of_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    former, threads._pool = threads._pool, None
    monkeypatch.setattr(threads, "thread_count", lambda: request.param)
    yield
    threads._pool = former


@pytest.fixture
def take() -> vtrace.Function:
    return vtrace.vmap(lambda table, i: table[i] * 2.0, in_axes=(None, 0))


@pytest.mark.parametrize("first", [0, 1, 100, N // 2, N - 1])
def test_the_first_failing_example_is_told(take: vtrace.Function, first: int) -> None:
    index = np.zeros(N, np.int64)
    index[first:] = 7 + np.arange(N - first) % 5
    with pytest.raises(vtrace.IndexOutOfRangeError) as raised:
        take(TABLE, index)
    text = str(raised.value)
    assert text.startswith(f"index 7 is out of bounds for axis 0 with size 7, batch element {first} (")
    assert "test_faults.py" in text


def test_scattered_faults(take: vtrace.Function) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        index = rng.integers(-7, 7, N)
        wrong = np.sort(rng.choice(N, 5, replace=False))
        index[wrong] = [-8, 7, 1 << 40, -(1 << 62), 8]
        with pytest.raises(IndexError, match=rf"index -8 .* batch element {wrong[0]} "):
            take(TABLE, index)


def test_good_indices_raise_nothing_afterwards(take: vtrace.Function) -> None:
    index = np.random.default_rng(0).integers(-7, 7, N)
    with pytest.raises(IndexError):
        take(TABLE, index + 7)
    np.testing.assert_array_equal(take(TABLE, index), TABLE[index] * 2.0)


def test_the_failing_element_within_an_example() -> None:
    f = vtrace.vmap(lambda x, i: x[i].sum())
    x = np.ones((50, 4))
    index = np.zeros((50, 3), np.int64)
    index[20, 1], index[20, 2], index[30, 0] = -5, 4, 9
    with pytest.raises(IndexError, match=r"index -5 is out of bounds for axis 0 with size 4, batch element 20"):
        f(x, index)


def test_without_a_batch_no_element_is_named() -> None:
    f = vtrace.jit(lambda x, i: x[i])
    with pytest.raises(IndexError) as raised:
        f(TABLE, np.array([1, 7]))
    assert "batch element" not in str(raised.value)
    np.testing.assert_array_equal(f(TABLE, np.array([1, -7])), [1.0, 0.0])


def test_an_empty_table_with_an_empty_batch_is_no_fault(take: vtrace.Function) -> None:
    assert take(TABLE, np.zeros(0, np.int64)).shape == (0,)


@pytest.mark.parametrize("transform", [vtrace.jit, lambda f: vtrace.vmap(f, in_axes=(None, None, 0))])
def test_a_loop_that_all_examples_share(transform: Any) -> None:
    """What all examples share runs outside of the loop over them, where there is no present example to name."""

    def total(table: Any, index: Any, scale: Any) -> Any:
        return lax.scan(lambda sum_, i: (sum_ + table[i], sum_), 0.0, index)[0] * scale

    f, scale = transform(total), np.ones(3)
    np.testing.assert_array_equal(f(TABLE, np.array([1, 2, -1]), scale), 9 * scale)
    with pytest.raises(IndexError, match=r"^index 9 is out of bounds for axis 0 with size 7 ") as raised:
        f(TABLE, np.array([1, 9, 3]), scale)
    assert "batch element" not in str(raised.value)


def test_a_checked_index_that_lanes_share_stays_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept behind it has room for one value; a vector written there overwrote what lay beside it."""
    monkeypatch.setenv("VTRACE_LAYOUT", "inner")

    def update(x: Any, j: Any) -> Any:
        np.maximum.at(x, (slice(1, None), j, -1), x[1:, j, -1] + 1.5)
        return x

    x = np.random.default_rng(0).standard_normal((5, 4, 3, 6))
    j = np.random.default_rng(1).integers(-3, 3, (5, 7))
    np.testing.assert_array_equal(vtrace.vmap(update)(x, j), [update(a.copy(), b) for a, b in zip(x, j, strict=True)])


def test_an_index_that_all_examples_share_within_a_loop() -> None:
    """It is looked at once, before the loop over the examples; where there are none, nothing is wrong with it."""

    def rows(table: Any, index: Any, x: Any) -> Any:
        return lax.map(lambda factor: np.cumsum(table)[index] * factor, x[None])[0]

    f = vtrace.vmap(rows, in_axes=(None, None, 0))
    x = np.arange(9.0)
    np.testing.assert_array_equal(f(TABLE, np.array([1, -1, 3]), x), np.cumsum(TABLE)[[1, -1, 3]] * x[:, None])
    with pytest.raises(IndexError, match="index 7 is out of bounds for axis 0 with size 7"):
        f(TABLE, np.array([1, 7, 3]), x)
    assert f(TABLE, np.array([1, 7, 3]), x[:0]).shape == (0, 3)
