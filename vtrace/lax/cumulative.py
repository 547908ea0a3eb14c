"""Running sums and the like along an axis, from either end."""

from typing import Any

import numpy as np

from vtrace.errors import ShapeError
from vtrace.frontend.source import at_user_line


def cumsum(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
    """The sum of the elements up to each one along `axis`, or with `reverse` of those from it on.

    The shape is that of the operand, the dtype that of `np.cumsum`.

    >>> cumsum(np.array([1, 2, 4]), reverse=True)
    array([7, 6, 4])
    """
    return _running(np.add, operand, axis, reverse)


def cumprod(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
    """The product of the elements up to each one along `axis`, or with `reverse` of those from it on."""
    return _running(np.multiply, operand, axis, reverse)


def cummax(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
    """The greatest of the elements up to each one along `axis`, or with `reverse` of those from it on.

    >>> cummax(np.array([1.0, 3.0, 2.0]))
    array([1., 3., 3.])
    """
    return _running(np.maximum, operand, axis, reverse)


def cummin(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
    """The smallest of the elements up to each one along `axis`, or with `reverse` of those from it on."""
    return _running(np.minimum, operand, axis, reverse)


def cumlogsumexp(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
    """log of the running sum of the exponentials along `axis`, without overflow."""
    return _running(np.logaddexp, operand, axis, reverse)


def _running(ufunc: np.ufunc, operand: Any, axis: int, reverse: bool) -> Any:
    if np.ndim(operand) == 0:
        raise ShapeError(f"{at_user_line()}: a running {ufunc.__name__} needs an axis to run along, got a scalar")
    if not reverse:
        return ufunc.accumulate(operand, axis)
    return np.flip(ufunc.accumulate(np.flip(operand, axis), axis), axis)
