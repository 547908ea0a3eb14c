"""Integers, bools and choices."""

from typing import Any

import numpy as np

from vtrace.errors import ShapeError, UnsupportedError
from vtrace.frontend.core import axis_index, broadcast_to, convert_real
from vtrace.frontend.numpy_movement import moveaxis
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DTYPES, DType
from vtrace.random.bits import fraction, integers
from vtrace.random.continuous import gumbels
from vtrace.random.sampling import sample, shape_argument

INT64, FLOAT64 = DTYPES["i64"], DTYPES["f64"]


def bernoulli(key: Any, p: Any = 0.5, shape: Any = None) -> Any:
    """True with probability `p`, which broadcasts to `shape`; that is its own shape if None.

    >>> from vtrace import random
    >>> bernoulli(random.key(0), 0.25, (1000,)).mean()
    np.float64(0.272)
    """
    return sample(_bernoulli, key, p, shape=np.shape(p) if shape is None else shape_argument(shape))


def _bernoulli(key: Any, p: Tracer, shape: tuple[int, ...]) -> Any:
    dtype = p.dtype if p.dtype.kind == "f" else FLOAT64
    return np.less(fraction(key, shape, dtype), broadcast_to(convert_real(p, dtype), shape))


def rademacher(key: Any, shape: Any = (), dtype: Any = np.int64) -> Any:
    """1 or -1, with equal probabilities."""
    return sample(_rademacher, key, shape=shape_argument(shape), dtype=np.dtype(dtype))


def _rademacher(key: Any, shape: tuple[int, ...], dtype: DType) -> Any:
    return 2 * convert_real(_bernoulli(key, lift(0.5), shape), dtype) - dtype.type(1)


def categorical(key: Any, logits: Any, axis: int = -1, shape: Any = None) -> Any:
    """A position along `axis` with probabilities proportional to exp(logits): an int64 for each of the other indices.

    With `shape`, whose last axes are those, as many draws.

    >>> import numpy as np
    >>> from vtrace import random
    >>> np.bincount(categorical(random.key(0), np.log([0.25, 0.75]), shape=(1000,)))
    array([254, 746])
    """
    drawn = None if shape is None else shape_argument(shape)
    return sample(_categorical, key, logits, axis=axis, shape=drawn)


def _categorical(key: Any, logits: Tracer, axis: int, shape: tuple[int, ...] | None) -> Any:
    dtype = logits.dtype if logits.dtype.kind == "f" else FLOAT64
    last: Any = moveaxis(convert_real(logits, dtype), axis_index(axis, logits.ndim), -1)
    others = last.shape[:-1]
    drawn = others if shape is None else shape
    if drawn[len(drawn) - len(others) :] != others:
        raise ShapeError(
            f"{at_user_line()}: random.categorical: shape {drawn} must end with {others}, the shape of logits without "
            f"axis {axis}"
        )
    return np.argmax(gumbels(key, (*drawn, last.shape[-1]), dtype) + last, axis=-1)


def choice(key: Any, a: Any, shape: Any = (), replace: bool = True, p: Any = None, axis: int = 0) -> Any:
    """Elements of `a` along `axis`, or of `np.arange(a)` for an integer, with replacement.

    With `p`, a weight for each of them, element i has the probability `p[i] / sum(p)`.

    >>> import numpy as np
    >>> from vtrace import random
    >>> choice(random.key(0), np.array([2, 3, 5, 7]), (6,))
    array([3, 2, 7, 5, 5, 3])

    Raises:
        UnsupportedError: With replace=False.
        ShapeError: Where there is nothing to choose from, or `p` is not one number for each element.
    """
    if not replace:
        raise UnsupportedError(f"{at_user_line()}: random.choice without replacement is not supported")
    rows: Any = np.arange(a) if isinstance(a, int) else a
    arrays = (rows,) if p is None else (rows, p)
    return sample(_choice, key, *arrays, shape=shape_argument(shape), axis=axis)


def _choice(key: Any, rows: Tracer, p: Tracer | None = None, *, shape: tuple[int, ...], axis: int) -> Any:
    if rows.ndim == 0:
        raise ShapeError(f"{at_user_line()}: random.choice: a must be a Python integer or an array with an axis")
    size = rows.shape[axis_index(axis, rows.ndim)]
    if size == 0:
        raise ShapeError(f"{at_user_line()}: random.choice: there is nothing to choose from")
    if p is None:
        at: Any = integers(key, lift(0), lift(size), shape, INT64)
    else:
        if p.shape != (size,):
            raise ShapeError(f"{at_user_line()}: random.choice: p must have shape {(size,)}, got {p.shape}")
        at = _weighted(key, p, shape)
    return np.take(rows, at, axis=axis)


def _weighted(key: Any, p: Tracer, shape: tuple[int, ...]) -> Any:
    """Positions with probabilities proportional to `p`: a binary search in its running sum."""
    dtype = p.dtype if p.dtype.kind == "f" else FLOAT64
    ends: Any = np.cumsum(convert_real(p, dtype))
    wanted = fraction(key, shape, dtype) * ends[-1]
    at: Any = np.zeros_like(wanted, INT64)
    size = p.shape[0]
    for step in (1 << k for k in reversed(range(size.bit_length()))):
        further = np.minimum(at + step, size - 1)
        at = np.where((at + step < size) & (ends[further - 1] <= wanted), further, at)
    return at
