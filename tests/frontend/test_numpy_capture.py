"""Frames, closures, escaped tracers, and everything that needs a value that is not known."""

import math
import re
from typing import Any

import numpy as np
import pytest

import vtrace.numpy as vnp
from tests.frontend.tracing import run, traced
from vtrace.errors import (
    ConcretizationError,
    DTypeError,
    EscapedTracerError,
    ShapeError,
    UnsupportedError,
    VTraceError,
)
from vtrace.frontend.trace import current_frame, trace
from vtrace.frontend.tracer import Tracer
from vtrace.ir.interpreter import evaluate
from vtrace.ir.types import FLOAT64, ArrayType
from vtrace.ir.verifier import verify

V = np.array([1.0, 2.0, 3.0])
T = ArrayType(FLOAT64, (3,))


def test_graph_names_inputs_and_lines() -> None:
    graph = traced(lambda x, y: np.dot(x, y) ** 2, V, V).graph
    assert [v.name for v in graph.inputs] == ["x", "y"]
    source = graph.equations[0].source
    assert source is not None
    assert source.file == __file__
    assert source.function == "<lambda>"


def test_a_closure_captures_through_every_frame() -> None:
    seen = []

    def outer(x: Any) -> Any:
        def middle(y: Any) -> Any:
            def inner(z: Any) -> Any:
                return [x + y + z, x * 2]

            innermost = trace(inner, [T], ["z"], [False])
            seen.append(innermost)
            return [y]

        seen.append(trace(middle, [T], ["y"], [False]))
        return x

    run(outer, V)
    inner, middle = seen
    assert [v.name for v in inner.graph.inputs] == ["z", "x", "y"]
    assert [v.name for v in middle.graph.inputs] == ["y", "x"]
    assert len(inner.captured) == 2
    verify(inner.graph)
    results = evaluate(inner.graph, V, 10 * V, 100 * V)
    np.testing.assert_array_equal(results[0], 111 * V)
    np.testing.assert_array_equal(results[1], 20 * V)


def test_an_escaped_tracer_says_where_it_came_from() -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.extend([x, x + 1])
        return x

    run(f, V)
    for tracer, where in zip(kept, ["argument 'x'", r"created at .*test_numpy_capture\.py:\d+ \(f\)"], strict=True):
        with pytest.raises(EscapedTracerError, match=rf"f64\[3\] \({where}\) was used after the function"):
            tracer + 1
        with pytest.raises(EscapedTracerError):
            run(lambda x, t=tracer: x + t, V)
    assert current_frame() is None


def test_the_frame_closes_when_the_function_raises() -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda x: 1 // 0, V)
    assert current_frame() is None


def test_assignment_to_an_outer_array_is_refused() -> None:
    def f(x: Any) -> Any:
        def g(y: Any) -> Any:
            x[0] = y[0]
            return [y]

        trace(g, [T], ["y"], [False])
        return x

    with pytest.raises(UnsupportedError, match=r"of an enclosing function; return the new value, or assign to x\.copy"):
        run(f, V)


def branch(x: Any) -> Any:
    if x > 0:
        return x
    return -x


NEED_VALUES = [
    (branch, "`if`, `while`, `and`, `or`, `not` or bool() needs the value of a traced array bool[] (computed at",
     "Use np.where(condition, a, b)"),
    (lambda x: float(x), "float() needs the value of a traced array f64[] (argument 'x')", "x.astype(float)"),
    (lambda x: int(x), "int() needs", "x.astype(int)"),
    (lambda x: math.sin(x), "float() needs", "np.sin(x) in place of math.sin(x)"),
    (lambda x: np.float64(x), "conversion to a NumPy array or scalar needs", "x.astype(np.float64)"),
    (lambda x: complex(x), "complex() needs", "Use x.astype(complex)"),
    (lambda x: x.item(), "item() needs", "Use the array itself"),
    (lambda x: x.tolist(), "tolist() needs", "list(x)"),
    (lambda x: [1, 2][x.astype(int)], "use as a Python integer needs", "vtrace.numpy.array(a)[i]"),
    (lambda x: range(x.astype(int)), "use as a Python integer needs", "plain Python value"),
    (lambda x: list(x), "iteration over a 0-d array needs", "at least one axis"),
    (lambda x: np.array([x, x]), "conversion to a NumPy array or scalar needs", "np.stack([...]) or vtrace"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("function", "what", "remedy"), NEED_VALUES, ids=[w[1].split(" needs")[0] for w in NEED_VALUES]
)
def test_what_needs_a_value_names_line_and_remedy(function: Any, what: str, remedy: str) -> None:
    with pytest.raises(ConcretizationError) as caught:
        run(function, np.float64(1))
    text = str(caught.value)
    assert isinstance(caught.value, TypeError)
    assert re.match(rf"{re.escape(__file__)}:\d+ \((branch|<lambda>)\): ", text)
    assert what in text
    assert remedy in text


def test_constants_have_values() -> None:
    def f(x: Any) -> Any:
        n = vnp.array(3)
        assert int(n) == 3
        assert n
        return x[: int(n)]

    assert run(f, V)[0].shape == (3,)


def test_truth_of_many_is_numpys_value_error() -> None:
    with pytest.raises(ShapeError, match=r"The truth value of an array with more than one element is ambiguous"):
        run(lambda x: 1 if x > 0 else 2, V)


def test_a_static_first_axis_iterates_unpacks_and_has_a_length() -> None:
    def f(x: Any) -> Any:
        a, b, c = x
        return a + b, sum(x), len(x) * c, np.stack([v * 2 for v in x])

    results = run(f, V)
    assert [float(r) for r in results[:3]] == [3, 6, 9]
    with pytest.raises(TypeError, match="unsized"):
        run(lambda x: len(x), np.float64(1))


def test_attributes() -> None:
    def f(x: Any) -> Any:
        assert (x.shape, x.ndim, x.size, x.dtype, x.nbytes, x.itemsize) == ((2, 3), 2, 6, np.float64, 48, 8)
        assert (np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)) == ((2, 3), 2, 6, 3)
        assert np.result_type(x, np.float32) == np.float64
        assert repr(x) == "Tracer<x:f64[2,3]>"
        assert f"{x + 1}" == "Tracer<f64[2,3]>"
        assert isinstance(x, Tracer)
        return x

    run(f, np.ones((2, 3)))


def test_unknown_functions_and_arguments_are_refused_by_name() -> None:
    for function, text in [
        (lambda x: np.setxor1d(x, x), "np.setxor1d is not supported on traced arrays"),
        (lambda x: np.sort(x, order="a"), "np.sort with the argument order is not supported"),
        (lambda x: np.add(x, 1, where=x > 0), "use np.where(condition, result, other)"),
        (
            lambda x: np.add(x, 1, out=np.zeros(3)),
            "np.add with out= cannot write a traced value into a plain NumPy array; write `x = np.add(...)`, or make",
        ),
        (lambda x: np.emath.sqrt(x), "its dtype depends on the values; use np.sqrt(x.astype(complex))"),
        (lambda x: np.where(x > 0), "use np.where(condition, x, y)"),
        (lambda x: np.full_like(np.zeros(3), x[0]), "make the array with vtrace.numpy"),
    ]:
        with pytest.raises(UnsupportedError) as caught:
            run(function, V)
        assert text in str(caught.value)
        assert __file__ in str(caught.value)
    with pytest.raises(AttributeError, match=r"ndarray\.tobytes is not supported on traced arrays"):
        run(lambda x: x.tobytes(), V)
    with pytest.raises(TypeError, match="unexpected keyword"):
        run(lambda x: np.sum(x, foo=1), V)


def test_shape_errors_say_which_operand_has_which_shape() -> None:
    m = np.ones((2, 3))
    for function, text in [
        (np.dot, "dot: x has shape (2, 3), y has shape (2, 3): axis 1 of x (3) must equal axis 0 of y (2)"),
        (lambda x, y: x @ (y + 1), "matmul: x has shape (2, 3), the second operand has shape (2, 3): axis 1 of x (3)"),
        (lambda x, y: x + y.T, "np.add: operands could not be broadcast together with shapes (2,3) (3,2)"),
        (lambda x, y: x.reshape(4, 2), "cannot reshape array of size 6 and shape (2,3) into shape (4,2)"),
        (lambda x, y: np.concatenate([x, y.T]), "np.concatenate: shapes must agree except on axis 0, got (2,3), (3,2)"),
        (lambda x, y: np.stack([x, y[0]]), "all input arrays must have the same shape, got (2,3), (3,)"),
        (lambda x, y: np.max(x[:, :0]), "np.max: zero-size array to reduction operation without identity"),
        (lambda x, y: np.einsum("ij,jk", x, y), "einsum"),
        (lambda x, y: x @ 2, "use * to multiply by a scalar"),
    ]:  # fmt: skip
        with pytest.raises(ShapeError) as caught:
            run(function, m, m)
        assert text in str(caught.value)
    with pytest.raises(np.exceptions.AxisError, match="axis 2 is out of bounds for array of dimension 2"):
        run(lambda x: np.sum(x, axis=2), m)


def test_dtypes_that_are_not_supported() -> None:
    for function in (
        lambda x: x.astype(np.clongdouble),
        lambda x: x.astype(np.float16),
        lambda x: x + np.longdouble(1),
    ):
        with pytest.raises(DTypeError, match="is not supported"):
            run(function, V)
    with pytest.raises(VTraceError):
        run(lambda x: np.add(x, "a"), V)
    with pytest.raises(TypeError):
        run(lambda x: x + "a", V)
    with pytest.raises(TypeError):
        run(lambda x: x + None, V)
    assert run(lambda x: x == None, V)[0] == False  # noqa: E711,E712  # comparison is the point


def test_integer_powers() -> None:
    with pytest.raises(ValueError, match="Integers to negative integer powers are not allowed"):
        run(lambda x: x**-1, np.int64([1, 2]))
