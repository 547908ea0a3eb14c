"""Wrong arguments for every function that takes traced arrays: the calls, in an order that never changes."""

from collections.abc import Callable, Iterator
from inspect import Parameter, Signature
from operator import add, matmul
from typing import Any

import numpy as np

from vtrace.frontend.dispatch import FUNCTIONS, UFUNC_HANDLERS, qualified_name
from vtrace.frontend.tracer import Tracer

TYPES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "matrix": (np.float64, (3, 4)),
    "vector": (np.int64, (5,)),
    "number": (np.float32, ()),
    "flags": (bool, (3, 4)),
    "waves": (np.complex128, (3, 4)),
    "empty": (np.float64, (0, 4)),
}
"""The traced arrays that there are."""


class Traced(str):
    """The name of one of them, among plain arguments."""

    __slots__ = ()


OBJECT = object()
DATES = np.array(["2020"], "M8[D]")
ARRAYS: list[Any] = [*map(Traced, TYPES), None, "text", OBJECT, [], [[1], [2, 3]], {}, DATES, np.float16(1)]
"""For arguments that are arrays."""
STATIC: list[Any] = [
    *(5, -7, -1, 1.5, np.nan, "a", None, OBJECT, (), (0, 0), (1.5,), (-1, -1), (7, 8, 9), [], [[1], [2, 3]], {}),
    *(Traced("vector"), Traced("number"), float, "M8", np.float16),
]
"""For axes, shapes, dtypes, numbers and options."""
METHODS = [
    n for n in dir(np.ndarray) if not n.startswith("_") and callable(getattr(np.ndarray, n)) and hasattr(Tracer, n)
]

Call = tuple[str, Callable[[dict[str, Tracer]], Any]]
"""What is called, in words; and the call, with the traced arrays."""


def calls() -> Iterator[Call]:
    """Every function, method and operator with a wrong argument, one at a time."""
    for function, (_, signature) in FUNCTIONS.items():
        yield from _of_function(qualified_name(function), function, signature)
    for ufunc in UFUNC_HANDLERS:
        yield from _of_ufunc(ufunc)
    for name in METHODS:
        for value in STATIC:
            yield _call(f"ndarray.{name}", lambda x, v, name=name: getattr(x, name)(v), Traced("matrix"), value)
    for value in [*STATIC, *ARRAYS]:
        for array in map(Traced, TYPES):
            yield _call("x[v]", lambda x, v: x[v], array, value)
            yield _call("x[v] = 1", _assign, array, value, 1)
            yield _call("x[0] = v", _assign, array, 0, value)
            yield _call("x.at[v].add(1)", lambda x, v: x.at[v].add(1), array, value)
            yield _call("x + v", add, array, value)
            yield _call("x @ v", matmul, array, value)


def _assign(x: Any, index: Any, value: Any) -> Any:
    x[index] = value
    return x


def _of_function(name: str, function: Any, signature: Signature) -> Iterator[Call]:
    parameters = list(signature.parameters.values())
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    number = len([p for p in parameters if p.default is Parameter.empty and p.kind in positional]) or 1
    options = [p.name for p in parameters[number:] if p.kind in (Parameter.KEYWORD_ONLY, positional[1])]
    for base in ("matrix", "vector", "number", "empty"):
        arrays = [Traced(base)] * number
        yield _call(name, function, *arrays)
        for at in range(number):
            for value in [*ARRAYS, *STATIC] if at else ARRAYS:
                yield _call(name, function, *arrays[:at], value, *arrays[at + 1 :])
        for option in options:
            for value in STATIC:
                yield _call(name, function, *arrays, **{option: value})


def _of_ufunc(ufunc: np.ufunc) -> Iterator[Call]:
    name, matrix = ufunc.__name__, Traced("matrix")
    for base in map(Traced, TYPES):
        for value in ARRAYS if ufunc.nin > 1 else (None,):
            yield _call(name, ufunc, base, *[value] * (ufunc.nin - 1))
    for dtype in ("M8", object, np.float16, "nonsense", np.int8):
        yield _call(name, ufunc, *[matrix] * ufunc.nin, dtype=dtype)
    if ufunc.nin == 2:
        for value in STATIC:
            yield _call(f"{name}.reduce", ufunc.reduce, matrix, axis=value)
            yield _call(f"{name}.accumulate", ufunc.accumulate, matrix, axis=value)
            yield _call(f"{name}.at", ufunc.at, matrix, value, 1)


def _call(name: str, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Call:
    def call(tracers: dict[str, Tracer]) -> Any:
        def value(v: Any) -> Any:
            return tracers[v].copy() if isinstance(v, Traced) else v

        return function(*map(value, arguments), **{k: value(v) for k, v in keywords.items()})

    return f"{name}, {arguments}, {keywords}", call
