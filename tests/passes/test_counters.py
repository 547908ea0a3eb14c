"""Counters in 32 bits: only those that stay small, and with the results of the int64 ones."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax

Array = Any
N = 40
X = np.random.default_rng(0).uniform(1, 30, N)


def counted(start: int, step: int, compare: Callable[[Any, Any], Any], limit: int) -> Callable[[Array], Any]:
    """Halves x until it is below 1, for as long as the counter allows; the counter is read as an int64, too."""

    def function(x: Array) -> Any:
        def goes_on(state: Any) -> Any:
            y, count, _ = state
            return (y > 1.0) & compare(count, limit)

        def halve(state: Any) -> Any:
            y, count, total = state
            return y / 2, count + step, total + count * 3_000_000_000

        return lax.while_loop(goes_on, halve, (x, start, 0))

    return function


def by_hand(x: float, start: int, step: int, compare: Callable[[Any, Any], Any], limit: int) -> tuple[float, int, int]:
    count, total = start, 0
    while x > 1.0 and compare(count, limit):
        x, count, total = x / 2, count + step, total + count * 3_000_000_000
    return x, count, total


def mirrored(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda count, limit: compare(limit, count)


SMALL = [
    (0, 1, operator.lt, 3),
    (5, 7, operator.le, 12),
    (0, -1, operator.gt, -3),
    (2, -2, operator.ge, 0),
    (0, 1, mirrored(operator.gt), 2),
    (9, 1, operator.lt, 3),
    ((1 << 30) - 1, (1 << 30) - 1, operator.lt, (1 << 30) - 1),
    ((1 << 30) - 2, (1 << 30) - 1, operator.lt, (1 << 30) - 1),
    (1 - (1 << 30), 1 - (1 << 30), operator.ge, 1 - (1 << 30)),
]
WIDE = [
    (0, 1, operator.gt, -3),
    (0, -1, operator.lt, 3),
    (0, 1, operator.ne, 3),
    (0, 1, operator.lt, 1 << 30),
    (1 << 40, 1, operator.lt, 3),
    (0, 1 << 31, operator.lt, 9),
]


def compiled(case: tuple[Any, ...]) -> tuple[Any, bool]:
    function = vtrace.vmap(counted(*case))
    return function, "carry_1:i32" in str(function.inspect(X).kernels)


@pytest.mark.parametrize("case", [*SMALL, *WIDE])
def test_the_results_are_those_of_python(case: tuple[Any, ...]) -> None:
    function, narrow = compiled(case)
    assert narrow == (case in SMALL)
    for result, expected in zip(function(X), zip(*(by_hand(x, *case) for x in X), strict=True), strict=True):
        np.testing.assert_array_equal(result, expected)
        assert result.dtype == np.asarray(expected).dtype


@pytest.mark.parametrize("start", [np.int64(0), np.int32(0)])
def test_a_start_that_is_given_stays_as_it_is(start: Any) -> None:
    function = vtrace.vmap(lambda x, n: lax.while_loop(lambda s: s[0] < 5, lambda s: (s[0] + 1, s[1] * x), (n, x)))
    text = str(function.inspect(X, np.full(N, start)).kernels)
    assert "carry_0:i64" in text if isinstance(start, np.int64) else "carry_0:i32" in text


def test_loops_within_loops() -> None:
    def outer(x: Array) -> Any:
        def inner(y: Array) -> Any:
            return lax.while_loop(lambda s: (s[1] < 4) & (s[0] < 100.0), lambda s: (s[0] * 1.5, s[1] + 1), (y, 0))

        return lax.fori_loop(0, 3, lambda k, y: inner(y)[0] + k, x)

    function = vtrace.vmap(outer)
    assert "i32" in str(function.inspect(X).kernels)
    with vtrace.disable_jit():
        expected = function(X)
    np.testing.assert_array_equal(function(X), expected)
