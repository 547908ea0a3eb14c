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
    chosen = e.select(e.compare(op, x, y), x, y)  # one instruction, which gives y where they cannot be compared
    return e.select(e.compare("ne", x, x), x, chosen) if x.dtype.kind == "f" else chosen
