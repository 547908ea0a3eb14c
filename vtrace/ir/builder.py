"""The only way to make graphs: equations are appended, their result types inferred, their variables numbered."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from vtrace.ir.graph import Atom, Equation, Graph, Literal, Source, Var
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import ArrayType


class Builder:
    """A graph under construction."""

    def __init__(self) -> None:
        self._inputs: list[Var] = []
        self._equations: list[Equation] = []
        self._next = 0
        self.source: Source | None = None
        """Recorded with every equation emitted while it is set."""

    def _var(self, type: ArrayType, name: str = "") -> Var:
        var = Var(self._next, type, name)
        self._next += 1
        return var

    def input(self, type: ArrayType, name: str) -> Var:
        """Declare the next input. All inputs come before the first equation."""
        assert not self._equations, "inputs are declared before equations are emitted"
        taken = {v.name for v in self._inputs}
        unique, n = name, 0
        while unique in taken:
            n += 1
            unique = f"{name}_{n}"
        self._inputs.append(self._var(type, unique))
        return self._inputs[-1]

    def emit_all(self, primitive: Primitive, *inputs: Atom) -> tuple[Var, ...]:
        """Append an equation; its result types come from `infer`, which raises for operands that do not fit."""
        types = primitive.infer_all(*(a.type for a in inputs))
        outputs = tuple(self._var(t) for t in types)
        self._equations.append(Equation(primitive, inputs, outputs, self.source))
        return outputs

    def emit(self, primitive: Primitive, *inputs: Atom) -> Var:
        """Append an equation that has one result."""
        (output,) = self.emit_all(primitive, *inputs)
        return output

    def build(self, outputs: Iterable[Atom]) -> Graph:
        return Graph(tuple(self._inputs), tuple(self._equations), tuple(outputs))


Rule: TypeAlias = Callable[[Builder, Equation, tuple[Atom, ...]], Sequence[Atom] | None]
"""(builder, equation, its inputs in the new graph) -> its results, or None to copy the equation as it is."""


def copy_equation(builder: Builder, equation: Equation, inputs: tuple[Atom, ...]) -> tuple[Var, ...]:
    return builder.emit_all(equation.primitive, *inputs)


def replay(graph: Graph, rule: Rule) -> Graph:
    """Re-emit every equation of `graph` through `rule`: the loop that every forward pass shares."""
    builder = Builder()
    inputs = tuple(builder.input(v.type, v.name) for v in graph.inputs)
    return builder.build(inline(builder, graph, inputs, rule))


def inline(builder: Builder, graph: Graph, inputs: Sequence[Atom], rule: Rule = copy_equation) -> tuple[Atom, ...]:
    """Emit the equations of `graph`, applied to `inputs`, into `builder`; the results in the new graph."""
    env: dict[Var, Atom] = dict(zip(graph.inputs, inputs, strict=True))

    def read(atom: Atom) -> Atom:
        return atom if isinstance(atom, Literal) else env[atom]

    outer = builder.source
    for equation in graph.equations:
        builder.source = equation.source or outer
        operands = tuple(map(read, equation.inputs))
        outputs = rule(builder, equation, operands)
        if outputs is None:
            outputs = copy_equation(builder, equation, operands)
        env.update(zip(equation.outputs, outputs, strict=True))
    builder.source = outer
    return tuple(map(read, graph.outputs))
