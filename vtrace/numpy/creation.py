"""The functions of NumPy that make arrays and so have no traced argument to dispatch on.

Outside of a trace they are NumPy's own. While a function is traced they make traced arrays, which may hold, and be
assigned, traced values.
"""

from typing import Any

import numpy as np

from vtrace.frontend import numpy_creation
from vtrace.frontend.numpy_creation import filled, holds_tracer
from vtrace.frontend.trace import current_frame


def array(object: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """A new array from (nested lists of) numbers, arrays and traced values."""
    if current_frame() is None or (kwargs and not holds_tracer(object)):
        return np.array(object, dtype, **kwargs)
    return numpy_creation.array(object, dtype)


def zeros(shape: Any, dtype: Any = float, **kwargs: Any) -> Any:
    """An array of zeros."""
    return np.zeros(shape, dtype, **kwargs) if current_frame() is None else filled(shape, 0, dtype)


def ones(shape: Any, dtype: Any = float, **kwargs: Any) -> Any:
    """An array of ones."""
    return np.ones(shape, dtype, **kwargs) if current_frame() is None else filled(shape, 1, dtype)


def empty(shape: Any, dtype: Any = float, **kwargs: Any) -> Any:
    """An array to be filled; its values are zeros while tracing."""
    return np.empty(shape, dtype, **kwargs) if current_frame() is None else filled(shape, 0, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """An array of one value, or of one row repeated; the value may be traced."""
    if current_frame() is None:
        return np.full(shape, fill_value, dtype, **kwargs)
    value = numpy_creation.array(fill_value, dtype)
    return np.copy(np.broadcast_to(value, shape))
