"""The warm path of a call: from the exact dtypes and shapes of arrays to the program that serves them.

Sizes and axes were checked when the same dtypes and shapes came first, so what is found here needs no checks. Calls
whose arguments are all ndarrays that a kernel can read as they are need not even be flattened.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.api.program import Program
from vtrace.frontend.pytree import PyTreeSpec
from vtrace.ir.types import Array

_LIMIT = 4096
"""Entries kept; past that a table starts anew, as it is only a shortcut."""


class FastPath:
    """Tables from the dtypes and shapes of calls to their programs."""

    def __init__(self) -> None:
        self._plain: dict[tuple[Any, ...], Program] = {}
        self._nested: dict[tuple[Any, ...], Program] = {}

    def find_plain(self, args: tuple[Any, ...]) -> Program | None:
        """The program for positional arguments `args`, if all are arrays to be read as they are and known."""
        key: list[Any] = []
        for a in args:
            # `leaves.is_ready`, spelled out: a call would cost as much as all the rest
            if type(a) is not np.ndarray or a.flags.num & 0x0101 != 0x0101:
                return None
            key += (a.dtype, a.shape)
        return self._plain.get(tuple(key))

    def find(self, spec: PyTreeSpec, weak: tuple[bool, ...], arrays: Sequence[Array]) -> Program | None:
        """The program for a call of any structure, whose leaves have been made ready."""
        return self._nested.get((spec, weak, *_types(arrays)))

    def remember(
        self, args: tuple[Any, ...], spec: PyTreeSpec, weak: tuple[bool, ...], arrays: Sequence[Array], program: Program
    ) -> None:
        """Serve calls like this one by `program`: `args` are its positional arguments, `arrays` its leaves."""
        if len(self._nested) >= _LIMIT:
            self.clear()
        key = tuple(_types(arrays))
        self._nested[(spec, weak, *key)] = program
        by_keyword = spec.child(1).num_children
        # leaves that are the arguments themselves: nothing was nested, nothing converted
        if not by_keyword and len(args) == len(arrays) and all(a is b for a, b in zip(args, arrays, strict=True)):
            self._plain[key] = program

    def clear(self) -> None:
        self._plain = {}
        self._nested = {}


def _types(arrays: Sequence[Array]) -> list[Any]:
    return [part for a in arrays for part in (a.dtype, a.shape)]
