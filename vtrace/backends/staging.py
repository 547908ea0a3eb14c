"""Which intermediate results of an example are kept in scratch memory, rather than computed again where they are read.

In pull form a value is computed wherever it is asked for. Scalars of an example are then found again in an outer
scope, but the elements of an array are not: the hidden layer of a perceptron would be recomputed for every output.
So the demand for each value is counted, from the results back to the inputs: in how many loop nests it is read, and
how many times per element in each. A value that is asked for more than once and is not cheap is staged: computed in
its own loops, once per example (or block of lanes), and read from scratch.
"""

import math
from collections import defaultdict
from collections.abc import Callable

from vtrace.backends.estimate import FUNCTION, UNROLLED
from vtrace.ir.graph import Equation, Graph, Var
from vtrace.ir.primitive import ElementPrimitive
from vtrace.ir.types import Shape
from vtrace.ops.contraction import Dot
from vtrace.ops.kinds import FLOATS, Elementwise, Reduction, Uniform
from vtrace.ops.movement import Broadcast
from vtrace.ops.windows import Windows

SCRATCH_BYTES = 1 << 18
"""The most that one thread keeps in scratch: it lives on the stack, and should fit the second-level cache."""
MANY = 100.0
"""How often the body of a loop is taken to ask for what it reads."""
CHEAP = 6
"""Simple operations that are rather done again than written and read back."""

Nest = tuple[str, Var | int]
Demand = dict[Nest, float]
"""Evaluations per element, by the loop nest that asks."""


Rest = Callable[[Var], Shape | None]
"""The shape of what one example has of a value; None for a value that all examples share."""


def staged(graph: Graph, rest: Rest, lanes: int) -> dict[Var, Shape]:
    """The values to keep, with the shape of one example of each; `lanes` examples are kept at a time."""
    demand: dict[Var, Demand] = defaultdict(dict)
    for number, atom in enumerate(graph.outputs):
        if isinstance(atom, Var):
            demand[atom][("output", number)] = 1.0
    costs = _costs(graph)
    chosen: dict[Var, Shape] = {}
    room = SCRATCH_BYTES
    for equation in reversed(graph.equations):
        var = equation.outputs[0]
        asks = dict(demand[var])
        shape = rest(var)
        if isinstance(equation.primitive, ElementPrimitive) and shape is not None:
            elements = math.prod(d for d in shape if isinstance(d, int))
            size = elements * lanes * var.type.dtype.itemsize
            if elements > 1 and (sum(asks.values()) - 1) * costs[var] > CHEAP and size <= room:
                room -= size
                chosen[var] = shape
                asks = {("stage", var): 1.0}
        for position, atom in enumerate(equation.inputs):
            if isinstance(atom, Var):
                _add(demand[atom], _asked_of(equation, position, asks))
    return chosen


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
        for var in equation.outputs:
            costs[var] = min(own + below + _finding(equation), 1e12)
    return costs


def _finding(equation: Equation) -> float:
    """What it takes to find an element of the result in its operands; nothing where loops are unrolled."""
    op = equation.primitive
    small = math.prod(d for d in equation.outputs[0].type.shape if isinstance(d, int)) <= UNROLLED
    return op.finding if isinstance(op, ElementPrimitive) and not small else 0.0


def _static(equation: Equation, operand: int, axes: tuple[int, ...]) -> list[int]:
    shape = equation.inputs[operand].type.shape
    return [d for a in axes if isinstance(d := shape[a], int)]


def _asked_of(equation: Equation, position: int, asks: Demand) -> Demand:
    """What reading the results as `asks` says means for one operand."""
    op, total = equation.primitive, sum(asks.values())
    if isinstance(op, Dot):
        other = 1 - position
        free = op.free(other, equation.inputs[other].type.rank)
        return {("fold", equation.outputs[0]): total * math.prod(_static(equation, other, free))}
    if isinstance(op, Windows):
        return {("fold", equation.outputs[0]): total * math.prod(op.sizes)}
    if isinstance(op, Broadcast):
        # repeated along an axis outside its own, the operand's loops run again; along an inner one it is found again
        last = max(op.axes, default=0)
        repeats = math.prod(d for a, d in enumerate(op.shape[:last]) if a not in op.axes and isinstance(d, int))
        return {nest: ratio * repeats for nest, ratio in asks.items()}
    if not isinstance(op, ElementPrimitive):
        return {("fold", equation.outputs[0]): MANY}
    if not isinstance(op, Elementwise):
        return {("fold", equation.outputs[0]): total}
    return asks


def _add(demand: Demand, more: Demand) -> None:
    """Asking for the same element in the same nest again costs nothing."""
    for nest, ratio in more.items():
        demand[nest] = max(demand.get(nest, 0.0), ratio)
