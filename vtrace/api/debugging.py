"""Running programs in ways that help to find out what is wrong with them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_NO_JIT, _NAN_CHECKS = "VTRACE_DISABLE_JIT", "VTRACE_CHECK_NANS"
"""The modes are called as the variables that switch them on for a whole program."""

_MODES: ContextVar[frozenset[str]] = ContextVar(
    "vtrace_modes",
    default=frozenset(name for name in (_NO_JIT, _NAN_CHECKS) if os.environ.get(name, "0") not in ("", "0")),
)


def is_debugging() -> bool:
    """Whether calls are to do anything but run machine code."""
    return bool(_MODES.get())


def jit_is_disabled() -> bool:
    """Whether calls are interpreted, equation by equation."""
    return _NO_JIT in _MODES.get()


def nans_are_checked() -> bool:
    """Whether results are looked at for NaNs."""
    return _NAN_CHECKS in _MODES.get()


@contextmanager
def _mode(name: str, on: bool) -> Iterator[None]:
    token = _MODES.set(_MODES.get() | {name} if on else _MODES.get() - {name})
    try:
        yield
    finally:
        _MODES.reset(token)


@contextmanager
def disable_jit(disable: bool = True) -> Iterator[None]:
    """Within this context, functions made by `vmap` and `jit` are run by the NumPy interpreter, not as machine code.

    They are traced and batched as always, but nothing is fused or compiled, so each equation runs by itself and raises
    its errors where it runs. `VTRACE_DISABLE_JIT=1` in the environment does the same for a whole program.

    >>> import numpy as np, vtrace
    >>> with vtrace.disable_jit():
    ...     vtrace.vmap(np.dot)(np.ones((2, 3)), np.ones((2, 3)))
    array([3., 3.])
    """
    with _mode(_NO_JIT, disable):
        yield


@contextmanager
def check_nans(check: bool = True) -> Iterator[None]:
    """Within this context, a result that is NaN where no argument is raises FloatingPointError.

    Programs run as machine code, as always. Only if an example has a NaN in its results and none in its arguments is it
    run again, alone and equation by equation, to name the equation that made the NaN, and your line. NaNs that do not
    reach a result, or that come from constants, are let be. `VTRACE_CHECK_NANS=1` in the environment does the same for
    a whole program.

    >>> import numpy as np, vtrace
    >>> with vtrace.check_nans():
    ...     vtrace.vmap(lambda x: 1.0 + np.log(x))(np.array([1.0, -1.0]))
    Traceback (most recent call last):
    FloatingPointError: vmap of <lambda>: example 1 has a NaN in its results and none in its arguments; it was made by
        a:f64[] = log x
    with x = -1.0, at ...
    """
    with _mode(_NAN_CHECKS, check):
        yield
