"""`sort` of several arrays by the first ones, and `top_k`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, ShapeError, UsageError
from vtrace.frontend.control.leaf import check_leaf
from vtrace.frontend.core import axis_index, static_int
from vtrace.frontend.numpy_sorting import largest, lexsort
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.lax.arguments import is_tracing


def top_k(operand: Any, k: int, *, axis: int = -1) -> tuple[Any, Any]:
    """The `k` largest elements along `axis` in descending order, and their positions (int64).

    Shapes are those of `operand` with `k` along the axis; NaN counts as larger than any number, and of equal elements
    the first comes first. ShapeError where there are not so many.

    >>> top_k(np.array([3.0, 1.0, 2.0, 3.0]), 2)
    (array([3., 3.]), array([0, 3]))
    """
    check_leaf(operand, "top_k", "operand")
    values, positions = largest(operand, k, axis)
    return (values, positions) if is_tracing() else (values.constant(), positions.constant())


def sort(operand: Any, dimension: int = -1, is_stable: bool = True, num_keys: int = 1) -> Any:
    """An array sorted along `dimension`; or a tuple of arrays of one shape, all in the order of the first `num_keys`.

    The first array decides, the second one where it has equal elements, and so on. The order is always a stable one.

    >>> sort((np.array([2, 1, 2, 0]), np.array([5, 6, 4, 7])), num_keys=2)
    (array([0, 1, 2, 2]), array([7, 6, 4, 5]))
    """
    if not isinstance(operand, Sequence):
        check_leaf(operand, "sort", "operand")
        return np.sort(operand, axis=dimension, kind="stable")
    if not operand:
        raise ArgumentError(f"{at_user_line()}: sort: there must be at least one array")
    for n, x in enumerate(operand):
        check_leaf(x, "sort", f"operand[{n}]")
    keys = static_int(num_keys, "num_keys")
    if not 1 <= keys <= len(operand):
        raise UsageError(f"{at_user_line()}: sort: num_keys is {keys}, and there are {len(operand)} arrays")
    shapes = {np.shape(x) for x in operand}
    if len(shapes) > 1:
        raise ShapeError(f"{at_user_line()}: sort: the arrays must have one shape, got {', '.join(map(str, shapes))}")
    axis = axis_index(dimension, np.ndim(operand[0]))
    order = lexsort(operand[:keys][::-1], axis)
    arrays: list[Any] = [lift(x) for x in operand]
    results = tuple(np.take_along_axis(x, order, axis) for x in arrays)
    return results if is_tracing() else tuple(lift(r).constant() for r in results)
