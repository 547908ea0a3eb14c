"""Keys: made of a seed, and of other keys. Bits are those of JAX's default generator, `threefry2x32`."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError
from vtrace.frontend.core import convert_real
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import Array
from vtrace.random.sampling import UINT32, UINT64, counted, sample, scrambled, shape_argument


def key(seed: Any) -> Any:
    """The key of a seed, an integer: a uint32 array of shape (2,), the seed's upper and lower half.

    >>> key(42)
    array([ 0, 42], dtype=uint32)

    Raises:
        DTypeError: For a seed that is no integer.
    """
    if isinstance(seed, int) and not isinstance(seed, bool):
        return _halves(seed)
    return sample(_key, seed)


PRNGKey = key


def _halves(seed: int) -> Array:
    return np.array([seed >> 32 & 0xFFFFFFFF, seed & 0xFFFFFFFF], UINT32)


def _key(seed: Tracer) -> Any:
    if seed.dtype.kind not in "iu" or seed.ndim:
        raise DTypeError(f"{at_user_line()}: random.key: the seed must be one integer, got {seed.type}")
    wide: Any = convert_real(seed, UINT64)
    return np.stack([convert_real(wide >> np.uint64(32), UINT32), convert_real(wide, UINT32)])


def split(key: Any, num: Any = 2) -> Any:
    """New keys, independent of each other and of `key`: a uint32 array of shape (num, 2), or (*num, 2) for a tuple.

    Do not use `key` itself any more.

    >>> first, second = split(PRNGKey(0))
    >>> split(first, (3, 4)).shape
    (3, 4, 2)
    """
    return sample(new_keys, key, shape=shape_argument(num))


def new_keys(key: Any, shape: tuple[int, ...]) -> Any:
    """`split` on a traced key."""
    return np.stack([counted(key, shape, "first"), counted(key, shape, "second")], axis=-1)


def fold_in(key: Any, data: Any) -> Any:
    """A new key of a key and an integer, of which the lower 32 bits count: the key of step `data`, say.

    >>> fold_in(PRNGKey(0), 7).shape
    (2,)
    """
    return sample(_fold_in, key, data)


def _fold_in(key: Tracer, data: Tracer) -> Any:
    number = lift(data)
    if number.dtype.kind not in "iu" or number.ndim:
        raise DTypeError(f"{at_user_line()}: random.fold_in: data must be one integer, got {number.type}")
    low, high = convert_real(number, UINT32), lift(np.zeros((), UINT32))
    return np.stack([scrambled(key, high, low, part) for part in ("first", "second")])
