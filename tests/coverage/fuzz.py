"""Wrong arguments for every function that takes traced arrays: the calls, in an order that never changes."""

from collections.abc import Callable, Iterator
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from vtrace.frontend.dispatch import FUNCTIONS, UFUNC_HANDLERS, qualified_name
from vtrace.frontend.tracer import Tracer

TYPES = {
    "matrix": (np.float64, (3, 4)),
    "vector": (np.int64, (5,)),
    "number": (np.float32, ()),
    "flags": (bool, (3, 4)),
    "waves": (np.complex128, (3, 4)),
    "empty": (np.float64, (0, 4)),
}
"""The traced arrays that there are."""

Call = tuple[str, Callable[[dict[str, Tracer]], Any]]
"""What is called, in words; and the call, with the traced arrays."""


class Traced(str):
    """The name of a traced array, among plain arguments."""


ARRAYS: list[Any] = [*map(Traced, TYPES), None, "text", object(), [], [[1], [2, 3]], {}, np.array(["2020"], "M8[D]"), np.float16(1), 2**70]
STATIC: list[Any] = [5, -7, (0, 0), (), 1.5, "a", None, object(), [], -1, (1.5,), (-1, -1), (7, 8, 9), np.nan, Traced("vector"), Traced("number"), float, "M8", np.float16, {}, [[1], [2, 3]]]


def calls() -> Iterator[Call]:
    """Every function with a wrong argument, one at a time."""
    for function, (_, signature) in FUNCTIONS.items():
        yield from _of(qualified_name(function), function, signature)
    for ufunc in UFUNC_HANDLERS:
        yield from _of_ufunc(ufunc)
    for name in METHODS:
        for value in STATIC:
            yield f"matrix.{name}({value!r})", _call(lambda x, v, name=name: getattr(x, name)(v), [Traced("matrix"), value], {})
    for value in [*STATIC, *ARRAYS]:
        for name in TYPES:
            yield f"{name}[{value!r}]", _call(lambda x, v: x[v], [Traced(name), value], {})
            yield f"{name}[{value!r}] = 1", _call(_assign, [Traced(name), value, 1], {})
            yield f"{name}[0] = {value!r}", _call(_assign, [Traced(name), 0, value], {})
            yield f"{name}.at[{value!r}].add(1)", _call(lambda x, v: x.at[v].add(1), [Traced(name), value], {})
            yield f"{name} + {value!r}", _call(lambda x, v: x + v, [Traced(name), value], {})
            yield f"{name} @ {value!r}", _call(lambda x, v: x @ v, [Traced(name), value], {})


METHODS = [name for name in dir(np.ndarray) if not name.startswith("_") and callable(getattr(np.ndarray, name)) and hasattr(Tracer, name)]


def _assign(x: Any, index: Any, value: Any) -> Any:
    x[index] = value
    return x


def _of(name: str, function: Any, signature: Signature) -> Iterator[Call]:
    parameters = list(signature.parameters.values())
    needed = [p for p in parameters if p.default is Parameter.empty and p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
    number = len(needed) or 1
    for base in ("matrix", "vector", "number", "empty"):
        arrays: list[Any] = [Traced(base)] * number
        yield f"{name}({', '.join(arrays)})", _call(function, arrays, {})
        for at in range(number):
            for value in ARRAYS:
                given = [value if n == at else a for n, a in enumerate(arrays)]
                yield f"{name}({given})", _call(function, given, {})
            for value in STATIC if at else ():
                given = [value if n == at else a for n, a in enumerate(arrays)]
                yield f"{name}({given})", _call(function, given, {})
        for parameter in parameters[number:]:
            if parameter.kind not in (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
                continue
            for value in STATIC:
                yield f"{name}({arrays}, {parameter.name}={value!r})", _call(function, arrays, {parameter.name: value})


def _of_ufunc(ufunc: np.ufunc) -> Iterator[Call]:
    for base in TYPES:
        for value in ARRAYS if ufunc.nin > 1 else (None,):
            given = [Traced(base), *[value] * (ufunc.nin - 1)]
            yield f"{ufunc.__name__}({given})", _call(ufunc, given, {})
    for dtype in ("M8", object, np.float16, "nonsense", np.int8):
        yield f"{ufunc.__name__}(dtype={dtype})", _call(ufunc, [Traced("matrix")] * ufunc.nin, {"dtype": dtype})
    if ufunc.nin == 2:
        for value in STATIC:
            yield f"{ufunc.__name__}.reduce(axis={value!r})", _call(ufunc.reduce, [Traced("matrix")], {"axis": value})
            yield f"{ufunc.__name__}.accumulate(axis={value!r})", _call(ufunc.accumulate, [Traced("matrix")], {"axis": value})
            yield f"{ufunc.__name__}.at({value!r})", _call(ufunc.at, [Traced("matrix"), value, 1], {})


def _call(function: Callable[..., Any], arguments: list[Any], keywords: dict[str, Any]) -> Callable[[dict[str, Tracer]], Any]:
    def call(tracers: dict[str, Tracer]) -> Any:
        def value(v: Any) -> Any:
            return tracers[v].copy() if isinstance(v, Traced) else v

        return function(*map(value, arguments), **{k: value(v) for k, v in keywords.items()})

    return call
