"""Bits, uniform floats and uniform integers."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError, UsageError
from vtrace.frontend.core import broadcast_to, convert_real
from vtrace.frontend.numpy_elementwise import less
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DType
from vtrace.ops.bitcast import Bitcast
from vtrace.random.sampling import UINT32, UINT64, counted, float_argument, sample, shape_argument


def bits(key: Any, shape: Any = (), dtype: Any = np.uint32) -> Any:
    """Uniform bits: unsigned integers, all values of the dtype alike.

    >>> from vtrace import random
    >>> bits(random.key(1701), (2,))
    array([1111271205, 2679469115], dtype=uint32)

    Raises:
        DTypeError: For a dtype that is no unsigned integer.
    """
    wanted: DType = np.dtype(dtype)
    if wanted.kind != "u":
        raise DTypeError(f"{at_user_line()}: random.bits: dtype must be an unsigned integer, got {wanted}")
    return sample(_bits, key, shape=shape_argument(shape), dtype=wanted)


def _bits(key: Tracer, shape: tuple[int, ...], dtype: DType) -> Tracer:
    return counted(key, shape, "both") if dtype == UINT64 else convert_real(counted(key, shape, "mixed"), dtype)


def fraction(key: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    """Uniform in [0, 1): multiples of 2**-23 in float32, of 2**-52 in float64."""
    return as_fraction(_bits(lift(key), shape, UINT32 if dtype.itemsize == 4 else UINT64), dtype)


def as_fraction(word: Any, dtype: DType) -> Any:
    """The leading bits of words as wide as `dtype`, as numbers in [0, 1)."""
    mantissa = 23 if dtype.itemsize == 4 else 52
    word_type = word.dtype.type
    one = dtype.type(1)
    behind_the_point = (word >> word_type(8 * dtype.itemsize - mantissa)) | word_type(int(one.view(word.dtype)))
    return emit(Bitcast(dtype), behind_the_point) - one


def between(key: Any, shape: tuple[int, ...], dtype: DType, low: float, high: float) -> Any:
    """Uniform in [low, high), for bounds that are known; rounded as JAX does."""
    first, last = dtype.type(low), dtype.type(high)
    return np.maximum(fraction(key, shape, dtype) * (last - first) + first, first)


def centred(key: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    """Uniform in (-1, 1)."""
    return fraction(key, shape, dtype) * dtype.type(2) + np.nextafter(dtype.type(-1), dtype.type(0))


def positive(key: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    """Uniform in (0, 1), with the smallest normal number in the place of 0."""
    return between(key, shape, dtype, float(np.finfo(dtype).tiny), 1.0)


def uniform(key: Any, shape: Any = (), dtype: Any = np.float64, minval: Any = 0.0, maxval: Any = 1.0) -> Any:
    """Uniform in [minval, maxval): a float for each element of `shape`, to which the bounds must broadcast.

    >>> import numpy as np
    >>> from vtrace import random
    >>> uniform(random.key(0), (2,), np.float32)
    array([0.947667 , 0.9785799], dtype=float32)
    """
    wanted, kind = shape_argument(shape), float_argument("uniform", dtype)
    if _is(minval, 0) and _is(maxval, 1):
        return sample(fraction, key, shape=wanted, dtype=kind)
    return sample(_uniform, key, minval, maxval, shape=wanted, dtype=kind)


def _is(bound: Any, value: int) -> bool:
    return isinstance(bound, int | float) and bound == value


def _uniform(key: Tracer, minval: Tracer, maxval: Tracer, shape: tuple[int, ...], dtype: DType) -> Any:
    low: Any = broadcast_to(convert_real(minval, dtype), shape)
    high: Any = broadcast_to(convert_real(maxval, dtype), shape)
    return np.maximum(fraction(key, shape, dtype) * (high - low) + low, low)


def randint(key: Any, shape: Any, minval: Any, maxval: Any, dtype: Any = np.int64) -> Any:
    """Uniform integers in [minval, maxval), which must broadcast to `shape`; minval where maxval is no greater.

    The probability of each value is off by less than 2**-64.

    >>> from vtrace import random
    >>> dice = randint(random.key(0), (1000,), 1, 7)
    >>> int(dice.min()), int(dice.max())
    (1, 6)

    Raises:
        DTypeError: For a dtype or a bound that is no integer.
        UsageError: For a bound that is known and does not fit in the dtype; maxval may be one more than its largest.
    """
    wanted: DType = np.dtype(dtype)
    if wanted.kind not in "iu":
        raise DTypeError(f"{at_user_line()}: random.randint: dtype must be an integer, got {wanted}")
    low = _fitting("minval", minval, wanted)
    if isinstance(maxval, int) and maxval == np.iinfo(wanted).max + 1:
        return sample(_randint_to_the_end, key, low, shape=shape_argument(shape), dtype=wanted)
    return sample(integers, key, low, _fitting("maxval", maxval, wanted), shape=shape_argument(shape), dtype=wanted)


def _fitting(name: str, bound: Any, dtype: DType) -> Any:
    """A Python integer as `dtype`, anything else as it is."""
    if not isinstance(bound, int):
        return bound
    info = np.iinfo(dtype)
    if not info.min <= bound <= info.max:
        raise UsageError(f"{at_user_line()}: random.randint: {name} {bound} does not fit in {dtype}")
    return np.asarray(bound, dtype)


def _bound(name: str, value: Tracer, shape: tuple[int, ...], dtype: DType) -> Tracer:
    if value.dtype.kind not in "iu":
        raise DTypeError(f"{at_user_line()}: random.randint: {name} must be an integer, got {value.type}")
    return broadcast_to(convert_real(value, dtype), shape)


def integers(key: Any, minval: Tracer, maxval: Tracer, shape: tuple[int, ...], dtype: DType) -> Any:
    """`randint` on traced arrays."""
    low, high = _bound("minval", minval, shape, dtype), _bound("maxval", maxval, shape, dtype)
    span = convert_real(convert_real(high, UINT64) - convert_real(low, UINT64), UINT64)
    return _offset(low, np.where(less(low, high), high_product(counted(key, shape, "both"), span), np.uint64(0)))


def _randint_to_the_end(key: Tracer, minval: Tracer, shape: tuple[int, ...], dtype: DType) -> Any:
    low = _bound("minval", minval, shape, dtype)
    last = np.uint64(np.iinfo(dtype).max)
    most: Any = last - convert_real(low, UINT64)  # one less than the span, which may be 2**64
    word: Any = counted(key, shape, "both")
    return _offset(low, np.where(most == np.uint64(2**64 - 1), word, high_product(word, most + np.uint64(1))))


def _offset(low: Tracer, steps: Any) -> Any:
    return convert_real(convert_real(low, UINT64) + steps, low.dtype)


def high_product(x: Any, y: Any) -> Any:
    """The upper 64 bits of the product of two uint64, of four products of their halves."""
    half, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    top, low = x >> half, x & mask
    y_top, y_low = y >> half, y & mask
    across = top * y_low + (low * y_low >> half)
    more = low * y_top + (across & mask)
    return top * y_top + (across >> half) + (more >> half)
