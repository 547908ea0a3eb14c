"""Running programs without machine code, to find out what is wrong with them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_DISABLED: ContextVar[bool] = ContextVar(
    "vtrace_disable_jit", default=os.environ.get("VTRACE_DISABLE_JIT", "0") not in ("", "0")
)


def jit_is_disabled() -> bool:
    """Whether calls are interpreted, equation by equation."""
    return _DISABLED.get()


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
    token = _DISABLED.set(disable)
    try:
        yield
    finally:
        _DISABLED.reset(token)
