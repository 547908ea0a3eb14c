"""What fusion has to know about primitives: which are free to repeat, which are costly, which read an operand often."""

from dataclasses import dataclass
from typing import TypeAlias

from vtrace.ir.graph import Equation, Literal
from vtrace.ir.primitive import ElementPrimitive
from vtrace.ir.types import ArrayType, Shape, Symbol, count, symbols_of
from vtrace.ops.argreduce import ArgReduction
from vtrace.ops.arithmetic import Abs, Add, Maximum, Minimum, Mul, Neg, Sign, Sub
from vtrace.ops.bitcast import Bitcast
from vtrace.ops.comparison import Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual
from vtrace.ops.contraction import Dot
from vtrace.ops.control import is_control
from vtrace.ops.indexing import Gather, TakeAlong
from vtrace.ops.kinds import Elementwise, Reduction
from vtrace.ops.logic import And, Not, Or, ShiftLeft, ShiftRight, Xor
from vtrace.ops.movement import Broadcast, Concatenate, Iota, Pad, Reshape, Reverse, Slice, Transpose
from vtrace.ops.selection import Convert, IsFinite, IsInf, IsNan, Select
from vtrace.ops.windows import Windows

MOVEMENT = (Broadcast, Iota, Reshape, Reverse, Slice, Transpose, Windows)
"""Nothing but index arithmetic: repeated in every kernel that reads the result, never stored for its own sake."""

CHEAP = (
    *(Abs, Add, Maximum, Minimum, Mul, Neg, Sign, Sub),
    *(Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual),
    *(And, Not, Or, ShiftLeft, ShiftRight, Xor),
    *(Bitcast, Convert, IsFinite, IsInf, IsNan, Select),
    *(Concatenate, Pad),
)
"""A cycle or so an element: computing one again costs no more than loading it."""

END_KERNEL_AFTER = 4096
"""Elements of an example: a larger array that a branch or a loop makes ends its kernel where something reads it.

Scratch memory holds such arrays while the rest of the kernel runs, and it is small.
"""

LARGE_FOLD = 1 << 17
"""Elements that are folded: so many are worth a kernel of their own, whose rows threads share."""

READS_ONCE = (Elementwise, Reduction, ArgReduction, Reshape, Reverse, Slice, Transpose, Concatenate, Pad)
"""They read each element of an operand at most once. Anything else may read one many times."""


@dataclass(frozen=True)
class Alone:
    """The space of an equation that shares its kernel with no other: a branch or a loop that all examples share."""

    position: int


Space: TypeAlias = Symbol | Shape | Alone
"""What kernels that can share a loop have in common: the batch extent, or without one the shape of what they store."""


def space_of(type: ArrayType) -> Space:
    """The loop that computes a value of `type`."""
    symbols = symbols_of(type.shape)
    return symbols[0] if symbols else type.shape


def is_batched(equation: Equation) -> bool:
    """Whether the results differ from example to example."""
    return any(symbols_of(v.type.shape) for v in equation.outputs)


def is_library(equation: Equation) -> bool:
    """Whether the equation stays out of kernels: a call on whole arrays."""
    return not isinstance(equation.primitive, ElementPrimitive) and not is_control(equation.primitive)


def ends_kernel(equation: Equation) -> bool:
    """Whether a branch or a loop makes an array that is too large for scratch memory."""
    return is_control(equation.primitive) and any(count(v.type.shape)[0] > END_KERNEL_AFTER for v in equation.outputs)


def is_free(equation: Equation) -> bool:
    """Whether every kernel that reads the result makes its own: movement, and scalars made of scalars."""
    if isinstance(equation.primitive, MOVEMENT):
        return True
    scalar = all(a.type.rank == 0 for a in (*equation.inputs, *equation.outputs))
    return scalar and isinstance(equation.primitive, Elementwise)


def is_costly(equation: Equation) -> bool:
    """Whether an element is worth storing rather than computing again."""
    return not isinstance(equation.primitive, (*MOVEMENT, *CHEAP))


def is_large_fold(equation: Equation) -> bool:
    """Whether it folds so many elements, to more than one, that threads should share them."""
    folds = isinstance(equation.primitive, Reduction | Dot) and equation.outputs[0].type.rank > 0
    return folds and count(equation.inputs[0].type.shape)[0] >= LARGE_FOLD


def reads_often(equation: Equation, operand: int) -> bool:
    """Whether an element of this operand is read for several elements of the result."""
    found_by_it = isinstance(equation.primitive, Gather | TakeAlong) and operand == 1
    if isinstance(equation.primitive, Broadcast) or found_by_it:
        return count(equation.outputs[0].type.shape) != count(equation.inputs[operand].type.shape)
    return not isinstance(equation.primitive, READS_ONCE)


def bytes_per_example(type: ArrayType) -> int:
    """The size of one example of a value."""
    return count(type.shape)[0] * type.dtype.itemsize


def is_array_constant(atom: object) -> bool:
    """Whether `atom` is a constant that has to lie in memory."""
    return isinstance(atom, Literal) and not atom.is_scalar
