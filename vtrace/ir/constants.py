"""Constants as text, and back: a scalar is written as its value, an array as a digest.

    2.0:f64   -0.0:f32   nan:f32   inf:f64   3:i64   True:bool   #9c1185a5c5e9fc54:f64[3]

Reading what was written gives the same bits. A NaN that is not NumPy's own has its bits in brackets: `nan(0xffc00000)`.
"""

import math
from typing import Any

import numpy as np

from vtrace.ir.graph import Literal
from vtrace.ir.types import Array, DType, short_name


def literal_text(literal: Literal) -> str:
    """`2.0:f64`, `True:bool`, or `#<digest>:f64[3]` for an array."""
    if not literal.is_scalar or literal.data is None:
        return f"#{literal.digest}:{literal.type}"
    dtype = literal.type.dtype
    text = _float_text(literal.data) if dtype.kind == "f" else str(literal.item())
    return f"{text}:{short_name(dtype)}"


def _float_text(data: Array) -> str:
    """The shortest text that reads back as the same bits."""
    value = float(data)
    if math.isnan(value):
        bits = int(data.view(f"u{data.itemsize}"))
        return "nan" if bits == int(np.array(np.nan, data.dtype).view(f"u{data.itemsize}")) else f"nan({bits:#x})"
    text = str(data[()])
    return text if data.dtype.type(float(text)) == data else repr(value)


def scalar_value(text: str, dtype: DType) -> Any:
    """The value that `text` stands for, or None where `dtype` has no such value."""
    if text in ("True", "False"):
        return text == "True" if dtype.kind == "b" else None
    if dtype.kind == "f":
        return _float_value(text, dtype)
    if dtype.kind == "b" or not text.lstrip("-").isdecimal() or len(text) > 20:
        return None
    limits, value = np.iinfo(dtype), int(text)
    return value if limits.min <= value <= limits.max else None


def _float_value(text: str, dtype: DType) -> Any:
    if text.startswith("nan("):
        bits = int(text[4:-1], 16)
        if bits.bit_length() > 8 * dtype.itemsize:
            return None
        array = np.array(bits, dtype=f"u{dtype.itemsize}").view(dtype)
        return array if np.isnan(array) else None
    value = float(text)
    with np.errstate(over="ignore"):
        overflows = not text.endswith(("inf", "nan")) and not np.isfinite(dtype.type(value))
    return None if overflows else value
