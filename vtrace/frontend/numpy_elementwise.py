"""NumPy's ufuncs: promotion and broadcasting here, then one primitive, or a few.

A rule gets operands of one shape, each of the dtype NumPy's resolution asks for, and returns its result or results.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from vtrace.errors import UnsupportedError
from vtrace.frontend.complex_tracer import UFUNC_RULES, ComplexTracer
from vtrace.frontend.core import BOOL, UINT64, alias, broadcast_together, convert, full, strong
from vtrace.frontend.dispatch import UFUNC_HANDLERS, qualified_name
from vtrace.frontend.promotion import resolve
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, is_weak_scalar, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import DType
from vtrace.ops import arithmetic, comparison, division, logic, rounding, selection, transcendental

Rule: TypeAlias = Callable[..., Any]


def apply(ufunc: np.ufunc, rule: Rule, *operands: Any, dtype: DType | None = None) -> Any:
    """The result of a ufunc: operands promoted and broadcast, `rule` applied, results given NumPy's dtype."""
    tracers = tuple(map(lift, operands))
    dtypes = resolve(ufunc, tracers, dtype)
    converted = tuple(convert(t, d) for t, d in zip(tracers, dtypes[: ufunc.nin], strict=True))
    if any(isinstance(t, ComplexTracer) for t in converted):
        rule = _complex_rule(ufunc, tracers)
    fitted = broadcast_together(qualified_name(ufunc), *converted)
    results = rule(*fitted)
    if ufunc.nout == 1:
        fresh = alias(results) if any(results is x for x in fitted) else results  # an array of its own, to NumPy
        return convert(fresh, dtypes[-1])
    return tuple(convert(r, d) for r, d in zip(results, dtypes[ufunc.nin :], strict=True))


def _complex_rule(ufunc: np.ufunc, operands: Sequence[Tracer]) -> Rule:
    rule = UFUNC_RULES.get(ufunc)
    if rule is None:
        given = ", ".join(str(t.type) for t in operands)
        raise UnsupportedError(
            f"{at_user_line()}: {qualified_name(ufunc)} of {given} is not supported on complex numbers"
        )
    return rule


def operator(ufunc: np.ufunc, x: Any, y: Any) -> Any:
    """A Python operator: as the ufunc, but two Python numbers give a Python number."""
    if not (_is_operand(x) and _is_operand(y)):
        return NotImplemented
    result = _power_operator(x, y) if ufunc is np.power else UFUNC_HANDLERS[ufunc](x, y)
    if all(v.weak if isinstance(v, Tracer) else is_weak_scalar(v) for v in (x, y)) and result.dtype != BOOL:
        result.weak = True
    return result


def _is_operand(x: Any) -> bool:
    """Whether `x` is a number, an array or a list of them; another type may know what to do with a tracer."""
    return isinstance(x, Tracer | np.ndarray | np.generic | bool | int | float | complex | list | tuple)


def _power_operator(x: Any, y: Any) -> Any:
    """`x ** y`, for which NumPy has shorter ways where y is a Python number."""
    if isinstance(x, Tracer) and type(y) is int and y == 2:
        return UFUNC_HANDLERS[np.square](x)
    if isinstance(x, Tracer) and x.dtype.kind in "fc" and is_weak_scalar(y):
        if y == 0.5:
            return UFUNC_HANDLERS[np.sqrt](x)
        if y == -1:
            return UFUNC_HANDLERS[np.reciprocal](x)
    return UFUNC_HANDLERS[np.power](x, y)


def register(ufunc: np.ufunc, rule: Rule) -> None:
    """Make `rule`, on promoted and broadcast operands, the meaning of `ufunc`."""

    def handler(*operands: Any, dtype: DType | None = None) -> Any:
        return apply(ufunc, rule, *operands, dtype=dtype)

    UFUNC_HANDLERS[ufunc] = handler


def _primitive(ufunc: np.ufunc, op: Primitive, on_bools: Primitive | None = None) -> None:
    """`ufunc` is one primitive; another one where the operands are bools."""

    def rule(*operands: Tracer) -> Tracer:
        return emit(on_bools if on_bools is not None and operands[0].dtype == BOOL else op, *operands)

    register(ufunc, rule)


def constant_like(x: Tracer, value: Any) -> Tracer:
    """`value` in the shape and dtype of `x`."""
    return full(x.shape, value, x.dtype)


def select(condition: Tracer, x: Tracer, y: Tracer) -> Tracer:
    """`x` where the condition holds, else `y`; all of one shape."""
    return emit(selection.Select(), condition, x, y)


def less(x: Tracer, y: Any) -> Tracer:
    return emit(comparison.Less(), x, y if isinstance(y, Tracer) else constant_like(x, y))


def truth(x: Tracer) -> Tracer:
    """x != 0, as a bool array."""
    if isinstance(x, ComplexTracer):
        return emit(logic.Or(), truth(x.re), truth(x.im))
    return x if x.dtype == BOOL else emit(comparison.NotEqual(), x, constant_like(x, 0))


# One primitive each

_primitive(np.add, arithmetic.Add(), logic.Or())
_primitive(np.subtract, arithmetic.Sub())
_primitive(np.multiply, arithmetic.Mul(), logic.And())
_primitive(np.true_divide, arithmetic.Div())
_primitive(np.floor_divide, division.FloorDiv())
_primitive(np.remainder, division.Mod())
_primitive(np.negative, arithmetic.Neg())
_primitive(np.maximum, arithmetic.Maximum(), logic.Or())
_primitive(np.minimum, arithmetic.Minimum(), logic.And())
_primitive(np.sign, arithmetic.Sign())
_primitive(np.bitwise_and, logic.And())
_primitive(np.bitwise_or, logic.Or())
_primitive(np.bitwise_xor, logic.Xor())
_primitive(np.invert, logic.Not())
_primitive(np.left_shift, logic.ShiftLeft())
_primitive(np.right_shift, logic.ShiftRight())
_primitive(np.copysign, rounding.CopySign())

for _class in (
    transcendental.Exp,
    transcendental.Exp2,
    transcendental.Expm1,
    transcendental.Log,
    transcendental.Log2,
    transcendental.Log10,
    transcendental.Log1p,
    transcendental.Sqrt,
    transcendental.Cbrt,
    transcendental.Sin,
    transcendental.Cos,
    transcendental.Tan,
    transcendental.ArcSin,
    transcendental.ArcCos,
    transcendental.ArcTan,
    transcendental.ArcTan2,
    transcendental.Sinh,
    transcendental.Cosh,
    transcendental.Tanh,
    transcendental.ArcSinh,
    transcendental.ArcCosh,
    transcendental.ArcTanh,
    transcendental.Hypot,
):
    _primitive(getattr(np, _class.name), _class())  # these have NumPy's names


# The identity, or a constant, on dtypes where there is nothing to compute

register(np.positive, strong)
register(np.conjugate, strong)
register(np.absolute, lambda x: x if x.dtype.kind in "bu" else emit(arithmetic.Abs(), x))
register(np.fabs, lambda x: emit(arithmetic.Abs(), x))


def _rounding(ufunc: np.ufunc, op: Primitive) -> None:
    register(ufunc, lambda x: emit(op, x) if x.dtype.kind == "f" else x)


_rounding(np.floor, rounding.Floor())
_rounding(np.ceil, rounding.Ceil())
_rounding(np.trunc, rounding.Trunc())
_rounding(np.rint, rounding.Round())


def _float_predicate(ufunc: np.ufunc, op: Primitive, otherwise: bool) -> None:
    """A question about floats, with one answer for all integers and bools."""
    register(ufunc, lambda x: emit(op, x) if x.dtype.kind == "f" else full(x.shape, otherwise, BOOL))


_float_predicate(np.isnan, selection.IsNan(), False)
_float_predicate(np.isinf, selection.IsInf(), False)
_float_predicate(np.isfinite, selection.IsFinite(), True)


# Logic on the truth of any number

register(np.logical_and, lambda x, y: emit(logic.And(), truth(x), truth(y)))
register(np.logical_or, lambda x, y: emit(logic.Or(), truth(x), truth(y)))
register(np.logical_xor, lambda x, y: emit(logic.Xor(), truth(x), truth(y)))
register(np.logical_not, lambda x: emit(logic.Not(), truth(x)))


def _logical(ufunc: np.ufunc) -> None:
    """NumPy's resolution asks for bools, but a cast of NaN or 0.5 to bool is what `truth` computes: take that."""
    rule = UFUNC_HANDLERS[ufunc]

    def handler(*operands: Any, dtype: DType | None = None) -> Any:
        return rule(*(truth(lift(x)) for x in operands), dtype=dtype)

    UFUNC_HANDLERS[ufunc] = handler


for _ufunc in (np.logical_and, np.logical_or, np.logical_xor, np.logical_not):
    _logical(_ufunc)


# Comparisons


def _compare(ufunc: np.ufunc, op: Primitive, mixed: Callable[[Tracer, Tracer], Tracer]) -> None:
    def rule(x: Tracer, y: Tracer) -> Tracer:
        if x.dtype != y.dtype:  # uint64 with int64, which no dtype holds both of
            return mixed(x, y)
        return emit(op, x, y)

    def handler(x: Any, y: Any, dtype: DType | None = None) -> Any:
        x, y = lift(x), lift(y)
        for number, array, swapped in ((x, y, False), (y, x, True)):
            if _beyond(number, array.dtype):
                # The answer is the same for every element of such a dtype, so any one of them gives it.
                sample = np.zeros((), array.dtype)
                pair = (sample, number.constant().item()) if swapped else (number.constant().item(), sample)
                return full(array.shape, ufunc(*pair), BOOL)
        return apply(ufunc, rule, x, y, dtype=dtype)

    UFUNC_HANDLERS[ufunc] = handler


def _beyond(number: Tracer, dtype: DType) -> bool:
    """Whether `number` is a Python integer that `dtype`, an integer one, cannot hold."""
    if not (number.weak and number.is_constant and number.dtype.kind in "iu" and dtype.kind in "iu"):
        return False
    info = np.iinfo(dtype)
    return not info.min <= number.constant().item() <= info.max


def _mixed(op: Primitive, if_negative_left: bool, if_negative_right: bool) -> Callable[[Tracer, Tracer], Tracer]:
    """Compare int64 with uint64: a negative number is below all others, the rest fit in uint64."""

    def compare(x: Tracer, y: Tracer) -> Tracer:
        signed, answer = (x, if_negative_left) if x.dtype.kind == "i" else (y, if_negative_right)
        result = emit(op, convert(x, UINT64), convert(y, UINT64))
        return select(less(signed, 0), full(x.shape, answer, BOOL), result)

    return compare


_compare(np.equal, comparison.Equal(), _mixed(comparison.Equal(), False, False))
_compare(np.not_equal, comparison.NotEqual(), _mixed(comparison.NotEqual(), True, True))
_compare(np.less, comparison.Less(), _mixed(comparison.Less(), True, False))
_compare(np.less_equal, comparison.LessEqual(), _mixed(comparison.LessEqual(), True, False))
_compare(np.greater, comparison.Greater(), _mixed(comparison.Greater(), False, True))
_compare(np.greater_equal, comparison.GreaterEqual(), _mixed(comparison.GreaterEqual(), False, True))
