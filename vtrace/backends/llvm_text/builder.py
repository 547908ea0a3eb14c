"""Adds instructions to blocks, as text at once. Operands are values; a result is a register with a type."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from vtrace.backends.llvm_text.module import Block, Branch, Function, Phi, Slot
from vtrace.backends.llvm_text.types import FunctionType, IntType, PointerType, Type, VectorType, VoidType
from vtrace.backends.llvm_text.values import Constant, Value

_SIGNED = {"<": "slt", "<=": "sle", ">": "sgt", ">=": "sge", "==": "eq", "!=": "ne"}
_UNSIGNED = {"<": "ult", "<=": "ule", ">": "ugt", ">=": "uge", "==": "eq", "!=": "ne"}
_ORDERED = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq", "!=": "one"}
_UNORDERED = {"<": "ult", "<=": "ule", ">": "ugt", ">=": "uge", "==": "ueq", "!=": "une"}
_BIT, _POINTER, _VOID = IntType(1), PointerType(), VoidType()


def _binary(name: str) -> Callable[..., Value]:
    def emit(self: "IRBuilder", x: Value, y: Value, flags: Sequence[str] = ()) -> Value:
        opcode = f"{name} {' '.join(flags)}" if flags else name
        return self._result(x.type, f"{opcode} {x.type.text} {x.ref}, {y.ref}")

    return emit


def _cast(name: str) -> Callable[["IRBuilder", Value, Type], Value]:
    def emit(self: "IRBuilder", x: Value, type_: Type) -> Value:
        return self._result(type_, f"{name} {x.type.text} {x.ref} to {type_.text}")

    return emit


def _comparison(name: str, conditions: dict[str, str]) -> Callable[["IRBuilder", str, Value, Value], Value]:
    def emit(self: "IRBuilder", condition: str, x: Value, y: Value) -> Value:
        return self._result(_bits(x.type), f"{name} {conditions[condition]} {x.type.text} {x.ref}, {y.ref}")

    return emit


def _bits(type_: Type) -> Type:
    """The type of comparing two of these."""
    return VectorType(_BIT, type_.count) if isinstance(type_, VectorType) else _BIT


class IRBuilder:
    """IRBuilder(block): instructions go to the end of `block`, until another one is chosen."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.function: Function = block.function

    def position_at_end(self, block: Block) -> None:
        """Go on in `block`."""
        self.block, self.function = block, block.function

    @contextmanager
    def goto_entry_block(self) -> Iterator[None]:
        """Within, instructions go to the function's first block."""
        here = self.block
        self.block = self.function.blocks[0]
        yield
        self.block = here

    def _name(self) -> str:
        function = self.function
        function.taken += 1
        return f"%v{function.taken}"

    def _result(self, type_: Type, text: str) -> Value:
        function = self.function
        function.taken += 1
        ref = f"%v{function.taken}"
        self.block.lines.append(f"  {ref} = {text}")
        return Value(type_, ref)

    # -- arithmetic ---------------------------------------------------------------------------------------------

    add, sub, mul = _binary("add"), _binary("sub"), _binary("mul")
    sdiv, udiv, srem, urem = _binary("sdiv"), _binary("udiv"), _binary("srem"), _binary("urem")
    and_, or_, xor = _binary("and"), _binary("or"), _binary("xor")
    shl, lshr, ashr = _binary("shl"), _binary("lshr"), _binary("ashr")
    fadd, fsub, fmul, fdiv, frem = (_binary(n) for n in ("fadd", "fsub", "fmul", "fdiv", "frem"))

    trunc, zext, sext, bitcast = _cast("trunc"), _cast("zext"), _cast("sext"), _cast("bitcast")
    fptrunc, fpext, fptosi, fptoui = _cast("fptrunc"), _cast("fpext"), _cast("fptosi"), _cast("fptoui")
    sitofp, uitofp = _cast("sitofp"), _cast("uitofp")
    ptrtoint, inttoptr = _cast("ptrtoint"), _cast("inttoptr")

    icmp_signed, icmp_unsigned = _comparison("icmp", _SIGNED), _comparison("icmp", _UNSIGNED)
    fcmp_ordered, fcmp_unordered = _comparison("fcmp", _ORDERED), _comparison("fcmp", _UNORDERED)

    def neg(self, x: Value) -> Value:
        return self.sub(Constant(x.type, None), x)

    def not_(self, x: Value) -> Value:
        ones = Constant(x.type, [-1] * x.type.count if isinstance(x.type, VectorType) else -1)
        return self.xor(x, ones)

    def fneg(self, x: Value) -> Value:
        return self._result(x.type, f"fneg {x.type.text} {x.ref}")

    def select(self, condition: Value, x: Value, y: Value) -> Value:
        return self._result(
            x.type, f"select {condition.type.text} {condition.ref}, {x.type.text} {x.ref}, {y.type.text} {y.ref}"
        )

    # -- lanes --------------------------------------------------------------------------------------------------

    def extract_element(self, x: Value, lane: Value) -> Value:
        assert isinstance(x.type, VectorType), x.type
        return self._result(x.type.element, f"extractelement {x.type.text} {x.ref}, {lane.type.text} {lane.ref}")

    def insert_element(self, x: Value, element: Value, lane: Value) -> Value:
        return self._result(
            x.type,
            f"insertelement {x.type.text} {x.ref}, {element.type.text} {element.ref}, {lane.type.text} {lane.ref}",
        )

    def shuffle_vector(self, x: Value, y: Value, picks: Value) -> Value:
        assert isinstance(x.type, VectorType), x.type
        assert isinstance(picks.type, VectorType), picks.type
        return self._result(
            VectorType(x.type.element, picks.type.count),
            f"shufflevector {x.type.text} {x.ref}, {y.type.text} {y.ref}, {picks.type.text} {picks.ref}",
        )

    # -- memory -------------------------------------------------------------------------------------------------

    def alloca(self, type_: Type, count: int = 1) -> Slot:
        """Room for `count` of a type."""
        slot = Slot(self._name(), type_.text if count == 1 else f"{type_.text}, i64 {count}")
        self.block.lines.append(slot)
        return slot

    def gep(self, pointer: Value, indices: Sequence[Value], source_etype: Type) -> Value:
        """The address so many elements of a type on; a vector of addresses for a vector of indices."""
        (index,) = indices
        if index.ref == "0":
            return pointer
        type_ = VectorType(_POINTER, index.type.count) if isinstance(index.type, VectorType) else _POINTER
        return self._result(
            type_, f"getelementptr {source_etype.text}, ptr {pointer.ref}, {index.type.text} {index.ref}"
        )

    def load(self, pointer: Value, typ: Type, align: int | None = None) -> Value:
        ending = f", align {align}" if align else ""
        return self._result(typ, f"load {typ.text}, ptr {pointer.ref}{ending}")

    def store(self, value: Value, pointer: Value, align: int | None = None) -> None:
        ending = f", align {align}" if align else ""
        self.block.lines.append(f"  store {value.type.text} {value.ref}, ptr {pointer.ref}{ending}")

    def atomic_rmw(self, operation: str, pointer: Value, value: Value, ordering: str) -> Value:
        return self._result(
            value.type, f"atomicrmw {operation} ptr {pointer.ref}, {value.type.text} {value.ref} {ordering}"
        )

    # -- control ------------------------------------------------------------------------------------------------

    def call(self, callee: Value, args: Sequence[Value], signature: FunctionType | None = None) -> Value:
        """A call of a function; `signature` is that of a callee which is an address."""
        if signature is None:
            assert isinstance(callee, Function), callee
            signature = callee.function_type
        given = ", ".join([f"{a.type.text} {a.ref}" for a in args])
        result = signature.result
        if result is _VOID:
            self.block.lines.append(f"  call void {callee.ref}({given})")
            return Value(result, "")
        return self._result(result, f"call {result.text} {callee.ref}({given})")

    def assume_aligned(self, pointer: Value, align: int, assume: Value) -> None:
        """LLVM may take an address to be a multiple of `align`; `assume` is the intrinsic."""
        bundle = f'["align"({pointer.type.text} {pointer.ref}, i64 {align})]'
        self.block.lines.append(f"  call void {assume.ref}(i1 true) {bundle}")

    def phi(self, type_: Type) -> Phi:
        phi = Phi(type_, self._name())
        self.block.lines.append(phi)
        return phi

    def _end(self, terminator: Any) -> None:
        assert self.block.terminator is None, f"{self.block.name} has its end already"
        self.block.terminator = terminator

    def branch(self, target: Block) -> None:
        self._end(f"  br label {target.ref}")

    def cbranch(self, condition: Value, then: Block, otherwise: Block) -> Branch:
        branch = Branch(f"  br i1 {condition.ref}, label {then.ref}, label {otherwise.ref}")
        self._end(branch)
        return branch

    def ret(self, value: Value) -> None:
        self._end(f"  ret {value.type.text} {value.ref}")

    def ret_void(self) -> None:
        self._end("  ret void")
