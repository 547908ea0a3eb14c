"""Values while code is generated: an LLVM value, its dtype, and what the loops around it need to know.

A `Value` is uniform (one scalar, the same for all lanes) or has one element per lane. `level` is the depth of the
innermost loop it depends on: code for it may be placed in any loop at least that deep. An int64 value that advances
by the same amount from lane to lane is an `Affine`, one that goes through a known pattern a `Pattern`; they become
vectors only where one is really needed, so loads can see that they are contiguous, or lie in one stretch.
"""

from dataclasses import dataclass, field
from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.ir.types import BOOL, INT64, DType

I1, I8, I32, I64 = ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)
POINTER = ir.PointerType()

_FLOATS = {4: ir.FloatType(), 8: ir.DoubleType()}


def llvm_type(dtype: DType, lanes: int = 1) -> Any:
    """The LLVM type of a value in a register; a bool is one bit there."""
    if dtype == BOOL:
        element: Any = I1
    elif dtype.kind == "f":
        element = _FLOATS[dtype.itemsize]
    else:
        element = ir.IntType(8 * dtype.itemsize)
    return element if lanes == 1 else ir.VectorType(element, lanes)


def memory_type(dtype: DType, lanes: int = 1) -> Any:
    """The LLVM type of a value in memory; a bool is one byte there."""
    if dtype == BOOL:
        return I8 if lanes == 1 else ir.VectorType(I8, lanes)
    return llvm_type(dtype, lanes)


@dataclass(frozen=True, eq=False)
class Register:
    """A value in a register. `constant` is its Python value where it is known now (uniform integers and bools only)."""

    llvm: Any
    dtype: DType
    lanes: int = 1
    level: int = 0
    constant: int | bool | None = None
    narrow: "Register | None" = None
    """The smaller integer that an int64 was made from."""
    compared: DType | None = None
    """Of a bool in lanes: the integers as wide as what was compared."""
    integers: "Register | None" = None
    """The integers, all bits set or none, that it was made from."""
    below: int | None = None
    """Of an index that has been checked, or made of such: it is at least 0 and less than this."""


@dataclass(frozen=True, eq=False)
class Affine:
    """The index `base + step * lane`, not yet in a vector register."""

    base: Register
    step: int
    lanes: int
    level: int
    dtype: DType = field(default=INT64, init=False)


@dataclass(frozen=True, eq=False)
class Pattern:
    """The index `base + offsets[lane]`, for offsets without a common step, not yet in a vector register."""

    base: Register
    offsets: tuple[int, ...]
    level: int
    dtype: DType = field(default=INT64, init=False)

    @property
    def lanes(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True, eq=False)
class Queued(Register):
    """Indices that follow one another from `first` on, but in the lanes that are `taken` only."""

    first: Register = field(kw_only=True)
    taken: Register = field(kw_only=True)


AnyValue = Register | Affine | Pattern


def int_constant(value: int) -> Register:
    """The uniform int64 constant `value`."""
    return Register(ir.Constant(I64, value), INT64, 1, 0, value)


def identity(value: Any) -> tuple[Any, ...]:
    """A key under which two values that are surely equal coincide: how results are remembered per index."""
    if isinstance(value, Affine):
        return ("affine", *identity(value.base), value.step, value.lanes)
    if isinstance(value, Pattern):
        return ("pattern", *identity(value.base), value.offsets)
    if value.constant is not None:
        return ("constant", value.constant)
    return ("register", id(value))
