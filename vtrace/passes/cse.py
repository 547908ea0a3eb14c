"""Common subexpressions: of equations that do the same to the same operands, the first is kept."""

from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.primitive import Primitive
from vtrace.ops.debug_print import prints
from vtrace.passes.rewrite import Rewriter, rewrite

_Key = tuple[Primitive, tuple[int | Literal, ...]]


def cse(graph: Graph) -> Graph:
    """`a = f x; b = f x; g a b  =>  a = f x; g a a`: hash-consing on (primitive, operands)."""
    seen: dict[_Key, tuple[Var, ...]] = {}

    def rule(rewriter: Rewriter, equation: Equation) -> tuple[Var, ...] | None:
        if prints(equation.primitive):
            return None
        key = (equation.primitive, tuple(map(_identity, equation.inputs)))
        known = seen.setdefault(key, equation.outputs)
        return None if known is equation.outputs else known

    return rewrite(graph, rule)


def _identity(atom: Atom) -> int | Literal:
    return atom.index if isinstance(atom, Var) else atom
