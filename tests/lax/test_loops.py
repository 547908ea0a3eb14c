"""while_loop and fori_loop: each example has its own trip count."""

import numpy as np
import pytest

import vtrace
from tests.lax.oracle import EXAMPLES, check, floats, integers
from vtrace import lax

X = floats(low=0.1, high=100.0)
N = integers(0, 12)


def collatz(n):
    return lax.while_loop(
        lambda c: c[0] != 1,
        lambda c: (lax.cond(c[0] % 2 == 0, lambda: c[0] // 2, lambda: 3 * c[0] + 1), c[1] + 1),
        (n, 0),
    )[1]


def test_each_example_has_its_own_trip_count() -> None:
    check(lambda x: lax.while_loop(lambda c: c[0] > 1, lambda c: (c[0] / 2, c[1] + 1), (x, 0)), X)
    check(collatz, integers(1, 100))


def test_trip_counts_that_differ_a_lot() -> None:
    trips = np.full(EXAMPLES, 3)
    trips[11] = 5000
    check(lambda n: lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, c[1] + 1.5), (0, 0.0)), trips)


def test_no_trips_at_all() -> None:
    check(lambda x: lax.while_loop(lambda c: c < 0, lambda c: c * 2, x), X)
    check(lambda x: lax.fori_loop(3, 3, lambda i, c: c * 2, x), X)
    check(lambda x: lax.fori_loop(5, 3, lambda i, c: c * 2, x), X)
    check(lambda x, n: lax.fori_loop(n, n - 1, lambda i, c: c * 2, x), X, N)


def test_carries_are_pytrees() -> None:
    def f(x, v):
        start = {"v": v, "pair": (x, [0, ()])}

        def body(c):
            x, (n, _) = c["pair"]
            return {"v": c["v"][::-1] * 0.5 + x, "pair": (x / 3, [n + 1, ()])}

        return lax.while_loop(lambda c: c["pair"][0] > 1, body, start)

    check(f, X, floats(4))


def test_conditions_and_bodies_close_over_batched_and_unbatched_values() -> None:
    def f(x, limit, w):
        y = x * 2
        return lax.while_loop(lambda c: c < limit, lambda c: c + np.abs(y) * w.sum() + 0.1, y)

    check(f, X, 300.0, np.arange(3.0), in_axes=(0, None, None))
    check(f, X, X[::-1] * 3, np.arange(3.0), in_axes=(0, 0, None))


def test_an_unbatched_loop_runs_once() -> None:
    def f(x, n):
        return x + lax.while_loop(lambda c: c < n, lambda c: c * 2 + 1, 1)

    check(f, X, 100, in_axes=(0, None))
    graph = vtrace.make_ir(vtrace.vmap(f, in_axes=(0, None)))("f64[b]", "i64[]")
    (loop,) = [e for e in graph.equations if e.primitive.name == "while"]
    assert str(loop.outputs[0].type) == "i64[]"


def test_numbers_take_the_dtype_of_the_body() -> None:
    x = X.astype(np.float32)
    total, count = vtrace.vmap(lambda x: lax.fori_loop(0, 3, lambda i, c: (c[0] + x, c[1] + 1), (0, 0)))(x)
    assert (total.dtype, count.dtype) == (np.float32, np.int64)
    np.testing.assert_allclose(total, 3 * x, rtol=1e-6)


def test_a_number_made_of_a_number_follows_it() -> None:
    result = vtrace.vmap(lambda x: lax.fori_loop(0, 4, lambda i, c: (c[0] + x, c[0]), (0, 0)))(X)
    assert [r.dtype for r in result] == [np.float64, np.float64]
    np.testing.assert_allclose(result[1], 3 * X)


@pytest.mark.parametrize(("lower", "upper"), [(0, 5), (-3, 4), (2, 3), (0, 1)])
def test_fori_with_known_bounds_is_a_loop_of_a_fixed_length(lower: int, upper: int) -> None:
    def f(x):
        return lax.fori_loop(lower, upper, lambda i, c: c * x + i, 1.0)

    check(f, X / 100)
    graph = vtrace.make_ir(f)(1.0)
    assert [e.primitive.name for e in graph.equations] == ["scan"]


def test_fori_with_traced_bounds() -> None:
    def f(x, lower, upper):
        return lax.fori_loop(lower, upper, lambda i, c: c + x * i, 0.0)

    check(f, X, N - 5, N, ulps=64)
    check(f, X, 2, N, in_axes=(0, None, 0), ulps=64)
    check(f, X, 2, 7, in_axes=(0, None, None), ulps=64)
    check(lambda x, n: lax.fori_loop(0, n, lambda i, c: c + x * i, 0.0), X, N, ulps=64)


def test_the_index_has_the_dtype_of_the_bounds() -> None:
    n = N.astype(np.int16)
    check(lambda n: lax.fori_loop(0, n, lambda i, c: i + c, np.int16(0)), n)
    weak = vtrace.vmap(lambda x: lax.fori_loop(0, 3, lambda i, c: c + x * i, x))(X.astype(np.float32))
    assert weak.dtype == np.float32  # `i` is a Python number, as in `for i in range(3)`


def test_indexing_with_the_loop_variable() -> None:
    v = floats(6)
    check(lambda v: lax.fori_loop(0, 6, lambda i, c: c + v[i] * v[5 - i], 0.0), v, ulps=64)
    check(lambda v, n: lax.fori_loop(0, n, lambda i, c: c + v[i], 0.0), v, integers(0, 7), ulps=64)


def test_writing_at_the_loop_variable() -> None:
    def f(v, n):
        def body(i, w):
            w[i] = w[i - 1] + w[i]
            return w

        return lax.fori_loop(1, n, body, v)

    v = floats(6)
    before = v.copy()
    check(f, v, integers(0, 7))
    np.testing.assert_array_equal(v, before)


def test_the_order_of_updates_within_a_trip_does_not_matter() -> None:
    check(lambda n: lax.fori_loop(0, n, lambda i, c: (c[1], c[0] + c[1]), (0, 1)), N)
    check(lambda v, n: lax.fori_loop(0, n, lambda i, c: (c[1], c[0]), (v, v * 2)), floats(3), N)


def test_matrices_in_loops() -> None:
    def power(a, n):
        return lax.fori_loop(0, n, lambda i, p: p @ a, np.eye(3))

    check(power, floats(3, 3), integers(0, 6), ulps=4096)


def test_long_rows_in_loops() -> None:
    check(
        lambda v, n: lax.fori_loop(0, n, lambda i, v: np.roll(v, 1) * 0.5 + v.mean(), v),
        floats(70),
        integers(0, 6),
        ulps=1 << 14,
    )


def test_integers_wrap_in_loops() -> None:
    with np.errstate(over="ignore"):
        check(lambda k, n: lax.fori_loop(0, n, lambda i, k: k * 6364136223846793005 + 1442695040888963407, k), N, N)
