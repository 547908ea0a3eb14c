"""Graphs as text: canonical, so that equal graphs print alike and a text diff is a graph diff.

    { lambda ; x:f64[b,3] y:f64[b,3]. let
        a:f64[b] = dot[contract=((1,), (1,)) batch_axes=((0,), (0,))] x y
        c:f64[b] = integer_pow[exponent=2] a
      in (c,) }

`vtrace.ir.parser` reads it back; docs/ir.md has the grammar. A graph that breaks the rules prints too, with a
question mark before an undefined variable or an impossible parameter: the verifier shows such graphs in its messages.
"""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, product
from pathlib import PurePath
from string import ascii_lowercase
from typing import Any

import numpy as np

from vtrace.ir.constants import literal_text
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import DTYPES, Symbol, short_name, symbols_of

RESERVED = frozenset({"lambda", "let", "in", "True", "False", "None", "nan", "inf"})
"""Words of the grammar. No result is lettered so, and an input that is called so is printed in quotes."""

_WORD = re.compile(r"[^\W\d]\w*(\.\w+)*")


def print_graph(graph: Graph, sources: bool = False) -> str:
    """The text of `graph`; with `sources`, every equation's line ends with the user's line as a comment."""
    return _graph_text(graph, "", sources)


def print_equation(equation: Equation, names: Mapping[Var, str]) -> str:
    """The text of one equation, whose variables have the given names."""
    return _equation_text(equation, names, "", False)


def params_of(primitive: Primitive) -> dict[str, Any]:
    """The static parameters of a primitive by name, in the order in which they are printed."""
    dataclass: Any = primitive  # the registry takes nothing else
    return {f.name: getattr(primitive, f.name) for f in dataclasses.fields(dataclass)}


def variable_names(graph: Graph) -> dict[Var, str]:
    """What every variable of `graph` is called in its text: inputs by their names, results by letters.

    Symbols are a kind of their own, but `b:f64[b]` would be hard to read, so letters that are symbols are skipped too.
    """
    names = {v: name_text(v.name) for v in graph.inputs}
    results = [v for equation in graph.equations for v in equation.outputs]
    symbols = {symbol.name for v in (*graph.inputs, *results) for symbol in symbols_of(v.type.shape)}
    taken = RESERVED.union(names.values(), symbols)
    free = (letters for letters in _letters() if letters not in taken)
    names.update((v, next(free)) for v in results)
    return names


def name_text(name: str) -> str:
    """An input's name as it is written: in quotes where it is not a plain word (`"x[0]"`)."""
    return name if is_word(name) else json.dumps(name)


def is_word(name: str) -> bool:
    """Whether `name` can stand in the text as it is."""
    return name not in RESERVED and _WORD.fullmatch(name) is not None


def _letters() -> Iterator[str]:
    """a, b, ..., z, aa, ab, ..."""
    return ("".join(letters) for length in count(1) for letters in product(ascii_lowercase, repeat=length))


def _graph_text(graph: Graph, indent: str, sources: bool) -> str:
    """A graph whose last line stands at `indent`; its first line may follow other text."""
    names = variable_names(graph)
    inputs = " ".join(f"{names[v]}:{v.type}" for v in graph.inputs)
    inner = indent + "    "
    lines = [inner + _equation_text(e, names, inner, sources) for e in graph.equations]
    outputs = _tuple_text([_atom_text(a, names) for a in graph.outputs])
    return "\n".join([f"{{ lambda ; {inputs}. let", *lines, f"{indent}  in {outputs} }}"])


def _equation_text(equation: Equation, names: Mapping[Var, str], indent: str, sources: bool) -> str:
    results = [f"{_atom_text(v, names)}:{v.type}" for v in equation.outputs]
    params = _params_text(equation.primitive, indent, sources)
    operation = equation.primitive.name + (f"[{params}]" if params else "")
    line = " ".join([*results, "=", operation, *(_atom_text(a, names) for a in equation.inputs)])
    if sources and (source := equation.source):
        return f"{line}  # {PurePath(source.file).name}:{source.line} ({source.function})"
    return line


def _params_text(primitive: Primitive, indent: str, sources: bool) -> str:
    return " ".join(f"{k}={_value_text(v, indent, sources)}" for k, v in params_of(primitive).items())


def _value_text(value: Any, indent: str, sources: bool) -> str:
    match value:
        case None | bool():
            return str(value)
        case int():
            return int.__repr__(value)
        case float():
            return float.__repr__(value)
        case str():
            return json.dumps(value)
        case Symbol():
            return value.name
        case np.dtype() if value in DTYPES.values():
            return short_name(value)
        case tuple():
            return _tuple_text([_value_text(v, indent, sources) for v in value])
        case Graph():
            return _graph_text(value, indent, sources)
        case Primitive():
            return f"{value.name}[{_params_text(value, indent, sources)}]"
        case _:
            return f"?{value!r}"


def _tuple_text(items: Sequence[str]) -> str:
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _atom_text(atom: Atom, names: Mapping[Var, str]) -> str:
    if isinstance(atom, Literal):
        return literal_text(atom)
    return names.get(atom) or f"?{atom.index}"
