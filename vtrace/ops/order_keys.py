"""Numbers as integers of the same order: NaN above everything, both zeros the same unless these are to differ."""

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.types import BOOL, DTYPES, Array


def signed_key(e: Emitter, value: Value, zeros_differ: bool = False) -> Value:
    """A signed integer as wide as `value`, in whose order values are sorted; -0.0 comes before 0.0 if zeros differ."""
    dtype = value.dtype
    if dtype == BOOL:
        return e.convert(value, DTYPES["i8"])
    kind = DTYPES[f"i{8 * dtype.itemsize}"]
    largest = e.constant(np.iinfo(kind).max, kind)
    if dtype.kind == "u":
        return e.xor(e.bitcast(value, kind), e.constant(np.iinfo(kind).min, kind))
    if dtype.kind == "i":
        return value
    bits = e.bitcast(value if zeros_differ else e.add(value, e.constant(0.0, dtype)), kind)  # the sum makes -0.0 a 0.0
    sign = e.shift_right(bits, e.constant(8 * dtype.itemsize - 1, kind))
    return e.select(e.compare("ne", value, value), largest, e.xor(bits, e.and_(sign, largest)))


def from_signed_key(e: Emitter, key: Value, like: np.dtype) -> Value:
    """The value of dtype `like` whose key it is."""
    if like == BOOL:
        return e.convert(key, BOOL)
    kind = key.dtype
    if like.kind == "u":
        return e.bitcast(e.xor(key, e.constant(np.iinfo(kind).min, kind)), like)
    if like.kind == "i":
        return key
    sign = e.shift_right(key, e.constant(8 * like.itemsize - 1, kind))
    return e.bitcast(e.xor(key, e.and_(sign, e.constant(np.iinfo(kind).max, kind))), like)


def signed_keys(x: Array) -> Array:
    """The same for a NumPy array: `x` itself where its elements are signed integers."""
    kind = np.dtype(f"i{x.itemsize}")
    if x.dtype.kind == "i":
        return x
    if x.dtype.kind != "f":
        return np.asarray(x.view(kind) ^ kind.type(np.iinfo(kind).min if x.dtype.kind == "u" else 0))
    bits = (x + x.dtype.type(0)).view(kind)
    keys = bits >> kind.type(8 * x.itemsize - 1)
    keys &= kind.type(np.iinfo(kind).max)
    keys ^= bits
    nan = np.isnan(x)
    if nan.any():
        keys[nan] = np.iinfo(kind).max
    return np.asarray(keys)
