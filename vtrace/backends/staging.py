"""Which intermediate results of an example are kept in scratch memory, rather than computed again where they are read.

In pull form a value is computed wherever it is asked for. Scalars of an example are then found again in an outer
scope, but the elements of an array are not: the hidden layer of a perceptron would be recomputed for every output.
So the demand for each value is counted, from the results back to the inputs: in how many loop nests it is read, and
how many times per element in each. A value that is asked for more than once and is not cheap is staged: computed in
its own loops, once per example (or block of lanes), and read from scratch.
"""

import math
from collections import defaultdict

from vtrace.backends.cost import FUNCTION
from vtrace.backends.layout import Layout
from vtrace.ir.graph import Equation, Graph, Var
from vtrace.ir.types import Shape
from vtrace.ops.contraction import Dot
from vtrace.ops.kinds import FLOATS, Elementwise, Reduction, Uniform
from vtrace.ops.movement import Broadcast

SCRATCH_BYTES = 1 << 18
"""The most that one thread keeps in scratch: it lives on the stack, and should fit the second-level cache."""
CHEAP = 6
"""Simple operations that are rather done again than written and read back."""

Nest = tuple[str, Var | int]
Demand = dict[Nest, float]
"""Evaluations per element, by the loop nest that asks."""


def staged(graph: Graph, layout: Layout) -> dict[Var, Shape]:
    """The values to keep, with the shape of one example of each."""
    if layout.mode == "flat" or layout.symbol is None:
        return {}
    demand: dict[Var, Demand] = defaultdict(dict)
    for number, atom in enumerate(graph.outputs):
        if isinstance(atom, Var):
            demand[atom][("output", number)] = 1.0
    costs = _costs(graph)
    chosen: dict[Var, Shape] = {}
    room = SCRATCH_BYTES
    lanes = layout.width if layout.mode == "batch" else 1
    for equation in reversed(graph.equations):
        var = equation.outputs[0]
        rest = _rest(var, layout)
        total = sum(demand[var].values())
        asks = dict(demand[var])
        size = math.prod(d for d in rest if isinstance(d, int)) * lanes * var.type.dtype.itemsize
        if _worth_it(rest, var, layout, total, costs[var]) and size <= room:
            room -= size
            chosen[var] = rest
            asks = {("stage", var): 1.0}
        for position, atom in enumerate(equation.inputs):
            if isinstance(atom, Var):
                _add(demand[atom], _asked_of(equation, position, asks, layout))
    return chosen


def _rest(var: Var, layout: Layout) -> Shape:
    axis = layout.parallel_axis(var.type.shape)
    return tuple(d for a, d in enumerate(var.type.shape) if a != axis)


def _worth_it(rest: Shape, var: Var, layout: Layout, total: float, cost: float) -> bool:
    elements = math.prod(d for d in rest if isinstance(d, int))
    return layout.symbol in var.type.shape and elements > 1 and (total - 1) * cost > CHEAP


def _costs(graph: Graph) -> dict[Var, float]:
    """Simple operations for one element of each value, its operands' included."""
    costs: dict[Var, float] = dict.fromkeys(graph.inputs, 0.0)
    for equation in graph.equations:
        op, inputs = equation.primitive, [a for a in equation.inputs if isinstance(a, Var)]
        below = sum(costs[a] for a in inputs)
        own = 0.0
        if isinstance(op, Elementwise):
            own = FUNCTION if isinstance(op, Uniform) and op.kinds == FLOATS else 1
        elif isinstance(op, Dot):
            own = float(math.prod(_static(equation, 0, op.contract[0])))
            below *= own
        elif isinstance(op, Reduction):
            own = float(math.prod(_static(equation, 0, op.axes)))
            below *= own
        costs[equation.outputs[0]] = min(own + below, 1e12)
    return costs


def _static(equation: Equation, operand: int, axes: tuple[int, ...]) -> list[int]:
    shape = equation.inputs[operand].type.shape
    return [d for a in axes if isinstance(d := shape[a], int)]


def _asked_of(equation: Equation, position: int, asks: Demand, layout: Layout) -> Demand:
    """What reading the results as `asks` says means for one operand."""
    op, total = equation.primitive, sum(asks.values())
    if isinstance(op, Dot):
        other = 1 - position
        free = op.free(other, equation.inputs[other].type.rank)
        return {("fold", equation.outputs[0]): total * math.prod(_static(equation, other, free))}
    if isinstance(op, Broadcast):
        # Repetition over axes outside the operand's own means its loops run again; over inner ones it is found again.
        last = max(op.axes, default=0)
        repeats = math.prod(d for a, d in enumerate(op.shape[:last]) if a not in op.axes and isinstance(d, int))
        return {nest: ratio * repeats for nest, ratio in asks.items()}
    if isinstance(op, Reduction) or not isinstance(op, Elementwise):
        return {("fold", equation.outputs[0]): total}
    return asks


def _add(demand: Demand, more: Demand) -> None:
    """Asking for the same element in the same nest again costs nothing."""
    for nest, ratio in more.items():
        demand[nest] = max(demand.get(nest, 0.0), ratio)
