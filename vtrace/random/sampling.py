"""What all samplers share: where they run, the words of a key, and what they check."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from vtrace.api import jit
from vtrace.errors import DTypeError, ShapeError
from vtrace.frontend.core import broadcast_to, count, reshape, static_shape_argument
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import current_frame, emit, lift, literal
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DTYPES, DType
from vtrace.ops.movement import Iota
from vtrace.ops.threefry import Threefry2x32

UINT32, UINT64 = DTYPES["u32"], DTYPES["u64"]
PROGRAMS = 1024
"""How many programs for calls outside of a trace are kept, one for each sampler, shape and dtype."""


def sample(function: Callable[..., Any], *arrays: Any, **static: Any) -> Any:
    """`function(*arrays, **static)` on traced arrays.

    Outside of a trace it is compiled, so that the bits are those of a traced call: NumPy's `log` has others.
    """
    if current_frame() is not None:
        return function(*map(lift, arrays), **static)
    return _program(function, tuple(static.items()))(*arrays)


@lru_cache(PROGRAMS)
def _program(function: Callable[..., Any], static: tuple[tuple[str, Any], ...]) -> Callable[..., Any]:
    return jit(partial(function, **dict(static)))


def shape_argument(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple; ShapeError where an extent is negative."""
    result = static_shape_argument(shape)
    if any(n < 0 for n in result):
        raise ShapeError(f"{at_user_line()}: a shape has no negative numbers, got {result}")
    return result


def float_argument(name: str, dtype: Any) -> DType:
    """A float dtype; DTypeError where it is none."""
    result: DType = np.dtype(dtype)
    if result not in (DTYPES["f32"], DTYPES["f64"]):
        raise DTypeError(f"{at_user_line()}: random.{name}: dtype must be float32 or float64, got {result}")
    return result


def key_words(key: Any) -> tuple[Tracer, Tracer]:
    """The two words of a key; an error where it is none."""
    words = lift(key)
    if words.dtype != UINT32 or words.shape != (2,):
        hint = "; use vmap for a batch of keys" if words.dtype == UINT32 and words.shape[-1:] == (2,) else ""
        raise (ShapeError if words.dtype == UINT32 else DTypeError)(
            f"{at_user_line()}: a key is a uint32 array of shape (2,), as random.key(seed) and random.split make them; "
            f"got {words.type}{hint}"
        )
    return words[0], words[1]


def scrambled(key: Any, first: Any, second: Any, part: str) -> Tracer:
    """Threefry with the key, of a counter of two words of one shape."""
    first, second = lift(first), lift(second)
    words = (broadcast_to(w, first.shape) for w in key_words(key))
    return emit(Threefry2x32(part), *words, first, second)


def counted(key: Any, shape: tuple[int, ...], part: str) -> Tracer:
    """A word for each element of `shape`: the counter is the element's position."""
    size = count(shape)
    if size > 2**32:
        raise ShapeError(f"{at_user_line()}: one key makes up to 2**32 numbers at a time, not {size}; split it")
    low = emit(Iota(UINT32, (size,), 0)) if shape else literal(np.uint32(0))
    high = literal(np.zeros((), UINT32))
    return reshape(scrambled(key, broadcast_to(high, low.shape), low, part), shape)
