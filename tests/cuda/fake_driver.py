"""A CUDA driver made of Python: two devices, whose kernels the PTX interpreter runs.

Work is done when somebody waits for it and not before, so that a wait that is missing shows. Every call is recorded.
"""

import ctypes
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.cuda.interpreter.machine import LoadedModule
from tests.cuda.interpreter.memory import GlobalMemory, MemoryFault

SUCCESS, INVALID_VALUE, LAUNCH_FAILED = 0, 1, 719
LEGACY = 1
DEVICES, PROCESSORS = 2, 4
_END, _BUFFER, _BUFFER_SIZE = 0, 1, 2
_CUBIN = b"fake cubin\n"


class Function:
    """One function of a library. (ctypes lets its users set `argtypes` and `restype`.)"""

    def __init__(self, driver: Any, name: str) -> None:
        self._driver, self._name = driver, name
        self.argtypes: Any = None
        self.restype: Any = None

    def __call__(self, *arguments: Any) -> int:
        assert self.argtypes is None or len(arguments) == len(self.argtypes), self._name
        for type_, argument in zip(self.argtypes or (), arguments, strict=False):
            type_.from_param(argument)  # a TypeError if ctypes would not pass it
        self._driver.calls.append((self._name, arguments))
        if self._name in self._driver.failing:
            return self._driver.failing[self._name]
        return getattr(self._driver, f"_{self._name}")(*arguments) or SUCCESS


@dataclass
class Stream:
    """Work in order. `done` counts what was done of it."""

    work: deque[Callable[[], None]] = field(default_factory=deque)
    asked: int = 0
    done: int = 0


class FakeDriver:
    """The library, as ctypes would give it."""

    def __init__(self, order: str = "together", version: int = 13000) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.memory = GlobalMemory()
        self.homes: dict[int, int] = {}
        """The device of each allocation."""
        self.order, self.version = order, version
        self.attributes = {16: PROCESSORS, 75: 9, 76: 0, 115: 1}
        self.failing: dict[str, int] = {}
        """Functions that fail, and the status that they return."""
        self.contexts: list[int] = []
        """The devices that are current, the last one now."""
        self.streams: dict[int, Stream] = {}
        self.events: dict[int, tuple[int, int]] = {}
        self.handles: list[Any] = [None]
        self.launches: list[tuple[int, int]] = []
        """(blocks, threads in each)"""
        self._functions: dict[str, Function] = {}

    def __getattr__(self, name: str) -> Function:
        if not name.startswith("cu"):
            raise AttributeError(name)
        return self._functions.setdefault(name, Function(self, name))

    def count(self, name: str) -> int:
        """How often a function was called."""
        return sum(called == name for called, _ in self.calls)

    # -- streams ------------------------------------------------------------------------------------------------

    def _put(self, stream: int, work: Callable[[], None]) -> None:
        mine = self.streams.setdefault(stream, Stream())
        others = [s for s in self.streams if s != stream] if stream == LEGACY else [LEGACY]
        before = [(s, self.streams[s].asked) for s in others if s in self.streams]

        def run() -> None:
            for other, number in before:
                self._run(other, number)
            work()

        mine.work.append(run)
        mine.asked += 1

    def _run(self, stream: int, number: int | None = None) -> None:
        """Do the work of a stream, up to its piece `number`."""
        mine = self.streams.setdefault(stream, Stream())
        while mine.work and (number is None or mine.done < number):
            mine.done += 1
            mine.work.popleft()()

    def finish(self) -> None:
        """Do all that was asked."""
        for stream in list(self.streams):
            self._run(stream)

    # -- the functions ------------------------------------------------------------------------------------------

    def _cuInit(self, flags: int) -> None: ...

    def _cuDriverGetVersion(self, out: Any) -> None:
        out._obj.value = self.version

    def _cuDeviceGetCount(self, out: Any) -> None:
        out._obj.value = DEVICES

    def _cuDeviceGet(self, out: Any, number: int) -> None:
        out._obj.value = number

    def _cuDeviceGetName(self, out: Any, size: int, number: int) -> None:
        out.value = b"Interpreted GPU"

    def _cuDeviceGetAttribute(self, out: Any, attribute: int, number: int) -> None:
        out._obj.value = self.attributes[attribute]

    def _cuDeviceGetDefaultMemPool(self, out: Any, number: int) -> None:
        out._obj.value = 100 + number

    def _cuMemPoolSetAttribute(self, pool: Any, attribute: int, value: Any) -> None: ...

    def _cuDevicePrimaryCtxRetain(self, out: Any, number: int) -> None:
        out._obj.value = 200 + number

    def _cuCtxPushCurrent_v2(self, context: int) -> None:
        self.contexts.append(context - 200)

    def _cuCtxPopCurrent_v2(self, out: Any) -> None:
        out._obj.value = 200 + self.contexts.pop()

    def _cuPointerGetAttribute(self, out: Any, attribute: int, pointer: int) -> None:
        start = max(a for a in self.homes if a <= pointer)
        out._obj.value = self.homes[start]

    def _cuMemAllocAsync(self, out: Any, size: int, stream: int) -> int:
        if size == 0:
            return INVALID_VALUE
        out._obj.value = self.memory.allocate(size)
        self.homes[out._obj.value] = self.contexts[-1]
        return SUCCESS

    def _cuMemAlloc_v2(self, out: Any, size: int) -> int:
        return self._cuMemAllocAsync(out, size, LEGACY)

    def _cuMemFree_v2(self, pointer: int) -> None:
        self.memory.free(pointer)

    def _cuMemFreeAsync(self, pointer: int, stream: int) -> None:
        self._put(stream, lambda: self.memory.free(pointer))

    def _cuMemsetD8Async(self, pointer: int, value: int, size: int, stream: int) -> None:
        self._put(stream, lambda: self.memory.view(pointer, size).fill(value))

    def _cuMemcpyHtoDAsync_v2(self, pointer: int, host: int, size: int, stream: int) -> None:
        def copy() -> None:  # nothing says that the memory of the host is read before this
            self.memory.view(pointer, size)[:] = np.frombuffer(ctypes.string_at(host, size), np.uint8)

        self._put(stream, copy)

    def _cuMemcpyDtoHAsync_v2(self, host: int, pointer: int, size: int, stream: int) -> None:
        self._put(stream, lambda: ctypes.memmove(host, self.memory.view(pointer, size).tobytes(), size) and None)

    def _cuMemcpyDtoDAsync_v2(self, target: int, source: int, size: int, stream: int) -> None:
        def copy() -> None:
            self.memory.view(target, size)[:] = self.memory.view(source, size).copy()

        self._put(stream, copy)

    def _cuStreamSynchronize(self, stream: int) -> None:
        if stream == LEGACY:
            self.finish()
        self._run(stream)

    def _handle(self, thing: Any) -> int:
        self.handles.append(thing)
        return len(self.handles) - 1

    def _cuEventCreate(self, out: Any, flags: int) -> None:
        out._obj.value = self._handle("event")

    def _cuEventRecord(self, event: int, stream: int) -> None:
        self.events[event] = (stream, self.streams.setdefault(stream, Stream()).asked)

    def _cuStreamWaitEvent(self, stream: int, event: int, flags: int) -> None:
        place = self.events[event]
        self._put(stream, lambda: self._run(*place))

    def _cuEventDestroy_v2(self, event: int) -> None:
        del self.events[event]

    def _cuLinkCreate_v2(self, count: int, options: int, values: int, out: Any) -> None:
        out._obj.value = self._handle([])

    def _cuLinkAddData_v2(self, state: int, kind: int, text: bytes, size: int, *rest: Any) -> None:
        assert size == len(text)
        assert text.endswith(b"\0")
        self.handles[state].append(_CUBIN + text)

    def _cuLinkComplete(self, state: int, image: Any, size: Any) -> None:
        (content,) = self.handles[state]
        self.handles[state] = ctypes.create_string_buffer(content, len(content))
        image._obj.value, size._obj.value = ctypes.addressof(self.handles[state]), len(content)

    def _cuLinkDestroy(self, state: int) -> None:
        self.handles[state] = None

    def _cuModuleLoadData(self, out: Any, image: bytes) -> int:
        if not image.startswith(_CUBIN):
            return INVALID_VALUE
        text = image.removeprefix(_CUBIN).rstrip(b"\0").decode()
        out._obj.value = self._handle(LoadedModule(text, self.memory))
        return SUCCESS

    def _cuModuleGetFunction(self, out: Any, module: int, name: bytes) -> None:
        out._obj.value = self._handle((self.handles[module], name.decode()))

    def _cuLaunchKernel(self, function: int, *rest: Any) -> int:
        grid, _, _, block, _, _, shared, stream, params, extra = rest
        assert params is None
        assert shared == 0
        words = (ctypes.c_int64 * 5).from_address(extra)
        assert (words[0], words[2], words[4]) == (_BUFFER, _BUFFER_SIZE, _END)
        size = ctypes.c_int64.from_address(words[3]).value
        arguments = list((ctypes.c_int64 * (size // 8)).from_address(words[1]))
        if not (0 < grid < 2**31 and 0 < block <= 1024 and block % 32 == 0):
            return INVALID_VALUE
        self.launches.append((grid, block))
        module, name = self.handles[function]
        self._put(stream, lambda: module.launch(name, grid, block, arguments, self.order))
        return SUCCESS

    def _cuGetErrorName(self, status: int, out: Any) -> None:
        out._obj.value = {INVALID_VALUE: b"CUDA_ERROR_INVALID_VALUE"}.get(status, b"CUDA_ERROR_OTHER")

    def _cuGetErrorString(self, status: int, out: Any) -> None:
        out._obj.value = b"invalid argument" if status == INVALID_VALUE else b"something else"


__all__ = ["DEVICES", "LEGACY", "PROCESSORS", "FakeDriver", "MemoryFault"]
