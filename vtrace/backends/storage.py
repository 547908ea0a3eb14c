"""Scratch memory of one example, or of a block of lanes: where loops keep carries and staged values lie.

A value that varies between lanes is laid out [element][lane], so that one element of all lanes is one vector; one
that does not is laid out plainly. Scalars are arrays of one element. LLVM turns what is only addressed by constants
into registers.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.access import Access
from vtrace.backends.estimate import SHORT_ROW
from vtrace.backends.rows import padded
from vtrace.backends.values import I64, POINTER, Affine, Register, int_constant, memory_type
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Index, Value
from vtrace.ir.types import BOOL, ArrayType, DType, Shape, static_shape

STACK_BYTES = 1 << 20
"""The most scratch that lies on a thread's stack, which has 8 MiB as a rule."""
ALIGNMENT = 64
"""Of scratch, in bytes: a vector does not cross a cache line."""
IMAGE_BYTES = 1 << 13
"""The most that rows may take that are copied in order, before or after they are turned around: part of a cache."""


@dataclass(frozen=True)
class Storage:
    """Room for one array per lane, or one for all lanes."""

    buffer: Buffer
    shape: Shape
    varying: bool
    shared: bool = False
    """Whether the threads that do one example together have one array for all of them."""
    bools: bool = False
    """Whether it is kept as integers, but bools are put there and read."""


class Scratch(Access):
    """Reserving, reading and writing scratch memory."""

    on_stack: int = 0
    """Bytes reserved on the stack so far."""
    on_heap: list[Any]
    """What was reserved elsewhere."""
    images: dict[tuple[DType, int], Buffer]
    """Room for rows on their way, which all inputs and outputs share, by dtype and number of elements."""

    def reserve(self, dtype: DType, shape: Shape, varying: bool) -> Storage:
        lanes = self.lanes if varying else 1
        if dtype == BOOL and shape == () and lanes > 1 and self.kept_as(lanes) != BOOL:
            return replace(self.reserve(self.kept_as(lanes), shape, varying), bools=True)
        whole = (*shape, lanes) if lanes > 1 else shape
        elements = math.prod(static_shape(shape))
        if lanes > 1 and elements > SHORT_ROW:
            elements = padded(elements, dtype.itemsize)
        elements *= lanes
        size = elements * dtype.itemsize
        if self.on_stack + size <= STACK_BYTES:
            self.on_stack += size
            pointer = self.slot(ir.ArrayType(memory_type(dtype), elements))
            pointer.align = ALIGNMENT
        else:
            pointer = self._from_heap(size)
        return Storage(Buffer(pointer, ArrayType(dtype, whole), all_lanes=lanes > 1), shape, lanes > 1)

    def _from_heap(self, size: int) -> Any:
        """Memory for one call of the function, for what is too much for a thread's stack."""
        whole = ir.Constant(I64, -(-size // ALIGNMENT) * ALIGNMENT)
        allocate = self.declare("aligned_alloc", POINTER, [I64, I64])
        with self.builder.goto_entry_block():
            pointer = self.builder.call(allocate, [ir.Constant(I64, ALIGNMENT), whole])
        self.on_heap.append(pointer)
        return pointer

    def release(self) -> None:
        """Give back, at the end of the function, what came from the heap."""
        for pointer in self.on_heap:
            self.builder.call(self.declare("free", ir.VoidType(), [POINTER]), [pointer])

    def keep(self, storage: Storage, index: Index, value: Value) -> None:
        """Write one element; lanes that a branch or a finished loop leaves out keep what they had."""
        mask = self.mask
        if storage.varying and mask is not None and mask.narrowed:
            value = self.select(mask.vector, value, self.kept(storage, index))
        if storage.bools:
            value = self.as_kept(self.vector(value, self.lanes))
        self.store(storage.buffer, self._place(storage, index), value)

    def kept(self, storage: Storage, index: Index) -> Register:
        """Read one element, here: what is kept may change."""
        value = self.load(storage.buffer, self._place(storage, index))
        return self.from_kept(value) if storage.bools else value

    def fetch(self, storage: Storage, buffer: Buffer, start: Register) -> None:
        """Fill varying storage with the rows of all lanes, the first of which starts at offset `start` of `buffer`."""
        plain, size = self._elements(storage)

        def keep(column: Register, e: int, vector: Any) -> None:
            self.store_vector(plain, self._element_at(column, e), vector, None)

        if self.moves_singly(buffer.type.dtype, size):
            self.move_singly(buffer, start, plain, size, out=False)
        elif size <= SHORT_ROW:
            for e, vector in enumerate(self.load_rows(buffer, start, size)):
                keep(int_constant(0), e, vector)
        elif (image := self._image(buffer, size)) is None:
            self.load_tiles(buffer, start, size, keep)
        else:
            self.copy_rows(buffer, start, image, int_constant(0), size)
            self.load_tiles(image, int_constant(0), size, keep)

    def deliver(self, storage: Storage, buffer: Buffer, start: Register) -> None:
        """The reverse: write the rows of all lanes in use."""
        plain, size = self._elements(storage)

        def kept(column: Register, e: int) -> Any:
            return self.load_vector(plain, self._element_at(column, e), None, self.lanes).llvm

        if self.moves_singly(buffer.type.dtype, size):
            self.move_singly(buffer, start, plain, size, out=True)
        elif size <= SHORT_ROW:
            self.store_rows(buffer, start, [kept(int_constant(0), e) for e in range(size)])
        elif (image := self._image(buffer, size)) is None:
            self.store_tiles(buffer, start, size, kept)
        else:
            self.store_tiles(image, int_constant(0), size, kept)
            self.copy_rows(image, int_constant(0), buffer, start, size)

    def _image(self, buffer: Buffer, size: int) -> Buffer | None:
        """Room for the rows of all lanes as they lie in memory; None if that is too much.

        Tiles jump from row to row, an order that caches do not foresee: a copy of Cholesky factors of 8 rows that are
        not in a cache takes 120 ns an example by tiles, 45 with rows that are copied in order.
        """
        dtype, elements = buffer.type.dtype, size * self.lanes
        if elements * dtype.itemsize > IMAGE_BYTES:
            return None
        if (dtype, elements) not in self.images:
            self.images[dtype, elements] = self.reserve(dtype, (elements,), varying=False).buffer
        return self.images[dtype, elements]

    def _elements(self, storage: Storage) -> tuple[Buffer, int]:
        """The storage as one row of elements, and how many they are."""
        assert storage.varying
        size = math.prod(static_shape(storage.shape))
        type_ = storage.buffer.type
        return replace(storage.buffer, type=type_.with_shape((size * self.lanes,)), all_lanes=True), size

    def _element_at(self, column: Register, e: int) -> Register:
        """The offset of an element's vector in storage."""
        return cast("Register", self.mul(self.add(column, int_constant(e)), int_constant(self.lanes)))

    def _place(self, storage: Storage, index: Index) -> Index:
        if not storage.varying:
            return index
        return (*index, Affine(int_constant(0), 1, self.lanes, self.scope.depth))
