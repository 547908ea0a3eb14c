"""The CUDA driver's own C interface, through ctypes: all of CUDA that running a kernel needs.

It comes with the driver, so there is nothing to install and no version of a Python package to match; it is three dozen
functions that never change. Nothing here is loaded before an array is to go to a GPU.
"""

import ctypes
import functools
import os
from typing import Any

from vtrace.backends.cuda import headers
from vtrace.errors import DeviceError

LIBRARY = "libcuda.so.1"
OLDEST_VERSION = 12030
"""CUDA 12.3: the first driver that reads our PTX."""
NO_DRIVER = (
    f"device='cuda' needs an NVIDIA GPU and its driver, and {LIBRARY} cannot be loaded; install the driver (version "
    "545 or newer) on a machine with a GPU, or leave device out to run on the CPU"
)

_HINTS = {
    headers.CUDA_ERROR_OUT_OF_MEMORY: "arguments, results and what lies between must fit on the GPU at once: use "
    "smaller batches, or free memory that other libraries hold",
    headers.CUDA_ERROR_NO_DEVICE: "there is a driver, but no GPU that this process may use (see CUDA_VISIBLE_DEVICES)",
    **dict.fromkeys(
        (
            headers.CUDA_ERROR_ILLEGAL_ADDRESS,
            headers.CUDA_ERROR_MISALIGNED_ADDRESS,
            headers.CUDA_ERROR_LAUNCH_FAILED,
        ),
        "a kernel failed, of vtrace or of another library that uses this GPU; no work is possible there until the "
        "process is started again",
    ),
}
"""What to do about some failures."""
_FORKED = (
    "; this process was forked from one that used the GPU, and cannot use it: start processes with "
    "multiprocessing.get_context('spawn')"
)


class Driver:
    """The functions of the driver; one that fails raises DeviceError."""

    def __init__(self, library: Any) -> None:
        self._library, self._process = library, os.getpid()
        for name, arguments in headers.DRIVER.items():
            function = getattr(library, name, None)
            if function is None:
                raise DeviceError(f"the NVIDIA driver is too old: it has no {name}; vtrace needs version 545 or newer")
            headers.declare(function, arguments)
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
            what = ", ".join(self._text(f, status) for f in ("cuGetErrorName", "cuGetErrorString"))
            hint = f"; {_HINTS[status]}" if status in _HINTS else ""
            if os.getpid() != self._process:
                hint = _FORKED
            raise DeviceError(f"{name} failed: {what}{hint}")

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
