"""Where NumPy's arrays keep what we read of them without asking NumPy.

The fields of PyArrayObject are part of NumPy's stable binary interface: after the object header come data, nd,
dimensions, strides, base, descr and flags. A known array is looked at once to see that they lie where we think they do.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.ir.types import Array

_POINTER = ctypes.sizeof(ctypes.c_void_p)

DATA = object.__basicsize__
NDIM = DATA + _POINTER
DIMENSIONS = NDIM + _POINTER
DESCR = DIMENSIONS + 3 * _POINTER
FLAGS = DESCR + _POINTER
TYPE = object.__basicsize__ - _POINTER
"""The pointer to its class, which every object has."""
LENGTH = object.__basicsize__
ITEMS = tuple.__basicsize__
"""Of a tuple: the number of its items, and the first of them."""


def _pointer(object_: Any, offset: int) -> int:
    return ctypes.c_size_t.from_address(id(object_) + offset).value


def _layout_is_known() -> bool:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    dimensions = (ctypes.c_ssize_t * 2).from_address(_pointer(array, DIMENSIONS))
    arrays = (array, array)
    return (
        _pointer(array, DATA) == array.ctypes.data
        and ctypes.c_int.from_address(id(array) + NDIM).value == 2
        and tuple(dimensions) == (2, 3)
        and _pointer(array, DESCR) == id(array.dtype)
        and ctypes.c_int.from_address(id(array) + FLAGS).value == array.flags.num
        and _pointer(array, TYPE) == id(np.ndarray)
        and _pointer(arrays, LENGTH) == 2
        and _pointer(arrays, ITEMS) == _pointer(arrays, ITEMS + _POINTER) == id(array)
    )


def _reader() -> Callable[[Array], int]:
    at = ctypes.c_size_t.from_address
    if LAYOUT_IS_KNOWN:
        return lambda array: at(id(array) + DATA).value
    return lambda array: int(array.ctypes.data)


LAYOUT_IS_KNOWN = hasattr(ctypes, "pythonapi") and _layout_is_known()
"""Whether the offsets above hold in this Python; all that relies on them has another way."""

data_address = _reader()
"""The address of an array's first element: 0.2 us, where `array.ctypes.data` takes 1 us."""
