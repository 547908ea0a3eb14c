"""What the threads of a warp tell each other: each may have the value that another one holds."""

from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.loops import Loops
from vtrace.backends.values import I32, I64, Register, llvm_type
from vtrace.ir.emitter import Value

WARP = 32
_EVERYONE = ir.Constant(I32, -1)


class Shuffles(Loops):
    """Shuffles of values of any dtype, in words of 32 bits. All threads of the warp must come here."""

    def from_distance(self, value: Value, distance: int) -> Register:
        """What the thread has whose number differs in the bit `distance`."""
        return self._from_lane("bfly", value, ir.Constant(I32, distance))

    def from_lane(self, value: Value, lane: Any) -> Register:
        """What the thread with the number `lane` of the warp has, an i32."""
        return self._from_lane("idx", value, lane)

    def _from_lane(self, kind: str, value: Value, number: Any) -> Register:
        register = self.vector(value)
        type_, builder = llvm_type(register.dtype), self.builder
        bits = register.dtype.itemsize * 8 if register.dtype.kind != "b" else 1
        whole = builder.bitcast(register.llvm, ir.IntType(bits)) if register.dtype.kind == "f" else register.llvm
        if bits == 64:
            low = builder.trunc(whole, I32)
            high = builder.trunc(builder.lshr(whole, ir.Constant(I64, 32)), I32)
            low, high = (builder.zext(self._shuffle(kind, word, number), I64) for word in (low, high))
            whole = builder.or_(low, builder.shl(high, ir.Constant(I64, 32)))
        elif bits == 32:
            whole = self._shuffle(kind, whole, number)
        else:
            whole = builder.trunc(self._shuffle(kind, builder.zext(whole, I32), number), ir.IntType(bits))
        result = builder.bitcast(whole, type_) if register.dtype.kind == "f" else whole
        return Register(result, register.dtype, 1, self.scope.depth)

    def _shuffle(self, kind: str, word: Any, number: Any) -> Any:
        function = self.declare(f"llvm.nvvm.shfl.sync.{kind}.i32", I32, [I32] * 4)
        return self.builder.call(function, [_EVERYONE, word, number, ir.Constant(I32, WARP - 1)])
