"""Functions of NumPy that traced arrays cannot have, each with the reason and the remedy its error tells."""

from typing import Any

import numpy as np

_LENGTH = "its length depends on the values"
_NO_MEMORY = "a traced array has no memory of its own"
_VALUES = "the values are known only when the compiled function runs"
_KIND = "its dtype depends on the values"

_PRINT = f"{_VALUES}; use vtrace.lax.debug_print"

WHY: dict[Any, str] = {
    np.array2string: _PRINT,
    np.array_repr: _PRINT,
    np.array_str: _PRINT,
    **{
        function: f"{_LENGTH}; use vtrace.numpy.{function.__name__}(x, size=...), np.where(condition, x, y) for a "
        "choice, np.argmax(condition) for the first place"
        for function in (np.argwhere, np.flatnonzero, np.nonzero)
    },
    **{
        function: f"{_LENGTH}; use vtrace.numpy.{function.__name__}(x, y, size=...)"
        for function in (np.intersect1d, np.setdiff1d, np.setxor1d, np.union1d)
    },
    **{
        function: f"{_LENGTH}; use vtrace.numpy.{function.__name__}(x, size=...)"
        for function in (np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values)
    },
    np.isnat: "there are no dates among traced arrays",
    np.may_share_memory: _NO_MEMORY,
    np.shares_memory: _NO_MEMORY,
    np.min_scalar_type: f"{_VALUES}; use x.dtype",
    **{
        function: f"{_LENGTH}, as it leaves out leading zeros; use "
        f"vtrace.numpy.{function.__name__}(x, y, trim_leading_zeros=False)"
        for function in (np.polymul, np.polydiv)
    },
    np.roots: f"{_LENGTH}, as it leaves out leading and trailing zeros; use vtrace.numpy.roots(p, strip_zeros=False)",
    **{
        getattr(np.emath, name): f"{_KIND}; use np.{name}(x.astype(complex))"
        for name in ("sqrt", "log", "log2", "log10", "arccos", "arcsin", "arctanh")
    },
    np.emath.logn: f"{_KIND}; use np.log(x.astype(complex)) / np.log(n)",
    np.emath.power: f"{_KIND}; use np.power(x.astype(complex), p)",
    np.trim_zeros: f"{_LENGTH}; use np.where to mark what is to be left out",
}
"""Function -> why it is refused, and what to use."""
