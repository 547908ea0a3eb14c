"""Functions of NumPy that traced arrays cannot have, each with the reason and the remedy its error tells."""

from typing import Any

import numpy as np

_LENGTH = "its length depends on the values"
_NO_MEMORY = "a traced array has no memory of its own"
_VALUES = "the values are known only when the compiled function runs"
_SET = f"{_LENGTH}; use vtrace.numpy.unique(x, size=...), np.isin and np.sort"
_UNIQUE = f"{_LENGTH}; use vtrace.numpy.unique(x, size=...)"
_WHERE = f"{_LENGTH}; use np.where(condition, x, y) for a choice, np.argmax(condition) for the first place"
_PRINT = f"{_VALUES}; use vtrace.lax.debug_print"

_KIND = "its dtype depends on the values"

WHY: dict[Any, str] = {
    np.argwhere: _WHERE,
    np.flatnonzero: _WHERE,
    np.nonzero: _WHERE,
    np.array2string: _PRINT,
    np.array_repr: _PRINT,
    np.array_str: _PRINT,
    np.intersect1d: _SET,
    np.setdiff1d: _SET,
    np.setxor1d: _SET,
    np.union1d: _SET,
    np.unique_all: _UNIQUE,
    np.unique_counts: _UNIQUE,
    np.unique_inverse: _UNIQUE,
    np.unique_values: _UNIQUE,
    np.isnat: "there are no dates among traced arrays",
    np.may_share_memory: _NO_MEMORY,
    np.shares_memory: _NO_MEMORY,
    np.min_scalar_type: f"{_VALUES}; use x.dtype",
    np.polydiv: f"{_LENGTH}, as it leaves out leading zeros; divide step by step, with a loop over the coefficients",
    np.polymul: f"{_LENGTH}, as it leaves out leading zeros; use np.convolve(a, b)",
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
