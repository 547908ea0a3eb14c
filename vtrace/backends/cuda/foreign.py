"""Arrays of other libraries that lie on a GPU: taken as they are, or copied where kernels cannot read them so.

`__cuda_array_interface__` of version 3 says which stream the value comes from; of an older one it does not, so that
`__dlpack__`, where the producer makes its work precede ours, is better then.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtrace.backends.cuda import dlpack, headers
from vtrace.backends.cuda.array import DeviceArray
from vtrace.backends.cuda.device import LEGACY_STREAM, Memory, device_of, gpu
from vtrace.backends.cuda.driver import driver
from vtrace.backends.cuda.strided import in_order, is_in_order, merged
from vtrace.errors import ArgumentError, DTypeError
from vtrace.ir.types import USER_DTYPES, DType

ALIGNED = 16
"""Bytes: where arrays begin that kernels read. A view that begins elsewhere is copied."""
_SUPPORTED = frozenset(USER_DTYPES.values())


@dataclass(frozen=True)
class Found:
    """What an array of another library says of itself."""

    owner: Any
    pointer: int
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    """In bytes; None where it is C-contiguous."""
    dtype: DType
    device: int
    stream: int


def find(leaf: Any, what: str, name: Callable[[], str]) -> Found:
    """What an array on a GPU is.

    Raises DTypeError for a dtype that kernels do not have, ArgumentError for a masked array.
    """
    interface = getattr(leaf, "__cuda_array_interface__", None)
    if hasattr(leaf, "__dlpack__") and (interface is None or interface["version"] < 3):
        return _found_by_dlpack(leaf, what, name)
    assert interface is not None, "it lies on a GPU"
    if interface.get("mask") is not None:
        raise ArgumentError(f"{what}: argument {name()!r} is a masked array on a GPU; fill it first")
    dtype, strides, pointer = np.dtype(interface["typestr"]), interface.get("strides"), int(interface["data"][0] or 0)
    _check(dtype, what, name)
    shape, strides = tuple(interface["shape"]), None if strides is None else tuple(strides)
    device = device_of(pointer) if 0 not in shape else _said_device(leaf)
    stream = interface.get("stream") or LEGACY_STREAM
    if stream == headers.CU_STREAM_PER_THREAD:
        stream = LEGACY_STREAM  # which waits for those of all threads, and they for it
    return Found(leaf, pointer, shape, strides, dtype, device, stream)


def _said_device(leaf: Any) -> int:
    """The device of an array without elements, which has no address."""
    said = getattr(leaf, "__dlpack_device__", None)
    return 0 if said is None else int(said()[1])


def _found_by_dlpack(leaf: Any, what: str, name: Callable[[], str]) -> Found:
    where = gpu(leaf.__dlpack_device__()[1])
    with where:  # PyTorch gives arrays of the current device alone
        capsule = _capsule_of(leaf)
    taken = dlpack.take(capsule, _nothing if _frees_in_order(leaf) else where.finish)
    _check(taken.dtype, what, name)
    strides = None if taken.strides is None else tuple(s * taken.dtype.itemsize for s in taken.strides)
    return Found(taken.keep, taken.pointer, taken.shape, strides, taken.dtype, taken.device, LEGACY_STREAM)


def _capsule_of(leaf: Any) -> Any:
    try:
        return leaf.__dlpack__(stream=LEGACY_STREAM, max_version=dlpack.VERSION)
    except TypeError:  # from before there were versions
        return leaf.__dlpack__(stream=LEGACY_STREAM)


def _frees_in_order(leaf: Any) -> bool:
    """Whether memory that its library gets back is used again in the order of the default stream.

    PyTorch's is, unless another stream is current there. JAX has streams of its own, so that its memory must not go
    back before our work is done.
    """
    return type(leaf).__module__.partition(".")[0] == "torch"


def _nothing() -> None:
    """What there is to do before memory goes back that is used in order."""


def _check(dtype: DType, what: str, name: Callable[[], str]) -> None:
    if dtype not in _SUPPORTED:
        supported = ", ".join(str(d) for d in USER_DTYPES.values())
        raise DTypeError(
            f"{what}: argument {name()!r} has dtype {dtype}, which is not supported; use one of {supported}"
        )


def adopt(leaf: Any, what: str, name: Callable[[], str]) -> DeviceArray:
    """An array on a GPU as ours: as it is where it is contiguous and begins where kernels read, else a copy.

    Raises as `find` does.
    """
    if type(leaf) is DeviceArray:
        return leaf
    found = find(leaf, what, name)
    where, dtype, owner, pointer = gpu(found.device), found.dtype, found.owner, found.pointer
    axes = [] if found.strides is None or 0 in found.shape else merged(found.shape, found.strides)
    if not is_in_order(axes, dtype.itemsize):
        with where:
            owner = in_order(where, pointer, axes, dtype.itemsize, found.stream)
        pointer = owner.pointer
    elif pointer % ALIGNED:
        with where:
            owner = Memory(where, math.prod(found.shape) * dtype.itemsize, found.stream)
            driver().call("cuMemcpyDtoDAsync_v2", owner.pointer, pointer, owner.size, found.stream)
        pointer = owner.pointer
    return DeviceArray(where, owner, pointer, found.shape, dtype, found.stream)
