"""Constant folding: what does not depend on any input is computed once, here, by NumPy.

Branches and loops are not: a loop may take long, and even for ever.
"""

import math
from collections.abc import Callable

import numpy as np

from vtrace.ir.graph import Equation, Graph, Literal
from vtrace.ir.types import Shape
from vtrace.ops.control import is_control
from vtrace.ops.debug_print import prints
from vtrace.passes.rewrite import rewrite

MAX_ELEMENTS = 1024
"""A folded result becomes a constant of the program, so it must be small."""

SYMBOLIC = frozenset({"iota", "broadcast"})
"""Never folded: inside a kernel they cost nothing, while an array constant has to be read from memory."""


def fold(graph: Graph) -> Graph:
    """`a = f 2.0 #c  =>  the literal f(2.0, c)`, where the values are known and the result is small."""
    return rewrite(graph, lambda _, equation: _folded(equation, lambda shape: _elements(shape) <= MAX_ELEMENTS))


def fold_scalars(graph: Graph) -> Graph:
    """The same for results of rank 0: what branches and loops hold; arrays are given to them as operands."""
    return rewrite(graph, lambda _, equation: _folded(equation, lambda shape: not shape))


def _folded(equation: Equation, is_wanted: Callable[[Shape], bool]) -> tuple[Literal, ...] | None:
    arrays = []
    for atom in equation.inputs:
        if not isinstance(atom, Literal) or atom.data is None:
            return None
        arrays.append(atom.data)
    if equation.primitive.name in SYMBOLIC or is_control(equation.primitive) or prints(equation.primitive):
        return None
    if not all(is_wanted(v.type.shape) for v in equation.outputs):
        return None
    try:
        with np.errstate(all="ignore"):
            return tuple(map(Literal.of, equation.primitive.evaluate_all(*arrays)))
    except IndexError:
        return None  # an index out of range is the user's, and is reported when the program runs


def _elements(shape: Shape) -> float:
    extents = [d for d in shape if isinstance(d, int)]
    return math.prod(extents) if len(extents) == len(shape) else math.inf
