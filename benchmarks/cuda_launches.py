"""How long a warm call on a GPU takes in Python, with a driver whose functions do nothing.

`python -m benchmarks.cuda_launches`. The driver's own part comes on top: `benchmarks.cuda` has both, on a GPU.
"""

import ctypes
import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import vtrace
from vtrace.backends.cuda import DeviceArray, driver, gpu

CALLS, REPEATS = 2000, 7
_VALUES = {
    "cuDriverGetVersion": 13000, "cuDeviceGetCount": 1, "cuDevicePrimaryCtxRetain": 1, "cuDeviceGetDefaultMemPool": 2,
    "cuLinkCreate_v2": 3, "cuModuleLoadData": 4, "cuModuleGetFunction": 5, "cuEventCreate": 6,
}  # fmt: skip
"""What the functions that say something say."""


class Nothing:
    """A driver's library, as ctypes would give it."""

    def __init__(self) -> None:
        addresses = itertools.count(1 << 40, 1 << 20)
        image = ctypes.create_string_buffer(b"code", 4)

        def attribute(out: Any, *_: Any) -> int:
            out._obj.value = 9
            return 0

        def device_of(out: Any, *_: Any) -> int:
            out._obj.value = 0
            return 0

        def allocate(out: Any, *_: Any) -> int:
            out._obj.value = next(addresses)
            return 0

        def linked(_: Any, out: Any, size: Any) -> int:
            out._obj.value, size._obj.value = ctypes.addressof(image), len(image)
            return 0

        self.cuDeviceGetAttribute, self.cuPointerGetAttribute = attribute, device_of
        self.cuMemAllocAsync, self.cuLinkComplete = allocate, linked

    def __getattr__(self, name: str) -> Any:
        """A function that does nothing, or says what it says."""

        def nothing(*_: Any) -> int:
            return 0

        def says(*arguments: Any) -> int:
            next(a for a in arguments if hasattr(a, "_obj"))._obj.value = _VALUES[name]
            return 0

        if not name.startswith("cu"):
            raise AttributeError(name)
        function = says if name in _VALUES else nothing
        setattr(self, name, function)
        return function


class Foreign:
    """An array of another library."""

    def __init__(self, array: DeviceArray) -> None:
        self._keep, self._interface = array, array.__cuda_array_interface__

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return self._interface


def microseconds(call: Callable[[], Any]) -> float:
    """The shortest time of a call, of several runs."""
    call()
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        best = min(best, (time.perf_counter() - start) / CALLS)
    return 1e6 * best


def measure() -> dict[str, float]:
    """The times, by what is called. A driver must not have been loaded in this process before."""
    where = gpu()
    with where:
        x, y = (DeviceArray.copy_of(np.ones(4, np.float32), where, where.stream) for _ in range(2))
    one, two = vtrace.vmap(lambda x: x + 1), vtrace.vmap(lambda x, y: x * y + 1)
    scaled, several = vtrace.jit(lambda x, k: x * k + 1), vtrace.jit(lambda x: (x.sum() + x).sum())
    f, g = Foreign(x), Foreign(y)
    return {
        "one array": microseconds(lambda: one(x)),
        "two arrays": microseconds(lambda: two(x, y)),
        "two kernels": microseconds(lambda: several(x)),
        "an array and a number": microseconds(lambda: scaled(x, 2.0)),
        "two arrays of another library": microseconds(lambda: two(f, g)),
    }


def main() -> None:
    driver.load_library = Nothing
    for name, time_ in measure().items():
        print(f"{name:32}{time_:8.2f} us")


if __name__ == "__main__":
    main()
