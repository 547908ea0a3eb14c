"""Wrong arguments of every function: a VTraceError with the user's line, or what NumPy says before it asks us."""

import traceback
import warnings
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.coverage.fuzz import TYPES, calls
from vtrace import AxisOutOfRangeError, IntegerOverflowError, MissingAttributeError, VTraceError, jit, vmap
from vtrace.frontend.complex_tracer import regroup, split_types
from vtrace.frontend.trace import trace
from vtrace.ir.types import ArrayType

PARTS = 5
"""A fifth of the calls is made, in so many tests: seconds."""
USER = str(Path(__file__).with_name("fuzz.py"))
FRONTEND = str(Path(vtrace.__file__).parent / "frontend")
ARRAYS = [ArrayType(np.dtype(dtype), shape) for dtype, shape in TYPES.values()]
OF_THE_PROTOCOL = ("trace.py", "tracer.py")


def outcome(call: Any) -> str:
    """What is wrong with the error of a call, or an empty string."""
    types = split_types(ARRAYS)

    def program(*parts: Any) -> tuple[()]:
        arrays = regroup(parts, [t.dtype for t in ARRAYS], [False] * len(ARRAYS))
        call(dict(zip(TYPES, arrays, strict=True)))
        return ()

    try:
        trace(program, types, [f"x{i}" for i in range(len(types))], [False] * len(types))
    except VTraceError as error:
        return "" if str(error).startswith(f"{USER}:") else f"names no line: {error!r}"
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(FRONTEND)]
        ours = [f for f in frames if Path(f.filename).name not in OF_THE_PROTOCOL]
        return f"{error!r} from {ours[-1].name}, line {ours[-1].lineno}" if ours else ""
    return ""


@pytest.mark.parametrize("part", range(PARTS))
def test_no_internal_error_escapes(part: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # the lists of arguments have no factor of 5 in their lengths: another fifth of them for each function
        found = {text: what for text, call in islice(calls(), part, None, PARTS**2) if (what := outcome(call))}
    assert found == {}


def line_of(error: BaseException) -> str:
    """The line of this file that a message names."""
    name, line = str(error).split(" ")[0].rsplit(":", 1)
    assert name == __file__
    return Path(__file__).read_text(encoding="utf-8").splitlines()[int(line) - 1]


def test_an_axis_in_a_nested_vmap() -> None:
    def row(x: Any) -> Any:
        return np.sum(x, axis=3)  # here

    with pytest.raises(AxisOutOfRangeError, match="axis 3 is out of bounds for array of dimension 1") as caught:
        vmap(vmap(row))(np.ones((2, 3, 4)))
    assert isinstance(caught.value, np.exceptions.AxisError)
    assert line_of(caught.value).endswith("# here")


def test_an_integer_that_a_dtype_cannot_hold() -> None:
    with pytest.raises(IntegerOverflowError, match="300 out of bounds for uint8"):
        jit(lambda x: x + 300)(np.ones(2, np.uint8))


def test_an_attribute_there_is_not() -> None:
    def f(x: Any) -> Any:
        assert not hasattr(x, "tobytes")
        return x.strides  # here

    with pytest.raises(MissingAttributeError, match="a traced array has no memory of its own") as caught:
        jit(f)(np.ones(2))
    assert isinstance(caught.value, AttributeError)
    assert line_of(caught.value).endswith("# here")


def test_a_traced_value_in_a_plain_array_says_what_to_do() -> None:
    def f(x: Any) -> Any:
        result = np.zeros(2)
        result[0] = x[0]  # here
        return result

    with pytest.raises(VTraceError, match=r"make `a` with vtrace\.numpy") as caught:
        jit(f)(np.ones(2))
    assert line_of(caught.value).endswith("# here")


def test_errors_of_functions_that_numpy_calls_are_their_own() -> None:
    def wrong(row: Any) -> Any:
        raise ValueError("the user's")

    with pytest.raises(ValueError, match=r"^the user's$"):
        jit(lambda x: np.apply_along_axis(wrong, 0, x))(np.ones((2, 2)))
