"""Dead results of branches and loops: what nobody reads is not computed, nor carried, nor passed in.

A carry that only keeps itself going is dead too, so liveness goes round the loop until nothing is added.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from vtrace.ir.graph import Equation, Graph, Var
from vtrace.ir.primitive import Primitive
from vtrace.ir.verifier import subgraphs
from vtrace.ops.control import Cond, Mapped, Scan, While
from vtrace.ops.procedure import Procedure
from vtrace.passes.rewrite import renumber


@dataclass(frozen=True)
class Kept:
    """A primitive without what is dead, and the positions of the operands and results that it still has."""

    primitive: Primitive
    operands: Sequence[int]
    results: Sequence[int]


Sweep = Callable[[Graph], Graph]
"""Dead code elimination, which needs this module and so is handed in."""


def prune(equation: Equation, live: Collection[int], sweep: Sweep) -> Equation:
    """`equation`, a branch, a loop or a procedure, without results that are not `live`, and what only they need."""
    used = [n for n, v in enumerate(equation.outputs) if v.index in live]
    innermost = equation.primitive
    while isinstance(innermost, Mapped):
        innermost = innermost.primitive
    if isinstance(innermost, Procedure):
        return _procedure(equation, used, innermost.only(used))
    if not any(True for _ in subgraphs(equation.primitive)):
        return equation
    kept = _pruned(equation.primitive, used, sweep)
    if kept.primitive == equation.primitive:
        return equation
    inputs = tuple(equation.inputs[n] for n in kept.operands)
    return Equation(kept.primitive, inputs, tuple(equation.outputs[n] for n in kept.results), equation.source)


def _procedure(equation: Equation, used: Sequence[int], left: Procedure) -> Equation:
    """`left`, for each example where `equation` is for a batch of them."""
    primitive: Primitive = left
    maps, op = [], equation.primitive
    while isinstance(op, Mapped):
        maps.append(op)
        op = op.primitive
    if op == left:
        return equation
    for mapped in reversed(maps):
        primitive = replace(mapped, primitive=primitive)
    return Equation(primitive, equation.inputs, tuple(equation.outputs[n] for n in used), equation.source)


def _pruned(primitive: Primitive, used: Sequence[int], sweep: Sweep) -> Kept:
    match primitive:
        case Cond():
            return _cond(primitive, used, sweep)
        case While():
            return _while(primitive, used, sweep)
        case Scan():
            return _scan(primitive, used, sweep)
        case Mapped():
            kept = _pruned(primitive.primitive, used, sweep)
            axes = tuple(primitive.in_axes[n] for n in kept.operands)
            return replace(kept, primitive=Mapped(kept.primitive, axes, primitive.size))
    raise AssertionError(f"{primitive.name} is not control flow")


def _cond(cond: Cond, used: Sequence[int], sweep: Sweep) -> Kept:
    swept = [sweep(_restricted(g, range(len(g.inputs)), used)) for g in cond.branches]
    read = sorted(set().union(*(_inputs_read(g, range(len(g.outputs))) for g in swept)))
    branches = tuple(_restricted(g, read, range(len(g.outputs))) for g in swept)
    return Kept(Cond(branches), [0, *(n + 1 for n in read)], used)


def _while(loop: While, used: Sequence[int], sweep: Sweep) -> Kept:
    cond, body = sweep(loop.cond), sweep(loop.body)
    cond_read = _inputs_read(cond, [0])
    first = loop.body_consts
    live = set(used) | {n - loop.cond_consts for n in cond_read if n >= loop.cond_consts}
    read = _round(body, live, range(first, first + len(body.outputs)), ())
    carries = sorted(live)
    cond_consts = [n for n in range(loop.cond_consts) if n in cond_read]
    body_consts = [n for n in range(first) if n in read]
    pruned = While(
        _restricted(cond, [*cond_consts, *(loop.cond_consts + n for n in carries)], [0]),
        sweep(_restricted(body, [*body_consts, *(first + n for n in carries)], carries)),
        len(cond_consts),
        len(body_consts),
    )
    consts = [*cond_consts, *(loop.cond_consts + n for n in body_consts)]
    return Kept(pruned, [*consts, *(loop.cond_consts + first + n for n in carries)], carries)


def _scan(loop: Scan, used: Sequence[int], sweep: Sweep) -> Kept:
    body = sweep(loop.body)
    first = loop.consts + loop.carries
    live = {n for n in used if n < loop.carries}
    ys = [n for n in used if n >= loop.carries]
    read = _round(body, live, range(loop.consts, first), ys)
    carries = sorted(live)
    consts = [n for n in range(loop.consts) if n in read]
    xs = [n for n in range(first, len(body.inputs)) if n in read]
    operands = [*consts, *(loop.consts + n for n in carries), *xs]
    results = [*carries, *ys]
    pruned = sweep(_restricted(body, operands, results))
    return Kept(Scan(pruned, len(consts), len(carries), loop.length, loop.reverse), operands, results)


def _round(body: Graph, live: set[int], carries: range, others: Iterable[int]) -> set[int]:
    """Add to `live` the carries that live results of a loop's body need, round and round; all inputs that are read.

    The carries are at positions `carries` of the inputs, and come first among the results; `others` are further live
    results.
    """
    while True:
        read = _inputs_read(body, [*live, *others])
        needed = {n - carries.start for n in read if n in carries}
        if needed <= live:
            return read
        live |= needed


def _inputs_read(graph: Graph, outputs: Iterable[int]) -> set[int]:
    """The positions of the inputs that the given results depend on."""
    needed = {a.index for n in outputs if isinstance(a := graph.outputs[n], Var)}
    for equation in reversed(graph.equations):
        if any(v.index in needed for v in equation.outputs):
            needed.update(a.index for a in equation.inputs if isinstance(a, Var))
    return {n for n, v in enumerate(graph.inputs) if v.index in needed}


def _restricted(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> Graph:
    """`graph` with some of its inputs and results; equations that need other inputs must be dead and are dropped."""
    if len(inputs) == len(graph.inputs) and list(outputs) == list(range(len(graph.outputs))):
        return graph
    kept = [graph.outputs[n] for n in outputs]
    needed = {a.index for a in kept if isinstance(a, Var)}
    equations = []
    for equation in reversed(graph.equations):
        if any(v.index in needed for v in equation.outputs):
            equations.append(equation)
            needed.update(a.index for a in equation.inputs if isinstance(a, Var))
    return renumber([graph.inputs[n] for n in inputs], equations[::-1], kept)
