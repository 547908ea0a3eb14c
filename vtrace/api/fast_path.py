"""The warm path of a call: from the exact dtypes and shapes of arrays to the program that serves them.

The program that served the last call is asked first: its entry checks all it needs by itself. Else sizes and axes were
checked when the same dtypes and shapes came first, so what is found in the tables needs no checks. Calls whose
arguments are all ndarrays that a kernel can read as they are need not even be flattened.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.api.program import Entry, Program, no_entry
from vtrace.frontend.pytree import PyTreeSpec
from vtrace.ir.types import Array

_LIMIT = 4096
"""Entries kept; past that a table starts anew, as it is only a shortcut."""


class FastPath:
    """Tables from the dtypes and shapes of calls to their programs.

    An entry takes a batch of any size: `any_size` tells whether that is right.
    """

    def __init__(self, any_size: bool) -> None:
        self._any_size = any_size
        self._plain: dict[tuple[Any, ...], Program] = {}
        self._nested: dict[tuple[Any, ...], Program] = {}
        self.entry: Entry = no_entry
        """That of the program that served the last call of arrays: its results for positional arguments, or None."""

    def find_plain(self, args: tuple[Any, ...]) -> Program | None:
        """The program for positional arguments `args`, if all are arrays to be read as they are and known."""
        key: list[Any] = []
        for a in args:
            # `leaves.is_ready`, spelled out: a call would cost as much as all the rest
            if type(a) is not np.ndarray or a.flags.num & 0x0101 != 0x0101:
                return None
            key += (a.dtype, a.shape)
        program = self._plain.get(tuple(key))
        if program is not None:
            self._use(program)
        return program

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
            self._use(program)

    def _use(self, program: Program) -> None:
        """Ask `program` first from now on."""
        self.entry = program.entry if self._any_size else no_entry

    def clear(self) -> None:
        self.entry = no_entry
        self._plain = {}
        self._nested = {}


def _types(arrays: Sequence[Array]) -> list[Any]:
    return [part for a in arrays for part in (a.dtype, a.shape)]
