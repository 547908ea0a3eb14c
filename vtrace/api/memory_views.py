"""Complex arrays, which programs know as pairs of floats: either is a view of the memory of the other, not a copy."""

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from vtrace.ir.types import Array, ArrayType, part_dtype, whole_dtype

if TYPE_CHECKING:
    from vtrace.backends.cuda import DeviceArray

Either = TypeVar("Either", Array, "DeviceArray")
"""Arrays of NumPy, or on a GPU."""


def as_pairs(array: Either) -> Either:
    """c64[n] as f32[n,2], the real and the imaginary parts; any other array as it is."""
    if array.dtype.kind != "c":
        return array
    if not isinstance(array, np.ndarray):
        return array.viewed((*array.shape, 2), part_dtype(array.dtype))
    return array[..., None].view(part_dtype(array.dtype))


def as_complex(pairs: Either) -> Either:
    """f32[n,2] as c64[n]; a copy if the parts do not lie side by side, as in a constant that was broadcast."""
    if not isinstance(pairs, np.ndarray):
        return pairs.viewed(pairs.shape[:-1], whole_dtype(pairs.dtype))
    if pairs.strides[-1] != pairs.itemsize:
        pairs = np.ascontiguousarray(pairs)
    return pairs.view(whole_dtype(pairs.dtype))[..., 0]


def complex_type(pairs: ArrayType) -> ArrayType:
    """c64[n] for f32[n,2]."""
    return ArrayType(whole_dtype(pairs.dtype), pairs.shape[:-1])
