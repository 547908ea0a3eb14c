"""Positions of what is not 0, as many as are known while tracing."""

from typing import Any

import numpy as np

from vtrace.errors import UsageError
from vtrace.frontend.numpy_sized import nonzero_of_size
from vtrace.frontend.source import at_user_line
from vtrace.numpy.results import results_of


def nonzero(a: Any, *, size: int | None = None, fill_value: Any = None) -> tuple[Any, ...]:
    """The positions of elements that are not 0, an array for each axis; with `size`, so many, as in `jax.numpy`.

    With `size` each result has shape (size,) and dtype int64: further positions are left out, and if there are fewer,
    `fill_value` takes their place: a number, one for each axis in a tuple, or 0 if it is None. A float makes the result
    one of floats. ShapeError for an array without axes or as many fill values as there are no axes, UsageError for a
    negative size. Without `size` this is `numpy.nonzero`, which a traced array cannot have (UnsupportedError).

    >>> nonzero(np.array([0, 5, 0, 6]), size=3, fill_value=-1)
    (array([ 1,  3, -1]),)
    """
    if size is None:
        return np.nonzero(a)
    return results_of("nonzero", nonzero_of_size, a, size, fill_value)


def flatnonzero(a: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The positions of elements that are not 0 among all, in C order; `size` and `fill_value` are those of `nonzero`.

    >>> flatnonzero(np.array([[0, 5], [0, 6]]), size=3, fill_value=4)
    array([1, 3, 4])
    """
    return np.flatnonzero(a) if size is None else nonzero(np.ravel(a), size=size, fill_value=fill_value)[0]


def argwhere(a: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The positions of elements that are not 0, a row for each; `size` and `fill_value` are those of `nonzero`.

    With `size` the result has shape (size, a.ndim).

    >>> argwhere(np.array([[0, 5], [0, 6]]), size=3, fill_value=-1)
    array([[ 0,  1],
           [ 1,  1],
           [-1, -1]])
    """
    if size is None:
        return np.argwhere(a)
    at = np.stack(nonzero(np.atleast_1d(a), size=size, fill_value=fill_value), axis=-1)
    return at if np.ndim(a) else at[:, :0]


def where(condition: Any, x: Any = None, y: Any = None, /, *, size: int | None = None, fill_value: Any = None) -> Any:
    """`x` where the condition holds and `y` where not; of a condition alone, `nonzero(condition, size=, fill_value=)`.

    UsageError if only one of `x` and `y` is given, or a size with them.

    >>> where(np.array([False, True]), 1, 2)
    array([2, 1])
    >>> where(np.array([False, True, True]), size=2)
    (array([1, 2]),)
    """
    if x is None and y is None:
        return np.where(condition) if size is None else nonzero(condition, size=size, fill_value=fill_value)
    if x is None or y is None:
        raise UsageError(f"{at_user_line()}: either both or neither of x and y should be given")
    if size is not None or fill_value is not None:
        raise UsageError(f"{at_user_line()}: size and fill_value are for np.where of a condition alone")
    return np.where(condition, x, y)
