"""Checks that a graph follows the rules of the IR: valid in, valid out, for every pass.

- Variables are numbered in the order of their definition, inputs first; each is defined once, before it is used.
- Inputs have distinct names, results have none.
- The types of an equation's results are what its primitive infers from the operands.
- Parameters are values that have a text form; graphs among them are checked in the same way.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from types import NoneType
from typing import Any

import numpy as np

from vtrace.errors import VerificationError
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.primitive import REGISTRY, Primitive
from vtrace.ir.printer import is_word, params_of, print_equation, variable_names
from vtrace.ir.types import DTYPES, ArrayType, Symbol, symbols_of, type_of

_SCALARS = (NoneType, bool, int, float, str, np.dtype)
"""What a parameter can be, besides tuples, symbols, graphs and primitives."""

_CONTEXT = 2
"""How many equations an error shows before and after the wrong one."""


def verify(graph: Graph, allowed: Callable[[Primitive], bool] | None = None) -> None:
    """Raise VerificationError, showing the equation, unless `graph` follows the rules.

    `allowed` says which primitives this stage may still have; graphs inside of equations may have any.
    """
    defined: dict[int, Var] = {}
    _check_inputs(graph, defined)
    for position, equation in enumerate(graph.equations):
        try:
            _check_equation(equation, defined, allowed)
        except VerificationError as error:
            raise VerificationError(f"{error}\n{_context(graph, position)}") from error.__cause__
    for n, output in enumerate(graph.outputs):
        try:
            _check_use(output, defined, f"output {n}")
        except VerificationError as error:
            raise VerificationError(f"{error}\n{_context(graph, len(graph.equations) - 1)}") from None


def subgraphs(primitive: Primitive) -> Iterator[Graph]:
    """The graphs among the parameters of `primitive`."""
    yield from _graphs_in(tuple(params_of(primitive).values()))


def _graphs_in(value: Any) -> Iterator[Graph]:
    if isinstance(value, Graph):
        yield value
    elif isinstance(value, Primitive):
        yield from subgraphs(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from _graphs_in(item)


def _check_inputs(graph: Graph, defined: dict[int, Var]) -> None:
    names: set[str] = set()
    for var in graph.inputs:
        if var.name in names:
            raise VerificationError(f"two inputs are named {var.name!r}")
        names.add(var.name)
        _define(var, defined, f"input {var.name!r}")


def _check_equation(equation: Equation, defined: dict[int, Var], allowed: Callable[[Primitive], bool] | None) -> None:
    primitive = equation.primitive
    _check_registered(primitive)
    if allowed is not None and not allowed(primitive):
        raise VerificationError(f"{primitive.name} is not allowed at this stage")
    for n, atom in enumerate(equation.inputs):
        _check_use(atom, defined, f"operand {n} of {primitive.name}")
    _check_params(primitive)
    inferred = _infer(primitive, [a.type for a in equation.inputs])
    stated = tuple(v.type for v in equation.outputs)
    if inferred != stated:
        raise VerificationError(f"{primitive.name} gives {_types(inferred)}, but its results are {_types(stated)}")
    for var in equation.outputs:
        if var.name:
            raise VerificationError(f"a result of {primitive.name} has the name {var.name!r}; only inputs are named")
        _define(var, defined, f"a result of {primitive.name}")


def _check_registered(primitive: Primitive) -> None:
    if type(primitive) not in REGISTRY.values():
        raise VerificationError(f"{type(primitive).__name__} is not a registered primitive")


def _infer(primitive: Primitive, types: list[ArrayType]) -> tuple[ArrayType, ...]:
    try:
        return primitive.infer_all(*types)
    except Exception as error:
        # a rule may fail in any way for operands or parameters it was not written for: a wrong count is a TypeError
        raise VerificationError(f"{primitive.name} does not take {_types(types)}: {error}") from error


def _check_params(primitive: Primitive) -> None:
    for name, value in params_of(primitive).items():
        try:
            _check_param(value)
        except VerificationError as error:
            raise VerificationError(f"{primitive.name}, parameter {name}: {error}") from error.__cause__


def _check_param(value: Any) -> None:
    if isinstance(value, Graph):
        verify(value)
    elif isinstance(value, Primitive):
        _check_registered(value)
        _check_params(value)
    elif isinstance(value, tuple):
        for item in value:
            _check_param(item)
    elif isinstance(value, float) and math.isnan(value):
        raise VerificationError("NaN is unequal to itself, which a parameter must not be; make it an operand")
    elif isinstance(value, Symbol):
        _check_symbol(value)
    elif not isinstance(value, _SCALARS) or (isinstance(value, np.dtype) and value not in DTYPES.values()):
        raise VerificationError(
            f"{value!r} ({type(value).__name__}) cannot be a parameter; "
            f"use None, bool, int, float, str, a dtype of the IR, a Symbol, a Graph, a Primitive, or a tuple of these"
        )


def _check_symbol(symbol: Symbol) -> None:
    if not is_word(symbol.name) or symbol.name in DTYPES:
        raise VerificationError(f"the symbol {symbol.name!r} must be called by a word that means nothing else")


def _check_use(atom: Atom, defined: dict[int, Var], what: str) -> None:
    if isinstance(atom, Literal):
        if atom.data is None and atom.is_scalar:
            raise VerificationError(f"{what} is a scalar constant without a value")
        if atom.data is not None and type_of(atom.data) != atom.type:
            raise VerificationError(f"{what} is a constant of type {atom.type} that holds {type_of(atom.data)}")
    elif defined.get(atom.index) != atom:
        known = defined.get(atom.index)
        found = f"variable {atom.index} is {known.type}, not {atom.type}" if known else "it is not defined before"
        raise VerificationError(f"{what} is variable {atom.index}, but {found}")


def _define(var: Var, defined: dict[int, Var], what: str) -> None:
    if var.index != len(defined):
        wrong = "is defined twice" if var.index in defined else f"is out of order; the next number is {len(defined)}"
        raise VerificationError(f"{what} is variable {var.index}, which {wrong}")
    if var.type.dtype not in DTYPES.values():
        raise VerificationError(
            f"{what} is {var.type}, but the values of graphs are real; a complex one is two of them"
        )
    for symbol in symbols_of(var.type.shape):
        _check_symbol(symbol)
    defined[var.index] = var


def _types(types: Iterable[ArrayType]) -> str:
    return f"({', '.join(map(str, types))})"


def _context(graph: Graph, position: int) -> str:
    """The equations around `position`, with an arrow before it."""
    names = variable_names(graph)
    lines = []
    for n in range(max(0, position - _CONTEXT), min(len(graph.equations), position + _CONTEXT + 1)):
        arrow = "--> " if n == position else "    "
        lines.append(arrow + print_equation(graph.equations[n], names))
    return "\n".join(lines)
