"""Arrays on a GPU: what functions that run there return.

They go to CuPy, PyTorch, JAX and Numba without a copy, by `__dlpack__` or `__cuda_array_interface__`, and to NumPy by
`get()`, or `np.asarray`, which is a copy and waits for the work that is under way. So do `==`, `float()` and the like.
"""

import functools
import math
from typing import Any

import numpy as np

from vtrace.backends.cuda import dlpack
from vtrace.backends.cuda.device import LEGACY_STREAM, Device, Memory, download, gpu, upload, wait_for
from vtrace.backends.cuda.driver import driver
from vtrace.ir.types import Array, DType

NO_STREAM = -1
"""What a consumer of a capsule says that takes care of the order itself."""


class DeviceArray:
    """A C-contiguous array in the memory of a GPU. It is never changed.

    >>> import numpy as np, vtrace
    >>> on_gpu = vtrace.vmap(np.sum, device="cuda")(cupy_array)   # doctest: +SKIP
    >>> on_gpu.get()                                              # doctest: +SKIP
    """

    __slots__ = ("__weakref__", "dtype", "owner", "pointer", "shape", "stream", "where")

    def __init__(self, where: Device, owner: Any, pointer: int, shape: tuple[int, ...], dtype: DType, stream: int):
        self.where, self.owner, self.pointer = where, owner, pointer
        self.shape, self.dtype, self.stream = shape, dtype, stream

    @staticmethod
    def new(where: Device, shape: tuple[int, ...], dtype: DType, stream: int) -> "DeviceArray":
        """Uninitialised; to be filled by work of `stream`."""
        memory = Memory(where, math.prod(shape) * dtype.itemsize, stream)
        return DeviceArray(where, memory, memory.pointer, shape, dtype, stream)

    @staticmethod
    def copy_of(array: Array, where: Device, stream: int) -> "DeviceArray":
        """A copy of a contiguous NumPy array, made when this returns: the array may be changed then."""
        memory = upload(where, array, stream)
        if memory.pointer:
            where.synchronize(stream)
        return DeviceArray(where, memory, memory.pointer, array.shape, array.dtype, stream)

    @staticmethod
    def argument(array: Array, where: Device, stream: int) -> "DeviceArray":
        """The same for an argument that nobody else sees: a number may have been sent before."""
        if array.ndim:
            return DeviceArray.copy_of(array, where, stream)
        return _number(where, stream, array.dtype, array.tobytes())

    @property
    def device(self) -> str:
        """`"cuda:0"`: which GPU it lies on."""
        return f"cuda:{self.where.number}"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def get(self) -> Array:
        """A copy as a NumPy array, made when the array's value is there."""
        array = np.empty(self.shape, self.dtype)
        with self.where:
            download(array, self.pointer, self.stream)
        return array

    def copy(self) -> "DeviceArray":
        """A copy on the same GPU."""
        with self.where:
            new = DeviceArray.new(self.where, self.shape, self.dtype, self.stream)
            if self.nbytes:
                driver().call("cuMemcpyDtoDAsync_v2", new.pointer, self.pointer, self.nbytes, self.stream)
        return new

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> "DeviceArray":
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by way of the host, to the GPU of the same number."""
        return _sent, (self.get(), self.where.number)

    def fill_with_zeros(self) -> None:
        """Of an array that nobody has seen yet."""
        driver().call("cuMemsetD8Async", self.pointer, 0, self.nbytes, self.stream)

    def reshape(self, *shape: int) -> "DeviceArray":
        """The same memory with another shape, of which one extent may be -1."""
        known = math.prod(d for d in shape if d >= 0)
        whole = tuple(d if d >= 0 else self.size // max(known, 1) for d in shape)
        assert math.prod(whole) == self.size, (self.shape, shape)
        return self.viewed(whole, self.dtype)

    def viewed(self, shape: tuple[int, ...], dtype: DType) -> "DeviceArray":
        """The same bytes as an array of another shape and dtype."""
        return DeviceArray(self.where, self.owner, self.pointer, shape, dtype, self.stream)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("an array on a GPU cannot become a NumPy array without a copy")
        array = self.get()
        return array if dtype is None else array.astype(dtype, copy=False)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.pointer, False),
            "strides": None,
            "stream": self.stream,
            "version": 3,
        }

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A DLPack capsule; the work of `stream` that comes later waits for the array's value.

        None is the default stream, -1 asks for no waiting. From `max_version` (1, 0) on it is of version 1.0. Raises
        BufferError for another device than the one where the array lies.
        """
        if dl_device is not None and tuple(dl_device) != self.__dlpack_device__():
            raise BufferError(f"the array lies on {self.device} and is not copied elsewhere; use get() for NumPy")
        given = self.copy() if copy else self
        if stream != NO_STREAM:
            with self.where:
                wait_for(stream or LEGACY_STREAM, self.stream)
        versioned, flags = max_version is not None and max_version[0] >= 1, dlpack.IS_COPIED if copy else 0
        return dlpack.export(given, given.pointer, self.shape, self.dtype, self.where.number, versioned, flags)

    def __dlpack_device__(self) -> tuple[int, int]:
        return dlpack.CUDA, self.where.number

    def __eq__(self, other: object) -> Any:
        """Element by element, on the host, as NumPy does."""
        return self.get() == other

    def __ne__(self, other: object) -> Any:
        return self.get() != other

    __hash__ = None  # type: ignore[assignment]  # as that of NumPy's arrays

    def __bool__(self) -> bool:
        return bool(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __complex__(self) -> complex:
        return complex(self.get())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of an array without axes")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, dtype={self.dtype}, device={self.device!r})"


def _sent(array: Array, number: int) -> DeviceArray:
    where = gpu(number)
    with where:
        return DeviceArray.copy_of(array, where, where.stream)


@functools.lru_cache(maxsize=1024)
def _number(where: Device, stream: int, dtype: DType, content: bytes) -> DeviceArray:
    """One number. Those that calls have as arguments are mostly the same again, and arrays are never changed."""
    memory = upload(where, np.frombuffer(content, dtype), stream)
    return DeviceArray(where, memory, memory.pointer, (), dtype, stream)
