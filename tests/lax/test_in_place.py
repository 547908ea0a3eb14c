"""Loops that update arrays they carry: in place where only elements are set, with the values from before the trip."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
import vtrace.numpy as vnp
from vtrace import lax

Array = Any


def histogram(x: Array) -> Array:
    def count(n: Array, counts: Array) -> Array:
        counts[x[n]] += 1
        return counts

    return lax.fori_loop(0, x.shape[0], count, vnp.zeros(5, int))


def reverse_by_swaps(x: Array) -> Array:
    def swap(n: Array, y: Array) -> Array:
        other = x.shape[0] - 1 - n
        y[n], y[other] = y[other], y[n]
        return y

    return lax.fori_loop(0, x.shape[0] // 2, swap, x.copy())


def shift(x: Array) -> Array:
    """A window that is made of the array it goes into."""

    def step(n: Array, y: Array) -> Array:
        y[1:] = y[:-1]
        y[0] = n
        return y

    return lax.fori_loop(0, 3, step, x.copy())


def insertion_sort(x: Array) -> Array:
    def insert(n: Array, y: Array) -> Array:
        def is_less(state: Any) -> Array:
            y, k = state
            return np.logical_and(k > 0, y[np.maximum(k - 1, 0)] > y[k])

        def move(state: Any) -> Any:
            y, k = state
            y[k], y[k - 1] = y[k - 1], y[k]
            return y, k - 1

        return lax.while_loop(is_less, move, (y, n))[0]

    return lax.fori_loop(1, x.shape[0], insert, x.copy())


def two_arrays(x: Array) -> Array:
    """Each is updated with what the other was before the trip, and both are read afterwards."""

    def step(carry: Any, n: Array) -> Any:
        a, b, former = carry
        old = a[n]
        a[n] = b[n] + 1
        b[n] = old * 2
        return (a, b, a.sum()), b[0] + former

    (a, b, _), ys = lax.scan(step, (x.copy(), x[::-1].copy(), x.sum()), np.arange(x.shape[0]))
    return np.concatenate([a, b, ys])


def rows(x: Array) -> Array:
    """Rows set one by one, each from the row before it."""

    def step(n: Array, m: Array) -> Array:
        m[n] = m[n - 1] + x
        return m

    return lax.fori_loop(1, 4, step, vnp.zeros((4, x.shape[0]), x.dtype))


def ping_pong(x: Array) -> Array:
    """One carry becomes what the other was: only one of them changes in place."""

    def step(n: Array, carry: Any) -> Any:
        new, old = carry
        before = new.copy()
        new[n] = old[n] + 1
        return new, before

    return np.concatenate(lax.fori_loop(0, x.shape[0], step, (x.copy(), x * 0)))


PROGRAMS: list[tuple[Callable[[Array], Array], Callable[[Array], Array]]] = [
    (histogram, lambda x: np.bincount(x, minlength=5)),
    (reverse_by_swaps, lambda x: x[::-1]),
    (insertion_sort, np.sort),
    (rows, lambda x: np.outer(np.arange(4), x)),
]


@pytest.mark.parametrize(("program", "oracle"), PROGRAMS, ids=[p.__name__ for p, _ in PROGRAMS])
@pytest.mark.parametrize("batch", [1, 5, 37])
def test_programs_that_numpy_has_a_name_for(program: Any, oracle: Any, batch: int) -> None:
    x = np.random.default_rng(0).integers(0, 5, (batch, 9))
    np.testing.assert_array_equal(vtrace.vmap(program)(x), [oracle(row) for row in x])
    np.testing.assert_array_equal(vtrace.jit(program)(x[0]), oracle(x[0]))


@pytest.mark.parametrize("program", [shift, two_arrays, ping_pong, insertion_sort, rows], ids=lambda p: p.__name__)
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8"])
@pytest.mark.parametrize("length", [3, 19])
def test_compiled_is_interpreted(program: Any, dtype: str, length: int) -> None:
    x = np.random.default_rng(1).integers(-9, 9, (9, length)).astype(dtype)
    with vtrace.disable_jit():
        wanted = vtrace.vmap(program)(x)
    np.testing.assert_array_equal(vtrace.vmap(program)(x), wanted)
    np.testing.assert_array_equal(vtrace.jit(program)(x[5]), wanted[5])


def test_nothing_is_copied_on_a_trip() -> None:
    """There is one array of 5000 counts, and none to collect new ones in."""

    def count(n: Any, counts: Any) -> Any:
        counts[n % 5000] += 1
        return counts

    program = vtrace.jit(lambda: lax.fori_loop(0, 10**4, count, vnp.zeros(5000, int)))
    assert program.inspect().llvm.count("alloca [5000 x i64]") == 1
    np.testing.assert_array_equal(program(), 2)
