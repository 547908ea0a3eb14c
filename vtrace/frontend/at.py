"""`x.at[index]`: updates that give a new array, and reads, each with a choice of what an index outside means.

These are JAX's names. Where JAX leaves an index outside of its axis without a word, it is an IndexError here, as it is
in NumPy, unless a `mode` asks for something else:

    raise, promise_in_bounds    IndexError, after the kernel (the default)
    clip                        the nearest index inside
    drop                        the update is left out
    fill                        the same for updates; reads give `fill_value`
    wrap                        modulo the extent
"""

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from vtrace.errors import ArgumentError
from vtrace.frontend.core import convert
from vtrace.frontend.indexing import parse
from vtrace.frontend.scatter import BOUNDED, check_mode, front_of, is_array, numbered, updated
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.frontend.translation import as_ours
from vtrace.ir.types import DType


@dataclass(frozen=True)
class At:
    """`x.at`: index it to say where."""

    array: Tracer

    def __getitem__(self, index: Any) -> "AtIndex":
        return AtIndex(self.array, index)


@dataclass(frozen=True)
class AtIndex:
    """`x.at[index]`. Updates are done one after the other, in the order of the index."""

    array: Tracer
    index: Any

    def set(self, values: Any, *, mode: str | None = None, **hints: bool) -> Tracer:
        """A copy of the array after `x[index] = values`; the last of several values for one place stays."""
        return self._updated(None, values, mode, hints)

    def add(self, values: Any, *, mode: str | None = None, **hints: bool) -> Tracer:
        """A copy of the array after `np.add.at(x, index, values)`."""
        return self._updated(np.add, values, mode, hints)

    def subtract(self, values: Any, *, mode: str | None = None, **hints: bool) -> Tracer:
        """A copy of the array after `np.subtract.at(x, index, values)`."""
        return self._updated(np.subtract, values, mode, hints)

    def multiply(self, values: Any, *, mode: str | None = None, **hints: bool) -> Tracer:
        """A copy of the array after `np.multiply.at(x, index, values)`."""
        return self._updated(np.multiply, values, mode, hints)

    mul = multiply

    def divide(self, values: Any, *, mode: str | None = None, **hints: bool) -> Tracer:
        """A copy of the array after `np.divide.at(x, index, values)`."""
        return self._updated(np.true_divide, values, mode, hints)

    def power(self, values: Any, *, mode: str | None = None, **hints: bool) -> Tracer:
        """A copy of the array after `np.power.at(x, index, values)`."""
        return self._updated(np.power, values, mode, hints)

    def max(self, values: Any, *, mode: str | None = None, **hints: bool) -> Tracer:
        """A copy of the array after `np.maximum.at(x, index, values)`."""
        return self._updated(np.maximum, values, mode, hints)

    def min(self, values: Any, *, mode: str | None = None, **hints: bool) -> Tracer:
        """A copy of the array after `np.minimum.at(x, index, values)`."""
        return self._updated(np.minimum, values, mode, hints)

    def apply(self, function: Any, *, mode: str | None = None, **hints: bool) -> Tracer:
        """A copy of the array with `function` applied to the elements at the index, once however often it is there."""
        return self.set(function(self.get(mode="clip" if mode in ("drop", "fill") else mode)), mode=mode, **hints)

    def get(self, *, mode: str | None = None, fill_value: Any = None, **hints: bool) -> Tracer:
        """`x[index]`."""
        _check_hints(hints)
        mode, x = check_mode(mode), self.array
        if mode in BOUNDED:
            return x[self.index]
        items = parse(x, self.index, bounded=False)
        safe = [_inside(i, x.shape[a], mode) if is_array(i) else i for a, i in numbered(items)]
        result = x[tuple(safe)]
        if mode not in ("drop", "fill"):
            return result
        found: list[Any] = [_is_inside(i, x.shape[a]) for a, i in numbered(items) if is_array(i)]
        shown: Any = reduce(np.logical_and, found, np.True_)
        after = result.ndim - shown.ndim - (front_of(items) if shown.ndim else 0)
        fill = convert(_fill_value(x.dtype) if fill_value is None else fill_value, x.dtype)
        return lift(np.where(np.reshape(shown, shown.shape + (1,) * after), result, fill))

    def _updated(self, ufunc: np.ufunc | None, values: Any, mode: str | None, hints: dict[str, bool]) -> Tracer:
        _check_hints(hints)
        with as_ours("x.at[index]"):
            return updated(self.array, self.index, values, ufunc, mode)


def _check_hints(hints: dict[str, bool]) -> None:
    """JAX's promises about an index, which nothing here needs; TypeError for any other argument."""
    for name in hints:
        if name not in ("indices_are_sorted", "unique_indices"):
            raise ArgumentError(f"{at_user_line()}: unexpected keyword argument {name!r}")


def _inside(index: Any, extent: int, mode: str) -> Any:
    """An index that does not fault."""
    if mode == "wrap":
        return index % extent
    return np.clip(np.where(index < 0, index + extent, index), 0, extent - 1)


def _is_inside(index: Any, extent: int) -> Any:
    return (index >= -extent) & (index < extent)


def _fill_value(dtype: DType) -> Any:
    """What JAX fills with: NaN, the smallest signed integer, the largest unsigned one, True."""
    match dtype.kind:
        case "f":
            return np.nan
        case "i":
            return np.iinfo(dtype).min
        case "u":
            return np.iinfo(dtype).max
        case _:
            return True
