"""What primitives that hold graphs share: checks of what goes in and comes out, and small graphs for their examples.

A sub-graph is a function of its inputs alone. What the user's function reads from outside is an operand of the
equation, and array constants are operands too, so the types in a sub-graph are static and its code depends on no array.
"""

from collections.abc import Callable, Sequence

from vtrace.errors import ShapeError
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Atom, Graph
from vtrace.ir.types import ArrayType


def types_text(types: Sequence[ArrayType]) -> str:
    """`(f64[3], i64[])`"""
    return f"({', '.join(map(str, types))})"


def require_types(what: str, got: Sequence[ArrayType], wanted: Sequence[ArrayType]) -> None:
    """ShapeError unless both are the same; `what` is what `wanted` belongs to: `while: the body takes`."""
    if tuple(got) != tuple(wanted):
        raise ShapeError(f"{what} {types_text(wanted)}, got {types_text(got)}")


def graph_of(function: Callable[..., Sequence[Atom]], *types: ArrayType) -> Graph:
    """The graph of `function`, which gets a builder and one input per type: for examples and tests."""
    builder = Builder()
    inputs = [builder.input(type, f"x{n}") for n, type in enumerate(types)]
    return builder.build(function(builder, *inputs))
