"""What `vtrace dump` is told: MODULE_OR_FILE:FUNCTION, argument types, axes."""

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from vtrace.errors import ParseError, UsageError
from vtrace.ir.parser import parse_type
from vtrace.ir.types import ArrayType, Symbol, symbols_of


def load_function(target: str) -> Callable[..., Any]:
    """The function that MODULE_OR_FILE:FUNCTION names; UsageError where there is none."""
    where, separator, name = target.rpartition(":")
    if not (separator and where and name):
        raise UsageError(f"{target!r} is not of the form MODULE_OR_FILE:FUNCTION, for example examples/tour.py:norm")
    found: Any = _load_module(where)
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(f"{where} has no function {name!r}{_names(found)}")
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(f"{name!r} in {where} is not a function but a {type(found).__name__}")
    function: Callable[..., Any] = found
    return function


def _names(module: object) -> str:
    functions = [
        n for n, v in vars(module).items() if callable(v) and not n.startswith("_") and not isinstance(v, type)
    ]
    return f"; it has {', '.join(sorted(functions))}" if functions else ""


def _load_module(where: str) -> ModuleType:
    is_file = where.endswith(".py") or "/" in where
    if is_file and not Path(where).is_file():
        raise UsageError(f"there is no file {where!r}")
    try:
        return _load_file(Path(where)) if is_file else _import(where)
    except (Exception, SystemExit) as error:
        # whatever the user's module raises while it is imported is an error of the module, not of this program
        raise UsageError(f"cannot import {where!r}: {type(error).__name__}: {error}") from error


def _import(name: str) -> ModuleType:
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    return importlib.import_module(name)


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.resolve().parent))  # as `python path` does
    spec.loader.exec_module(module)
    return module


def parse_types(text: str) -> list[ArrayType]:
    """The types in `f64[b,3], f64[b,3]`. One symbol, the batch, may occur in them."""
    parts = re.findall(r"(?:\[[^\]]*\]?|[^,\[])+", text.strip())  # commas inside brackets do not separate
    types = [_parse_type(part.strip()) for part in parts]
    symbols = sorted({s.name for t in types for s in symbols_of(t.shape)})
    if len(symbols) > 1:
        raise UsageError(
            f"--args has the symbols {', '.join(symbols)}; only one, the extent of the batch, may be symbolic"
        )
    for type in types:
        if len(symbols_of(type.shape)) > 1:
            raise UsageError(f"--args: the batch occurs twice in {type}")
    return types


def _parse_type(text: str) -> ArrayType:
    try:
        return parse_type(text)
    except ParseError as error:
        message = str(error).partition("\n")[0].partition(": ")[2]
        raise UsageError(f"--args: {text!r} is not an array type such as f64[b,3]: {message}") from error


def parse_axes(option: str, text: str) -> int | tuple[int | None, ...] | None:
    """`0`, `None` or `0,None`: one value holds for all."""
    axes: list[int | None] = []
    for part in text.strip("()[] ").rstrip(",").split(","):
        word = part.strip()
        if word != "None" and not re.fullmatch(r"-?\d+", word):
            raise UsageError(f"{option} takes integers and None separated by commas, got {text!r}")
        axes.append(None if word == "None" else int(word))
    return axes[0] if len(axes) == 1 and not text.rstrip(")] ").endswith(",") else tuple(axes)


def batch_axes(types: Sequence[ArrayType]) -> tuple[int | None, ...] | None:
    """Where the symbol is in each type; None where there is no symbol at all."""
    axes = tuple(next((a for a, d in enumerate(t.shape) if isinstance(d, Symbol)), None) for t in types)
    return None if all(a is None for a in axes) else axes
