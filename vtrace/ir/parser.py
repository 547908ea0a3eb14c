"""Text to graphs: the reverse of `vtrace.ir.printer`, by recursive descent. docs/ir.md has the grammar.

Results may have any names; the graph has none for them, so that printing it again gives the canonical ones. The parser
builds what the text says: whether the types are right is for `vtrace.ir.verifier` to find out. Primitives are looked up
in the registry, so the caller must have imported `vtrace.ops`.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from vtrace.errors import VTraceError
from vtrace.ir.constants import scalar_value
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.lexer import Cursor, Token
from vtrace.ir.primitive import REGISTRY, Primitive
from vtrace.ir.printer import RESERVED
from vtrace.ir.types import DTYPES, USER_DTYPES, Array, ArrayType, Dim, DType, Symbol, short_name

_T = TypeVar("_T")
_MAX_DEPTH = 64
"""How deep tuples and graphs may nest: Python's stack must not overflow on bad text."""


def parse(text: str, constants: Mapping[str, Array] | None = None) -> Graph:
    """The graph that `text` describes; ParseError, with line and column, where it does not follow the grammar.

    `constants` maps digests to the arrays they stand for. A constant that is not there has no data: the graph can be
    printed, verified and transformed, but not run.
    """
    parser = _Parser(text, constants or {})
    graph = parser.graph()
    parser.expect_end()
    return graph


def parse_type(text: str) -> ArrayType:
    """The array type that `text` describes, for example `f64[b,3]` or, unlike in graphs, `c64[b,3]`."""
    parser = _Parser(text, {})
    type = parser.array_type(USER_DTYPES)
    parser.expect_end()
    return type


class _Parser(Cursor):
    def __init__(self, text: str, constants: Mapping[str, Array]) -> None:
        super().__init__(text)
        self.constants = constants
        self.depth = 0

    def nested(self, rule: Callable[[], _T]) -> _T:
        if self.depth == _MAX_DEPTH:
            raise self.error(f"more than {_MAX_DEPTH} levels of tuples and graphs inside each other")
        self.depth += 1
        result = rule()
        self.depth -= 1
        return result

    def graph(self) -> Graph:
        self.expect("{")
        self.expect("lambda")
        self.expect(";")
        scope: dict[str, Var] = {}
        inputs = []
        while not self.at("."):
            token, type = self.binder("an input such as x:f64[3], or '.'")
            inputs.append(self.define(scope, token, type, self.name(token)))
        self.next()
        self.expect("let", "the inputs")
        equations = []
        while not self.at("in"):
            equations.append(self.equation(scope))
        self.next()
        self.expect("(", "'in'")
        outputs = self.items(lambda: self.atom(scope), ")")
        self.expect("}")
        return Graph(tuple(inputs), tuple(equations), tuple(outputs))

    def define(self, scope: dict[str, Var], token: Token, type: ArrayType, name: str = "") -> Var:
        key = self.name(token)
        if key in scope:
            raise self.error(f"{token} is defined twice", token)
        var = scope[key] = Var(len(scope), type, name)
        return var

    def name(self, token: Token) -> str:
        return self.string(token) if token.kind == "string" else token.text

    def binder(self, wanted: str) -> tuple[Token, ArrayType]:
        token = self.token
        if not _is_name(token):
            raise self.error(f"expected {wanted}, found {token}")
        self.next()
        if not self.at(":"):
            raise self.error(f"{token} needs a type, as in {token.text}:f64[3]", token)
        self.next()
        return token, self.array_type()

    def equation(self, scope: dict[str, Var]) -> Equation:
        results: list[tuple[Token, ArrayType]] = []
        while not self.at("="):
            results.append(self.binder("a result such as a:f64[3], or '='" if results else "an equation or 'in'"))
        self.next()
        primitive = self.primitive()
        operands = []
        while self.starts_operand():
            operands.append(self.atom(scope))
        outputs = tuple(self.define(scope, token, type) for token, type in results)
        return Equation(primitive, tuple(operands), outputs)

    def starts_operand(self) -> bool:
        """A name before ':' belongs to the next equation (before '=' too, where the type is missing)."""
        token = self.token
        if _is_name(token):
            return not self.after_next(":", "=")
        return _is_constant(token)

    # -- primitives and their parameters

    def primitive(self) -> Primitive:
        token = self.next()
        cls = REGISTRY.get(token.text)
        if cls is None:
            if token.kind != "word":
                raise self.error(f"expected a primitive after '=', found {token}", token)
            raise self.error(f"unknown primitive {token}{_suggestion(token.text, REGISTRY)}", token)
        params = self.params(token.text, cls) if self.at("[") else {}
        try:
            return cls(**params)
        except (TypeError, ValueError, VTraceError) as error:
            lacking = [f"'{n}'" for n, required in _fields(cls).items() if required and n not in params]
            message = f"lacks the parameter {', '.join(lacking)}" if lacking else str(error)
            raise self.error(f"{token} {message}", token) from None

    def params(self, name: str, cls: type[Primitive]) -> dict[str, Any]:
        self.next()
        fields = _fields(cls)
        params: dict[str, Any] = {}
        while not self.at("]"):
            token = self.next()
            if token.kind != "word":
                raise self.error(f"expected a parameter such as axis=0, or ']', found {token}", token)
            if token.text not in fields:
                known = f"'{name}' takes {', '.join(fields)}" if fields else f"'{name}' takes none"
                raise self.error(f"unknown parameter {token}; {known}", token)
            if token.text in params:
                raise self.error(f"the parameter {token} is given twice", token)
            self.expect("=", f"the parameter {token}")
            params[token.text] = self.value()
        self.next()
        return params

    def value(self) -> Any:
        token = self.token
        if self.at("{"):
            return self.nested(self.graph)
        if token.kind == "word" and self.after_next("["):
            return self.nested(self.primitive)
        self.next()
        match token.kind:
            case "number":
                return self.number(token)
            case "string":
                return self.string(token)
            case "word" if token.text in _WORD_VALUES:
                return _WORD_VALUES[token.text]
            case "word" if token.text not in RESERVED:
                return Symbol(token.text)
            case "mark" if token.text == "(":
                return tuple(self.nested(lambda: self.items(self.value, ")")))
        raise self.error(f"expected the value of a parameter, found {token}", token)

    def string(self, token: Token) -> str:
        try:
            return str(json.loads(token.text))
        except ValueError:
            raise self.error(f"{token} has a backslash that JSON does not allow", token) from None

    def number(self, token: Token) -> int | float:
        text = token.text
        try:
            return int(text) if text.lstrip("-").isdecimal() else float(text)
        except ValueError:
            raise self.error(f"{token} cannot be a number here", token) from None

    # -- types and atoms

    def dtype(self, known: Mapping[str, DType] = DTYPES) -> DType:
        token = self.next()
        if token.text not in known:
            raise self.error(f"expected a dtype ({', '.join(known)}), found {token}", token)
        return known[token.text]

    def array_type(self, known: Mapping[str, DType] = DTYPES) -> ArrayType:
        dtype = self.dtype(known)
        self.expect("[", f"'{short_name(dtype)}'")
        return ArrayType(dtype, tuple(self.items(self.extent, "]")))

    def extent(self) -> Dim:
        token = self.next()
        if token.kind == "word" and token.text not in RESERVED:
            return Symbol(token.text)
        if token.kind == "number" and token.text.isdecimal():
            return int(token.text)
        raise self.error(f"expected an extent (3) or a symbol (b), found {token}", token)

    def atom(self, scope: dict[str, Var]) -> Atom:
        token = self.next()
        if token.kind == "digest":
            return self.constant(token)
        if _is_constant(token):
            return self.scalar(token)
        if not _is_name(token):
            raise self.error(f"expected a variable or a constant, found {token}", token)
        name = self.name(token)
        if name not in scope:
            raise self.error(f"{token} is not defined{_suggestion(name, scope)}", token)
        return scope[name]

    def scalar(self, token: Token) -> Literal:
        if not self.at(":"):
            raise self.error(f"the constant {token} needs a dtype, as in {token.text}:f64", token)
        self.next()
        dtype = self.dtype()
        value = scalar_value(token.text, dtype)
        if value is None:
            raise self.error(f"{token} is not a value of {short_name(dtype)}", token)
        return Literal.of(value, dtype)

    def constant(self, token: Token) -> Literal:
        self.expect(":", str(token))
        type, digest = self.array_type(), token.text[1:]
        if digest not in self.constants:
            return Literal(type, digest, None)
        literal = Literal.of(self.constants[digest])
        if literal.type != type or literal.digest != digest:
            raise self.error(f"the array given for {token} is #{literal.digest}:{literal.type}, not {type}", token)
        return literal


_WORD_VALUES: dict[str, Any] = {"None": None, "True": True, "False": False, **DTYPES}


def _is_constant(token: Token) -> bool:
    return token.kind in ("number", "digest") or token.text in ("True", "False")


def _is_name(token: Token) -> bool:
    return token.kind == "string" or (token.kind == "word" and token.text not in RESERVED)


def _fields(cls: type[Primitive]) -> dict[str, bool]:
    """The parameters of a primitive, and whether each must be given."""
    missing = dataclasses.MISSING
    dataclass: Any = cls  # the registry takes nothing else
    return {f.name: f.default is missing and f.default_factory is missing for f in dataclasses.fields(dataclass)}


def _suggestion(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
