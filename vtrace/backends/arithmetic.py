"""Arithmetic over values: each operation for scalars and lanes alike, integers wrapping, nothing ever trapping."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np

from vtrace.backends import llvm_text as ir
from vtrace.backends.patterns import combined, normal
from vtrace.backends.placement import Placement
from vtrace.backends.values import (
    I32,
    I64,
    Affine,
    AnyValue,
    Pattern,
    Register,
    identity,
    int_constant,
    llvm_type,
)
from vtrace.ir.emitter import Value
from vtrace.ir.types import BOOL, DTYPES, INT64, DType

COMPARISONS: dict[str, str] = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
FOLDABLE: dict[str, Callable[[int, int], int | bool]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "div": lambda x, y: int(x / y) if abs(x) < 2**52 else abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1),
    "rem": lambda x, y: abs(x) % abs(y) * (-1 if x < 0 else 1),
}
"""Integer operations whose result is known when both operands are: index arithmetic mostly disappears this way."""


I32_TYPE = DTYPES["i32"]


def _below(value: Value) -> int | None:
    """What an index is known to be less than, if it is known not to be negative."""
    if not isinstance(value, Register):
        return None
    if value.constant is not None:
        return int(value.constant) + 1 if value.constant >= 0 else None
    return value.below


class Arithmetic(Placement):
    """The part of the emitter that needs no loops and no memory."""

    # -- plumbing -----------------------------------------------------------------------------------------------

    def constant(self, value: Any, dtype: DType) -> Register:
        scalar = np.array(value).astype(dtype)[()]
        if dtype.kind == "f":
            return Register(ir.Constant(llvm_type(dtype), float(scalar)), dtype)
        known = bool(scalar) if dtype == BOOL else int(scalar)
        return Register(ir.Constant(llvm_type(dtype), int(known)), dtype, 1, 0, known)

    def index(self, value: int) -> Register:
        return int_constant(value)

    def vector(self, value: Value, lanes: int = 1) -> Register:
        """`value` in a register with at least `lanes` lanes: affine indices are spread out, uniform values repeated."""
        value = cast("AnyValue", value)
        if isinstance(value, Affine):
            key = ("vector", identity(value))
            if (known := self.remembered(key)) is not None:
                return cast("Register", known)
            steps = ir.Constant(ir.VectorType(I64, value.lanes), [value.step * k for k in range(value.lanes)])
            with self.at(value.level):
                sum_ = self.builder.add(self._splat(value.base, value.lanes), steps)
                spread = Register(sum_, INT64, value.lanes, value.level)
                self.remember(key, spread, value)
            return spread
        if isinstance(value, Pattern):
            known = Register(ir.Constant(ir.VectorType(I64, value.lanes), list(value.offsets)), INT64, value.lanes)
            return known if value.base.constant == 0 else self._apply(self.builder.add, value.base, known)
        if value.lanes == lanes or lanes == 1:
            return value
        with self.at(value.level):
            return Register(self._splat(value, lanes), value.dtype, lanes, value.level)

    def _splat(self, value: Register, lanes: int) -> Any:
        vector = ir.VectorType(value.llvm.type, lanes)
        if isinstance(value.llvm, ir.Constant):
            return ir.Constant.splat(vector, value.llvm)
        one = self.builder.insert_element(ir.Constant(vector, ir.Undefined), value.llvm, ir.Constant(I32, 0))
        zeros = ir.Constant(ir.VectorType(I32, lanes), [0] * lanes)
        return self.builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), zeros)

    def _aligned(self, *values: Value) -> list[Register]:
        """The operands with one number of lanes."""
        registers = [v if type(v) is Register else self.vector(v) for v in values]
        lanes = max([r.lanes for r in registers])
        return [r if r.lanes == lanes else self.vector(r, lanes) for r in registers]

    def _apply(self, emit: Callable[..., Any], *values: Value, dtype: DType | None = None) -> Register:
        """One instruction, placed in the outermost scope in which its operands exist."""
        registers = self._aligned(*values)
        level, operands = max([r.level for r in registers]), [r.llvm for r in registers]
        if level >= self.scopes[-1].depth:
            llvm = emit(*operands)
        else:
            with self.at(level):
                llvm = emit(*operands)
        return Register(llvm, dtype or registers[0].dtype, registers[0].lanes, level)

    def _index_op(self, op: str, emit: Callable[..., Any], x: Value, y: Value) -> AnyValue:
        """An int64 operation, done once for the same operands: indices must be recognised when they recur."""
        key = (op, identity(x), identity(y))
        if (known := self.remembered(key)) is not None:
            return cast("AnyValue", known)
        result = self._small_index(op, emit, x, y) or self._apply(emit, x, y)
        with self.at(result.level):
            self.remember(key, result, (x, y))
        return result

    def _small_index(self, op: str, emit: Callable[..., Any], x: Value, y: Value) -> Register | None:
        """The sum or product of indices within known bounds: in 32 bits, of which a vector holds twice as many."""
        bounds = _below(x), _below(y)
        if None in bounds or op not in ("add", "mul"):
            return None
        below = int(FOLDABLE[op](*(b - 1 for b in cast("list[int]", bounds)))) + 1
        if below >= 1 << 31:
            return None
        if cast("AnyValue", x).lanes == cast("AnyValue", y).lanes == 1:
            return replace(self._apply(emit, x, y), below=below)
        narrow = self._apply(emit, self._narrow(cast("Register", x)), self._narrow(cast("Register", y)))
        wide = self._apply(lambda v: self.builder.sext(v, llvm_type(INT64, narrow.lanes)), narrow, dtype=INT64)
        return replace(wide, narrow=narrow, below=below)

    def _narrow(self, index: Register) -> Register:
        """A small index in 32 bits."""
        if index.constant is not None:
            return self.constant(index.constant, I32_TYPE)
        if index.narrow is not None and index.narrow.dtype == I32_TYPE:
            return index.narrow
        return self._apply(lambda v: self.builder.trunc(v, llvm_type(I32_TYPE, index.lanes)), index, dtype=I32_TYPE)

    def _known(self, op: str, x: Value, y: Value) -> Register | None:
        a, b = getattr(x, "constant", None), getattr(y, "constant", None)
        if a is None or b is None or x.dtype != INT64 or (op in ("div", "rem") and b == 0):
            return None
        result = FOLDABLE[op](a, b)
        return self.constant(result, BOOL if op in COMPARISONS else INT64) if abs(result) < 2**63 else None

    def intrinsic(self, name: str, *values: Value) -> Register:
        """An overloaded LLVM intrinsic of one type, for example `llvm.sqrt`."""
        registers = self._aligned(*values)
        kind, lanes = registers[0].dtype, registers[0].lanes
        suffix = (f"v{lanes}" if lanes > 1 else "") + ("f" if kind.kind == "f" else "i") + str(8 * kind.itemsize)
        type_ = llvm_type(kind, lanes)
        function = self.declare(f"{name}.{suffix}", type_, [type_] * len(registers))
        return self._apply(lambda *args: self.builder.call(function, args), *registers)

    def declare(self, name: str, result: Any, arguments: list[Any]) -> Any:
        """The module's declaration of an external function or intrinsic."""
        known = self.module.globals.get(name)
        return known if known is not None else ir.Function(self.module, ir.FunctionType(result, arguments), name)

    # -- arithmetic ---------------------------------------------------------------------------------------------

    def add(self, x: Value, y: Value) -> AnyValue:
        if (known := self._known("add", x, y)) is not None:
            return known
        if (affine := self._affine_sum(x, y, self.add)) is not None:
            return affine
        if (pattern := self._pattern("add", x, y, self.add)) is not None:
            return pattern
        if x.dtype == INT64 and 0 in (getattr(x, "constant", None), getattr(y, "constant", None)):
            return cast("AnyValue", y if getattr(x, "constant", None) == 0 else x)
        if x.dtype == INT64:
            return self._index_op("add", self.builder.add, x, y)
        return self._apply(self.builder.fadd if x.dtype.kind == "f" else self.builder.add, x, y)

    def sub(self, x: Value, y: Value) -> AnyValue:
        if (known := self._known("sub", x, y)) is not None:
            return known
        if isinstance(x, Affine) and (affine := self._affine_sum(x, y, self.sub)) is not None:
            return affine
        if (pattern := self._pattern("sub", x, y, self.sub)) is not None:
            return pattern
        if x.dtype == INT64:
            return self._index_op("sub", self.builder.sub, x, y)
        return self._apply(self.builder.fsub if x.dtype.kind == "f" else self.builder.sub, x, y)

    def _affine_sum(self, x: Value, y: Value, op: Callable[[Value, Value], AnyValue]) -> Affine | None:
        """An affine index moved by a uniform one is affine."""
        if isinstance(y, Affine) and op == self.add:
            x, y = y, x
        if not isinstance(x, Affine) or isinstance(y, Affine) or cast("AnyValue", y).lanes > 1:
            return None
        base = cast("Register", op(x.base, y))
        return Affine(base, x.step, x.lanes, max(x.level, base.level))

    def _pattern(self, op: str, x: Value, y: Value, uniform: Callable[[Value, Value], AnyValue]) -> AnyValue | None:
        """The result for indices of which at least one goes through a known pattern, if its lanes are known too."""
        x, y = cast("AnyValue", x), cast("AnyValue", y)
        spelled = combined(op, x, y, uniform, FOLDABLE[op])
        if spelled is None:
            return None
        more, index = normal(*spelled, max(x.level, y.level))
        return self.add(index, int_constant(more)) if more else index

    def mul(self, x: Value, y: Value) -> AnyValue:
        if (known := self._known("mul", x, y)) is not None:
            return known
        if isinstance(y, Affine):
            x, y = y, x
        factor = getattr(y, "constant", None)
        if isinstance(x, Affine) and factor is not None:
            return Affine(cast("Register", self.mul(x.base, y)), x.step * factor, x.lanes, x.level)
        if (pattern := self._pattern("mul", *((y, x) if isinstance(y, Pattern) else (x, y)), self.mul)) is not None:
            return pattern
        if x.dtype == INT64 and (factor == 1 or getattr(x, "constant", None) == 1):
            return cast("AnyValue", x if factor == 1 else y)
        if x.dtype == INT64:
            return self._index_op("mul", self.builder.mul, x, y)
        return self._apply(self.builder.fmul if x.dtype.kind == "f" else self.builder.mul, x, y)

    def div(self, x: Value, y: Value) -> Register:
        return self._apply(self.builder.fdiv, x, y)

    def int_div(self, x: Value, y: Value) -> AnyValue:
        if (known := self._known("div", x, y) or self._pattern("div", x, y, self.int_div)) is not None:
            return known
        if getattr(y, "constant", None) == 1:
            return cast("AnyValue", x)
        if x.dtype.kind == "u":
            return self._apply(self.builder.udiv, x, self._nonzero(y))
        if self._safe_divisor(y):
            return self._apply(self.builder.sdiv, x, y)
        quotient = self._apply(self.builder.sdiv, x, self._nonzero(y, minus_one=True))
        return self.select(self.compare("eq", y, self.constant(-1, y.dtype)), self.neg(x), quotient)

    def int_rem(self, x: Value, y: Value) -> AnyValue:
        if (known := self._known("rem", x, y) or self._pattern("rem", x, y, self.int_rem)) is not None:
            return known
        if x.dtype.kind == "u":
            return self._apply(self.builder.urem, x, self._nonzero(y))
        if self._safe_divisor(y):
            return self._apply(self.builder.srem, x, y)
        return self._apply(self.builder.srem, x, self._nonzero(y, minus_one=True))  # the remainder by 1 and by -1 is 0

    @staticmethod
    def _safe_divisor(y: Value) -> bool:
        return getattr(y, "constant", None) not in (None, 0, -1)

    def _nonzero(self, y: Value, minus_one: bool = False) -> Value:
        """y with the divisors that would trap replaced by 1."""
        bad = self.compare("eq", y, self.constant(0, y.dtype))
        if minus_one:
            bad = self.or_(bad, self.compare("eq", y, self.constant(-1, y.dtype)))
        return self.select(bad, self.constant(1, y.dtype), y)

    def neg(self, x: Value) -> Register:
        return self._apply(self.builder.fneg if x.dtype.kind == "f" else self.builder.neg, x)

    def fma(self, x: Value, y: Value, z: Value) -> Register:
        return self.intrinsic("llvm.fma", x, y, z)

    def abs(self, x: Value) -> Value:
        if x.dtype.kind == "f":
            return self.intrinsic("llvm.fabs", x)
        if x.dtype.kind == "u":
            return x
        return self.select(self.compare("lt", x, self.constant(0, x.dtype)), self.neg(x), x)

    def sqrt(self, x: Value) -> Register:
        return self.intrinsic("llvm.sqrt", x)

    def floor(self, x: Value) -> Register:
        return self.intrinsic("llvm.floor", x)

    def ceil(self, x: Value) -> Register:
        return self.intrinsic("llvm.ceil", x)

    def trunc(self, x: Value) -> Register:
        return self.intrinsic("llvm.trunc", x)

    def round(self, x: Value) -> Register:
        return self.intrinsic("llvm.roundeven", x)

    def copysign(self, x: Value, y: Value) -> Register:
        return self.intrinsic("llvm.copysign", x, y)

    # -- bits and choices ---------------------------------------------------------------------------------------

    def compare(self, op: str, x: Value, y: Value) -> Register:
        if (known := self._known(op, x, y)) is not None:
            return known
        symbol = COMPARISONS[op]
        if x.dtype.kind == "f":
            emit = self.builder.fcmp_unordered if op == "ne" else self.builder.fcmp_ordered
        else:
            emit = self.builder.icmp_signed if x.dtype.kind == "i" else self.builder.icmp_unsigned
        return self._apply(lambda a, b: emit(symbol, a, b), x, y, dtype=BOOL)

    def select(self, condition: Value, x: Value, y: Value) -> AnyValue:
        known = getattr(condition, "constant", None)
        if known is not None:
            return cast("AnyValue", x if known else y)
        return self._apply(self.builder.select, condition, x, y, dtype=x.dtype)

    def and_(self, x: Value, y: Value) -> Register:
        return self._apply(self.builder.and_, x, y)

    def or_(self, x: Value, y: Value) -> Register:
        return self._apply(self.builder.or_, x, y)

    def xor(self, x: Value, y: Value) -> Register:
        return self._apply(self.builder.xor, x, y)

    def invert(self, x: Value) -> Register:
        return self._apply(self.builder.not_, x)

    def shift_left(self, x: Value, y: Value) -> Register:
        return self._apply(self.builder.shl, x, y)

    def shift_right(self, x: Value, y: Value) -> Register:
        return self._apply(self.builder.ashr if x.dtype.kind == "i" else self.builder.lshr, x, y)
