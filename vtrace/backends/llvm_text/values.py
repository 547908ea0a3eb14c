"""What instructions work on: registers and constants."""

import struct
from collections.abc import Sequence
from typing import Any, ClassVar

from vtrace.backends.llvm_text.types import ArrayType, DoubleType, FloatType, IntType, PointerType, Type, VectorType


class Value:
    """Anything that can be an operand: its type, and how it is referred to."""

    __slots__ = ("ref", "type")

    def __init__(self, type_: Type, ref: str) -> None:
        self.type, self.ref = type_, ref

    @property
    def name(self) -> str:
        """The name alone, which is unique within its function."""
        return self.ref[1:]

    @property
    def operand(self) -> str:
        """How it is written as an operand whose type is not known otherwise."""
        return f"{self.type.text} {self.ref}"


Undefined = object()
"""The value of a constant that may be anything."""


class Constant(Value):
    """Constant(type, value). `value` is a number, a sequence of numbers, `Undefined`, or None for all bits zero."""

    __slots__ = ()
    _known: ClassVar[dict[Any, str]] = {}
    """The text of vectors and tables: the same masks and picks come again and again."""

    def __init__(self, type_: Type, value: Any) -> None:
        super().__init__(type_, str(value) if type(value) is int else _written(type_, value))

    @staticmethod
    def splat(type_: VectorType, scalar: "Constant") -> "Constant":
        """A vector of one value, which is written once."""
        constant = Constant(type_, None)
        constant.ref = f"splat ({scalar.operand})"
        return constant


def _written(type_: Type, value: Any) -> str:
    if value is None:
        return _zero(type_)
    if value is Undefined:
        return "undef"
    if isinstance(type_, FloatType | DoubleType):
        return _float(type_, value)
    if isinstance(type_, VectorType | ArrayType):
        key = (type_, *value)
        if (known := Constant._known.get(key)) is None:
            known = Constant._known[key] = _sequence(type_, value)
        return known
    return str(int(value))


def _zero(type_: Type) -> str:
    if isinstance(type_, IntType):
        return "0"
    if isinstance(type_, FloatType | DoubleType):
        return "0.0"
    return "null" if isinstance(type_, PointerType) else "zeroinitializer"


def _float(type_: Type, value: float) -> str:
    """The bits of a double, also for a float: decimals would have to be exact."""
    if isinstance(type_, FloatType):
        (value,) = struct.unpack("f", struct.pack("f", value))
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return f"0x{bits:016x}"


def _sequence(type_: VectorType | ArrayType, values: Sequence[Any]) -> str:
    element = type_.element.text
    written = [f"{element} {_written(type_.element, v)}" for v in values]
    if isinstance(type_, ArrayType):
        return f"[{', '.join(written)}]"
    return f"splat ({written[0]})" if len(set(written)) == 1 else f"<{', '.join(written)}>"
