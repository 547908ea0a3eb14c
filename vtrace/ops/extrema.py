"""What the maximum, the minimum and their positions share."""

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.types import BOOL, DType


def least(dtype: DType) -> float | int:
    """The smallest value of `dtype`: the neutral element of the maximum."""
    if dtype == BOOL:
        return False
    return -np.inf if dtype.kind == "f" else int(np.iinfo(dtype).min)


def greatest(dtype: DType) -> float | int:
    """The greatest value of `dtype`: the neutral element of the minimum."""
    if dtype == BOOL:
        return True
    return np.inf if dtype.kind == "f" else int(np.iinfo(dtype).max)


def extreme(e: Emitter, op: str, x: Value, y: Value) -> Value:
    """`x` if `x op y`, else `y`; NaN if one of them is."""
    first = e.compare(op, x, y)
    if x.dtype.kind == "f":
        first = e.or_(first, e.compare("ne", x, x))
    return e.select(first, x, y)
