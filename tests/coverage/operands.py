"""The operands of the calls in the table, and how a call is run."""

import ast
import warnings
from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

import numpy as np
from scipy import special

from tests.coverage.table import Entry

BATCH = 3
"""Examples in a test."""


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
"""Batches of float64 matrices (x, y, p in (0, 1), o with NaN, regular a, symmetric h, g of 3 x 2), float32 (f),
complex128 (c), int64 (i, j, positive n, m), int8 (q), uint8 (u) and bool (b, d) ones of 3 x 4; vectors of 5 (v, w,
sorted t, indices k, bools e); numbers (positive s, r, index l)."""


@cache
def compiled(call: str) -> tuple[tuple[str, ...], tuple[CodeType, CodeType]]:
    """The operands of a call, its statements and its value."""
    tree = ast.parse(call)
    last = tree.body.pop()
    assert isinstance(last, ast.Expr)
    names = sorted({n.id for n in ast.walk(ast.parse(call)) if isinstance(n, ast.Name)} & OPERANDS.keys())
    return tuple(names), (compile(tree, "<call>", "exec"), compile(ast.Expression(last.value), "<call>", "eval"))


def operands_of(call: str) -> tuple[str, ...]:
    """Their names, in order."""
    return compiled(call)[0]


def run(call: str, operands: dict[str, Any]) -> Any:
    """The value of a call on these operands."""
    statements, value = compiled(call)[1]
    space = {"np": np, "special": special, **operands}
    exec(statements, space)
    return eval(value, space)


def function_of(call: str) -> Callable[..., Any]:
    """A call as a function of its operands."""
    names = operands_of(call)

    def function(*values: Any) -> Any:
        return run(call, dict(zip(names, values, strict=True)))

    return function


def is_there(entry: Entry) -> bool:
    """Whether this NumPy has the function."""
    module, _, name = entry.name.rpartition(".")
    home = {"ndarray": np.ndarray, "ufunc": np.ufunc, "special": special}.get(module) or _module(module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return hasattr(home, name)


def _module(path: str) -> Any:
    value: Any = np
    for part in path.split(".")[1:]:
        value = getattr(value, part)
    return value
