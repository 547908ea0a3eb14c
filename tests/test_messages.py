"""The exact text of the errors that users of `vmap` and `jit` meet."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import ArgumentError, AxesError, DTypeError, VTraceError, vmap


def same(x: Any) -> Any:
    return x


def first(x: Any, y: Any) -> Any:
    return x


def entries(params: Any) -> Any:
    return params["w"]


ONES = np.ones(3)
ROWS = np.ones((2, 3))

SUPPORTED = "bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, complex64, complex128"

CASES: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "sizes": (
        lambda: vmap(first)(ROWS, np.ones((4, 3), np.float32)),
        AxesError,
        "vmap of first: the mapped axes have different sizes\n"
        "  argument 'x' is f64[2,3], mapped along axis 0 of size 2\n"
        "  argument 'y' is f32[4,3], mapped along axis 0 of size 4\n"
        "Mapped axes need one size; set in_axes to None for an argument that every example shares.",
    ),
    "sizes of nested arguments, with one that is not mapped": (
        lambda: vmap(first, ({"w": 0, "b": 1}, None))({"w": ROWS, "b": ROWS}, 1),
        AxesError,
        "vmap of first: the mapped axes have different sizes\n"
        "  argument \"x['b']\" is f64[2,3], mapped along axis 1 of size 3\n"
        "  argument \"x['w']\" is f64[2,3], mapped along axis 0 of size 2\n"
        "  argument 'y' is i64[], not mapped\n"
        "Mapped axes need one size; set in_axes to None for an argument that every example shares.",
    ),
    "axis out of range": (
        lambda: vmap(same, 2)(ROWS),
        AxesError,
        "vmap of same: argument 'x' is f64[2,3] and has no axis 2; its axes are -2 to 1",
    ),
    "negative axis out of range": (
        lambda: vmap(same, -3)(ROWS),
        AxesError,
        "vmap of same: argument 'x' is f64[2,3] and has no axis -3; its axes are -2 to 1",
    ),
    "mapped scalar": (
        lambda: vmap(same)(2.5),
        AxesError,
        "vmap of same: argument 'x' is a scalar (f64[]) and has no axis 0 to map over; "
        "set its entry of in_axes to None, or pass an array",
    ),
    "mapped scalar by keyword": (
        lambda: vmap(first)(ONES, y=2.5),
        AxesError,
        "vmap of first: argument 'y' is a scalar (f64[]) and has no axis 0 to map over; "
        "keyword arguments are always mapped: pass it by position, with None in in_axes, or pass an array",
    ),
    "in_axes of the wrong length": (
        lambda: vmap(same, (0, 0))(ONES),
        AxesError,
        "vmap of same: in_axes has 2 entries, but the function was called with 1 positional argument",
    ),
    "in_axes of the wrong length, with keyword arguments": (
        lambda: vmap(first, (0, 0))(ONES, y=ONES),
        AxesError,
        "vmap of first: in_axes has 2 entries, but the function was called with 1 positional argument; "
        "keyword arguments are always mapped along axis 0 and have no entry",
    ),
    "in_axes too deep": (
        lambda: vmap(same, ((0, 0),))(ONES),
        AxesError,
        "vmap of same: in_axes does not have the structure of the arguments: "
        "it has a tuple of length 2 where x is an array",
    ),
    "in_axes with other keys": (
        lambda: vmap(entries, ({"w": 0},))({"w": ONES, "b": ONES}),
        AxesError,
        "vmap of entries: in_axes does not have the structure of the arguments: "
        "it has a dict with the keys 'w' where params is a dict with the keys 'w', 'b'",
    ),
    "in_axes of the wrong length within an argument": (
        lambda: vmap(entries, ({"w": (0, 0)},))({"w": (ONES,)}),
        AxesError,
        "vmap of entries: in_axes does not have the structure of the arguments: "
        "it has a tuple of length 2 where params['w'] is a tuple of length 1",
    ),
    "in_axes of the wrong kind": (
        lambda: vmap(same, "x"),  # type: ignore[call-overload]
        ArgumentError,
        "vmap: in_axes must be an int, None, or a tuple or list with one entry per positional argument, got 'x'",
    ),
    "in_axes with a float": (
        lambda: vmap(same, (0.5,)),
        ArgumentError,
        "vmap: in_axes must hold integers and None only, got 0.5",
    ),
    "in_axes with a bool": (
        lambda: vmap(same, True),
        ArgumentError,
        "vmap: in_axes must hold integers and None only, got True",
    ),
    "out_axes of the wrong kind": (
        lambda: vmap(same, out_axes="x"),
        ArgumentError,
        "vmap: out_axes must hold integers and None only, got 'x'",
    ),
    "nothing mapped": (
        lambda: vmap(same, None)(ONES),
        AxesError,
        "vmap of same: in_axes is None for every argument, so nothing tells the batch size; "
        "map at least one argument, or give axis_size",
    ),
    "no argument": (
        lambda: vmap(lambda: 1)(),
        AxesError,
        "vmap of <lambda>: there is no argument to map over; give the batch size as axis_size",
    ),
    "axis_size that differs": (
        lambda: vmap(same, axis_size=5)(ONES),
        AxesError,
        "vmap of same: axis_size is 5, but\n  argument 'x' is f64[3], mapped along axis 0 of size 3",
    ),
    "negative axis_size": (
        lambda: vmap(same, axis_size=-1),
        AxesError,
        "vmap: axis_size must not be negative, got -1",
    ),
    "axis_size of the wrong kind": (
        lambda: vmap(same, axis_size="3"),  # type: ignore[call-overload]
        ArgumentError,
        "vmap: axis_size must be an int or None, got '3'",
    ),
    "axis_name of the wrong kind": (
        lambda: vmap(same, axis_name=3),  # type: ignore[call-overload]
        ArgumentError,
        "vmap: axis_name must be a string or None, got 3",
    ),
    "out_axes None on a batched result": (
        lambda: vmap(lambda x: {"y": x}, out_axes=None)(ROWS),
        AxesError,
        "vmap of <lambda>: out_axes is None for the result['y'], but it depends on the mapped arguments "
        "(f64[3] for each example); give it an axis, or return something that all examples share",
    ),
    "out_axes out of range": (
        lambda: vmap(same, out_axes=2)(ONES),
        AxesError,
        "vmap of same: out_axes puts the batch at axis 2 of the result, which has 1 axis "
        "(f64[] for one example and the batch axis)",
    ),
    "out_axes of the wrong length": (
        lambda: vmap(lambda x: (x, x), out_axes=(0, 0, 0))(ONES),
        AxesError,
        "vmap of <lambda>: out_axes does not have the structure of the results: "
        "it has a tuple of length 3 where the result is a tuple of length 2",
    ),
    "out_axes too deep": (
        lambda: vmap(same, out_axes=(0,))(ONES),
        AxesError,
        "vmap of same: out_axes does not have the structure of the results: "
        "it has a tuple of length 1 where the result is an array",
    ),
    "string": (
        lambda: vmap(same)("abc"),
        ArgumentError,
        "vmap of same: argument 'x' is the string 'abc', not an array; "
        "bind it with a lambda or functools.partial instead of passing it",
    ),
    "None": (
        lambda: vmap(entries)({"w": ONES, "b": None}),
        ArgumentError,
        "vmap of entries: argument \"params['b']\" is None, not an array; "
        "leave it out, or bind it with a lambda or functools.partial",
    ),
    "set": (
        lambda: vmap(same)({1, 2}),
        ArgumentError,
        "vmap of same: argument 'x' is a set, not an array; arguments are arrays, numbers, lists of numbers, "
        "and tuples, lists and dicts of them",
    ),
    "ragged list": (
        lambda: vmap(same)([[1, 2], [3]]),
        ArgumentError,
        "vmap of same: argument 'x' is a ragged list; its rows must have one length to be an array",
    ),
    "masked array": (
        lambda: vmap(same)(np.ma.masked_array(ONES, [True, False, False])),
        ArgumentError,
        "vmap of same: argument 'x' is a masked array; pass x.filled(value) or x.data instead",
    ),
    "object array": (
        lambda: vmap(same)(np.array([1, "a"], object)),
        DTypeError,
        f"vmap of same: argument 'x' has dtype object, which is not supported; use one of {SUPPORTED}",
    ),
    "array of a wide complex dtype": (
        lambda: vmap(same)(ONES.astype(np.clongdouble)),
        DTypeError,
        f"vmap of same: argument 'x' has dtype complex256, which is not supported; use one of {SUPPORTED}",
    ),
    "integer that is too large": (
        lambda: vtrace.jit(same)(2**63),
        DTypeError,
        "jit of same: argument 'x' holds an integer that does not fit int64",
    ),
    "no result": (
        lambda: vmap(lambda x: None)(ONES),
        ArgumentError,
        "vmap of <lambda>: the result is None, not an array; does the function lack a return?",
    ),
    "result that is not an array": (
        lambda: vmap(lambda x: (x, "a"))(ONES),
        ArgumentError,
        "vmap of <lambda>: the result[1] is a str, not an array; a function returns arrays, numbers, "
        "and tuples, lists and dicts of them",
    ),
    "result of a dtype that is not supported": (
        lambda: vmap(lambda x: np.array([1], np.float16))(ONES),
        DTypeError,
        "vmap of <lambda>: the result has dtype float16, which is not supported",
    ),
    "not a function": (
        lambda: vmap(3),  # type: ignore[call-overload]
        ArgumentError,
        "vmap: expected a function, got 3",
    ),
    "symbolic size of an axis that is not mapped": (
        lambda: vmap(same).inspect("f64[b,n]"),
        AxesError,
        "vmap of same: argument 'x' is f64[b,n]; only the axis that is mapped may have a symbolic size",
    ),
    "symbolic size without a batch": (
        lambda: vtrace.jit(same).inspect("f64[b]"),
        AxesError,
        "jit of same: argument 'x' is f64[b]; give its sizes as numbers",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_message(name: str) -> None:
    call, error, text = CASES[name]
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text
    assert isinstance(caught.value, VTraceError)
    assert isinstance(caught.value, ValueError | TypeError)


def test_wrong_number_of_arguments_is_the_error_of_python() -> None:
    with pytest.raises(TypeError, match=r"same\(\) takes 1 positional argument but 2 were given"):
        vmap(same)(ONES, ONES)


def test_an_error_in_the_function_passes_through() -> None:
    def fail(x: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        vmap(fail)(ONES)
