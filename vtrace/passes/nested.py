"""The other passes inside of branches and loops.

What a loop does costs as often as it goes round, so the graphs that equations hold are simplified as well. Matrix
products stay dots there: a library call needs arrays that exist as a whole, and in a kernel none do. Running sums,
which are library calls outside, become loops.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from vtrace.ir.builder import Builder, inline, replay
from vtrace.ir.graph import Atom, Equation, Graph, Literal
from vtrace.ir.primitive import Primitive
from vtrace.ops.control import Cond, is_control
from vtrace.passes.counters import counters
from vtrace.passes.cse import cse
from vtrace.passes.dce import dce
from vtrace.passes.fold import fold_scalars
from vtrace.passes.running import running_to_loop
from vtrace.passes.simplify import simplify
from vtrace.passes.sums import sums

_P = TypeVar("_P", bound=Primitive)


def nested(graph: Graph) -> Graph:
    """`cond 1 x  =>  branch 1 of x`, and simplify, fold, cse and dce inside of every branch and loop."""
    if not any(is_control(e.primitive) for e in graph.equations):
        return graph
    if any(_is_decided(e) for e in graph.equations):
        graph = replay(graph, _take_branch)
    equations = tuple(map(_optimized, graph.equations))
    changed = any(a is not b for a, b in zip(equations, graph.equations, strict=True))
    return Graph(graph.inputs, equations, graph.outputs) if changed else graph


def _is_decided(equation: Equation) -> bool:
    return isinstance(equation.primitive, Cond) and isinstance(equation.inputs[0], Literal)


def _take_branch(builder: Builder, equation: Equation, inputs: tuple[Atom, ...]) -> tuple[Atom, ...] | None:
    if not (isinstance(equation.primitive, Cond) and isinstance(inputs[0], Literal)):
        return None
    branches = equation.primitive.branches
    chosen = branches[max(0, min(inputs[0].item(), len(branches) - 1))]
    return inline(builder, chosen, inputs[1:], _take_branch)


def _optimized(equation: Equation) -> Equation:
    if not is_control(equation.primitive):
        return equation
    primitive = map_graphs(equation.primitive, _inner)
    if primitive == equation.primitive:
        return equation
    return Equation(primitive, equation.inputs, equation.outputs, equation.source)


def _inner(graph: Graph) -> Graph:
    for step in (running_to_loop, simplify, fold_scalars, nested, counters, cse, sums, simplify, dce):
        graph = step(graph)
    return graph


def map_graphs(primitive: _P, function: Callable[[Graph], Graph]) -> _P:
    """`primitive` with every graph among its parameters replaced by `function` of it."""
    dataclass: Any = primitive  # the registry takes nothing else
    return type(primitive)(
        **{f.name: _map_value(getattr(primitive, f.name), function) for f in dataclasses.fields(dataclass)}
    )


def _map_value(value: Any, function: Callable[[Graph], Graph]) -> Any:
    if isinstance(value, Graph):
        return function(value)
    if isinstance(value, Primitive):
        return map_graphs(value, function)
    if isinstance(value, tuple):
        return tuple(_map_value(v, function) for v in value)
    return value
