"""Results that are flattened at the end are computed in the shape they had before: in memory both are the same.

The index of a flat result would have to be taken apart again, by a division for every axis and every lane, to know what
to compute.

    b:f32[n,6] = reshape[shape=(n, 6)] a; return b    =>    return a:f32[n,2,3]
"""

from vtrace.ir.graph import Atom, Equation, Graph, Var
from vtrace.ir.types import Shape, Symbol
from vtrace.ops.reshape import Reshape


def unflattened(graph: Graph) -> Graph:
    """The graph of a kernel that computes the same memory, without reshapes at its end that only join axes."""
    made = {e.outputs[0]: e for e in graph.equations}
    outputs = tuple(_before(a, made) for a in graph.outputs)
    if outputs == graph.outputs:
        return graph
    read = {a for e in graph.equations for a in e.inputs} | set(outputs)
    dropped = [a for a in graph.outputs if a not in read]
    kept = tuple(e for e in graph.equations if e.outputs[0] not in dropped)
    return Graph(graph.inputs, kept, outputs)


def _before(atom: Atom, made: dict[Var, Equation]) -> Atom:
    """What `atom` is a flattened form of: values of a batch only, as the first axis of others is what threads share."""
    if not isinstance(atom, Var) or (equation := made.get(atom)) is None or not isinstance(equation.primitive, Reshape):
        return atom
    operand = equation.inputs[0]
    if not isinstance(operand, Var) or operand not in made or not _joins(operand.type.shape, atom.type.shape):
        return atom
    return _before(operand, made)


def _joins(operand: Shape, result: Shape) -> bool:
    """Whether each axis of the result is one or several of the operand's; the batch is the first of both."""
    if not operand or not result or operand[0] != result[0] or not isinstance(result[0], Symbol):
        return False
    if any(isinstance(d, Symbol) for d in (*operand[1:], *result[1:])) or 0 in (*operand, *result):
        return False
    ends, taken = set(), 1
    for extent in operand[1:]:
        taken *= extent if isinstance(extent, int) else 1
        ends.add(taken)
    taken = 1
    for extent in result[1:]:
        taken *= extent if isinstance(extent, int) else 1
        if taken not in ends:
            return False
    return len(operand) > len(result)
