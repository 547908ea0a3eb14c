"""The forward walk that rewriting passes share. Equations a pass does not change are kept as they are, not re-made.

    rewrite(graph, rule)     rule(rewriter, equation) -> the atoms that replace its results, or None to keep it

A rule sees the equation with its operands already replaced. What it emits goes through `rule` as well, so one walk does
most of the work. A walk that changes nothing returns the very same graph, which is how passes tell that they are done.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from vtrace.ir.graph import Atom, Equation, Graph, Literal, Source, Var
from vtrace.ir.primitive import Primitive

Rule: TypeAlias = "Callable[[Rewriter, Equation], Sequence[Atom] | None]"


class Rewriter:
    """The equations of the new graph so far, and who defines which variable."""

    def __init__(self, graph: Graph, rule: Rule) -> None:
        self._rule = rule
        self._next = 1 + max((v.index for v in all_vars(graph)), default=-1)
        self._replaced: dict[int, Atom] = {}
        self._definitions: dict[int, Equation] = {}
        self._source: Source | None = None
        self.equations: list[Equation] = []
        self.changed = False

    def definition(self, atom: Atom) -> Equation | None:
        """The equation whose result `atom` is; None for an input or a literal."""
        return self._definitions.get(atom.index) if isinstance(atom, Var) else None

    def read(self, atom: Atom) -> Atom:
        """What stands for `atom` of the old graph."""
        return atom if isinstance(atom, Literal) else self._replaced.get(atom.index, atom)

    def emit(self, primitive: Primitive, *inputs: Atom) -> Atom:
        """The one result of a new equation, itself rewritten where a rule applies."""
        types = primitive.infer_all(*(a.type for a in inputs))
        outputs = tuple(Var(self._next + i, t) for i, t in enumerate(types))
        self._next += len(outputs)
        (result,) = self._add(Equation(primitive, inputs, outputs, self._source))
        return result

    def visit(self, equation: Equation) -> None:
        """Take over the next equation of the old graph."""
        self._source = equation.source
        inputs = equation.inputs
        if self._replaced:
            inputs = tuple(map(self.read, inputs))
            if inputs != equation.inputs:
                equation = Equation(equation.primitive, inputs, equation.outputs, equation.source)
        results = self._add(equation)
        if results is not equation.outputs:
            self.changed = True
            for old, new in zip(equation.outputs, results, strict=True):
                assert old.type == new.type, f"a rewrite of {equation.primitive.name} changed {old.type} to {new.type}"
                self._replaced[old.index] = new

    def _add(self, equation: Equation) -> Sequence[Atom]:
        results = self._rule(self, equation)
        if results is not None:
            return results
        self.equations.append(equation)
        for var in equation.outputs:
            self._definitions[var.index] = equation
        return equation.outputs


def rewrite(graph: Graph, rule: Rule) -> Graph:
    """`graph` with every equation given to `rule`; the same object where nothing changed."""
    rewriter = Rewriter(graph, rule)
    for equation in graph.equations:
        rewriter.visit(equation)
    if not rewriter.changed:
        return graph
    return renumber(graph.inputs, rewriter.equations, tuple(map(rewriter.read, graph.outputs)))


def all_vars(graph: Graph) -> list[Var]:
    """Every variable that `graph` defines."""
    return [*graph.inputs, *(v for e in graph.equations for v in e.outputs)]


def renumber(inputs: Sequence[Var], equations: Sequence[Equation], outputs: Sequence[Atom]) -> Graph:
    """The graph of these parts with its variables numbered in order of definition, as `Builder` numbers them."""
    new = {v.index: Var(i, v.type, v.name) for i, v in enumerate(inputs)}

    def read(atom: Atom) -> Atom:
        return atom if isinstance(atom, Literal) else new[atom.index]

    kept = []
    for equation in equations:
        operands = tuple(map(read, equation.inputs))
        for var in equation.outputs:
            new[var.index] = Var(len(new), var.type)
        results = tuple(new[var.index] for var in equation.outputs)
        kept.append(Equation(equation.primitive, operands, results, equation.source))
    return Graph(tuple(new[v.index] for v in inputs), tuple(kept), tuple(map(read, outputs)))
