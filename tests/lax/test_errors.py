"""The texts of errors: what was asked, what was found, leaf by leaf."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax

V = np.arange(3.0)
LINE = r"[^:]*test_errors.py:\d+ \([^)]*\): "


def message(error: type[Exception], f: Callable[..., Any], *args: Any) -> str:
    """The text of the error, the same for a traced call and one outside of a trace, without the user's line."""
    texts = []
    for call in (f, vtrace.jit(f)):
        with pytest.raises(error) as caught:
            call(*args)
        assert isinstance(caught.value, vtrace.VTraceError)
        texts.append(str(caught.value))
        assert re.match(LINE, texts[-1]), texts[-1]
    stripped = {re.sub("^" + LINE, "", text) for text in texts}
    assert len(stripped) == 1, texts
    return stripped.pop()


def test_a_carry_that_changes_its_types() -> None:
    def f(v):
        start = {"a": v, "n": (np.int32(0), v)}
        body = lambda c, _: ({"a": c["a"].astype(np.float32), "n": (c["n"][0] + 0.5, c["n"][1][:2])}, None)  # noqa: E731
        return lax.scan(body, start, length=2)

    assert message(vtrace.ShapeError, f, V) == (
        "scan: the carry must keep its type:\n"
        "  carry['a'] is f64[3], but f returns f32[3]\n"
        "  carry['n'][0] is i32[], but f returns f64[]\n"
        "  carry['n'][1] is f64[3], but f returns f64[2]\n"
        "Convert what goes in or what comes out, for example with x.astype(dtype)"
    )


def test_a_carry_that_changes_its_dtype_alone() -> None:
    def f(k):
        return lax.while_loop(lambda c: c < 10, lambda c: c * 1.5 + 1, k.astype(np.int64))

    assert message(vtrace.DTypeError, f, np.float64(1)) == (
        "while_loop: the carry must keep its type:\n"
        "  carry is i64[], but body_fun returns f64[]\n"
        "Convert what goes in or what comes out, for example with x.astype(dtype)"
    )


def test_a_carry_that_changes_its_structure() -> None:
    def f(v):
        return lax.fori_loop(0, 2, lambda i, c: (c[0], {"x": c[1]["x"], "z": 1}, [], c[2]), (v, {"x": v}, [v]))

    assert message(vtrace.ShapeError, f, V) == (
        "fori_loop: the carry must keep its structure:\n"
        "  carry is a tuple of length 3, but body_fun returns a tuple of length 4"
    )

    def g(v):
        return lax.while_loop(lambda c: True, lambda c: (None, {"z": v}, c[2][0]), (v, {"x": v}, [v], ())[:3])

    assert message(vtrace.ShapeError, g, V) == (
        "while_loop: the carry must keep its structure:\n"
        "  carry[0] is f64[3], but body_fun returns None\n"
        "  carry[1] is a dict with the keys 'x', but body_fun returns a dict with the keys 'z'\n"
        "  carry[2] is a list of length 1, but body_fun returns f64[3]"
    )


def traced(error: type[Exception], f: Callable[..., Any], *args: Any) -> str:
    """The text of an error that only a trace finds, since it concerns code that a call would not run."""
    with pytest.raises(error) as caught:
        vtrace.jit(f)(*args)
    return re.sub("^" + LINE, "", str(caught.value))


def test_branches_of_different_types() -> None:
    assert traced(vtrace.ShapeError, lambda v: lax.cond(v[0] > 0, lambda: (v, v), lambda: (v > 0, v[0])), V) == (
        "cond: all branches must return the same types:\n"
        "  result[0] is bool[3] from false_fun, but f64[3] from true_fun\n"
        "  result[1] is f64[] from false_fun, but f64[3] from true_fun\n"
        "Convert what goes in or what comes out, for example with x.astype(dtype)"
    )


def test_branches_of_different_structures() -> None:
    assert traced(vtrace.ShapeError, lambda v: lax.switch(1, [lambda: v, lambda: (v,), lambda: None]), V) == (
        "switch: all branches must return the same structure:\n"
        "  result is f64[3] from branches[0], but a tuple of length 1 from branches[1]"
    )


def test_conditions_that_are_not_one_bool() -> None:
    for wrong, found in (
        (lambda c: c, "f64[3]"),
        (lambda c: c > 0, "bool[3]"),
        (lambda c: (c[0] > 0,), "a tuple of length 1"),
    ):
        text = message(vtrace.DTypeError, lambda v, w=wrong: lax.while_loop(w, lambda c: c, v), V)
        assert text == f"while_loop: cond_fun must return one bool, not {found}"


def test_predicates_and_indices() -> None:
    same = lambda v: v  # noqa: E731
    assert message(vtrace.ShapeError, lambda v: lax.cond(v > 0, same, same, v), V) == (
        "cond: pred must be a scalar, got bool[3]"
    )
    assert message(vtrace.ArgumentError, lambda v: lax.cond("yes", same, same, v), V) == (
        "cond: pred is a str, not an array; values are arrays, numbers, None, and tuples, lists and dicts of them"
    )
    assert message(vtrace.DTypeError, lambda v: lax.switch(v[0], [same], v), V) == (
        "switch: index must be an integer, got f64[]"
    )
    assert message(vtrace.ArgumentError, lambda v: lax.switch(0, [], v), V) == (
        "switch: there must be at least one branch"
    )
    assert message(vtrace.DTypeError, lambda v: lax.fori_loop(0, 1.5, lambda i, c: c, v), V) == (
        "fori_loop: upper must be an integer, got f64[]"
    )
    assert message(vtrace.ArgumentError, lambda v: lax.cond(v[0] > 0, 3, same, v), V) == (
        "cond: true_fun must be a function, got 3"
    )


def test_slices_that_do_not_fit_together() -> None:
    step = lambda c, x: (c, None)  # noqa: E731
    assert message(vtrace.ShapeError, lambda v: lax.scan(step, 0, {"a": v, "b": v[:2]}), V) == (
        "scan: the extents of axis 0 differ:\n  xs['a']: 3\n  xs['b']: 2"
    )
    assert message(vtrace.ShapeError, lambda v: lax.scan(step, 0, v, length=4), V) == (
        "scan: the extents of axis 0 differ:\n  length: 4\n  xs: 3"
    )
    assert message(vtrace.ShapeError, lambda v: lax.scan(step, 0, [v, 1.0]), V) == (
        "scan: xs[1] is a scalar, which has no axis to loop over; a list of numbers is made an array by np.array"
    )
    assert message(vtrace.ArgumentError, lambda v: lax.scan(step, v), V) == (
        "scan: give xs, or the number of trips as length"
    )
    assert message(vtrace.ArgumentError, lambda v: lax.scan(lambda c, x: c, 0.0, v), V) == (
        "scan: f must return a pair (carry, y), not f64[]"
    )
    assert message(vtrace.ShapeError, lambda v: lax.associative_scan(np.add, v, axis=1), V) == (
        "associative_scan: elems has 1 axes, so it has no axis 1"
    )


def test_leaves_that_are_no_arrays() -> None:
    assert traced(vtrace.ArgumentError, lambda v: lax.while_loop(lambda c: True, lambda c: c, (v, "x")), V) == (
        "while_loop: carry[1] is a str, not an array; values are arrays, numbers, None, and tuples, lists and dicts of "
        "them"
    )
    assert traced(vtrace.ArgumentError, lambda v: lax.cond(v[0] > 0, lambda: print, lambda: v), V).startswith(
        "cond: the result of true_fun is a builtin_function_or_method, not an array"
    )


def test_select_of_different_shapes() -> None:
    assert message(vtrace.ShapeError, lambda v: lax.select(v[0] > 0, v, v[:2]), V) == (
        "select: the cases must have one shape, and the choice too:\n"
        "  on_false is f64[2]\n  on_true is f64[3]\n  the choice is bool[]"
    )
    assert (
        message(vtrace.DTypeError, lambda v: lax.select(v, v, v), V) == "select: the choice must be a bool, got f64[3]"
    )


def test_a_traced_value_that_escapes_a_loop() -> None:
    kept = []

    def body(i, c):
        kept.append(c)
        return c * 2

    with pytest.raises(vtrace.EscapedTracerError):
        vtrace.jit(lambda x: lax.fori_loop(0, 2, body, x) + kept[0])(1.0)


def test_an_index_out_of_range_names_the_example(mode: str) -> None:
    element = ", batch element 2" if mode == "compiled" else ""
    with pytest.raises(vtrace.IndexOutOfRangeError, match=f"index 5 is out of bounds for axis 0 with size 3{element}"):
        vtrace.vmap(lambda v, n: lax.fori_loop(0, n, lambda i, c: c + v[i + 5 * (n > 2)], 0.0))(
            np.ones((4, 3)), np.array([1, 2, 3, 0])
        )
