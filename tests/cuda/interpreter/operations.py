"""What arithmetic instructions compute, as NumPy functions of typed arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.cuda.interpreter.fma import fma
from vtrace.ir.types import Array

DTYPES = {"b8": np.uint8, "u8": np.uint8, "s8": np.int8, "b16": np.uint16, "u16": np.uint16, "s16": np.int16}
DTYPES |= {"b32": np.uint32, "u32": np.uint32, "s32": np.int32, "f32": np.float32}
DTYPES |= {"b64": np.uint64, "u64": np.uint64, "s64": np.int64, "f64": np.float64, "pred": np.bool_}

_WIDER = {"u16": np.uint32, "s16": np.int32, "u32": np.uint64, "s32": np.int64}
_ROUNDINGS: dict[str, Any] = {
    "rzi": np.trunc, "rni": np.rint, "rmi": np.floor, "rpi": np.ceil, "rn": lambda x: x
}  # fmt: skip


def compare(name: str, x: Array, y: Array) -> Array:
    """`setp`: ordered comparisons, those that hold for NaN (with a u), and those of unsigned integers."""
    if name in ("num", "nan"):
        unordered = np.isnan(x) | np.isnan(y)
        return unordered if name == "nan" else ~unordered
    name = {"lo": "lt", "ls": "le", "hi": "gt", "hs": "ge"}.get(name, name)
    base = name[:2]
    holds = {
        "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal
    }[base](x, y)  # fmt: skip
    if x.dtype.kind != "f":
        return np.asarray(holds)
    unordered = np.isnan(x) | np.isnan(y)
    return np.asarray(holds | unordered if name.endswith("u") else holds & ~unordered)


def convert(operation: tuple[str, ...], x: Array) -> Array:
    """`cvt`, between integers, floats, and from one to the other."""
    target = np.dtype(DTYPES[operation[-2]])
    if x.dtype.kind != "f":
        return x.astype(target)
    rounding = next((_ROUNDINGS[m] for m in operation[1:-2] if m in _ROUNDINGS), None)
    rounded = x if rounding is None else rounding(x)
    if target.kind == "f":
        return rounded.astype(target)
    limits = np.iinfo(target)
    low, high = float(limits.min), float(limits.max)
    clipped = np.where(np.isnan(rounded), 0.0, np.clip(rounded, low, high))
    top = rounded >= high
    return np.where(top, limits.max, np.where(top, 0.0, clipped).astype(target)).astype(target)


def _divide(x: Array, y: Array) -> Array:
    if x.dtype.kind == "f":
        return x / y
    safe = np.where(y == 0, np.ones_like(y), y)
    quotient = x // safe
    remainder = x - quotient * safe
    adjusted = (remainder != 0) & ((x < 0) != (safe < 0))
    return (quotient + adjusted.astype(x.dtype)).astype(x.dtype)


def _remainder(x: Array, y: Array) -> Array:
    return np.fmod(x, np.where(y == 0, np.ones_like(y), y))


def _shift(function: Callable[..., Array]) -> Callable[..., Array]:
    def shifted(x: Array, count: Array) -> Array:
        bits = 8 * x.dtype.itemsize
        whole = np.minimum(count, bits - 1).astype(x.dtype)
        result = function(x, whole)
        beyond = np.zeros_like(x) if x.dtype.kind == "u" or function is np.left_shift else function(x, whole)
        return np.where(count >= bits, beyond, result)

    return shifted


def _high(x: Array, y: Array) -> Array:
    bits = 8 * x.dtype.itemsize
    whole = (x.astype(object) * y.astype(object)) >> bits
    return np.asarray(whole, object).astype(x.dtype)


def _extract(x: Array, position: Array, length: Array) -> Array:
    wide = x.astype(object) >> position.astype(object)
    return np.asarray(wide & ((1 << length.astype(object)) - 1), object).astype(x.dtype)


def permute(x: Array, y: Array, selection: Array) -> Array:
    """`prmt`: any four bytes of the two words."""
    whole = (y.astype(np.uint64) << np.uint64(32)) | x.astype(np.uint64)
    result = np.zeros(np.broadcast_shapes(whole.shape, selection.shape), np.uint32)
    for k in range(4):
        nibble = (selection >> np.uint32(4 * k)) & np.uint32(15)
        byte = ((whole >> (nibble & np.uint32(7)).astype(np.uint64) * np.uint64(8)) & np.uint64(255)).astype(np.uint32)
        sign = np.where(byte & np.uint32(128), np.uint32(255), np.uint32(0))
        result |= np.where(nibble & np.uint32(8), sign, byte).astype(np.uint32) << np.uint32(8 * k)
    return result


def _count_leading(x: Array) -> Array:
    return np.array([8 * x.dtype.itemsize - int(v).bit_length() for v in np.atleast_1d(x)], np.uint32).reshape(x.shape)


def _count_set(x: Array) -> Array:
    return np.bitwise_count(x).astype(np.uint32)


def _reverse(x: Array) -> Array:
    bits = 8 * x.dtype.itemsize
    return np.array([int(f"{int(v):0{bits}b}"[::-1], 2) for v in np.atleast_1d(x)], x.dtype).reshape(x.shape)


def _funnel(low: Array, high: Array, count: Array) -> Array:
    whole = (high.astype(np.uint64) << np.uint64(32)) | low.astype(np.uint64)
    return ((whole << (count & np.uint32(31)).astype(np.uint64)) >> np.uint64(32)).astype(np.uint32)


def _funnel_right(low: Array, high: Array, count: Array) -> Array:
    whole = (high.astype(np.uint64) << np.uint64(32)) | low.astype(np.uint64)
    return (whole >> (count & np.uint32(31)).astype(np.uint64)).astype(np.uint32)


ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "div": _divide,
    "rem": _remainder,
    "neg": np.negative,
    "abs": np.abs,
    "min": np.fmin,
    "max": np.fmax,
    "exch": lambda x, y: y,
    "fma": fma,
    "rcp": lambda x: np.ones_like(x) / x,
    "sqrt": np.sqrt,
    "copysign": lambda sign, x: np.copysign(x, sign),
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.invert,
    "shl": _shift(np.left_shift),
    "shr": _shift(np.right_shift),
    "prmt": permute,
    "bfe": _extract,
    "clz": _count_leading,
    "popc": _count_set,
    "brev": _reverse,
}
"""By the first part of the name; all operands have the last part of it as their type, but for counts."""


def product(operation: tuple[str, ...], x: Array, y: Array) -> Array:
    """`mul`, whose result may be the lower half, the upper half or all of the product."""
    if "wide" in operation:
        wide = _WIDER[operation[-1]]
        return x.astype(wide) * y.astype(wide)
    return _high(x, y) if "hi" in operation else x * y


def funnel_shift(operation: tuple[str, ...], low: Array, high: Array, count: Array) -> Array:
    """`shf`: 32 bits out of 64."""
    return (_funnel if operation[1] == "l" else _funnel_right)(low, high, count)
