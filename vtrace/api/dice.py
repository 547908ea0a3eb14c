"""`np.random` in a traced function: its numbers are constants of the program, which is hardly ever what was meant."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from vtrace.errors import ConstantRandomWarning
from vtrace.frontend.trace import current_frame


@contextmanager
def watching_dice(function: Callable[..., Any], what: str) -> Iterator[None]:
    """Warns if NumPy's global generator has been used while `function` was traced."""
    if current_frame() is not None:  # the trace around this one looks as well
        yield
        return
    before = _state()
    yield
    if _used(before, _state()):
        code = getattr(function, "__code__", None)
        where = f"{code.co_filename}:{code.co_firstlineno}: " if code is not None else ""
        warnings.warn(
            f"{where}{what} called np.random while it was traced. Its numbers are constants of the compiled program: "
            "the same for every example and every call. Pass a key, and use vtrace.random, or pass the numbers",
            ConstantRandomWarning,
            stacklevel=2,
        )


_FRESH = 623, 0
"""Position and spare number of a generator that has not been used."""


def _used(before: tuple[Any, ...] | None, after: tuple[Any, ...] | None) -> bool:
    if before is None:  # the generator was made meanwhile, if at all
        return after is not None and after[:2] != _FRESH
    return before != after


def _state() -> tuple[Any, ...] | None:
    """What the next number depends on; None while nobody has imported `numpy.random`, which takes a while."""
    module = sys.modules.get("numpy.random")
    if module is None:
        return None
    state = module.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":  # another one has been set: what it holds, as it prints
        return (str(state),)
    return (state["state"]["pos"], state["has_gauss"], state["state"]["key"].tobytes())
