"""Functions of whole numbers: common divisors and multiples, counting bits, packing them into bytes."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, UsageError
from vtrace.frontend.control.loops import while_loop
from vtrace.frontend.core import BOOL, axis_index, convert, reshape, static_int
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_elementwise import register
from vtrace.frontend.numpy_movement import moveaxis
from vtrace.frontend.numpy_padding import pad
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DTYPES, DType

_UINT8 = DTYPES["u8"]
_BYTE = 8


def _unsigned(dtype: DType) -> DType:
    return np.dtype(f"u{dtype.itemsize}")


def _magnitude(x: Tracer) -> Any:
    """|x| as an unsigned number, which holds that of the smallest integer too."""
    return convert(np.abs(x), _unsigned(x.dtype)) if x.dtype.kind == "i" else x


def _greatest(x: Any, y: Any) -> Any:
    """Euclid's algorithm on unsigned numbers, until all remainders are zero."""

    def step(pair: Any) -> Any:
        a, b = pair
        done = b == 0
        return np.where(done, a, b), np.where(done, b, a % np.where(done, b + 1, b))

    return while_loop(lambda pair: np.any(pair[1] != 0), step, (x, y))[0]


def _gcd(x: Tracer, y: Tracer) -> Any:
    return convert(_greatest(_magnitude(x), _magnitude(y)), x.dtype)


def _lcm(x: Tracer, y: Tracer) -> Any:
    a, b = _magnitude(x), _magnitude(y)
    divisor = _greatest(a, b)
    return convert(a // np.where(divisor == 0, divisor + 1, divisor) * b, x.dtype)


register(np.gcd, _gcd)
register(np.lcm, _lcm)


def _bitwise_count(x: Tracer) -> Any:
    """The bits of |x|, added up in pairs, in fours, in bytes, and so on."""
    bits: Any = convert(x, _UINT8) if x.dtype == BOOL else _magnitude(x)
    width = bits.dtype.itemsize * _BYTE
    step = 1
    while step < width:
        mask = bits.dtype.type(sum((2**step - 1) << at for at in range(0, width, 2 * step)))
        bits = (bits & mask) + ((bits >> bits.dtype.type(step)) & mask)
        step *= 2
    return bits


register(np.bitwise_count, _bitwise_count)


def _last_axis(a: Any, axis: int | None) -> tuple[Tracer, int]:
    """The array with the axis to work on last, flat if that is None; and where the axis belongs."""
    x = lift(a)
    x = reshape(x, (x.size,)) if axis is None else reshape(x, (1,)) if x.ndim == 0 else x
    along = 0 if axis is None else axis_index(axis, x.ndim)
    return moveaxis(x, along, -1), along


def _places(bitorder: str) -> Any:
    """The value of each bit of a byte, in the order of the bits."""
    if bitorder not in ("big", "little"):
        raise UsageError(f"{at_user_line()}: bitorder must be 'big' or 'little', got {bitorder!r}")
    places = np.arange(_BYTE, dtype=np.uint8)
    return places[::-1] if bitorder == "big" else places


@implements(np.packbits)
def packbits(a: Any, axis: int | None = None, bitorder: str = "big") -> Any:
    rows, along = _last_axis(a, axis)
    if rows.dtype.kind not in "iub":
        raise DTypeError(f"{at_user_line()}: Expected an input array of integer or boolean data type, got {rows.type}")
    rest = -rows.shape[-1] % _BYTE
    bits: Any = pad(rows != 0, [(0, 0)] * (rows.ndim - 1) + [(0, rest)])
    bits = bits.reshape(*rows.shape[:-1], (rows.shape[-1] + rest) // _BYTE, _BYTE).astype(np.uint8)
    return moveaxis(np.sum(bits << _places(bitorder), axis=-1, dtype=np.uint8), -1, along)


@implements(np.unpackbits)
def unpackbits(a: Any, axis: int | None = None, count: int | None = None, bitorder: str = "big") -> Any:
    rows, along = _last_axis(a, axis)
    if rows.dtype != _UINT8:
        raise DTypeError(f"{at_user_line()}: Expected an input array of unsigned byte data type, got {rows.type}")
    bits: Any = rows[..., None] >> _places(bitorder) & np.uint8(1)
    length = rows.shape[-1] * _BYTE
    flat = bits.reshape(*rows.shape[:-1], length)
    if count is not None:
        number = static_int(count, "count")
        if number < -length:
            raise UsageError(f"{at_user_line()}: -count {-number} is larger than the number of elements")
        kept = number if number >= 0 else length + number
        flat = pad(flat[..., :kept], [(0, 0)] * (rows.ndim - 1) + [(0, max(kept - length, 0))])
    return moveaxis(flat, -1, along)
