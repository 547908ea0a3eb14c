"""Windows at computed positions: reading them, and writing them.

A start is an integer scalar, traced or not; a negative one counts from the end, and the window is then shifted to lie
within the array, as JAX does. The size of a window is static.
"""

from collections.abc import Sequence
from operator import index as as_index
from typing import Any

import numpy as np

from vtrace.errors import ShapeError
from vtrace.frontend.control.leaf import check_leaf
from vtrace.frontend.core import axis_index, convert
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift, literal
from vtrace.frontend.tracer import Tracer
from vtrace.ir.primitive import ArrayPrimitive
from vtrace.ir.types import type_of
from vtrace.lax.arguments import is_tracing
from vtrace.ops.indexing import DynamicSlice, DynamicUpdateSlice


def dynamic_slice(operand: Any, start_indices: Any, slice_sizes: Sequence[int]) -> Any:
    """The window of `slice_sizes` in `operand` that begins at `start_indices`, one for each axis.

    >>> import numpy as np
    >>> dynamic_slice(np.arange(10), [6], [3])
    array([6, 7, 8])
    >>> dynamic_slice(np.arange(10), [8], [3])
    array([7, 8, 9])
    """
    sizes = tuple(map(as_index, slice_sizes))
    return _apply("dynamic_slice", DynamicSlice(sizes), [operand], start_indices)


def dynamic_update_slice(operand: Any, update: Any, start_indices: Any) -> Any:
    """`operand` with the window that begins at `start_indices` replaced by `update`.

    >>> import numpy as np
    >>> dynamic_update_slice(np.zeros(5), np.ones(2), [3])
    array([0., 0., 0., 1., 1.])
    """
    return _apply("dynamic_update_slice", DynamicUpdateSlice(), [operand, update], start_indices)


def dynamic_slice_in_dim(operand: Any, start_index: Any, slice_size: int, axis: int = 0) -> Any:
    """`dynamic_slice` along one axis; the others stay whole."""
    shape = list(np.shape(operand))
    axis = axis_index(axis, len(shape))
    shape[axis] = slice_size
    return dynamic_slice(operand, _along(start_index, axis, len(shape)), shape)


def dynamic_index_in_dim(operand: Any, index: Any, axis: int = 0, keepdims: bool = True) -> Any:
    """The slice of extent 1 at `index` along one axis, or without that axis where `keepdims` is False.

    >>> import numpy as np
    >>> dynamic_index_in_dim(np.arange(6).reshape(3, 2), 1, keepdims=False)
    array([2, 3])
    """
    window = dynamic_slice_in_dim(operand, index, 1, axis)
    return window if keepdims else np.squeeze(window, axis)


def dynamic_update_slice_in_dim(operand: Any, update: Any, start_index: Any, axis: int) -> Any:
    """`dynamic_update_slice` along one axis; along the others it starts at 0."""
    rank = np.ndim(operand)
    return dynamic_update_slice(operand, update, _along(start_index, axis_index(axis, rank), rank))


def dynamic_update_index_in_dim(operand: Any, update: Any, index: Any, axis: int) -> Any:
    """`operand` with the slice at `index` along one axis replaced; `update` may lack that axis."""
    rank = np.ndim(operand)
    axis = axis_index(axis, rank)
    if np.ndim(update) != rank:
        update = np.expand_dims(update, axis)
    return dynamic_update_slice_in_dim(operand, update, index, axis)


def _along(start: Any, axis: int, rank: int) -> list[Any]:
    return [start if a == axis else 0 for a in range(rank)]


def _apply(what: str, primitive: ArrayPrimitive, operands: Sequence[Any], start_indices: Any) -> Any:
    for n, operand in enumerate(operands):
        check_leaf(operand, what, ("operand", "update")[n])
    starts = list(start_indices)
    if not is_tracing():
        arrays = [*map(np.asarray, operands), *(np.asarray(s) for s in starts)]
        primitive.infer_all(*map(type_of, arrays))
        return primitive.evaluate(*arrays)
    tracers = list(map(lift, operands))
    if len(tracers) > 1:
        tracers[1] = _like(what, tracers[1], tracers[0])
    return emit(primitive, *tracers, *(s if isinstance(s, Tracer) else literal(s) for s in starts))


def _like(what: str, update: Tracer, operand: Tracer) -> Tracer:
    """The update in the dtype of the operand, where it is a Python number."""
    if update.ndim != operand.ndim:
        raise ShapeError(f"{at_user_line()}: {what}: update has {update.ndim} axes, operand has {operand.ndim}")
    return convert(update, operand.dtype) if update.weak else update
