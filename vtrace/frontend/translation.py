"""Errors of NumPy and of Python about arguments, made ours: a VTraceError that names the user's line and the function.

Much of what a traced function asks about its static arguments (axes, shapes, dtypes, counts) NumPy answers, and so do
its complaints. They stay what a NumPy user expects, in NumPy's words.
"""

import re
from types import TracebackType

import numpy as np

from vtrace.errors import (
    ArgumentError,
    AxisOutOfRangeError,
    IntegerOverflowError,
    UsageError,
    VTraceError,
)
from vtrace.frontend.source import at_user_line, is_internal

_OURS: tuple[tuple[type[Exception], type[VTraceError]], ...] = (
    (np.exceptions.AxisError, AxisOutOfRangeError),
    (OverflowError, IntegerOverflowError),
    (TypeError, ArgumentError),
    (ValueError, UsageError),
)
"""What is raised -> what the user gets, which is one of it."""


_SAYS_WHERE = re.compile(r".*?:\d+ \(")
"""How an error begins that names a line."""


class as_ours:  # reads as the `with` statement it is made for
    """`with as_ours("np.sum"):` around what works on the user's arguments. Errors of the user's own code pass."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, VTraceError):
            if not _SAYS_WHERE.match(str(error)):
                raise type(error)(f"{at_user_line()}: {self.name}: {error}") from None
        elif error is not None and _is_internal(traceback):
            for theirs, ours in _OURS:
                if isinstance(error, theirs):
                    raise ours(f"{at_user_line()}: {self.name}: {error}") from None


def _is_internal(traceback: TracebackType | None) -> bool:
    """Whether an error comes from vtrace or NumPy, not from a function of the user that they called."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and is_internal(traceback.tb_frame.f_code.co_filename)
