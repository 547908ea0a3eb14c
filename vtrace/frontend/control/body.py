"""A function of the user as a sub-graph.

While it is traced, what it reads from outside is captured by its frame. Afterwards the graph is closed: captured
tracers and array constants become its first inputs, the *constants* of the equation that will hold it. Scalars stay
inside.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from vtrace.frontend.complex_tracer import regroup, split, split_names, split_types
from vtrace.frontend.control.leaf import LeafType, as_tracer, flatten, leaf_paths
from vtrace.frontend.pytree import PyTreeSpec, Tree, unflatten
from vtrace.frontend.trace import trace
from vtrace.frontend.tracer import Tracer
from vtrace.ir.builder import Builder, inline
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.types import DType, part_dtype
from vtrace.ops.movement import Broadcast
from vtrace.ops.selection import Convert


@dataclass(frozen=True)
class Body:
    """A traced function."""

    graph: Graph
    """Takes the arguments, then what was captured. A complex value is two, its parts, here and in the results."""
    captured: tuple[Tracer, ...]
    spec: PyTreeSpec
    leaves: tuple[Tracer, ...]
    """The results; each tells its type, and whether it is a Python number."""

    @property
    def results(self) -> Tree:
        """What the function returned, as nested tracers."""
        return unflatten(self.spec, self.leaves)

    @property
    def constants(self) -> tuple[Tracer, ...]:
        """What the function reads from outside, as tracers of the frame around it, each once."""
        arrays = (Tracer(literal, None, False, None) for literal in self.graph.constants())
        return tuple({t.atom: t for t in (*self.captured, *arrays)}.values())


def trace_body(
    function: Callable[..., Tree], arguments: Sequence[LeafType], names: Sequence[str], what: str, root: str
) -> Body:
    """`function` traced for arguments of these types. It takes flat tracers and may return any structure.

    `what` and `root` are how messages call the function's user and its result.
    """
    found: list[tuple[PyTreeSpec, tuple[Tracer, ...]]] = []

    dtypes, weak = [a.type.dtype for a in arguments], [a.weak for a in arguments]

    def flat(*tracers: Tracer) -> Sequence[Any]:
        tree = function(*regroup(tracers, dtypes, weak))
        leaves, spec = flatten(tree)
        results = tuple(as_tracer(v, what, p) for v, p in zip(leaves, leaf_paths(tree, root), strict=True))
        found.append((spec, results))
        return split(results)

    types = split_types(a.type for a in arguments)
    traced = trace(flat, types, split_names(names, dtypes), [False] * len(types), is_body=True)
    ((spec, leaves),) = found
    return Body(traced.graph, traced.captured, spec, leaves)


def merge_constants(bodies: Iterable[Body]) -> tuple[Tracer, ...]:
    """The constants of several functions, each once."""
    return tuple({t.atom: t for body in bodies for t in body.constants}.values())


def close(body: Body, constants: Sequence[Tracer], dtypes: Sequence[DType]) -> Graph:
    """The graph of a body that takes `constants`, its own among them, and then the arguments; leaves as `dtypes`."""
    builder = Builder()
    held: dict[Atom, Var] = {t.atom: builder.input(t.type, _name(t.atom)) for t in constants}
    arguments = body.graph.inputs[: len(body.graph.inputs) - len(body.captured)]
    inputs = [builder.input(v.type, v.name) for v in arguments]

    def outside(atom: Atom) -> Atom:
        return held.get(atom, atom) if isinstance(atom, Literal) else atom

    def rule(builder: Builder, equation: Equation, operands: tuple[Atom, ...]) -> tuple[Var, ...]:
        return builder.emit_all(equation.primitive, *map(outside, operands))

    outputs = inline(builder, body.graph, [*inputs, *(held[t.atom] for t in body.captured)], rule)
    rest = iter(map(outside, outputs))
    results: list[Atom] = []
    for leaf, dtype in zip(body.leaves, dtypes, strict=True):
        parts = [next(rest) for _ in split([leaf])]
        results += _converted(builder, parts, dtype)
    return builder.build(results)


def _name(atom: Atom) -> str:
    return (atom.name or "captured") if isinstance(atom, Var) else "constant"


def _converted(builder: Builder, parts: list[Atom], dtype: DType) -> list[Atom]:
    """A value, or the two parts of a complex one, as `dtype`; a real one that is to be complex gets the part 0."""
    if dtype.kind != "c":
        return [_cast(builder, part, dtype) for part in parts]
    if len(parts) == 1:
        zero = Literal.of(0, part_dtype(dtype))
        shape = parts[0].type.shape
        parts = [parts[0], builder.emit(Broadcast(shape, ()), zero) if shape else zero]
    return [_cast(builder, part, part_dtype(dtype)) for part in parts]


def _cast(builder: Builder, atom: Atom, dtype: DType) -> Atom:
    if atom.type.dtype == dtype:
        return atom
    return Literal.of(atom.item(), dtype) if isinstance(atom, Literal) else builder.emit(Convert(dtype), atom)
