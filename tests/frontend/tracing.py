"""Trace a function on the types of example arguments, run the graph, and compare with NumPy."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import vtrace.frontend  # noqa: F401  # fills the tables
from vtrace.frontend.trace import Traced, trace
from vtrace.ir.interpreter import evaluate
from vtrace.ir.types import ArrayType
from vtrace.ir.verifier import verify

NAMES = ("x", "y", "z", "w")


def traced(function: Callable[..., Any], *arguments: Any) -> Traced:
    """The trace of `function`; a Python number among the arguments is a weak input."""
    arrays = [np.asarray(a) for a in arguments]
    weak = [isinstance(a, int | float) and not isinstance(a, bool | np.generic) for a in arguments]

    def flat(*tracers: Any) -> Sequence[Any]:
        result = function(*tracers)
        return result if isinstance(result, tuple | list) else (result,)

    return trace(flat, [ArrayType(a.dtype, a.shape) for a in arrays], NAMES[: len(arrays)], weak)


def run(function: Callable[..., Any], *arguments: Any) -> tuple[Any, ...]:
    """The results of the traced function."""
    graph = traced(function, *arguments).graph
    verify(graph)
    return evaluate(graph, *(np.asarray(a) for a in arguments))


def check(function: Callable[..., Any], *arguments: Any, rtol: float | None = None, weak_results: bool = False) -> None:
    """Tracing `function` gives what NumPy gives: shapes, dtypes, values; the arguments are left as they are."""
    got = run(function, *arguments)
    with np.errstate(all="ignore"):
        expected = function(*(np.array(a) if isinstance(a, np.ndarray) else a for a in arguments))
    expected = expected if isinstance(expected, tuple | list) else (expected,)
    assert len(got) == len(expected)
    for g, e in zip(got, expected, strict=True):
        e = np.asarray(e)
        assert g.shape == e.shape
        assert weak_results or g.dtype == e.dtype
        tolerance = rtol if rtol is not None else (2e-6 if e.dtype == np.float32 else 1e-12)
        np.testing.assert_allclose(g, e, rtol=tolerance, atol=tolerance)
