"""Reading and writing arrays: one element per lane, by the cheapest instruction the addresses allow.

All arrays are C-contiguous, so an index becomes an offset by static strides (run-time ones only beside a batch axis
that is not the first). What a lane step of that offset means for a load:

    0     one scalar, the same for all lanes
    1     one vector load
    2..8  lanes interleaved with their neighbours ([batch, 3]): whole vectors are loaded and sorted out in registers
    else  a gather
"""

from dataclasses import dataclass
from typing import Any, cast

from llvmlite import ir

from vtrace.backends.loops import Loops
from vtrace.backends.placement import Mask
from vtrace.backends.values import I1, I8, I32, POINTER, Affine, AnyValue, Register, int_constant, memory_type
from vtrace.ir.emitter import Index, Value
from vtrace.ir.types import BOOL, ArrayType

INTERLEAVED = 8
"""The largest lane step that is read by whole vectors."""


@dataclass(frozen=True)
class Buffer:
    """An array in memory: where it starts, and its type."""

    pointer: Any
    type: ArrayType
    all_lanes: bool = False
    """Whether there is room for every lane of a block, used or not, so that masks do not matter."""


class Access(Loops):
    """Loads and stores."""

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

    def address(self, buffer: Buffer, offset: Register) -> Any:
        """The address of the element at a uniform offset; placed where the offset is known."""
        return self._apply(
            lambda o: self.builder.gep(buffer.pointer, [o], source_etype=memory_type(buffer.type.dtype)), offset
        ).llvm

    # -- loads --------------------------------------------------------------------------------------------------

    def load(self, buffer: Buffer, index: Index) -> Register:
        offset = self.offset(buffer, index)
        if isinstance(offset, Affine):
            if offset.step == 1:
                mask = None if buffer.all_lanes else self.mask
                return self._from_memory(self._load_vector(buffer, offset.base, mask), buffer)
            if (inner := self._interleaved(buffer, index, offset)) is not None:
                return self._from_memory(self._load_interleaved(buffer, index, offset, inner), buffer)
        if isinstance(offset, Register) and offset.lanes == 1:
            dtype = buffer.type.dtype
            llvm = self.builder.load(self.address(buffer, offset), typ=memory_type(dtype), align=dtype.itemsize)
            return self._from_memory(Register(llvm, dtype, 1, self.scope.depth), buffer)
        return self._from_memory(self._gather(buffer, offset), buffer)

    def _from_memory(self, raw: Register, buffer: Buffer) -> Register:
        """A bool is a byte in memory and a bit in a register."""
        if buffer.type.dtype != BOOL:
            return raw
        zero = ir.Constant(memory_type(BOOL, raw.lanes), None if raw.lanes > 1 else 0)
        return Register(self.builder.icmp_unsigned("!=", raw.llvm, zero), BOOL, raw.lanes, raw.level)

    def _load_vector(self, buffer: Buffer, offset: Register, mask: Mask | None) -> Register:
        """Consecutive elements; lanes that the mask leaves out read as zero, and their memory is not touched."""
        dtype, lanes = buffer.type.dtype, self.lanes
        type_, pointer = memory_type(dtype, lanes), self.address(buffer, offset)
        if mask is None:
            llvm = self.builder.load(pointer, typ=type_, align=dtype.itemsize)
        else:
            name = f"llvm.masked.load.{_suffix(buffer.type, lanes)}.p0"
            function = self.declare(name, type_, [POINTER, I32, mask.vector.llvm.type, type_])
            align = ir.Constant(I32, dtype.itemsize)
            llvm = self.builder.call(function, [pointer, align, mask.vector.llvm, ir.Constant(type_, None)])
        return Register(llvm, dtype, lanes, self.scope.depth)

    def _interleaved(self, buffer: Buffer, index: Index, offset: Affine) -> int | None:
        """The constant position within the lane's row, if the lanes of whole rows lie side by side in memory."""
        axis = next(a for a, i in enumerate(index) if isinstance(i, Affine))
        rows = [i for i in index[axis + 1 :] if getattr(i, "constant", None) is None]
        step = offset.step
        if rows or not 1 < step <= INTERLEAVED or cast("Affine", index[axis]).step != 1:
            return None
        inner = self.offset(buffer, tuple(int_constant(0) if a <= axis else i for a, i in enumerate(index)))
        position = cast("Register", inner).constant
        return position if position is not None and 0 <= position < step else None

    def _load_interleaved(self, buffer: Buffer, index: Index, offset: Affine, inner: int) -> Register:
        """Whole rows are read as `step` vectors; each lane then picks its element."""
        step, lanes, dtype = offset.step, self.lanes, buffer.type.dtype
        start = cast("Register", self.sub(offset.base, int_constant(inner)))
        parts = [self._row_vector(buffer, start, step, k).llvm for k in range(step)]
        wanted = [lane * step + inner for lane in range(lanes)]
        result = parts[0]
        for k in range(1, step):
            picks = [
                (w if k == 1 else lane) if w < k * lanes else (w - k * lanes + lanes if w < (k + 1) * lanes else lane)
                for lane, w in enumerate(wanted)
            ]
            result = self.builder.shuffle_vector(result, parts[k], ir.Constant(ir.VectorType(I32, lanes), picks))
        return Register(result, dtype, lanes, self.scope.depth)

    def _row_vector(self, buffer: Buffer, start: Register, step: int, k: int) -> Register:
        """Vector `k` of the `step` vectors that hold the rows of all lanes; read once for all positions in the row."""
        key = ("row", buffer.pointer.name, id(start), step, k)
        if (known := self.remembered(key)) is not None:
            return cast("Register", known)
        mask = self.mask
        if mask is not None and mask.count is not None:
            left = self.sub(self.mul(mask.count, int_constant(step)), int_constant(k * self.lanes))
            mask = self.prefix_mask(cast("Register", left), self.lanes)
        elif mask is not None:
            mask = None  # a branch's mask: the rows of all lanes are inside the array
        vector = self._load_vector(buffer, cast("Register", self.add(start, int_constant(k * self.lanes))), mask)
        self.remember(key, vector, start)
        return vector

    def _gather(self, buffer: Buffer, offset: AnyValue) -> Register:
        dtype, lanes = buffer.type.dtype, self.lanes
        type_, pointers = memory_type(dtype, lanes), self._pointers(buffer, offset)
        name = f"llvm.masked.gather.{_suffix(buffer.type, lanes)}.v{lanes}p0"
        mask = self._mask_bits()
        function = self.declare(name, type_, [pointers.type, I32, mask.type, type_])
        align = ir.Constant(I32, dtype.itemsize)
        llvm = self.builder.call(function, [pointers, align, mask, ir.Constant(type_, None)])
        return Register(llvm, dtype, lanes, self.scope.depth)

    def _pointers(self, buffer: Buffer, offset: AnyValue) -> Any:
        offsets = self.vector(offset, self.lanes).llvm
        pointers = self.builder.gep(buffer.pointer, [offsets], source_etype=memory_type(buffer.type.dtype))
        pointers.type = ir.VectorType(POINTER, self.lanes)  # llvmlite takes every gep for a scalar one
        return pointers

    def _mask_bits(self) -> Any:
        if self.mask is None:
            return ir.Constant(ir.VectorType(I1, self.lanes), [1] * self.lanes)
        return self.mask.vector.llvm

    # -- stores -------------------------------------------------------------------------------------------------

    def store(self, buffer: Buffer, index: Index, value: Value) -> None:
        """Write one element per lane in use, here."""
        offset = self.offset(buffer, index)
        dtype = buffer.type.dtype
        scalar = isinstance(offset, Register) and offset.lanes == 1
        llvm = self.vector(value, 1 if scalar else self.lanes).llvm
        if dtype == BOOL:
            llvm = self.builder.zext(llvm, I8 if scalar else ir.VectorType(I8, self.lanes))
        if scalar:
            self.builder.store(llvm, self.address(buffer, cast("Register", offset)), align=dtype.itemsize)
        elif isinstance(offset, Affine) and offset.step == 1:
            self._store_vector(buffer, offset.base, llvm)
        else:
            name = f"llvm.masked.scatter.{_suffix(buffer.type, self.lanes)}.v{self.lanes}p0"
            pointers, mask = self._pointers(buffer, offset), self._mask_bits()
            function = self.declare(name, ir.VoidType(), [llvm.type, pointers.type, I32, mask.type])
            self.builder.call(function, [llvm, pointers, ir.Constant(I32, dtype.itemsize), mask])

    def _store_vector(self, buffer: Buffer, offset: Register, llvm: Any) -> None:
        align, pointer = buffer.type.dtype.itemsize, self.address(buffer, offset)
        if self.mask is None or buffer.all_lanes:
            self.builder.store(llvm, pointer, align=align)
            return
        name = f"llvm.masked.store.{_suffix(buffer.type, self.lanes)}.p0"
        mask = self.mask.vector.llvm
        function = self.declare(name, ir.VoidType(), [llvm.type, POINTER, I32, mask.type])
        self.builder.call(function, [llvm, pointer, ir.Constant(I32, align), mask])


def _suffix(type_: ArrayType, lanes: int) -> str:
    """The part of an intrinsic's name that tells the vector's type."""
    if type_.dtype == BOOL:
        return f"v{lanes}i8"
    return f"v{lanes}{'f' if type_.dtype.kind == 'f' else 'i'}{8 * type_.dtype.itemsize}"
