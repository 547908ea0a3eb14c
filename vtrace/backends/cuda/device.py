"""The GPUs of this machine, and their memory.

Each is used through its primary context, which PyTorch, JAX and CuPy use as well: all see the same memory and streams.
Memory comes from the driver's own pool and is ordered with the work of a stream, so to allocate never waits.
"""

import ctypes
import functools
from typing import Any

from vtrace.backends.cuda import headers
from vtrace.backends.cuda.driver import driver
from vtrace.backends.objects import data_address
from vtrace.errors import DeviceError
from vtrace.ir.types import Array

LEGACY_STREAM = headers.CU_STREAM_LEGACY
"""The default stream, with which all ordinary ones are in order."""


class Device:
    """One GPU."""

    def __init__(self, number: int) -> None:
        self.number, self.driver = number, driver()
        handle, context = ctypes.c_int(), ctypes.c_void_p()
        self.driver.call("cuDeviceGet", ctypes.byref(handle), number)
        self._handle = handle.value
        self.driver.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), self._handle)
        self._context = context.value
        self._push, self._pop = map(self.driver.function, ("cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2"))
        self._wait = self.driver.function("cuStreamSynchronize")
        self._popped = ctypes.byref(ctypes.c_void_p())
        """Where the driver says which device was the current one, which is of no interest."""
        self.stream = LEGACY_STREAM
        """Where all work goes, and what comes from other streams waits there."""
        self.processors = self._attribute(headers.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)
        self.capability = (
            self._attribute(headers.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            self._attribute(headers.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        )
        if self.capability < (7, 5):
            raise DeviceError(
                f"{self.name} has compute capability {self.capability[0]}.{self.capability[1]}; vtrace needs 7.5 "
                "(Turing) or newer"
            )
        self._allocate: Any = None
        self._free: Any = None
        self._prepare_memory()

    def _prepare_memory(self) -> None:
        """Memory from the device's pool; some virtual GPUs have none, and there it is allocated piece by piece."""
        if not self._attribute(headers.CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED):
            plain, give_back = map(self.driver.function, ("cuMemAlloc_v2", "cuMemFree_v2"))
            self._allocate = lambda out, size, _: plain(out, size)
            self._free = lambda pointer, stream: self._wait(stream) or give_back(pointer)
            return
        self._allocate, self._free = map(self.driver.function, ("cuMemAllocAsync", "cuMemFreeAsync"))
        pool = ctypes.c_void_p()
        self.driver.call("cuDeviceGetDefaultMemPool", ctypes.byref(pool), self._handle)
        most = ctypes.c_uint64(2**64 - 1)  # memory that is free stays in the pool: to get it anew takes milliseconds
        threshold = headers.CU_MEMPOOL_ATTR_RELEASE_THRESHOLD
        self.driver.call("cuMemPoolSetAttribute", pool, threshold, ctypes.byref(most))

    def _attribute(self, number: int) -> int:
        value = ctypes.c_int()
        self.driver.call("cuDeviceGetAttribute", ctypes.byref(value), number, self._handle)
        return value.value

    @property
    def name(self) -> str:
        text = ctypes.create_string_buffer(256)
        self.driver.call("cuDeviceGetName", text, len(text), self._handle)
        return text.value.decode()

    def __enter__(self) -> None:
        """Within, this is the device that the driver's functions work on in this thread; then what was so before."""
        if status := self._push(self._context):
            self.driver.check(status, "cuCtxPushCurrent_v2")

    def __exit__(self, *_: object) -> None:
        if status := self._pop(self._popped):
            self.driver.check(status, "cuCtxPopCurrent_v2")

    def allocate(self, size: int, stream: int) -> int:
        """The address of new memory, for the work of a stream. To be called within the device."""
        pointer = ctypes.c_void_p()
        if status := self._allocate(ctypes.byref(pointer), size, stream):
            self.driver.check(status, "cuMemAllocAsync")
        return pointer.value or 0

    def free(self, pointer: int, stream: int) -> None:
        """Give memory back after all work of a stream until now. May be called at any time, and tells of no error."""
        if not self._push(self._context):  # it fails in a forked process, and where the interpreter comes to its end
            self._free(pointer, stream)
            self._pop(self._popped)

    def synchronize(self, stream: int) -> None:
        """Wait until all work of a stream is done."""
        self.driver.call("cuStreamSynchronize", stream)

    def finish(self) -> None:
        """Wait for all work that was asked of it. May be called at any time, and tells of no error."""
        if not self._push(self._context):
            self._wait(self.stream)
            self._pop(self._popped)


class Memory:
    """A piece of a device's memory, given back when it is dropped: then after all work of `stream` until then."""

    __slots__ = ("device", "pointer", "size", "stream")

    def __init__(self, device: Device, size: int, stream: int) -> None:
        self.pointer = 0
        self.device, self.size, self.stream = device, size, stream
        if size:
            self.pointer = device.allocate(size, stream)

    def __del__(self) -> None:
        if self.pointer:
            self.device.free(self.pointer, self.stream)


def upload(device: Device, array: Array, stream: int) -> Memory:
    """A copy of a contiguous array. It must stay as it is until `stream` has come there."""
    memory = Memory(device, array.nbytes, stream)
    if array.nbytes:
        driver().call("cuMemcpyHtoDAsync_v2", memory.pointer, data_address(array), array.nbytes, stream)
    return memory


def download(array: Array, pointer: int, stream: int) -> None:
    """Fill a contiguous array from the device; done when this returns."""
    if array.nbytes:
        driver().call("cuMemcpyDtoHAsync_v2", data_address(array), pointer, array.nbytes, stream)
        driver().call("cuStreamSynchronize", stream)


def wait_for(waiting: int, stream: int) -> None:
    """What is asked of the stream `waiting` from now on happens after all that was asked of `stream`."""
    if waiting == stream:
        return
    event = ctypes.c_void_p()
    driver().call("cuEventCreate", ctypes.byref(event), headers.CU_EVENT_DISABLE_TIMING)
    driver().call("cuEventRecord", event.value, stream)
    driver().call("cuStreamWaitEvent", waiting, event.value, 0)
    driver().call("cuEventDestroy_v2", event.value)


def device_of(pointer: int) -> int:
    """The number of the device that an address belongs to."""
    number = ctypes.c_int()
    driver().call("cuPointerGetAttribute", ctypes.byref(number), headers.CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, pointer)
    return number.value


@functools.cache
def count() -> int:
    """How many GPUs there are."""
    number = ctypes.c_int()
    driver().call("cuDeviceGetCount", ctypes.byref(number))
    return number.value


def gpu(number: int = 0) -> Device:
    """A GPU by its number, the same object each time; DeviceError where it does not exist."""
    return known_gpu(number)


@functools.cache
def known_gpu(number: int) -> Device:
    """The one object for a GPU."""
    if not 0 <= number < count():
        there = f"there is {count()}" if count() == 1 else f"there are {count()}"
        raise DeviceError(f"device 'cuda:{number}' does not exist: {there}, counted from 0")
    return Device(number)
