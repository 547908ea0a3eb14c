"""scan, map and associative_scan: loops over the leading axis."""

import numpy as np
import pytest

import vtrace
from tests.lax.oracle import EXAMPLES, check, floats, integers
from vtrace import lax

X = floats()
V = floats(7)


@pytest.mark.parametrize("reverse", [False, True])
def test_running_sum(reverse: bool) -> None:
    check(lambda v: lax.scan(lambda c, x: (c + x, c * x), 0.5, v, reverse=reverse), V, ulps=64)


def test_trees_everywhere() -> None:
    def f(v, m, x):
        def step(c, s):
            c = {"a": c["a"] + s["m"].sum(), "n": c["n"] + 1}
            return c, (c["a"] * s["v"], {"m": s["m"][::-1], "t": ()})

        return lax.scan(step, {"a": x, "n": 0}, {"v": v, "m": m})

    check(f, V, floats(7, 2), X, ulps=256)


@pytest.mark.parametrize(
    ("v", "init", "in_axes"), [(V, X, (0, 0)), (V, 1.0, (0, None)), (V[0], X, (None, 0)), (V.T, X, (1, 0))]
)
def test_batched_and_unbatched_operands(v, init, in_axes) -> None:
    check(lambda v, init: lax.scan(lambda c, x: (c * x + 1, c), init, v), v, init, in_axes=in_axes, ulps=64)


def test_an_unbatched_scan_runs_once() -> None:
    def f(x, v):
        return x + lax.scan(lambda c, x: (c + x, None), 0.0, v)[0]

    check(f, X, V[0], in_axes=(0, None))
    graph = vtrace.make_ir(vtrace.vmap(f, in_axes=(0, None)))("f64[b]", "f64[7]")
    (loop,) = [e for e in graph.equations if e.primitive.name == "scan"]
    assert str(loop.outputs[0].type) == "f64[]"


def test_length_without_xs() -> None:
    check(lambda x: lax.scan(lambda c, _: (c * 2, c), x, None, length=5), X)
    check(lambda x: lax.scan(lambda c, _: (c * 2, c), x, length=5, unroll=2), X)


def test_no_trips() -> None:
    check(lambda x: lax.scan(lambda c, _: (c * 2, (c, 1)), x, None, length=0), X)
    check(lambda x, v: lax.scan(lambda c, s: (c * 2, s + x), x, v), X, floats(0, 2))


def test_no_carry_and_nothing_stacked() -> None:
    check(lambda v: lax.scan(lambda c, x: (c, x * x), None, v)[1], V)
    check(lambda v: lax.scan(lambda c, x: (c + x, None), 0.0, v)[0], V, ulps=64)


def test_numbers_take_the_dtype_of_the_body() -> None:
    total, ys = vtrace.vmap(lambda v: lax.scan(lambda c, x: (c + x, c), 0, v))(V.astype(np.float32))
    assert (total.dtype, ys.dtype) == (np.float32, np.float32)


def test_ys_may_be_constants_numbers_and_arrays() -> None:
    check(lambda v: lax.scan(lambda c, x: (c, (1, np.arange(3), True, x)), 0.0, v)[1], V)


def test_the_program_does_not_grow_with_the_length() -> None:
    sizes = [
        len(str(vtrace.make_ir(lambda v: lax.scan(lambda c, x: (c + x, c), 0.0, v))(np.zeros(n)))) for n in (10, 1000)
    ]
    assert abs(sizes[0] - sizes[1]) < 20


def test_filters_and_recurrences() -> None:
    def iir(v):
        return lax.scan(lambda c, x: ((x - 0.5 * c[0] + 0.1 * c[1], c[0]), c[0]), (0.0, 0.0), v)[1]

    def viterbi(v):
        t = np.array([[0.1, 0.9], [0.7, 0.3]])
        return lax.scan(lambda c, x: ((c[:, None] + t).max(0) + x, (c[:, None] + t).argmax(0)), np.zeros(2), v)

    check(iir, V, ulps=256)
    check(viterbi, floats(7, 2), ulps=64)


def test_long_ys_that_are_read_afterwards() -> None:
    def f(v):
        ys = lax.scan(lambda c, x: (c * 0.5 + x, c), 0.0, v)[1]
        return ys.max() - ys[::-1]

    check(f, floats(50), ulps=256)
    check(f, floats(5000), ulps=1 << 20, sizes=(0, 3))


def test_map() -> None:
    check(lambda v: lax.map(lambda x: (x * 2, x > 0), v), V)
    check(lambda v, w: lax.map(lambda p: p[0] @ p[1], (v, w), batch_size=3), floats(5, 2), floats(5, 2), ulps=64)
    check(lambda v: lax.map(lambda x: x + 1, v), floats(0, 3))


@pytest.mark.parametrize("reverse", [False, True])
def test_associative_scan(reverse: bool) -> None:
    check(lambda v: lax.associative_scan(np.add, v, reverse), V, ulps=256)
    check(lambda v: lax.associative_scan(np.maximum, v, reverse=reverse, axis=1), floats(3, 4))
    check(lambda v: lax.associative_scan(np.maximum, v, reverse, -1), floats(3, 4))
    check(lambda m: lax.associative_scan(np.matmul, m, reverse), floats(4, 2, 2), ulps=1 << 16)


def test_associative_scan_of_trees_and_of_little() -> None:
    def affine(one, two):
        return {"a": one["a"] * two["a"], "b": one["b"] * two["a"] + two["b"]}

    check(lambda a, b: lax.associative_scan(affine, {"a": a, "b": b}), V, V[::-1], ulps=1 << 12)
    check(lambda v: lax.associative_scan(np.add, v), floats(1))
    check(lambda v: lax.associative_scan(np.add, v), floats(0))


def test_running_sums_inside_of_loops() -> None:
    v = floats(3, 2)
    check(lambda v: lax.map(np.cumsum, v), v, ulps=16)
    check(lambda v: lax.map(np.cumprod, v), v, ulps=16)
    check(lambda v: lax.fori_loop(0, 3, lambda i, m: np.cumsum(m, axis=1) * 0.5, v), v, ulps=64)
    assert EXAMPLES == 37


def test_select() -> None:
    w = floats(7, seed=5)
    check(lambda a, b: lax.select(a > b, a, b), V, w)
    check(lambda p, a, b: lax.select(p > 0, a, b), X, V, w)
    check(lambda k, a, b: lax.select_n(k, a, b, a * b), integers(-1, 5, 7), V, w)
    check(lambda k, a, b: lax.select_n(k > 0, a, b), integers(-1, 5), V, w)


def test_windows() -> None:
    start = integers(-9, 9)
    check(lambda v, i: lax.dynamic_slice(v, (i,), (3,)), V, start)
    check(lambda m, i: lax.dynamic_slice(m, (i, 1), (2, 2)), floats(4, 3), start)
    check(lambda v, i: lax.dynamic_update_slice(v, v[:2] * 0, (i,)), V, start)
    check(lambda m, i: lax.dynamic_index_in_dim(m, i, 1), floats(4, 3), start)
    check(lambda m, i: lax.dynamic_index_in_dim(m, i, -1, keepdims=False), floats(4, 3), start)
    check(lambda m, i: lax.dynamic_slice_in_dim(m, i, 2, axis=1), floats(4, 3), start)
    check(lambda m, i: lax.dynamic_update_slice_in_dim(m, m[:, :1] * 3, i, 1), floats(4, 3), start)
    check(lambda m, i: lax.dynamic_update_index_in_dim(m, m[0] * 3, i, 0), floats(4, 3), start)
