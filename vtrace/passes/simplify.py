"""Local simplification: named rules, each looking at one equation and at the equations its operands come from.

Every rule keeps every bit of the result, for NaN, infinities, signed zeros and wrapping integers alike. (`x + 0.0` is
not `x`: it turns -0.0 into 0.0. `x + -0.0`, `x - 0.0` and `x * 1.0` are.)

A rule is a function (rewriter, equation, primitive) -> the atom that replaces the result, or None. `rule(Class, ...)`
says to which primitives it applies; the rules about moving elements are in `movement_rules`.
"""

from collections.abc import Sequence

from vtrace.ir.graph import Atom, Equation, Graph
from vtrace.passes import algebra_rules, complex_rules, movement_rules
from vtrace.passes.rewrite import Rewriter, rewrite
from vtrace.passes.rules import RULES

MAX_ROUNDS = 8
"""One round nearly always reaches the fixpoint, as a rule's results are rewritten too; the last round finds nothing."""

RULE_FILES = (algebra_rules, complex_rules, movement_rules)
"""Importing them fills RULES."""


def simplify(graph: Graph) -> Graph:
    """Apply the local rules until none fits: `transpose (transpose x) => x`, `mul x 1.0 => x`, ..."""
    for _ in range(MAX_ROUNDS):
        before, graph = graph, rewrite(graph, _apply_rules)
        if graph is before:
            break
    return graph


def _apply_rules(rewriter: Rewriter, equation: Equation) -> Sequence[Atom] | None:
    for rule in RULES.get(type(equation.primitive), ()):
        result = rule(rewriter, equation, equation.primitive)
        if result is not None:
            return (result,)
    return None
