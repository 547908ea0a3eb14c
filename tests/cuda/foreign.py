"""Arrays of other libraries, as far as we see them."""

import ctypes
from typing import Any

import numpy as np

from vtrace.backends.cuda import DeviceArray, dlpack, gpu
from vtrace.ir.types import Array


def sent(array: Any, number: int = 0, stream: int = 1) -> DeviceArray:
    """A copy on a device."""
    where = gpu(number)
    with where:
        return DeviceArray.copy_of(np.array(array, order="C"), where, stream)


class InterfaceArray:
    """What CuPy and Numba have: `__cuda_array_interface__` alone."""

    def __init__(self, array: Array, version: int = 3, offset: int = 0, **more: Any) -> None:
        self.resident = sent(array, stream=more.pop("stream", 1))
        if "said" in more:
            more["stream"] = more.pop("said")
        interface = dict(self.resident.__cuda_array_interface__, version=version, **more)
        interface["data"] = (interface["data"][0] + offset, False)
        self.__cuda_array_interface__ = interface


class View(InterfaceArray):
    """A NumPy view as if it lay on a GPU with the array that it is a view of."""

    def __init__(self, view: Array, stream: int = 1) -> None:
        base = view if view.base is None else view.base
        offset = view.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        super().__init__(
            base, offset=offset, stream=stream, shape=view.shape, strides=view.strides, typestr=view.dtype.str
        )


class ViewByCapsule:
    """The same by DLPack."""

    def __init__(self, view: Array) -> None:
        self.view = View(view)
        self._strides = (ctypes.c_int64 * max(view.ndim, 1))(*(s // view.itemsize for s in view.strides))
        self._shape, self._dtype = view.shape, view.dtype

    def __dlpack__(self, *, stream: Any = None) -> Any:
        pointer = self.view.__cuda_array_interface__["data"][0]
        capsule = dlpack.export(self.view, pointer, self._shape, self._dtype, 0)
        tensor = dlpack._Managed.from_address(dlpack._pointer(capsule, b"dltensor")).tensor
        tensor.strides = ctypes.cast(self._strides, ctypes.POINTER(ctypes.c_int64))
        return capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return dlpack.CUDA, 0


class CapsuleArray:
    """What gives DLPack capsules alone."""

    def __init__(self, array: Array) -> None:
        self.resident = sent(array)
        self.asked: list[Any] = []

    def __dlpack__(self, *, stream: Any = None) -> Any:
        self.asked.append(stream)
        return self.resident.__dlpack__(stream=stream)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.resident.__dlpack_device__()
