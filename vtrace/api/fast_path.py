"""The warm path of a call: from the exact dtypes and shapes of plain arrays to the program that serves them.

It is used where all arguments are positional ndarrays a kernel can read as they are; checks of sizes and axes were done
when the same dtypes and shapes came first. Anything else takes the general path, with its messages.
"""

from typing import Any

import numpy as np

from vtrace.api.leaves import is_ready
from vtrace.api.program import Program

_LIMIT = 4096
"""Entries kept; past that the table starts anew, as it is only a shortcut."""


class FastPath:
    """A table from the dtypes and shapes of a call to its program."""

    def __init__(self) -> None:
        self._programs: dict[tuple[Any, ...], Program] = {}

    def find(self, args: tuple[Any, ...]) -> Program | None:
        """The program for `args`, if a call with these very dtypes and shapes has been served before."""
        key: list[Any] = []
        for a in args:
            # the test of `is_ready`, spelled out: a call would cost as much as all the rest
            if type(a) is not np.ndarray or a.flags.num & 0x0101 != 0x0101:
                return None
            key += (a.dtype, a.shape)
        return self._programs.get(tuple(key))

    def remember(self, args: tuple[Any, ...], program: Program) -> None:
        """Serve the next call with arguments like `args` by `program`, if they are of the simple sort."""
        if all(type(a) is np.ndarray and is_ready(a) and a.dtype.isnative for a in args):
            if len(self._programs) >= _LIMIT:
                self._programs = {}
            self._programs[tuple(part for a in args for part in (a.dtype, a.shape))] = program

    def clear(self) -> None:
        self._programs = {}
