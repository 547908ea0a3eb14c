"""Where a NaN comes from: the first example that has one is run again, equation by equation."""

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np

from vtrace.api.capture import Captured
from vtrace.api.examples import example_of, size_of
from vtrace.api.signature import Signature
from vtrace.ir.graph import Equation, Graph, Var
from vtrace.ir.interpreter import evaluate, observe
from vtrace.ir.printer import print_equation, variable_names
from vtrace.ir.types import Array
from vtrace.ops.example import example_name, running_example


class _FoundError(Exception):
    """The equation that made a NaN, in words."""


def check_results(
    captured: Captured, signature: Signature, arrays: Sequence[Array], results: Sequence[Array], first: int, what: str
) -> None:
    """FloatingPointError if an example has a NaN among `results` and none in its arguments."""
    size = size_of(signature, arrays)
    made = _examples_with_nan(results, captured.out_axes or (None,) * len(results), size)
    if not made.any():
        return
    made &= ~_examples_with_nan(arrays, signature.axes, size)
    if not made.any():
        return
    number = int(np.argmax(made))
    with nullcontext() if size is None else running_example(first + number):
        origin = _origin(captured.traced, example_of(signature, arrays, number))
        if origin is None:
            return
        who = example_name() or "the call"
    raise FloatingPointError(f"{what}: {who} has a NaN in its results and none in its arguments; {origin}")


def _has_nan(array: Array) -> bool:
    return array.dtype.kind == "f" and bool(np.isnan(array).any())


def _examples_with_nan(arrays: Sequence[Array], axes: Sequence[int | None], size: int | None) -> Array:
    """Which examples have a NaN; one that is not mapped belongs to all of them."""
    found = np.zeros(1 if size is None else size, np.bool_)
    for array, axis in zip(arrays, axes, strict=True):
        if array.dtype.kind == "f":
            nan = np.isnan(array)
            found |= nan.any() if axis is None else nan.any(tuple(a for a in range(nan.ndim) if a != axis))
    return found


def _origin(graph: Graph, arguments: Sequence[Array]) -> str | None:
    """What made the NaN in the results for one example, in words; None if it is a constant of the program."""
    values: dict[Var, Array] = dict(zip(graph.inputs, arguments, strict=True))
    made: dict[Var, tuple[Equation, Sequence[Array]]] = {}

    def keep(within: Graph, equation: Equation, operands: Sequence[Array], results: Sequence[Array]) -> None:
        if within is graph:
            values.update(zip(equation.outputs, results, strict=True))
            made.update((v, (equation, operands)) for v in equation.outputs)

    with observe(keep):
        results = evaluate(graph, *arguments)
    start = next((a for a, r in zip(graph.outputs, results, strict=True) if _has_nan(r)), None)
    if start is None:
        return "the interpreter finds none when it runs that example: it depends on the order of operations"
    while isinstance(start, Var) and start in made:
        equation, operands = made[start]
        source = next((a for a, x in zip(equation.inputs, operands, strict=True) if _has_nan(x)), None)
        if source is None:
            return _inside(equation, operands) or _words(graph, equation, operands)
        start = source
    return None


def _inside(equation: Equation, operands: Sequence[Array]) -> str | None:
    """The first equation within a branch or a loop that makes a NaN of numbers."""

    def look(within: Graph, inner: Equation, operands: Sequence[Array], results: Sequence[Array]) -> None:
        if any(map(_has_nan, results)) and not any(map(_has_nan, operands)):
            raise _FoundError(_words(within, inner, operands))

    try:
        with observe(look), np.errstate(all="ignore"):
            equation.primitive.evaluate_all(*operands)
    except _FoundError as found:
        return str(found)
    return None


def _words(graph: Graph, equation: Equation, operands: Sequence[Array]) -> str:
    names = variable_names(graph)
    text = print_equation(equation, names)
    pairs = zip(equation.inputs, operands, strict=True)
    values = [f"{names[a]} = {x}" for a, x in pairs if isinstance(a, Var) and x.size <= 8]
    known = f"with {', '.join(values)}, " if values else ""
    return f"it was made by\n    {text}\n{known}at {equation.source or 'an unknown line'}"
