"""The CUDA driver's own C interface, through ctypes: all of CUDA that running a kernel needs.

It comes with the driver, so there is nothing to install and no version of a Python package to match; it is two dozen
functions that never change. Nothing here is loaded before an array is to go to a GPU.
"""

import ctypes
import functools
from typing import Any

from vtrace.errors import DeviceError

LIBRARY = "libcuda.so.1"
OLDEST_VERSION = 12030
"""CUDA 12.3: the first driver that reads our PTX."""
NO_DRIVER = (
    f"device='cuda' needs an NVIDIA GPU and its driver, and {LIBRARY} cannot be loaded; install the driver (version "
    "545 or newer) on a machine with a GPU, or leave device out to run on the CPU"
)

_NUMBER, _ADDRESS, _SIZE, _INT, _OUT = ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_void_p
_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "cuInit": (_INT,),
    "cuDriverGetVersion": (_OUT,),
    "cuDeviceGetCount": (_OUT,),
    "cuDeviceGet": (_OUT, _NUMBER),
    "cuDeviceGetName": (_OUT, _NUMBER, _NUMBER),
    "cuDeviceGetAttribute": (_OUT, _NUMBER, _NUMBER),
    "cuDeviceGetDefaultMemPool": (_OUT, _NUMBER),
    "cuMemPoolSetAttribute": (_ADDRESS, _NUMBER, _OUT),
    "cuMemPoolTrimTo": (_ADDRESS, _SIZE),
    "cuDevicePrimaryCtxRetain": (_OUT, _NUMBER),
    "cuCtxPushCurrent_v2": (_ADDRESS,),
    "cuCtxPopCurrent_v2": (_OUT,),
    "cuPointerGetAttribute": (_OUT, _NUMBER, _ADDRESS),
    "cuModuleLoadData": (_OUT, _ADDRESS),
    "cuModuleGetFunction": (_OUT, _ADDRESS, ctypes.c_char_p),
    "cuLinkCreate_v2": (_INT, _ADDRESS, _ADDRESS, _OUT),
    "cuLinkAddData_v2": (_ADDRESS, _NUMBER, _ADDRESS, _SIZE, ctypes.c_char_p, _INT, _ADDRESS, _ADDRESS),
    "cuLinkComplete": (_ADDRESS, _OUT, _OUT),
    "cuLinkDestroy": (_ADDRESS,),
    "cuLaunchKernel": (_ADDRESS, *[_INT] * 7, _ADDRESS, _ADDRESS, _ADDRESS),
    "cuMemAllocAsync": (_OUT, _SIZE, _ADDRESS),
    "cuMemFreeAsync": (_ADDRESS, _ADDRESS),
    "cuMemcpyHtoDAsync_v2": (_ADDRESS, _ADDRESS, _SIZE, _ADDRESS),
    "cuMemcpyDtoHAsync_v2": (_ADDRESS, _ADDRESS, _SIZE, _ADDRESS),
    "cuMemcpyDtoDAsync_v2": (_ADDRESS, _ADDRESS, _SIZE, _ADDRESS),
    "cuMemsetD8Async": (_ADDRESS, ctypes.c_ubyte, _SIZE, _ADDRESS),
    "cuStreamSynchronize": (_ADDRESS,),
    "cuEventCreate": (_OUT, _INT),
    "cuEventRecord": (_ADDRESS, _ADDRESS),
    "cuStreamWaitEvent": (_ADDRESS, _ADDRESS, _INT),
    "cuEventDestroy_v2": (_ADDRESS,),
    "cuGetErrorName": (_NUMBER, _OUT),
    "cuGetErrorString": (_NUMBER, _OUT),
}


class Driver:
    """The functions of the driver; one that fails raises DeviceError."""

    def __init__(self, library: Any) -> None:
        self._library = library
        for name, arguments in _SIGNATURES.items():
            function = getattr(library, name, None)
            if function is None:
                raise DeviceError(f"the NVIDIA driver is too old: it has no {name}; vtrace needs version 545 or newer")
            function.argtypes, function.restype = arguments, ctypes.c_int
        self.call("cuInit", 0)
        version = ctypes.c_int()
        self.call("cuDriverGetVersion", ctypes.byref(version))
        self.version = version.value
        if self.version < OLDEST_VERSION:
            raise DeviceError(
                f"the NVIDIA driver is for CUDA {_version_text(self.version)}; vtrace needs one for CUDA "
                f"{_version_text(OLDEST_VERSION)} or newer (version 545 of the driver)"
            )
        self.launch = library.cuLaunchKernel
        """Returns its status, which is for `check`: everything else would only take time."""

    def function(self, name: str) -> Any:
        """A function itself, for those that are called all the time: it returns its status."""
        return getattr(self._library, name)

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function by its name."""
        status = getattr(self._library, name)(*arguments)
        if status:
            self.check(status, name)

    def check(self, status: int, name: str) -> None:
        """DeviceError unless `status`, which the function `name` returned, is that of success."""
        if status:
            raise DeviceError(f"{name} failed: {self._text('cuGetErrorName', status)}, {self._error(status)}")

    def _error(self, status: int) -> str:
        return self._text("cuGetErrorString", status)

    def _text(self, function: str, status: int) -> str:
        found = ctypes.c_char_p()
        getattr(self._library, function)(status, ctypes.byref(found))
        return (found.value or f"error {status}".encode()).decode()


def _version_text(version: int) -> str:
    return f"{version // 1000}.{version % 1000 // 10}"


def load_library() -> Any:
    """The driver's library; DeviceError where there is none."""
    try:
        return ctypes.CDLL(LIBRARY)
    except OSError:
        raise DeviceError(NO_DRIVER) from None


@functools.cache
def driver() -> Driver:
    """That of this process."""
    return Driver(load_library())
