"""The table of simplification rules, and what rules are written with."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from vtrace.ir.graph import Atom, Equation, Literal
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import ArrayType
from vtrace.ops.movement import Broadcast
from vtrace.passes.rewrite import Rewriter

SimplifyRule: TypeAlias = Callable[[Rewriter, Equation, Any], Atom | None]
"""(rewriter, equation, its primitive) -> the atom that replaces its one result, or None where the rule does not fit."""

RULES: dict[type[Primitive], list[SimplifyRule]] = {}
"""The rules that may fit an equation, by the class of its primitive, in the order in which they are tried."""

_R = TypeVar("_R", bound=SimplifyRule)


def rule(*classes: type[Primitive]) -> Callable[[_R], _R]:
    """Register a rule for these primitives."""

    def register(function: _R) -> _R:
        for cls in classes:
            RULES.setdefault(cls, []).append(function)
        return function

    return register


_P = TypeVar("_P", bound=Primitive)


def made_by(rewriter: Rewriter, atom: Atom, cls: type[_P]) -> tuple[_P, tuple[Atom, ...]] | None:
    """The primitive and the operands of the equation that made `atom`, if its primitive is a `cls`."""
    source = rewriter.definition(atom)
    if source is not None and isinstance(source.primitive, cls):
        return source.primitive, source.inputs
    return None


def constant(rewriter: Rewriter, atom: Atom) -> Literal | None:
    """The scalar literal that every element of `atom` equals, where it is one or a broadcast of one."""
    if not isinstance(atom, Literal):
        source = made_by(rewriter, atom, Broadcast)
        if source is None:
            return None
        (atom,) = source[1]
    return atom if isinstance(atom, Literal) and atom.is_scalar else None


def full(rewriter: Rewriter, value: Any, type: ArrayType) -> Atom:
    """An array of `type` filled with `value`."""
    literal = Literal.of(value, type.dtype)
    return rewriter.emit(Broadcast(type.shape, ()), literal) if type.rank else literal
