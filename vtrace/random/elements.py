"""Samplers that draw again until they accept: a loop of its own for each element."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.api import vmap
from vtrace.ir.types import DType
from vtrace.random.bits import as_fraction
from vtrace.random.keys import new_keys
from vtrace.random.sampling import UINT32, scrambled


def each(function: Callable[..., Any], key: Any, shape: tuple[int, ...], *arrays: Any) -> Any:
    """`function(key, *elements)` for each element of arrays of one shape, with a key for each."""
    if not shape:
        return function(key, *arrays)
    flat = [np.reshape(a, -1) for a in arrays]
    results = vmap(function)(new_keys(key, (math.prod(shape),)), *flat)
    if isinstance(results, tuple):
        return tuple(np.reshape(r, shape) for r in results)
    return np.reshape(results, shape)


def draw(key: Any, trip: Any, number: int, dtype: DType) -> Any:
    """One of the uniform numbers of trip `trip` (a uint32) of an element's loop, in [0, 1)."""
    part = "mixed" if dtype.itemsize == 4 else "both"
    return as_fraction(scrambled(key, np.uint32(number), trip, part), dtype)


FIRST_TRIP = np.zeros((), UINT32)
