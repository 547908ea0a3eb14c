"""Bools of lanes where processors have no registers for masks.

LLVM keeps a vector of bools as wide as what it was compared from only within one block and one register. Across blocks,
and where a block of lanes fills several registers, it packs them into bytes and unpacks them for each use: a third of
Mandelbrot's loop. So bools that are combined or kept are whole integers here, all bits set where the bool holds, and
as wide as what was compared. Instructions that look at their signs choose between vectors by them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.arithmetic import Arithmetic
from vtrace.backends.target import MASK_REGISTERS, VECTOR_BYTES
from vtrace.backends.values import AnyValue, Register, llvm_type
from vtrace.ir.emitter import Value
from vtrace.ir.types import BOOL, DTYPES, DType

_SINGLE = ir.FloatType()
_REGISTER_BYTES = 16
"""The smallest vector register."""


class Masks(Arithmetic):
    """Logic of bools in lanes, and bools that loops keep."""

    mask_dtype: DType | None = None
    """The integers that bools are kept as; None where there is but one lane."""

    def compare(self, op: str, x: Value, y: Value) -> Register:
        bools = super().compare(op, x, y)
        if MASK_REGISTERS or bools.lanes == 1:
            return bools
        return replace(bools, compared=DTYPES[f"i{8 * x.dtype.itemsize}"])

    def and_(self, x: Value, y: Value) -> Register:
        return self._logic(super().and_, x, y)

    def or_(self, x: Value, y: Value) -> Register:
        return self._logic(super().or_, x, y)

    def xor(self, x: Value, y: Value) -> Register:
        return self._logic(super().xor, x, y)

    def invert(self, x: Value) -> Register:
        return self._logic(super().invert, x)

    def select(self, condition: Value, x: Value, y: Value) -> AnyValue:
        if x.dtype != BOOL or getattr(condition, "constant", None) is not None:
            return super().select(condition, x, y)
        return self._logic(lambda *both: cast("Register", super(Masks, self).select(condition, *both)), x, y)

    def mask_slot(self, lanes: int) -> Any:
        """Room for the bools of `lanes` lanes."""
        return self.slot(llvm_type(self.kept_as(lanes), lanes))

    def set_mask(self, slot: Any, mask: Register) -> None:
        """Keep bools in a slot."""
        self.builder.store(self.as_kept(mask).llvm, slot)

    def get_mask(self, slot: Any, lanes: int, level: int) -> Register:
        """The bools that a slot has at this point of the program."""
        dtype = self.kept_as(lanes)
        return self.from_kept(Register(self.builder.load(slot, typ=llvm_type(dtype, lanes)), dtype, lanes, level))

    def as_kept(self, bools: Register) -> Register:
        """Bools in lanes as what they are kept as."""
        dtype = self.kept_as(bools.lanes)
        return bools if dtype == BOOL else self._integers(bools, dtype)

    def from_kept(self, kept: Register) -> Register:
        """The reverse."""
        return kept if kept.dtype == BOOL else self._bools(kept)

    def kept_as(self, lanes: int) -> DType:
        """The dtype that bools in lanes are kept as: integers, or bools."""
        dtype = self.mask_dtype
        return dtype if dtype is not None and self._fills(lanes, dtype) else BOOL

    @staticmethod
    def _fills(lanes: int, dtype: DType) -> bool:
        """Whether bools are kept as these integers, which fill registers."""
        return not MASK_REGISTERS and lanes * dtype.itemsize % _REGISTER_BYTES == 0

    def _logic(self, emit: Callable[..., Register], *values: Value) -> Register:
        if values[0].dtype != BOOL or MASK_REGISTERS:
            return emit(*values)
        registers = self._aligned(*values)
        dtype, lanes = self._common(registers), registers[0].lanes
        if lanes == 1 or dtype is None or not self._fills(lanes, dtype):
            return emit(*registers)
        if lanes * dtype.itemsize <= VECTOR_BYTES and not any(r.integers for r in registers):
            return replace(emit(*registers), compared=dtype)  # in one register of one block LLVM does so by itself
        return self._bools(emit(*(self._integers(r, dtype) for r in registers)))

    def _common(self, bools: Sequence[Register]) -> DType | None:
        """What bools become that are combined: one as wide as those that loops keep stays so, else the narrowest."""
        known = {b.compared for b in bools if b.compared is not None}
        if not known or self.mask_dtype in known:
            return self.mask_dtype
        return min(known, key=lambda d: d.itemsize)

    def _integers(self, bools: Register, dtype: DType) -> Register:
        """Bools as integers of a dtype."""
        type_, known = llvm_type(dtype, bools.lanes), bools.integers
        if known is None:
            return self._apply(lambda bits: self._fenced(self.builder.sext(bits, type_)), bools, dtype=dtype)
        if known.dtype == dtype:
            return known
        resize = self.builder.sext if dtype.itemsize > known.dtype.itemsize else self.builder.trunc
        return self._apply(lambda v: resize(v, type_), known, dtype=dtype)

    def _fenced(self, integers: Any) -> Any:
        """The same integers, of which LLVM does not know that they were bools: it would make bools of them again."""
        type_ = integers.type
        floats = ir.VectorType(_SINGLE, type_.count * type_.element.width // 32)
        fence = self.declare(f"llvm.arithmetic.fence.v{floats.count}f32", floats, [floats])
        return self.builder.bitcast(self.builder.call(fence, [self.builder.bitcast(integers, floats)]), type_)

    def _bools(self, integers: Register) -> Register:
        """Integers as bools."""
        zero = ir.Constant(integers.llvm.type, None)
        bits = self._apply(lambda v: self.builder.icmp_signed("<", v, zero), integers, dtype=BOOL)
        return replace(bits, integers=integers, compared=integers.dtype)
