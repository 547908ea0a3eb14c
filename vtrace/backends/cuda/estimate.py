"""How many steps an example takes a team of threads: what the choice of a team rests on.

A step is an instruction that all threads of the team do at once. An array of enough elements is divided among them, and
so is a long fold, at the price of joining its parts; all else each thread does for itself, the same as the others.
"""

import math
from dataclasses import dataclass

from vtrace.backends.estimate import JUMP, example, subgraphs, trips_of, weight_of
from vtrace.ir.graph import Equation, Graph
from vtrace.ir.primitive import ElementPrimitive, Primitive
from vtrace.ir.types import Shape, Symbol
from vtrace.ops.argreduce import ArgReduction
from vtrace.ops.arithmetic import Add, Maximum, Minimum, Mul
from vtrace.ops.contraction import Dot
from vtrace.ops.control import Mapped, Scan
from vtrace.ops.kinds import Binary, Reduction
from vtrace.ops.logic import And, Or
from vtrace.ops.movement import Broadcast
from vtrace.ops.procedure import work_of
from vtrace.ops.windows import Windows

APART = 4.0
"""For reading an element whose neighbours are other threads': a sector of memory has 32 bytes, and caches are small."""
VIEWS = (Broadcast, Windows)
"""They have more elements than what they are made of."""
NEIGHBOURS = 4
"""Elements that a thread takes at a time."""
MANY = 0.5
"""How much of a join each of several takes that are joined at once."""
STRETCH = 3.0
"""What a stretch of a running sum takes, in joins."""
JOINS = (Add, Mul, Maximum, Minimum, And, Or)
"""Operations that are associative, up to rounding."""


@dataclass(frozen=True)
class Team:
    """Threads that do one example together."""

    threads: int
    shortest: int
    """The fewest elements that they divide."""
    join: float
    """Steps for joining the parts of a fold."""

    def share(self, elements: int) -> int:
        """How many of so many elements one thread takes: all of them, where they are not divided."""
        return math.ceil(elements / self.threads) if elements >= self.shortest else elements


ALONE = Team(1, 1, 0.0)


def steps(graph: Graph, symbol: Symbol | None, team: Team) -> float:
    """Those of one example, memory included."""
    arrays = [a.type.shape for a in (*graph.inputs, *graph.outputs) if symbol is None or symbol in a.type.shape]
    moved = sum(team.share(math.prod(example(s, symbol))) for s in arrays)
    return (APART if team.threads == 1 else 1.0) * moved + sum(_steps(e, symbol, team) for e in graph.equations)


def most_elements(graph: Graph, symbol: Symbol | None) -> int:
    """The number of elements of the largest array that an example has, in loops and branches too.

    What is nothing but other indices into an array does not count.
    """
    atoms = [*graph.inputs, *(a for e in graph.equations if not isinstance(e.primitive, VIEWS) for a in e.outputs)]
    own = [math.prod(example(a.type.shape, symbol)) for a in atoms if symbol is None or symbol in a.type.shape]
    return max([*own, *(most_elements(g, None) for e in graph.equations for g in subgraphs(e.primitive))], default=1)


def _steps(equation: Equation, symbol: Symbol | None, team: Team) -> float:
    op = equation.primitive
    if (work := work_of(op, [a.type for a in equation.inputs])) is not None:
        return work.operations + JUMP * work.jumps
    if (row := _running(op)) is not None and row.length >= team.shortest > 1:
        return STRETCH * math.ceil(row.length / (NEIGHBOURS * team.threads)) * team.join
    if not isinstance(op, ElementPrimitive):
        return trips_of(op) * sum(_steps(e, None, team) for g in subgraphs(op) for e in g.equations)
    elements = math.prod(example(equation.outputs[0].type.shape, symbol))
    folded, own = folded_by(equation), weight_of(op, [a.type.shape for a in equation.inputs])
    if folded is None:
        return team.share(elements) * own
    if folds_together(equation, symbol, team.shortest):
        return elements * (team.share(folded) + (MANY if elements > 1 else 1.0) * team.join)
    return team.share(elements) * folded


def _running(op: Primitive) -> Scan | None:
    """The running sum, or the like, of one example."""
    inner = op.primitive if isinstance(op, Mapped) and isinstance(op.size, Symbol) else op
    return inner if isinstance(inner, Scan) and running_join(inner) is not None else None


def running_join(scan: Scan) -> Binary | None:
    """What joins two elements, if each result is the one before it joined with one element; None if it is not so."""
    body = scan.body
    if (scan.consts, scan.carries, len(body.inputs), len(body.equations), len(body.outputs)) != (0, 1, 2, 1, 2):
        return None
    (equation,) = body.equations
    op = equation.primitive
    scalars = all(v.type.rank == 0 for v in body.inputs)
    same = equation.inputs == body.inputs and body.outputs == equation.outputs * 2
    return op if isinstance(op, JOINS) and scalars and same else None


def folded_by(equation: Equation) -> int | None:
    """How many elements become one; None if it is no fold."""
    axes = _folded(equation)
    return None if axes is None else math.prod(d for a in axes[0] if isinstance(d := _shapes(equation)[0][a], int))


def folds_together(equation: Equation, symbol: Symbol | None, shortest: int) -> bool:
    """Whether a team folds the elements of one result together, rather than each thread those of another result.

    It does so where there are few results, and where all that is folded lies side by side in memory: threads with
    results of their own would read far apart.
    """
    axes, shapes = _folded(equation), _shapes(equation)
    if axes is None or (folded_by(equation) or 0) < shortest:
        return False
    side_by_side = all(folded and folded[-1] == len(s) - 1 for s, folded in zip(shapes, axes, strict=True))
    return side_by_side or math.prod(example(equation.outputs[0].type.shape, symbol)) < shortest


def _shapes(equation: Equation) -> list[Shape]:
    return [a.type.shape for a in equation.inputs]


def _folded(equation: Equation) -> list[tuple[int, ...]] | None:
    """The axes of each operand that are folded."""
    match equation.primitive:
        case Reduction() as op:
            return [op.axes]
        case ArgReduction() as arg:
            return [(arg.axis,)]
        case Dot() as dot:
            return list(dot.contract)
    return None
