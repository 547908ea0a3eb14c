"""Matrix products on a GPU by cuBLAS, found where the user's installation has it.

PyTorch, JAX and CuPy bring it along; by itself it is the package nvidia-cublas. Products are in full precision, as
NumPy's are: tensor cores that round float32 to fewer bits are not asked for.
"""

import ctypes
import functools
import importlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vtrace.backends.cuda import headers
from vtrace.backends.cuda.array import DeviceArray
from vtrace.backends.cuda.device import Device
from vtrace.backends.extents import Extents
from vtrace.errors import DeviceError
from vtrace.ir.primitive import LibraryPrimitive
from vtrace.ir.types import DType

NAMES = ("libcublas.so.13", "libcublas.so.12", "libcublas.so")
MISSING = (
    "a matrix product on a GPU needs cuBLAS, and none of {} can be loaded; it comes with PyTorch, JAX and CuPy, or "
    "`pip install nvidia-cublas cuda-pathfinder`"
)
TOO_NEW = "; cuBLAS 13 needs driver 580 or newer, and for an older one there is `pip install nvidia-cublas-cu12`"
_KINDS = {
    4: (headers.CUDA_R_32F, headers.CUBLAS_COMPUTE_32F, ctypes.c_float),
    8: (headers.CUDA_R_64F, headers.CUBLAS_COMPUTE_64F, ctypes.c_double),
}
"""By the bytes of an element: its type, that of sums, and that of factors."""
_MOST = 2**31 - 1
"""Extents are numbers of 32 bits."""
_PRODUCT = "cublasGemmStridedBatchedEx"


@dataclass(frozen=True)
class LibraryLaunch:
    """One library equation, ready to be run on a device."""

    primitive: LibraryPrimitive
    extents: Extents
    dtype: DType

    def __call__(
        self, where: Device, stream: int, arrays: Sequence[DeviceArray], sizes: Sequence[int]
    ) -> list[DeviceArray]:
        out = DeviceArray.new(where, self.extents.shape(sizes), self.dtype, stream)
        if out.size:
            routines: Any = library(where)
            with routines.lock:  # the stream belongs to the handle, which all threads share
                routines.stream(stream)
                self.primitive.call(routines, out, *arrays)  # type: ignore[arg-type]  # arrays of a device
        return [out]


class Cublas:
    """The library calls that primitives may make, on the device that is current now."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self.lock = threading.Lock()
        for name, arguments in headers.CUBLAS.items():
            headers.declare(getattr(library, name), arguments)
        handle = ctypes.c_void_p()
        self._call("cublasCreate_v2", ctypes.byref(handle))
        self._handle = handle.value

    def _call(self, name: str, *arguments: Any) -> None:
        status = getattr(self._library, name)(*arguments)
        if status:
            hint = TOO_NEW if status == headers.CUBLAS_STATUS_NOT_INITIALIZED else ""
            raise DeviceError(f"{name} failed with status {status}{hint}")

    def stream(self, stream: int) -> None:
        """Put what follows on `stream`."""
        self._call("cublasSetStream_v2", self._handle, stream)

    def gemm(self, out: DeviceArray, x: DeviceArray, y: DeviceArray, transpose: tuple[bool, bool]) -> None:
        """out = op(x) @ op(y), for C-contiguous matrices; `op` transposes where asked."""
        self._product(out, x, y, transpose, 1)

    def gemm_each(self, out: DeviceArray, x: DeviceArray, y: DeviceArray, transpose: tuple[bool, bool]) -> None:
        """out[i] = op(x[i]) @ op(y[i]), for C-contiguous stacks of matrices; one of x and y may be a single one."""
        self._product(out, x, y, transpose, out.shape[0])

    def _product(
        self, out: DeviceArray, x: DeviceArray, y: DeviceArray, transpose: tuple[bool, bool], count: int
    ) -> None:
        """cuBLAS has matrices by columns: ours are their transposes, so it multiplies them the other way around."""
        rows, columns = out.shape[-2:]
        inner = x.shape[-2 if transpose[0] else -1]
        if inner == 0:
            out.fill_with_zeros()
            return
        if max(rows, columns, inner, count) > _MOST:
            raise DeviceError(
                f"a matrix product on a GPU takes extents up to {_MOST}; this one is {x.shape} @ {y.shape}"
            )
        type_, compute, number = _KINDS[out.itemsize]
        one, zero = number(1.0), number(0.0)
        operations = [headers.CUBLAS_OP_T if t else headers.CUBLAS_OP_N for t in transpose]
        self._call(
            _PRODUCT, self._handle, operations[1], operations[0], columns, rows, inner, ctypes.byref(one),
            y.pointer, type_, y.shape[-1], _step(y), x.pointer, type_, x.shape[-1], _step(x), ctypes.byref(zero),
            out.pointer, type_, columns, _step(out), count, compute, headers.CUBLAS_GEMM_DEFAULT,
        )  # fmt: skip


def _step(x: DeviceArray) -> int:
    """Elements from one matrix to the next; 0 for a single one."""
    return x.shape[-1] * x.shape[-2] if x.ndim == 3 else 0


def load_library() -> Any:
    """The cuBLAS of this process; DeviceError where there is none."""
    try:
        pathfinder = importlib.import_module("cuda.pathfinder")
        return ctypes.CDLL(pathfinder.load_nvidia_dynamic_lib("cublas").abs_path)
    except (ImportError, RuntimeError, OSError):
        pass  # then where the system's loader looks
    for name in NAMES:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise DeviceError(MISSING.format(", ".join(NAMES)))


@functools.cache
def library(where: Device) -> Cublas:
    """That of a device, within which it is asked for."""
    return Cublas(load_library())
