"""Simplification rules about the values of elements: neutral operands, conversions, powers, selections, reductions."""

import numpy as np

from vtrace.ir.graph import Atom, Equation, Literal
from vtrace.ir.types import DType
from vtrace.ops.arithmetic import Abs, Add, Div, Maximum, Minimum, Mul, Neg, Sub
from vtrace.ops.division import FloorDiv
from vtrace.ops.half_power import HalfPow
from vtrace.ops.logic import And, Not, Or, ShiftLeft, ShiftRight
from vtrace.ops.movement import Reshape
from vtrace.ops.power import IntegerPow, Pow
from vtrace.ops.reduction import ReduceAnd, ReduceMax, ReduceMin, ReduceOr, ReduceProd, ReduceSum
from vtrace.ops.selection import Convert, Select
from vtrace.passes.rewrite import Rewriter
from vtrace.passes.rules import constant, full, made_by, rule


def _is(literal: Literal | None, value: float) -> bool:
    """Whether the constant equals `value`, in the sign of a zero too."""
    if literal is None or literal.data is None:
        return False
    found = literal.data
    same_sign = found.dtype.kind != "f" or bool(np.signbit(found)) == bool(np.signbit(value))
    return bool(found == value) and same_sign


@rule(Add)
def add_neutral(r: Rewriter, equation: Equation, op: Add) -> Atom | None:
    """add x 0  =>  x, for integers;  add x -0.0  =>  x, for floats; on either side"""
    x, y = equation.inputs
    neutral = -0.0 if x.type.dtype.kind == "f" else 0
    if _is(constant(r, y), neutral):
        return x
    return y if _is(constant(r, x), neutral) else None


@rule(Sub)
def sub_neutral(r: Rewriter, equation: Equation, op: Sub) -> Atom | None:
    """sub x 0  =>  x;  sub x 0.0  =>  x"""
    x, y = equation.inputs
    return x if _is(constant(r, y), 0) else None


@rule(Mul)
def mul_neutral(r: Rewriter, equation: Equation, op: Mul) -> Atom | None:
    """mul x 1  =>  x, on either side"""
    x, y = equation.inputs
    if _is(constant(r, y), 1):
        return x
    return y if _is(constant(r, x), 1) else None


@rule(Div)
def div_neutral(r: Rewriter, equation: Equation, op: Div) -> Atom | None:
    """div x 1.0  =>  x"""
    x, y = equation.inputs
    return x if _is(constant(r, y), 1) else None


@rule(FloorDiv)
def floor_div_neutral(r: Rewriter, equation: Equation, op: FloorDiv) -> Atom | None:
    """floor_div x 1  =>  x, for integers"""
    x, y = equation.inputs
    return x if x.type.dtype.kind != "f" and _is(constant(r, y), 1) else None


@rule(ShiftLeft, ShiftRight)
def shift_neutral(r: Rewriter, equation: Equation, op: ShiftLeft | ShiftRight) -> Atom | None:
    """shift_left x 0  =>  x"""
    x, y = equation.inputs
    return x if _is(constant(r, y), 0) else None


@rule(Neg, Not)
def involution(r: Rewriter, equation: Equation, op: Neg | Not) -> Atom | None:
    """neg (neg x)  =>  x;  not (not x)  =>  x"""
    inner = made_by(r, equation.inputs[0], type(op))
    return inner[1][0] if inner else None


@rule(Abs)
def abs_of_abs(r: Rewriter, equation: Equation, op: Abs) -> Atom | None:
    """abs (abs x)  =>  abs x;  abs (neg x)  =>  abs x"""
    (x,) = equation.inputs
    if made_by(r, x, Abs):
        return x
    negated = made_by(r, x, Neg)
    return r.emit(op, negated[1][0]) if negated else None


@rule(Maximum, Minimum, And, Or)
def idempotent(r: Rewriter, equation: Equation, op: Maximum | Minimum | And | Or) -> Atom | None:
    """maximum x x  =>  x"""
    x, y = equation.inputs
    return x if x == y else None


@rule(IntegerPow)
def integer_pow_small(r: Rewriter, equation: Equation, op: IntegerPow) -> Atom | None:
    """integer_pow[exponent=1] x  =>  x;  [exponent=2]  =>  mul x x;  [exponent=0]  =>  1"""
    (x,) = equation.inputs
    match op.exponent:
        case 0:
            return full(r, 1, x.type)
        case 1:
            return x
        case 2:
            return r.emit(Mul(), x, x)
    return None


@rule(Pow)
def pow_constant(r: Rewriter, equation: Equation, op: Pow) -> Atom | None:
    """pow x 2  =>  mul x x;  pow x 1  =>  x;  pow x 0  =>  1;  pow x -1.0  =>  div 1.0 x;  pow x 1.5  =>  half_pow x

    pow x -2.0  =>  integer_pow[exponent=-2] x, and so for -3.0
    """
    x, y = equation.inputs
    exponent = constant(r, y)
    if _is(exponent, 0) or _is(exponent, -0.0):
        return full(r, 1, x.type)
    if _is(exponent, 1):
        return x
    if _is(exponent, 2):
        return r.emit(Mul(), x, x)
    if x.type.dtype.kind != "f" or exponent is None or exponent.data is None:
        return None
    if _is(exponent, -1):
        return r.emit(Div(), full(r, 1, x.type), x)
    if _is(exponent, -2) or _is(exponent, -3):
        return r.emit(IntegerPow(int(exponent.data)), x)
    twice = 2 * float(exponent.data)
    return r.emit(HalfPow(int(twice)), x) if twice in HalfPow.numerators else None


@rule(Select)
def select_known(r: Rewriter, equation: Equation, op: Select) -> Atom | None:
    """select True x y  =>  x;  select False x y  =>  y;  select c x x  =>  x"""
    condition, x, y = equation.inputs
    if x == y:
        return x
    known = constant(r, condition)
    if known is None or known.data is None:
        return None
    return x if known.data else y


@rule(Convert)
def convert_same(r: Rewriter, equation: Equation, op: Convert) -> Atom | None:
    """convert[dtype=f64] x:f64  =>  x"""
    (x,) = equation.inputs
    return x if x.type.dtype == op.dtype else None


@rule(Convert)
def convert_of_convert(r: Rewriter, equation: Equation, op: Convert) -> Atom | None:
    """convert[dtype=c] (convert[dtype=b] x)  =>  convert[dtype=c] x, where b holds every value of x exactly"""
    inner = made_by(r, equation.inputs[0], Convert)
    if inner is None:
        return None
    (x,) = inner[1]
    between = inner[0].dtype
    # a float out of an integer's range converts as its own width does, so that case keeps both steps
    lossy_end = between.kind == "f" and op.dtype.kind in "iu" and not _holds(op.dtype, x.type.dtype)
    if not _holds(between, x.type.dtype) or lossy_end:
        return None
    return r.emit(op, x)


def _holds(wide: DType, narrow: DType) -> bool:
    """Whether every value of `narrow` is one of `wide`. (NumPy calls i64 to f64 safe, which loses low bits.)"""
    if narrow.kind in "iu" and wide.kind == "f":
        digits = narrow.itemsize * 8 - (narrow.kind == "i")
        return digits <= np.finfo(wide).nmant + 1
    return bool(np.can_cast(narrow, wide, "safe"))


@rule(ReduceSum, ReduceProd, ReduceMax, ReduceMin, ReduceAnd, ReduceOr)
def reduce_of_one(
    r: Rewriter, equation: Equation, op: ReduceSum | ReduceProd | ReduceMax | ReduceMin | ReduceAnd | ReduceOr
) -> Atom | None:
    """reduce_max[axes=(1,)] x:f64[3,1]  =>  reshape[shape=(3,)] x;  reduce_max[axes=()] x  =>  x"""
    (x,) = equation.inputs
    if any(x.type.shape[a] != 1 for a in op.axes):
        return None
    if isinstance(op, ReduceSum) and x.type.dtype.kind == "f":
        return None  # a sum starts at 0.0, and 0.0 + -0.0 is 0.0
    (result,) = equation.outputs
    return r.emit(Reshape(result.type.shape), x) if op.axes else x
