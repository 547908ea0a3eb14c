"""Lanes that take the next example from the queue: what each example computes stays its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.helpers import at_the_end_of_a_page
from vtrace import lax
from vtrace.backends import masks, refill, threads, vector_memory
from vtrace.backends.layout import choose, queue_loop
from vtrace.backends.target import EXPANDS
from vtrace.ops.kernel import Kernel

Array = Any

RNG = np.random.default_rng(0)
TRIPS: dict[str, Array] = {
    "none": np.zeros(0, np.int64),
    "one": np.array([5]),
    "random": RNG.integers(0, 1001, 150),
    "zero": np.zeros(100, np.int64),
    "mostly zero": np.where(RNG.uniform(size=300) < 0.02, 1000, 0),
    "outlier": np.concatenate([np.full(70, 2), [20_000], np.full(140, 3)]),
    "last": np.concatenate([np.zeros(64, np.int64), [3000]]),
    "growing": np.arange(259) * 3,
}


@pytest.fixture(autouse=True, params=sorted({EXPANDS, False}), ids=lambda e: "expanding" if e else "gathering")
def one_long_queue(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A thread's share of a small batch would fill the lanes once, and never refill them."""
    monkeypatch.setattr(refill, "EXPANDS", request.param)
    for module in (masks, vector_memory):
        monkeypatch.setattr(module, "MASK_REGISTERS", request.param)
    if request.param != EXPANDS:
        monkeypatch.setenv("VTRACE_CACHE", "0")  # code on disk is this machine's
    monkeypatch.setenv("VTRACE_LAYOUT", "batch")
    monkeypatch.setattr(threads, "thread_count", lambda: 1)


def python_while(cond: Any, body: Any, state: Any) -> Any:
    while cond(state):
        state = body(state)
    return state


def assert_queued(function: vtrace.Function, *arrays: Array) -> None:
    """The test is about the queue: the program must be one that runs from it."""
    kernels = [
        e.primitive.graph for e in function.inspect(*arrays).kernels.equations if isinstance(e.primitive, Kernel)
    ]
    assert any(choose(graph).mode == "batch" and queue_loop(graph, choose(graph).symbol) for graph in kernels)


def mixed(loop: Any, trips: Array, seed: Array) -> Any:
    """Carries of several dtypes, all of which depend on the trip count."""

    def body(s: Any) -> Any:
        n, odd, small, x, wide = s
        return (
            n + 1,
            np.logical_not(odd),
            small + np.int8(7),
            x * 0.75 + seed,
            wide ^ (wide << np.uint64(3)) ^ np.uint64(5),
        )

    start = (np.int64(0), np.bool_(False), np.int8(1), np.float64(0.5), np.uint64(9))
    return loop(lambda s: s[0] < trips, body, start)


def expected(trips: Array, seed: Array) -> list[Array]:
    with np.errstate(over="ignore"):
        rows = [mixed(python_while, t, s) for t, s in zip(trips, seed, strict=True)]
    dtypes = (np.int64, np.bool_, np.int8, np.float64, np.uint64)
    return [np.array([r[k] for r in rows], d) for k, d in enumerate(dtypes)]


@pytest.mark.parametrize("name", TRIPS)
def test_mixed_carries(name: str) -> None:
    trips = TRIPS[name]
    seed = RNG.uniform(-1, 1, len(trips))
    function = vtrace.vmap(lambda t, s: mixed(lax.while_loop, t, s))
    assert_queued(function, trips, seed)
    for got, want in zip(function(trips, seed), expected(trips, seed), strict=True):
        assert got.dtype == want.dtype
        if want.dtype.kind == "f":
            np.testing.assert_allclose(got, want, rtol=1e-12)
        else:
            np.testing.assert_array_equal(got, want)


def collatz(loop: Any, n: Array, dtype: Any) -> Any:
    return loop(
        lambda s: s[0] > 1,
        lambda s: (np.where(s[0] % 2 == 0, s[0] // 2, 3 * s[0] + 1), (s[1] + 1).astype(dtype)),
        (n, dtype(0)),
    )


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.float32, np.float64])
def test_collatz(dtype: Any) -> None:
    n = np.arange(1, 700)
    with np.errstate(over="ignore"):
        want = np.array([collatz(python_while, int(i), dtype)[1] for i in n], dtype)
    np.testing.assert_array_equal(vtrace.vmap(lambda i: collatz(lax.while_loop, i, dtype)[1])(n), want)


def test_bytes_and_bools_alone() -> None:
    """Carries of one byte: as many lanes as a block can have."""
    steps, trips = RNG.integers(1, 5, 400).astype(np.int8), RNG.integers(0, 100, 400).astype(np.int8)

    def run(loop: Any, step: Array, limit: Array) -> Any:
        return loop(lambda s: s[0] < limit, lambda s: (s[0] + step, ~s[1]), (np.int8(0), np.bool_(True)))

    function = vtrace.vmap(lambda a, b: run(lax.while_loop, a, b))
    assert_queued(function, steps, trips)
    values, flags = function(steps, trips)
    count = -(-trips.astype(int) // steps)
    np.testing.assert_array_equal(values, (count * steps).astype(np.int8))
    np.testing.assert_array_equal(flags, count % 2 == 0)


def test_results_depend_on_the_position_and_on_shared_arguments() -> None:
    """Arguments are read again when a result is written: by then the lane may stand anywhere in the batch."""
    trips, table = RNG.integers(0, 400, 333), RNG.normal(size=50)
    rows, scale = RNG.normal(size=(333, 20)), 1.5

    def run(loop: Any, t: Array, row: Array, table: Array, scale: Array) -> Any:
        first = np.sum(row) * scale
        n, total = loop(lambda s: s[0] < t, lambda s: (s[0] + 1, s[1] * 0.5 + first), (0, 0.0))
        return total + row[3], table[n % 50] * row[-1], np.max(row * scale) - n, t

    function = vtrace.vmap(lambda *a: run(lax.while_loop, *a), in_axes=(0, 0, None, None))
    got = function(trips, rows, table, scale)
    want = [run(python_while, t, r, table, scale) for t, r in zip(trips, rows, strict=True)]
    for k, result in enumerate(got):
        np.testing.assert_allclose(result, [w[k] for w in want], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("in_axes", [(0, None), (None, 0)])
def test_an_operand_that_all_share(in_axes: Sequence[int | None]) -> None:
    many, one = RNG.integers(0, 300, 100), np.int64(150)
    arguments = [many if axis == 0 else one for axis in in_axes]
    function = vtrace.vmap(
        lambda a, b: lax.while_loop(lambda s: s[0] < a, lambda s: (s[0] + 1, s[1] + b), (0, 0))[1], in_axes=in_axes
    )
    np.testing.assert_array_equal(function(*arguments), arguments[0] * arguments[1])


def test_a_body_that_is_worth_more_than_a_refill() -> None:
    """It must make its trips all the same."""
    trips = RNG.integers(0, 5, 70).astype(np.float64)

    def run(loop: Any, inner: Any, x: Array) -> Any:
        def body(s: Any) -> Any:
            return s[0] + 1.0, inner(0, 5000, lambda i, c: c * 0.5 + x, s[1])

        return loop(lambda s: s[0] < x, body, (0.0, x))[1]

    function = vtrace.vmap(lambda x: run(lax.while_loop, lax.fori_loop, x))
    assert_queued(function, trips)
    np.testing.assert_allclose(function(trips), np.where(trips > 0, 2 * trips, trips))


def test_an_index_out_of_range_is_reported_for_its_example() -> None:
    table, trips = np.arange(10.0), RNG.integers(0, 10, 200)
    trips[137] = 14

    def run(t: Array, table: Array) -> Any:
        return lax.while_loop(lambda s: s[0] < t, lambda s: (s[0] + 1, s[1] + table[s[0]]), (0, 0.0))[1]

    with pytest.raises(vtrace.IndexOutOfRangeError, match="137"):
        vtrace.vmap(run, in_axes=(0, None))(trips, table)


@pytest.mark.parametrize("size", [1, 3, 131])
def test_nothing_is_read_behind_complex_arguments(size: int) -> None:
    """Both parts of neighbours are read at once, but of those only that are there."""
    points = RNG.uniform(-1, 1, size) + 1j * RNG.uniform(-1, 1, size)

    def escape(loop: Any, c: Array) -> Any:
        return loop(
            lambda s: (s[1] < 50) & (s[0].real ** 2 + s[0].imag ** 2 < 4), lambda s: (s[0] * s[0] + c, s[1] + 1), (c, 0)
        )[1]

    function = vtrace.vmap(lambda c: escape(lax.while_loop, c))
    assert_queued(function, points)
    got = function(at_the_end_of_a_page(points))
    np.testing.assert_array_equal(got, [escape(python_while, c) for c in points])
