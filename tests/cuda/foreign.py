"""Arrays of other libraries, as far as we see them."""

from typing import Any

import numpy as np

from vtrace.backends.cuda import DeviceArray, gpu
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
        interface = dict(self.resident.__cuda_array_interface__, version=version, **more)
        interface["data"] = (interface["data"][0] + offset, False)
        self.__cuda_array_interface__ = interface


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
