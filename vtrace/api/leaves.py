"""The leaves of arguments: what counts as an array, how its type is read, and how it is made ready for a kernel.

Accepted are NumPy arrays and scalars, Python numbers, lists of numbers, and whatever offers `__array__`,
`__array_interface__` or the buffer protocol. Kernels take native, aligned, C-contiguous arrays; anything else is copied
to one. Arguments are never written to.
"""

import re
from array import array as PythonArray
from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, DTypeError
from vtrace.ir.types import INT64, USER_DTYPES, Array, DType

_SUPPORTED = frozenset(USER_DTYPES.values())
_C_CONTIGUOUS_AND_ALIGNED = 0x0101
"""The bits of `ndarray.flags.num`: NPY_ARRAY_C_CONTIGUOUS and NPY_ARRAY_ALIGNED."""


def is_ready(array: Array) -> bool:
    """Whether a kernel can read `array` (of a native dtype) where it lies."""
    return array.flags.num & _C_CONTIGUOUS_AND_ALIGNED == _C_CONTIGUOUS_AND_ALIGNED


def ready_array(leaf: Any, what: str, name: Callable[[], str]) -> Array:
    """`leaf` as a native, aligned, C-contiguous array: itself where it is one, else a copy.

    Raises ArgumentError or DTypeError for what is not an array of numbers; `name` gives the argument's name for it.
    """
    array = leaf if type(leaf) is np.ndarray else _as_array(leaf, what, name)
    if array.dtype not in _SUPPORTED:
        array = array.astype(_native(array.dtype, what, name), order="C")
    return array if is_ready(array) else np.array(array, order="C")


def _native(dtype: DType, what: str, name: Callable[[], str]) -> DType:
    native = dtype.newbyteorder("=")
    if native in _SUPPORTED:
        return native
    supported = ", ".join(str(d) for d in USER_DTYPES.values())
    raise DTypeError(f"{what}: argument {name()!r} has dtype {dtype}, which is not supported; use one of {supported}")


def _as_array(leaf: Any, what: str, name: Callable[[], str]) -> Array:
    if isinstance(leaf, np.ma.MaskedArray):
        raise ArgumentError(f"{what}: argument {name()!r} is a masked array; pass x.filled(value) or x.data instead")
    if isinstance(leaf, list):
        try:
            array = np.array(leaf)
        except ValueError:
            raise ArgumentError(
                f"{what}: argument {name()!r} is a ragged list; its rows must have one length to be an array"
            ) from None
        return _fitting_integers(array, leaf, what, name)
    if isinstance(leaf, bool | int | float | complex | np.generic):
        return _fitting_integers(np.asarray(leaf), leaf, what, name)
    if not _is_array_like(leaf):
        raise ArgumentError(f"{what}: {_not_an_array(leaf, name())}")
    return np.asarray(leaf)


def _is_array_like(leaf: Any) -> bool:
    return (
        hasattr(leaf, "__array__")
        or hasattr(leaf, "__array_interface__")
        or isinstance(leaf, bytearray | memoryview | PythonArray)
    )


def _fitting_integers(array: Array, leaf: Any, what: str, name: Callable[[], str]) -> Array:
    is_python = isinstance(leaf, int | list)
    if is_python and (array.dtype == np.object_ or (isinstance(leaf, int) and array.dtype == np.uint64)):
        raise DTypeError(f"{what}: argument {name()!r} holds an integer that does not fit {INT64}")
    return array


def _not_an_array(leaf: Any, name: str) -> str:
    if leaf is None:
        return f"argument {name!r} is None, not an array; leave it out, or bind it with a lambda or functools.partial"
    if isinstance(leaf, str | bytes):
        return (
            f"argument {name!r} is the string {leaf!r}, not an array; "
            "bind it with a lambda or functools.partial instead of passing it"
        )
    return (
        f"argument {name!r} is a {type(leaf).__name__}, not an array; arguments are arrays, numbers, lists of numbers, "
        "and tuples, lists and dicts of them"
    )


def is_weak(leaf: Any) -> bool:
    """Whether `leaf` is a Python number, which takes the dtype of the arrays it meets (NEP 50)."""
    return type(leaf) is int or type(leaf) is float or type(leaf) is complex


def identifier(name: str) -> str:
    """`name` as the name of a graph's input: `params_w_0`."""
    return re.sub(r"\W+", "_", name).strip("_") or "x"


def check_result(value: Any, what: str, name: str) -> None:
    """An error unless `value`, which is not a tracer, is an array or a number that a graph can hold."""
    if isinstance(value, np.ndarray | np.generic | bool | int | float | complex):
        dtype = np.asarray(value).dtype
        if dtype.newbyteorder("=") not in _SUPPORTED:
            raise DTypeError(f"{what}: {name} has dtype {dtype}, which is not supported")
        return
    if value is None:
        raise ArgumentError(f"{what}: {name} is None, not an array; does the function lack a return?")
    raise ArgumentError(
        f"{what}: {name} is a {type(value).__name__}, not an array; a function returns arrays, numbers, "
        "and tuples, lists and dicts of them"
    )
