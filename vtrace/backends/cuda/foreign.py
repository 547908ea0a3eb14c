"""Arrays of other libraries that lie on a GPU, taken as they are.

`__cuda_array_interface__` of version 3 says which stream the value comes from; of an older one it does not, so that
`__dlpack__`, where the producer makes its work precede ours, is better then.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.backends.cuda import dlpack
from vtrace.backends.cuda.array import DeviceArray
from vtrace.backends.cuda.device import LEGACY_STREAM, Memory, device_of, gpu
from vtrace.backends.cuda.driver import driver
from vtrace.errors import ArgumentError, DTypeError
from vtrace.ir.types import DTYPES, DType

ALIGNED = 16
"""Bytes: where arrays begin that kernels read. A view that begins elsewhere is copied."""
_SUPPORTED = frozenset({*DTYPES.values(), *map(np.dtype, (np.complex64, np.complex128))})


def adopt(leaf: Any, what: str, name: Callable[[], str]) -> DeviceArray:
    """An array on a GPU as ours, without a copy where it is contiguous and aligned.

    Raises ArgumentError for what is not contiguous, DTypeError for a dtype that kernels do not have.
    """
    if type(leaf) is DeviceArray:
        return leaf
    interface = getattr(leaf, "__cuda_array_interface__", None)
    if hasattr(leaf, "__dlpack__") and (interface is None or interface["version"] < 3):
        return _by_dlpack(leaf, what, name)
    assert interface is not None, "it lies on a GPU"
    dtype = np.dtype(interface["typestr"])
    shape, strides = tuple(interface["shape"]), interface.get("strides")
    if interface.get("mask") is not None:
        raise ArgumentError(f"{what}: argument {name()!r} is a masked array on a GPU; fill it first")
    pointer = interface["data"][0]
    number = device_of(pointer) if pointer else 0
    in_elements = None if strides is None else tuple(s / dtype.itemsize for s in strides)
    _check(dtype, shape, in_elements, what, name)
    return _aligned(DeviceArray(gpu(number), leaf, pointer, shape, dtype, interface.get("stream") or LEGACY_STREAM))


def _by_dlpack(leaf: Any, what: str, name: Callable[[], str]) -> DeviceArray:
    taken = dlpack.take(leaf.__dlpack__(stream=LEGACY_STREAM))
    _check(taken.dtype, taken.shape, taken.strides, what, name)
    return _aligned(DeviceArray(gpu(taken.device), taken.keep, taken.pointer, taken.shape, taken.dtype, LEGACY_STREAM))


def _check(dtype: DType, shape: tuple[int, ...], strides: Any, what: str, name: Callable[[], str]) -> None:
    if dtype not in _SUPPORTED:
        supported = ", ".join(str(d) for d in DTYPES.values())
        raise DTypeError(
            f"{what}: argument {name()!r} has dtype {dtype}, which is not supported; use one of {supported}"
        )
    step = 1
    for extent, stride in reversed(list(zip(shape, strides or (), strict=False))):
        if extent > 1 and stride != step and 0 not in shape:
            raise ArgumentError(
                f"{what}: argument {name()!r} lies on a GPU and is not C-contiguous; make it so first, by "
                "x.contiguous() in PyTorch or cupy.ascontiguousarray(x)"
            )
        step *= extent


def _aligned(array: DeviceArray) -> DeviceArray:
    if array.pointer % ALIGNED == 0:
        return array
    with array.where:
        memory = Memory(array.where, array.nbytes, array.stream)
        driver().call("cuMemcpyDtoDAsync_v2", memory.pointer, array.pointer, array.nbytes, array.stream)
    return DeviceArray(array.where, memory, memory.pointer, array.shape, array.dtype, array.stream)
