"""cond and switch: each example runs its own branch, and only that."""

import numpy as np
import pytest

import vtrace
from tests.lax.oracle import EXAMPLES, check, floats, integers
from vtrace import lax

X = floats()


def test_each_example_takes_its_branch() -> None:
    check(lambda x: lax.cond(x > 0, lambda x: x * 2, lambda x: x - 1, x), X)


def test_operands_are_pytrees_and_so_are_results() -> None:
    def f(x, v):
        return lax.cond(
            x < 0,
            lambda d: {"sum": d["v"].sum(), "pair": (d["x"], [d["v"]])},
            lambda d: {"sum": d["x"], "pair": (-d["x"], [d["v"][::-1] * 2])},
            {"x": x, "v": v},
        )

    check(f, X, floats(3))


def test_branches_close_over_traced_values_arrays_and_numbers() -> None:
    table = np.arange(5.0)

    def f(x, k):
        y = np.sin(x)
        return lax.cond(k > 2, lambda: y + vtrace.numpy.array(table)[k], lambda: x * table.sum())

    check(f, X, integers(0, 5))


def test_a_number_takes_the_dtype_of_the_other_branch() -> None:
    x = X.astype(np.float32)
    result = vtrace.vmap(lambda x: lax.cond(x > 0, lambda: x, lambda: 0.0))(x)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, np.where(x > 0, x, np.float32(0)))


@pytest.mark.parametrize("dtype", ["bool", "i1", "u8", "f4", "f8"])
def test_the_predicate_may_be_a_number(dtype: str) -> None:
    pred = integers(0, 2).astype(dtype)
    check(lambda p, x: lax.cond(p, np.cos, np.sin, x), pred, X)


def test_nan_counts_as_true() -> None:
    check(lambda p, x: lax.cond(p, lambda: x, lambda: -x), np.where(X > 1, np.nan, 0.0), X)


def test_a_branch_that_would_fail_or_never_end_is_not_run_for_others() -> None:
    table = np.arange(4.0)

    def f(k, x):
        a = lax.cond(k < 4, lambda: vtrace.numpy.array(table)[k] * x, lambda: x)
        b = lax.cond(k != 0, lambda: k % 3 + 7 // k, lambda: k)
        c = lax.cond(x > 0, lambda: lax.while_loop(lambda v: v < 100, lambda v: v * 2, x), lambda: x)
        return a, b, c

    check(f, integers(0, 9), np.where(np.abs(X) < 1e-3, 1.0, X))


def test_an_unbatched_predicate_and_operands_stay_unbatched() -> None:
    def f(x, p, w):
        return x + lax.cond(p, lambda: w.sum(), lambda: w[0])

    check(f, X, True, np.arange(3.0), in_axes=(0, None, None))
    graph = vtrace.make_ir(vtrace.vmap(f, in_axes=(0, None, None)))("f64[b]", "bool[]", "f64[3]")
    (cond,) = [e for e in graph.equations if e.primitive.name == "cond"]
    assert str(cond.outputs[0].type) == "f64[]"


def test_an_unbatched_predicate_with_batched_operands() -> None:
    for p in (True, False):
        check(lambda x, p: lax.cond(p, np.exp, np.negative, x), X, p, in_axes=(0, None))


def test_a_known_predicate_leaves_no_branch() -> None:
    graph = vtrace.make_ir(lambda x: lax.cond(True, np.sin, np.cos, x))(1.0)
    assert [e.primitive.name for e in graph.equations] == ["sin"]


def test_switch_clamps_its_index() -> None:
    branches = [lambda x: x, lambda x: x * 2, np.square, lambda x: -x]
    check(lambda k, x: lax.switch(k, branches, x), integers(-3, 9), X)
    check(lambda k, x: lax.switch(k, branches, x), integers(-3, 9).astype(np.int8), X)
    check(lambda k, x: lax.switch(k, branches, x), integers(0, 9).astype(np.uint64) * 2**40, X)
    check(lambda k, x: lax.switch(k, branches[:1], x), integers(-3, 9), X)


def test_switch_does_not_wrap_an_index_beyond_32_bits() -> None:
    index = np.array([2**32, -(2**32), 2**63 - 1])
    result = vtrace.vmap(lambda k: lax.switch(k, [lambda: 1, lambda: 2, lambda: 3]))(index)
    np.testing.assert_array_equal(result, [3, 1, 3])


def test_branches_may_assign_to_their_operands() -> None:
    def write(v):
        v[1] = v[0] * 10
        return v

    v = floats(3)
    before = v.copy()
    check(lambda v: lax.cond(v[0] > 0, write, lambda v: v, v), v)
    np.testing.assert_array_equal(v, before)


def test_branches_without_results_or_operands() -> None:
    check(lambda x: lax.cond(x > 0, lambda: 1.5, lambda: 2.5), X)
    check(lambda x: (lax.cond(x > 0, lambda: (), lambda: ()), x), X)
    check(lambda x: lax.cond(x > 0, lambda _: x, lambda _: -x, None), X)
    check(lambda x: lax.cond(x > 0, lambda y: x + y, lambda y: -x, operand=x), X)


def test_branches_of_every_dtype() -> None:
    for dtype in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"):
        v = integers(0, 100, 3).astype(dtype)
        check(lambda p, v: lax.cond(p, lambda v: v[::-1].copy(), lambda v: v, v), integers(0, 2) > 0, v)


def test_rows_long_and_short() -> None:
    for length in (1, 8, 100):
        check(
            lambda p, v: lax.cond(p > 0, lambda v: v * 2, lambda v: np.sin(v) + v.sum(), v),
            X,
            floats(length),
            ulps=1 << 14,
        )
    assert EXAMPLES == 37
