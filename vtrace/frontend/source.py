"""Where in the user's code something happened: the file and line that equations, errors and profiles name."""

import sys
from pathlib import Path
from types import FrameType

import numpy as np

from vtrace.ir.graph import Source

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_LIBRARIES = tuple(f"{Path(np.__file__).resolve().parent.parent}/{name}/" for name in ("numpy", "scipy"))
_INTERNAL = (
    *(
        f"{_PACKAGE}/{name}/"
        for name in ("frontend", "ir", "ops", "passes", "backends", "numpy", "lax", "linalg", "random", "api")
    ),
    f"{_PACKAGE}/special.py",
    *_LIBRARIES,
)


def is_internal(file: str) -> bool:
    """Whether a line of code in `file` is not the user's."""
    return file.startswith(_INTERNAL)


def user_source() -> Source | None:
    """The innermost stack frame outside vtrace's own machinery and NumPy, or None where there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_internal(frame.f_code.co_filename):
        frame = frame.f_back
    if frame is None:
        return None
    code = frame.f_code
    return Source(code.co_filename, frame.f_lineno, code.co_name)


def at_user_line() -> str:
    """`FILE:LINE (function)` of the user's code that is running, for the beginning of an error message."""
    return str(user_source() or "<unknown>")


def called_by_user() -> str:
    """The Python function of NumPy or SciPy that the user's line calls, as " by scipy.special.softmax"; or nothing."""
    frame: FrameType | None = sys._getframe(1)
    called: FrameType | None = None
    while frame is not None and is_internal(frame.f_code.co_filename):
        called, frame = frame, frame.f_back
    if called is None or not called.f_code.co_filename.startswith(_LIBRARIES):
        return ""
    module = [part for part in called.f_globals["__name__"].split(".") if not part.startswith("_")]
    return " by " + ".".join([*module, called.f_code.co_qualname])
