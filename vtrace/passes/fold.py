"""Constant folding: what does not depend on any input is computed once, here, by NumPy.

Branches and loops are not: a loop may take long, and even for ever.
"""

import math

import numpy as np

from vtrace.ir.graph import Equation, Graph, Literal
from vtrace.ir.types import Shape
from vtrace.ops.control import is_control
from vtrace.ops.debug_print import prints
from vtrace.passes.rewrite import Rewriter, rewrite

MAX_ELEMENTS = 1024
"""A folded result becomes a constant of the program, so it must be small."""

SYMBOLIC = frozenset({"iota", "broadcast"})
"""Never folded: inside a kernel they cost nothing, while an array constant has to be read from memory."""


def fold(graph: Graph) -> Graph:
    """`a = f 2.0 #c  =>  the literal f(2.0, c)`, where the values are known and the result is small."""
    return rewrite(graph, _rule)


def _rule(rewriter: Rewriter, equation: Equation) -> tuple[Literal, ...] | None:
    arrays = []
    for atom in equation.inputs:
        if not isinstance(atom, Literal) or atom.data is None:
            return None
        arrays.append(atom.data)
    if equation.primitive.name in SYMBOLIC or is_control(equation.primitive) or prints(equation.primitive):
        return None
    if not all(_is_small(v.type.shape) for v in equation.outputs):
        return None
    try:
        with np.errstate(all="ignore"):
            return tuple(map(Literal.of, equation.primitive.evaluate_all(*arrays)))
    except IndexError:
        return None  # an index out of range is the user's, and is reported when the program runs


def _is_small(shape: Shape) -> bool:
    extents = [d for d in shape if isinstance(d, int)]
    return len(extents) == len(shape) and math.prod(extents) <= MAX_ELEMENTS
