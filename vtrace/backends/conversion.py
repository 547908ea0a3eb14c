"""Casts with the values NumPy gives on this machine, out-of-range floats included (LLVM leaves those undefined)."""

from dataclasses import replace
from typing import cast

from vtrace.backends.masks import Masks
from vtrace.backends.values import AnyValue, Register, llvm_type
from vtrace.ir.emitter import Value
from vtrace.ir.types import BOOL, DTYPES, INT64, DType

I32, U64 = DTYPES["i32"], DTYPES["u64"]


class Conversion(Masks):
    """`convert` and `bitcast`."""

    def bitcast(self, x: Value, dtype: DType) -> Register:
        return self._cast("bitcast", x, dtype)

    def convert(self, x: Value, dtype: DType) -> AnyValue:
        if x.dtype == dtype:
            return cast("AnyValue", x)
        if dtype == BOOL:
            return self.compare("ne", x, self.constant(0, x.dtype))
        if x.dtype.kind == "f":
            return self._float_to_float(x, dtype) if dtype.kind == "f" else self._float_to_int(x, dtype)
        known = getattr(x, "constant", None)
        if known is not None:
            return self.constant(known, dtype)
        return self._int_to_float(x, dtype) if dtype.kind == "f" else self._int_to_int(x, dtype)

    def _cast(self, instruction: str, x: Value, dtype: DType) -> Register:
        x = self.vector(x)
        emit = getattr(self.builder, instruction)
        return self._apply(lambda value: emit(value, llvm_type(dtype, x.lanes)), x, dtype=dtype)

    def _float_to_float(self, x: Value, dtype: DType) -> Register:
        return self._cast("fpext" if dtype.itemsize > x.dtype.itemsize else "fptrunc", x, dtype)

    def _int_to_float(self, x: Value, dtype: DType) -> Register:
        return self._cast("sitofp" if x.dtype.kind == "i" else "uitofp", x, dtype)

    def _int_to_int(self, x: Value, dtype: DType) -> Register:
        if x.dtype != BOOL and dtype.itemsize == x.dtype.itemsize:
            return self.bitcast(x, dtype)
        if x.dtype != BOOL and dtype.itemsize < x.dtype.itemsize:
            return self._cast("trunc", x, dtype)
        wide = self._cast("sext" if x.dtype.kind == "i" else "zext", x, dtype)
        return replace(wide, narrow=self.vector(x)) if dtype == INT64 and x.dtype != BOOL else wide

    def _float_to_int(self, x: Value, dtype: DType) -> AnyValue:
        """Truncation through int32, or int64 for the wide types: out of range gives its minimum, then the low bits."""
        if dtype == U64:
            return self._float_to_u64(x)
        wide = INT64 if dtype == INT64 or dtype == DTYPES["u32"] else I32
        return self.convert(self._float_to_signed(x, wide), dtype)

    def _float_to_signed(self, x: Value, dtype: DType) -> AnyValue:
        limit = 2.0 ** (8 * dtype.itemsize - 1)
        low = self.constant(-limit, x.dtype)
        if x.dtype.itemsize > dtype.itemsize:  # values in (-limit - 1, -limit) still truncate to -limit
            above = self.compare("gt", x, self.constant(-limit - 1, x.dtype))
        else:
            above = self.compare("ge", x, low)
        inside = self.and_(above, self.compare("lt", x, self.constant(limit, x.dtype)))
        return self.select(inside, self._cast("fptosi", x, dtype), self.constant(-int(limit), dtype))

    def _float_to_u64(self, x: Value) -> AnyValue:
        """The upper half of the range through the lower one, as C compilers do: from 2**64 on the result is 0."""
        half = self.constant(2.0**63, x.dtype)
        upper = self.compare("ge", x, half)
        low = self._float_to_signed(self.select(upper, self.sub(x, half), x), INT64)
        top = self.select(upper, self.constant(2**63, U64), self.constant(0, U64))
        return self.xor(self.bitcast(low, U64), top)
