"""The memory that kernels see: global, shared and local, each in a range of addresses of its own."""

from typing import Any

import numpy as np

from vtrace.ir.types import Array

LOCAL, SHARED, GLOBAL = 1 << 24, 1 << 28, 1 << 32
"""Where generic addresses of a kind of memory begin."""
GAP = 512
"""Bytes between two allocations, which belong to nobody."""
GARBAGE = 0xA5
"""What memory holds that nobody has written."""


class MemoryFault(Exception):
    """A kernel read or wrote where it must not."""


class GlobalMemory:
    """The memory of the device. Allocations do not touch, so that an index too large is always found."""

    def __init__(self, size: int = 1 << 16) -> None:
        self.bytes = np.full(size, GARBAGE, np.uint8)
        self.valid = np.zeros(size, bool)
        self.end = GAP
        self.sizes: dict[int, int] = {}

    def allocate(self, size: int) -> int:
        """The address of new memory, aligned to 256 bytes."""
        start = self.end
        self.end = start + -(-(size + GAP) // 256) * 256
        if self.end > self.bytes.size:
            more = max(self.end, 2 * self.bytes.size) - self.bytes.size
            self.bytes = np.concatenate([self.bytes, np.full(more, GARBAGE, np.uint8)])
            self.valid = np.concatenate([self.valid, np.zeros(more, bool)])
        self.valid[start : start + size] = True
        self.sizes[GLOBAL + start] = size
        return GLOBAL + start

    def free(self, address: int) -> None:
        """Give memory back: it must not be touched from here on."""
        start = address - GLOBAL
        self.valid[start : start + self.sizes.pop(address)] = False

    def view(self, address: int, size: int) -> Array:
        """Bytes of an allocation, for the host to read and write."""
        start = address - GLOBAL
        if not self.valid[start : start + size].all():
            raise MemoryFault(f"the host touches {size} bytes at {address:#x}, which are not allocated")
        return self.bytes[start : start + size]

    def places(self, addresses: Array, width: int) -> Any:
        """The bytes at `addresses` as an array of unsigned integers, and where in it they are."""
        offsets = addresses.astype(np.int64) - GLOBAL
        inside = (offsets >= 0) & (offsets + width <= self.valid.size)
        good = inside & self.valid[np.where(inside, offsets, 0)] & self.valid[np.where(inside, offsets + width - 1, 0)]
        if not good.all():
            raise MemoryFault(f"{width} bytes at {int(addresses[~good][0]):#x} are not allocated")
        return self.bytes.view(f"u{width}"), offsets // width


class PrivateMemory:
    """Local or shared memory: one row for each thread, or for each block of threads."""

    def __init__(self, base: int, rows: int, size: int) -> None:
        self.base, self.size = base, -(-size // 16) * 16
        self.bytes = np.full((rows, self.size), GARBAGE, np.uint8)

    def places(self, rows: Array, addresses: Array, width: int) -> Any:
        """As with global memory, for the owners `rows`."""
        offsets = addresses.astype(np.int64) - self.base
        if ((offsets < 0) | (offsets + width > self.size)).any():
            raise MemoryFault(f"{width} bytes are outside of local or shared memory of {self.size} bytes")
        return self.bytes.reshape(-1).view(f"u{width}"), (rows * self.size + offsets) // width


def check_alignment(addresses: Array, width: int) -> None:
    if (addresses.astype(np.uint64) % np.uint64(width)).any():
        raise MemoryFault(f"an access of {width} bytes is not aligned")
