"""Vectors and memory: addresses, and the four ways in which the lanes of a vector are read or written.

All arrays are C-contiguous, so an index becomes an offset by static strides (run-time ones only beside a batch axis
that is not the first).
"""

from dataclasses import dataclass
from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.loops import Loops
from vtrace.backends.placement import Mask
from vtrace.backends.target import MASK_REGISTERS
from vtrace.backends.values import (
    I1,
    I8,
    I32,
    I64,
    POINTER,
    Affine,
    AnyValue,
    Pattern,
    Queued,
    Register,
    int_constant,
    memory_type,
)
from vtrace.ir.emitter import Index
from vtrace.ir.types import BOOL, INT64, ArrayType, Dim


@dataclass(frozen=True)
class Buffer:
    """An array in memory: where it starts, and its type."""

    pointer: Any
    type: ArrayType
    all_lanes: bool = False
    """Whether there is room for every lane of a block, used or not, so that masks do not matter."""
    level: int = 0
    """The depth of the innermost loop in which it is somewhere else on every trip."""


class VectorMemory(Loops):
    """Loads and stores of the lanes of a vector."""

    def strides(self, buffer: Buffer) -> list[Register]:
        """Elements between neighbours along each axis."""
        strides = [int_constant(1)]
        for extent in reversed(buffer.type.shape[1:]):
            with self.at(0):
                strides.append(cast("Register", self.mul(strides[-1], self.dim(extent))))
        return strides[::-1][: buffer.type.rank] if buffer.type.rank else []

    def offset(self, buffer: Buffer, index: Index) -> AnyValue:
        """The position of an element, counted in elements."""
        total: AnyValue = int_constant(0)
        for i, stride in zip(index, self.strides(buffer), strict=True):
            total = self.add(total, self.mul(i, stride))
        return total

    def prefetch(self, pointer: Any, offset: Register) -> None:
        """Ask for the line so many bytes after `pointer`, which need not be memory at all."""
        function = self.declare("llvm.prefetch.p0", ir.VoidType(), [POINTER, I32, I32, I32])
        flags = [ir.Constant(I32, n) for n in (0, 3, 1)]  # not to write, for all caches, data
        self.builder.call(function, [self.builder.gep(pointer, [offset.llvm], source_etype=I8), *flags])

    def address(self, buffer: Buffer, offset: Register) -> Any:
        """The address of the element at a uniform offset; placed where both are known."""
        start, element = Register(buffer.pointer, INT64, 1, buffer.level), memory_type(buffer.type.dtype)
        return self._apply(lambda p, o: self.builder.gep(p, [o], source_etype=element), start, offset).llvm

    def load_vector(self, buffer: Buffer, offset: Register, mask: Mask | None, lanes: int) -> Register:
        """Consecutive elements; lanes that the mask leaves out read as zero, and their memory is not touched."""
        dtype = buffer.type.dtype
        type_, pointer = memory_type(dtype, lanes), self.address(buffer, offset)
        if mask is None:
            llvm = self.builder.load(pointer, typ=type_, align=dtype.itemsize)
        elif self._copied(buffer, mask):
            slot = self.slot(type_)
            self.builder.store(ir.Constant(type_, None), slot)
            self._copy_bytes(slot, pointer, mask, type_, dtype.itemsize)
            llvm = self.builder.load(slot, typ=type_)
        else:
            name = f"llvm.masked.load.{_suffix(buffer.type, lanes)}.p0"
            function = self.declare(name, type_, [POINTER, I32, mask.vector.llvm.type, type_])
            align = ir.Constant(I32, dtype.itemsize)
            llvm = self.builder.call(function, [pointer, align, mask.vector.llvm, ir.Constant(type_, None)])
        return Register(llvm, dtype, lanes, self.scope.depth)

    def load_queued(self, buffer: Buffer, place: Queued) -> Register:
        """Consecutive elements for the lanes that are taken; the others read as zero."""
        type_ = memory_type(buffer.type.dtype, place.lanes)
        return self._expand(self.address(buffer, place.first), buffer.type, place.taken, ir.Constant(type_, None))

    def spread_out(self, values: Register, lanes: Register, otherwise: Register) -> Register:
        """The elements of `values`, from the first on, in the `lanes` that are set, in order."""
        slot = self.slot(values.llvm.type)
        self.builder.store(values.llvm, slot)
        return self._expand(slot, ArrayType(values.dtype, (values.lanes,)), lanes, otherwise.llvm)

    def _expand(self, pointer: Any, type_: ArrayType, lanes: Register, otherwise: Any) -> Register:
        name = f"llvm.masked.expandload.{_suffix(type_, lanes.lanes)}"
        function = self.declare(name, otherwise.type, [POINTER, lanes.llvm.type, otherwise.type])
        llvm = self.builder.call(function, [pointer, lanes.llvm, otherwise])
        return Register(llvm, type_.dtype, lanes.lanes, self.scope.depth)

    def store_vector(self, buffer: Buffer, offset: Register, llvm: Any, mask: Mask | None) -> None:
        """Consecutive elements; what the mask leaves out is not written."""
        align, pointer = buffer.type.dtype.itemsize, self.address(buffer, offset)
        if mask is None:
            self.builder.store(llvm, pointer, align=align)
            return
        if self._copied(buffer, mask):
            slot = self.slot(llvm.type)
            self.builder.store(llvm, slot)
            self._copy_bytes(pointer, slot, mask, llvm.type, align)
            return
        name = f"llvm.masked.store.{_suffix(buffer.type, llvm.type.count)}.p0"
        bits = mask.vector.llvm
        function = self.declare(name, ir.VoidType(), [llvm.type, POINTER, I32, bits.type])
        self.builder.call(function, [llvm, pointer, ir.Constant(I32, align), bits])

    @staticmethod
    def _copied(buffer: Buffer, mask: Mask) -> bool:
        """Whether the first elements of a vector are copied by their number, as processors without registers for masks
        have no instructions for small elements: a jump around each of them would follow."""
        return not MASK_REGISTERS and buffer.type.dtype.itemsize < 4 and mask.count is not None and not mask.narrowed

    def _copy_bytes(self, to: Any, start: Any, mask: Mask, type_: Any, itemsize: int) -> None:
        """Copy the elements that are inside the array."""
        assert mask.count is not None
        count = self.intrinsic("llvm.smax", mask.count, int_constant(0))
        count = self.intrinsic("llvm.smin", count, int_constant(type_.count))
        size = cast("Register", self.mul(count, int_constant(itemsize)))
        function = self.declare("llvm.memcpy.p0.p0.i64", ir.VoidType(), [POINTER, POINTER, I64, I1])
        self.builder.call(function, [to, start, size.llvm, ir.Constant(I1, 0)])

    def gather(self, buffer: Buffer, index: Index) -> Register:
        """One element per lane from anywhere."""
        dtype, lanes = buffer.type.dtype, self.lanes
        type_ = memory_type(dtype, lanes)
        pointers = self._pointers(buffer, index)
        pointers, mask = self._usable(pointers, type_.element, all(map(_is_inside, index, buffer.type.shape)))
        name = f"llvm.masked.gather.{_suffix(buffer.type, lanes)}.v{lanes}p0"
        function = self.declare(name, type_, [pointers.type, I32, mask.type, type_])
        align = ir.Constant(I32, dtype.itemsize)
        llvm = self.builder.call(function, [pointers, align, mask, ir.Constant(type_, None)])
        return Register(llvm, dtype, lanes, self.scope.depth)

    def scatter(self, buffer: Buffer, index: Index, llvm: Any) -> None:
        """One element per lane to anywhere."""
        name = f"llvm.masked.scatter.{_suffix(buffer.type, self.lanes)}.v{self.lanes}p0"
        pointers, mask = self._usable(self._pointers(buffer, index), llvm.type.element)
        function = self.declare(name, ir.VoidType(), [llvm.type, pointers.type, I32, mask.type])
        self.builder.call(function, [llvm, pointers, ir.Constant(I32, buffer.type.dtype.itemsize), mask])

    def _pointers(self, buffer: Buffer, index: Index) -> Any:
        """One address per lane: what all lanes share is in the scalar they are counted from."""
        start: AnyValue = int_constant(0)
        rest: AnyValue = int_constant(0)
        for i, stride in zip(index, self.strides(buffer), strict=True):
            term = self.mul(i, stride)
            if isinstance(term, Affine | Pattern):
                start, rest = self.add(start, term.base), self.add(rest, self.sub(term, term.base))
            elif term.lanes == 1:
                start = self.add(start, term)
            else:
                rest = self.add(rest, term)
        offsets, first = self.vector(rest, self.lanes).llvm, self.address(buffer, cast("Register", start))
        return self.builder.gep(first, [offsets], source_etype=memory_type(buffer.type.dtype))

    def _usable(self, pointers: Any, element: Any, inside: bool = False) -> tuple[Any, Any]:
        """The addresses that lanes use, and a mask of the lanes that use theirs.

        Where there are no instructions for that, a jump around each lane would follow, for each of them again. There, a
        lane out of use gets the address of a zero that nobody else has, and is treated like all others; unless it may
        read where it points, as all lanes are `inside` of the array.
        """
        everyone = ir.Constant(ir.VectorType(I1, self.lanes), [1] * self.lanes)
        if self.mask is None or (inside and not MASK_REGISTERS):
            return pointers, everyone
        if MASK_REGISTERS:
            return pointers, self.mask.vector.llvm
        spare = self.slot(element)
        self.builder.store(ir.Constant(element, None), spare)
        elsewhere = self._splat(Register(spare, INT64), self.lanes)
        return self.builder.select(self.mask.vector.llvm, pointers, elsewhere), everyone


def _is_inside(index: Any, extent: Dim) -> bool:
    """Whether an index is in range in all lanes, those out of use as well."""
    if not isinstance(index, Register):
        return False
    return index.lanes == 1 or (index.below is not None and isinstance(extent, int) and index.below <= extent)


def _suffix(type_: ArrayType, lanes: int) -> str:
    """The part of an intrinsic's name that tells the vector's type."""
    if type_.dtype == BOOL:
        return f"v{lanes}i8"
    return f"v{lanes}{'f' if type_.dtype.kind == 'f' else 'i'}{8 * type_.dtype.itemsize}"
