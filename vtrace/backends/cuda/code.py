"""The code of one kernel: PTX, made once and kept on disk, and the machine code of each kind of GPU.

Both are kept beside the CPU's code (see `cache`). The driver compiles PTX, in about the time that LLVM takes to make
it.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vtrace.backends import cache
from vtrace.backends.cuda import headers
from vtrace.backends.cuda.device import Device
from vtrace.backends.cuda.driver import driver
from vtrace.backends.layout import Layout
from vtrace.errors import DeviceError
from vtrace.ir.graph import Graph

if TYPE_CHECKING:
    from vtrace.backends.cuda.lowering import Lowered

NAME = "kernel"
"""What every kernel is called in its module."""
_LOG_BYTES = 4096


@dataclass(frozen=True)
class Code:
    """What there is to know about a kernel's code before it is loaded."""

    ptx: str
    scratch: int
    """Bytes of scratch memory for each thread, or team of threads."""
    can_fail: bool
    """Whether it looks for indices that are out of range."""

    def to_bytes(self) -> bytes:
        return f"{self.scratch} {int(self.can_fail)}\n{self.ptx}".encode()

    @staticmethod
    def from_bytes(content: bytes) -> "Code":
        first, _, ptx = content.decode().partition("\n")
        scratch, can_fail = map(int, first.split())
        return Code(ptx, scratch, bool(can_fail))


def code_of(graph: Graph, layout: Layout) -> Code:
    """The code of a kernel's graph."""

    def lowered() -> "Lowered":
        from vtrace.backends.cuda.lowering import lower  # the code generator is imported when there is code to make

        return lower(graph, layout, NAME)

    return made_once(f"{layout}\n{graph}", lowered)


def made_once(what: str, lower: "Callable[[], Lowered]") -> Code:
    """The code of what is described by a text, from disk if an earlier process has made it."""

    def make() -> bytes:
        from vtrace.backends.cuda.nvptx import ptx

        lowered = lower()
        return Code(ptx(lowered.module, lowered.is_straight), lowered.scratch_bytes, lowered.can_fail).to_bytes()

    return Code.from_bytes(_kept(f"ptx {what}", make))


def _kept(what: str, make: Callable[[], bytes]) -> bytes:
    store = cache.default()
    key = cache.key_of(what)
    content = None if store is None else store.load(key)
    if content is None:
        content = make()
        if store is not None:
            store.store(key, content)
    return content


def load(ptx: str, where: Device) -> int:
    """The kernel of a PTX module as a function of a device; it stays there until the process ends."""
    key = (ptx, where.number)
    function = LOADED.get(key)
    if function is None:
        function = LOADED[key] = _load(ptx, where)
    return function


LOADED: dict[tuple[str, int], int] = {}
"""Functions that are on a device."""


def _load(ptx: str, where: Device) -> int:
    what = f"cubin {where.capability} {driver().version}\n{ptx}"
    image = _kept(what, lambda: _linked(ptx))
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    driver().call("cuModuleLoadData", ctypes.byref(module), image)
    driver().call("cuModuleGetFunction", ctypes.byref(function), module.value, NAME.encode())
    return function.value or 0


def _linked(ptx: str) -> bytes:
    """The machine code that the driver makes of a PTX module for the present device."""
    text, log = ptx.encode() + b"\0", ctypes.create_string_buffer(_LOG_BYTES)
    options: Any = (ctypes.c_int * 2)(
        headers.CU_JIT_ERROR_LOG_BUFFER, headers.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
    )  # fmt: skip
    values: Any = (ctypes.c_void_p * 2)(ctypes.addressof(log), _LOG_BYTES)
    state, image, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
    driver().call("cuLinkCreate_v2", 2, ctypes.addressof(options), ctypes.addressof(values), ctypes.byref(state))
    try:
        kind = headers.CU_JIT_INPUT_PTX
        driver().call("cuLinkAddData_v2", state.value, kind, text, len(text), b"vtrace", 0, None, None)
        driver().call("cuLinkComplete", state.value, ctypes.byref(image), ctypes.byref(size))
        return ctypes.string_at(image.value or 0, size.value)
    except DeviceError as error:
        raise DeviceError(f"{error}; the driver says of the kernel: {log.value.decode(errors='replace')}") from None
    finally:
        driver().call("cuLinkDestroy", state.value)
