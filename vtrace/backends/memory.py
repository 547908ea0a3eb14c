"""Memory of results. That of large ones is used again: touching fresh pages costs more than most arithmetic.

A large result is a view of a block of pages. The block belongs to the array's base, an object that lives as long as any
view of it, and goes back to the pool when the last one is gone. Idle blocks are given back to the system beyond
VTRACE_POOL_BYTES (a quarter of the machine's memory, at most 4 GiB; 0 switches the pool off).

There are no locks: an array can die at any moment, even within the functions below. Every step is one operation on a
dict or a deque, which is atomic; when steps of several threads mix, at worst a block more or less is kept.
"""

import ctypes
import math
import mmap
import os
from collections import deque
from itertools import count

import numpy as np

from vtrace.errors import UsageError
from vtrace.ir.types import Array, DType

POOLED_BYTES = 1 << 20
"""Results from this size on come from the pool."""
_DEFAULT_LIMIT = 4 << 30
_HUGE_PAGE = 2 << 20
_CLASSES = 8
"""Sizes of blocks between one power of two and the next: at most an eighth of a block is unused."""


class Pages:
    """A block of pages of this process, given back to the system when it is dropped."""

    def __init__(self, size: int) -> None:
        self._pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if size >= _HUGE_PAGE and hasattr(mmap, "MADV_HUGEPAGE"):
            self._pages.madvise(mmap.MADV_HUGEPAGE)  # the first touch of 16 MiB takes 1.3 ms, else 9.2 ms
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._pages))


class Bucket:
    """The idle blocks of one size."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.idle: deque[Pages] = deque()
        self.used = 0
        """When a block was last asked for, on the pool's clock."""


class Owner:
    """The base of an array of the pool: the array and all of its views keep it alive."""

    def __init__(self, pool: "Pool", bucket: Bucket, pages: Pages, shape: tuple[int, ...], dtype: DType) -> None:
        self._pool, self._bucket, self._pages = pool, bucket, pages
        self.__array_interface__ = {
            "data": (pages.address, False),
            "shape": shape,
            "typestr": dtype.str,
            "version": 3,
        }

    def __del__(self) -> None:
        self._pool.take_back(self._bucket, self._pages)


class Pool:
    """Blocks of memory that wait to be used again, `limit` bytes of them at most."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buckets: dict[int, Bucket] = {}
        self._clock = count(1)

    def empty(self, shape: tuple[int, ...], dtype: DType) -> Array:
        """An uninitialised array, whose memory comes back to the pool."""
        size = block_size(max(math.prod(shape) * dtype.itemsize, 1))
        bucket = self._buckets.setdefault(size, Bucket(size))
        bucket.used = next(self._clock)
        try:
            pages = bucket.idle.pop()  # the one most recently used is the likeliest to be in a cache
        except IndexError:
            pages = self._new_pages(size, shape, dtype)
        return np.asarray(Owner(self, bucket, pages, shape, dtype))

    def _new_pages(self, size: int, shape: tuple[int, ...], dtype: DType) -> Pages:
        for last in (False, True):
            try:
                return Pages(size)
            except (OSError, ValueError, OverflowError):
                if not last:
                    self.clear()  # it may be our idle blocks that are in the way
        raise MemoryError(f"unable to allocate {size} bytes for a result of shape {shape} and dtype {dtype}")

    def take_back(self, bucket: Bucket, pages: Pages) -> None:
        """Keep a block that is not in use any more, and drop those longest unused where that is too much."""
        bucket.idle.append(pages)
        while self.idle_bytes > self.limit:
            oldest = min((b for b in list(self._buckets.values()) if b.idle), key=lambda b: b.used, default=None)
            if oldest is None or not _drop(oldest):
                return

    @property
    def idle_bytes(self) -> int:
        """How much memory waits to be used again."""
        return sum(b.size * len(b.idle) for b in list(self._buckets.values()))

    def clear(self) -> None:
        """Give all idle memory back to the system."""
        for bucket in list(self._buckets.values()):
            bucket.idle.clear()


def block_size(size: int) -> int:
    """`size` rounded up to one of the sizes that blocks have: multiples of an eighth of a power of two."""
    step = max((1 << (size - 1).bit_length()) // (2 * _CLASSES), mmap.PAGESIZE)
    return -(-size // step) * step


def _drop(bucket: Bucket) -> bool:
    try:
        bucket.idle.popleft()
    except IndexError:  # another thread took it
        return False
    return True


def _limit() -> int:
    text = os.environ.get("VTRACE_POOL_BYTES", "")
    if text:
        if not text.isdecimal():
            raise UsageError(f"VTRACE_POOL_BYTES is {text!r}; it takes a number of bytes, 0 for no pool")
        return int(text)
    return min(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4, _DEFAULT_LIMIT)


POOL = Pool(_limit())
"""The pool of this process. A forked child goes on with a copy of its own."""


def empty(shape: tuple[int, ...], dtype: DType) -> Array:
    """A new uninitialised array for a result or for something between two kernels."""
    if POOL.limit and math.prod(shape) * dtype.itemsize >= POOLED_BYTES:
        return POOL.empty(shape, dtype)
    return np.empty(shape, dtype)


def clear_pool() -> None:
    """Give back to the system all memory that is kept for coming results."""
    POOL.clear()


def pool_bytes() -> int:
    """How much memory is kept for coming results."""
    return POOL.idle_bytes
