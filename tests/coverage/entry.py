"""One function of NumPy: calls of it that work on traced arrays, and calls that are refused.

A call is an expression of the operands below, or statements whose last one is an expression, separated by semicolons.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import CodeType
from typing import Any

import numpy as np

import vtrace.numpy as vnp

BATCH = 3
"""Examples in a test."""


@dataclass(frozen=True)
class Entry:
    """What of a function works."""

    name: str
    """As users write it: `np.sum`, `ndarray.sum`."""
    calls: tuple[str, ...]
    """Calls whose results are those of NumPy."""
    limits: str = ""
    """What does not work, or works otherwise, in the words of the page."""
    refused: tuple[str, ...] = ()
    """Calls that are VTraceErrors. With no other calls, the function is refused."""
    tolerance: float = 1e-12


def works(name: str, *calls: str, limits: str = "", refused: str | tuple[str, ...] = (), tol: float = 1e-12) -> Entry:
    """An entry for a function that works; the name is in it where it has no dot."""
    return Entry(name, calls, limits, (refused,) if isinstance(refused, str) else refused, tol)


def refuses(name: str, *calls: str) -> Entry:
    """An entry for a function that is refused."""
    return Entry(name, (), "", calls)


def _operands() -> dict[str, Any]:
    """Name -> a batch of operands."""
    rng = np.random.default_rng(7)

    def normal(*shape: int) -> Any:
        return rng.normal(size=(BATCH, *shape))

    def whole(low: int, high: int, *shape: int, dtype: Any = np.int64) -> Any:
        return rng.integers(low, high, (BATCH, *shape)).astype(dtype)

    x, holes = normal(3, 4), normal(3, 4)
    holes[:, 0, 1] = holes[:, 2, 3] = holes[1, 0, 0] = np.nan
    a = normal(3, 3)
    return {
        "x": x,
        "y": normal(3, 4),
        "f": normal(3, 4).astype(np.float32),
        "p": rng.uniform(0.1, 0.9, (BATCH, 3, 4)),
        "o": holes,
        "c": normal(3, 4) + 1j * normal(3, 4),
        "i": whole(-4, 5, 3, 4),
        "j": whole(-4, 5, 3, 4),
        "n": whole(1, 7, 3, 4),
        "m": whole(1, 7, 3, 4),
        "q": whole(-128, 128, 3, 4, dtype=np.int8),
        "u": whole(0, 256, 3, 4, dtype=np.uint8),
        "b": normal(3, 4) > 0,
        "d": normal(3, 4) > 0,
        "v": normal(5),
        "w": normal(5),
        "t": np.sort(normal(5), axis=-1),
        "k": whole(0, 3, 5),
        "e": normal(5) > 0,
        "s": np.abs(normal()) + 0.5,
        "r": normal() * 2,
        "l": whole(0, 3),
        "a": a + 4 * np.eye(3),
        "h": a @ np.swapaxes(a, 1, 2) + np.eye(3),
        "g": normal(3, 2),
    }


OPERANDS = _operands()
"""Batches of float64 matrices (x, y, p in (0, 1), o with NaN, a regular, h symmetric), float32 (f), complex128 (c), int64
(i, j, positive n, m), int8 (q), uint8 (u) and bool (b, d) ones of 3 x 4; vectors of 5 (v, w, sorted t, indices k, bools
e); numbers (positive s, r, index l)."""


@cache
def compiled(call: str) -> tuple[tuple[str, ...], tuple[CodeType, CodeType]]:
    """The operands of a call, its statements and its value."""
    tree = ast.parse(call)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    names = sorted({n.id for n in ast.walk(ast.parse(call)) if isinstance(n, ast.Name)} & OPERANDS.keys())
    return tuple(names), (compile(tree, call, "exec"), compile(ast.Expression(last.value), call, "eval"))


def operands_of(call: str) -> tuple[str, ...]:
    """Their names, in order."""
    return compiled(call)[0]


def run(call: str, operands: dict[str, Any]) -> Any:
    """The value of a call on these operands."""
    statements, value = compiled(call)[1]
    space = {"np": np, "vnp": vnp, **operands}
    exec(statements, space)
    return eval(value, space)


def function_of(call: str) -> Callable[..., Any]:
    """A call as a function of its operands."""
    names = operands_of(call)

    def function(*values: Any) -> Any:
        return run(call, dict(zip(names, values, strict=True)))

    return function


def mentions(entry: Entry, call: str) -> bool:
    """Whether the call is one of the function of this entry."""
    return re.search(rf"\b{re.escape(entry.name.rpartition('.')[2])}\b", call) is not None
