"""Counters of loops in 32 bits: `count` in `while count < 256 and ...: count += 1` needs no int64.

Vectors hold half as many of those, so that a loop over float32 would count with twice the instructions.
"""

from collections.abc import Sequence

from vtrace.ir.builder import Builder, replay
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import DTYPES, INT64, ArrayType
from vtrace.ops.arithmetic import Add, Sub
from vtrace.ops.comparison import Greater, GreaterEqual, Less, LessEqual
from vtrace.ops.control import Mapped, While
from vtrace.ops.logic import And
from vtrace.ops.selection import Convert

I32 = DTYPES["i32"]
_MOST = 1 << 30
"""Counters start, end and step below it, so that none leaves an int32."""
_UP, _DOWN = (Less, LessEqual), (Greater, GreaterEqual)
_MIRRORED: dict[type[Primitive], type[Primitive]] = {
    Less: Greater,
    LessEqual: GreaterEqual,
    Greater: Less,
    GreaterEqual: LessEqual,
}


def counters(graph: Graph) -> Graph:
    """`while` whose int64 carry counts from one small constant to another  =>  the same with an int32 carry"""
    if not any(_loop(e.primitive) for e in graph.equations):
        return graph
    return replay(graph, _rule)


def _loop(primitive: Primitive) -> While | None:
    inner = primitive.primitive if isinstance(primitive, Mapped) else primitive
    return inner if isinstance(inner, While) else None


def _rule(builder: Builder, equation: Equation, inputs: tuple[Atom, ...]) -> tuple[Atom, ...] | None:
    op, loop = equation.primitive, _loop(equation.primitive)
    if loop is None:
        return None
    first = loop.cond_consts + loop.body_consts
    chosen = [k for k in range(len(equation.outputs)) if _counts(loop, k, inputs[first + k])]
    if not chosen:
        return None
    cond = _narrowed(loop.cond, [loop.cond_consts + k for k in chosen], [])
    body = _narrowed(loop.body, [loop.body_consts + k for k in chosen], chosen)
    narrow: Primitive = While(cond, body, loop.cond_consts, loop.body_consts)
    if isinstance(op, Mapped):
        narrow = Mapped(narrow, op.in_axes, op.size)
    operands = list(inputs)
    for k in chosen:
        start = inputs[first + k]
        assert isinstance(start, Literal)
        operands[first + k] = Literal.of(start.item(), I32)
    results: list[Atom] = list(builder.emit_all(narrow, *operands))
    for k in chosen:
        results[k] = builder.emit(Convert(INT64), results[k])
    return tuple(results)


def _counts(loop: While, k: int, start: Atom) -> bool:
    """Whether carry k starts at a small constant, moves by one, and is compared with one before every step."""
    if not (isinstance(start, Literal) and start.type == ArrayType(INT64) and _is_small(start)):
        return False
    step = _step(loop.body, loop.body.inputs[loop.body_consts + k], loop.body.outputs[k])
    if step is None or step == 0:
        return False
    return _is_limited(loop.cond, loop.cond.inputs[loop.cond_consts + k], _UP if step > 0 else _DOWN)


def _is_small(atom: Atom) -> bool:
    return isinstance(atom, Literal) and atom.is_scalar and abs(atom.item()) < _MOST


def _step(body: Graph, carry: Var, after: Atom) -> int | None:
    """By how much the carry changes in each trip; None where it is not always the same."""
    equation = next((e for e in body.equations if after in e.outputs), None)
    if equation is None or not isinstance(equation.primitive, Add | Sub):
        return None
    x, y = equation.inputs
    if isinstance(equation.primitive, Add) and y == carry:
        x, y = y, x
    if x != carry or not isinstance(y, Literal) or not _is_small(y):
        return None
    step: int = y.item()
    return step if isinstance(equation.primitive, Add) else -step


def _is_limited(cond: Graph, carry: Var, comparisons: tuple[type[Primitive], ...]) -> bool:
    """Whether the condition holds only while the carry compares so with a small constant."""
    definition = {v: e for e in cond.equations for v in e.outputs}
    waiting = [cond.outputs[0]]
    while waiting:
        atom = waiting.pop()
        equation = definition.get(atom) if isinstance(atom, Var) else None
        if equation is None:
            continue
        if isinstance(equation.primitive, And):
            waiting.extend(equation.inputs)
        elif _limit(equation, carry, comparisons):
            return True
    return False


def _limit(equation: Equation, carry: Var, comparisons: tuple[type[Primitive], ...]) -> bool:
    op = type(equation.primitive)
    if op not in _MIRRORED:
        return False
    x, y = equation.inputs
    if y == carry:
        x, y, op = y, x, _MIRRORED[op]
    return x == carry and _is_small(y) and op in comparisons


def _narrowed(graph: Graph, inputs: Sequence[int], outputs: Sequence[int]) -> Graph:
    """`graph` with some int64 inputs and results as int32; what else reads them gets int64 as before."""
    builder = Builder()
    small: dict[Var, Atom] = {}
    wide: dict[Var, Atom] = {}
    for n, var in enumerate(graph.inputs):
        new = builder.input(var.type.with_dtype(I32) if n in inputs else var.type, var.name)
        (small if n in inputs else wide)[var] = new
    stepped = {graph.outputs[k] for k in outputs}

    def read(atom: Atom) -> Atom:
        if isinstance(atom, Literal):
            return atom
        if atom not in wide:
            wide[atom] = builder.emit(Convert(INT64), small[atom])
        return wide[atom]

    def read_small(atom: Atom) -> Atom | None:
        return small.get(atom) if isinstance(atom, Var) else Literal.of(atom.item(), I32) if _is_small(atom) else None

    for equation in graph.equations:
        builder.source = equation.source
        steps = any(v in stepped for v in equation.outputs)
        if (steps or type(equation.primitive) in _MIRRORED) and any(a in small for a in equation.inputs):
            operands = [read_small(a) for a in equation.inputs]
            if None not in operands:
                new = builder.emit(equation.primitive, *(a for a in operands if a is not None))
                (small if steps else wide)[equation.outputs[0]] = new
                continue
        wide.update(
            zip(equation.outputs, builder.emit_all(equation.primitive, *map(read, equation.inputs)), strict=True)
        )
    builder.source = None
    return builder.build([small[a] if k in outputs else read(a) for k, a in enumerate(graph.outputs)])  # type: ignore[index]
