"""The rules of `simplify` one by one, as text: before => after, and what must stay as it is."""

import numpy as np
import pytest

import vtrace.ops  # noqa: F401
from vtrace.ir.interpreter import evaluate
from vtrace.ir.parser import parse
from vtrace.passes.pipeline import PASSES
from vtrace.passes.rules import RULES
from vtrace.passes.simplify import simplify

HEAD = "{ lambda ; x:f64[2,3] n:i64[4] c:bool[2,3] i:i8[4] s:f64[]. let "


def simplified(body: str) -> str:
    """What `simplify` and `dce` leave of a body, on one line."""
    graph = PASSES["dce"](simplify(parse(f"{HEAD}{body} }}")))
    text = " ".join(str(graph).split())
    return text.partition(" let ")[2].removesuffix(" }")


SAME = "in (x,)"
CASES = {
    "broadcast_identity": ("a:f64[2,3] = broadcast[shape=(2, 3) axes=(0, 1)] x in (a,)", SAME),
    "reshape_identity": ("a:f64[2,3] = reshape[shape=(2, 3)] x in (a,)", SAME),
    "transpose_identity": ("a:f64[2,3] = transpose[permutation=(0, 1)] x in (a,)", SAME),
    "slice_everything": ("a:f64[2,3] = slice[starts=(0, 0) stops=(2, 3) strides=(1, 1)] x in (a,)", SAME),
    "reverse_nothing": ("a:f64[2,3] = reverse[axes=()] x in (a,)", SAME),
    "concatenate_one": ("a:f64[2,3] = concatenate[axis=0] x in (a,)", SAME),
    "reverse_twice": ("a:f64[2,3] = reverse[axes=(1,)] x b:f64[2,3] = reverse[axes=(1,)] a in (b,)", SAME),
    "transpose_twice": (
        "a:f64[3,2] = transpose[permutation=(1, 0)] x b:f64[2,3] = transpose[permutation=(1, 0)] a in (b,)",
        SAME,
    ),
    "dot_of_transposes": (
        "a:f64[3,2] = transpose[permutation=(1, 0)] x "
        "b:f64[3,3] = dot[contract=((1,), (1,)) batch_axes=((), ())] a a in (b,)",
        "a:f64[3,3] = dot[contract=((0,), (0,)) batch_axes=((), ())] x x in (a,)",
    ),
    "reshape_twice": (
        "a:f64[6] = reshape[shape=(6,)] x b:f64[3,2] = reshape[shape=(3, 2)] a in (b,)",
        "a:f64[3,2] = reshape[shape=(3, 2)] x in (a,)",
    ),
    "broadcast_twice": (
        "a:i64[2,4] = broadcast[shape=(2, 4) axes=(1,)] n "
        "b:i64[2,4,5] = broadcast[shape=(2, 4, 5) axes=(0, 1)] a in (b,)",
        "a:i64[2,4,5] = broadcast[shape=(2, 4, 5) axes=(1,)] n in (a,)",
    ),
    "transpose_of_broadcast": (
        "a:i64[2,4] = broadcast[shape=(2, 4) axes=(1,)] n b:i64[4,2] = transpose[permutation=(1, 0)] a in (b,)",
        "a:i64[4,2] = broadcast[shape=(4, 2) axes=(0,)] n in (a,)",
    ),
    "movement_of_filled": (
        "a:f64[2,3] = broadcast[shape=(2, 3) axes=()] s b:f64[6] = reshape[shape=(6,)] a in (b,)",
        "a:f64[6] = broadcast[shape=(6,) axes=()] s in (a,)",
    ),
    "integers_plus_zero": (
        "z:i64[4] = broadcast[shape=(4,) axes=()] 0:i64 a:i64[4] = add z n in (a,)",
        "in (n,)",
    ),
    "floats_plus_minus_zero": ("a:f64[] = add s -0.0:f64 in (a,)", "in (s,)"),
    "floats_plus_zero_stay": ("a:f64[] = add s 0.0:f64 in (a,)", "a:f64[] = add s 0.0:f64 in (a,)"),
    "floats_minus_zero": ("a:f64[] = sub s 0.0:f64 in (a,)", "in (s,)"),
    "floats_minus_minus_zero_stay": ("a:f64[] = sub s -0.0:f64 in (a,)", "a:f64[] = sub s -0.0:f64 in (a,)"),
    "times_one": ("a:f64[] = mul 1.0:f64 s in (a,)", "in (s,)"),
    "divided_by_one": ("a:f64[] = div s 1.0:f64 in (a,)", "in (s,)"),
    "zero_divided_stays": ("a:f64[] = div 0.0:f64 s in (a,)", "a:f64[] = div 0.0:f64 s in (a,)"),
    "times_zero_stays": ("a:f64[] = mul s 0.0:f64 in (a,)", "a:f64[] = mul s 0.0:f64 in (a,)"),
    "neg_neg": ("a:f64[2,3] = neg x b:f64[2,3] = neg a in (b,)", SAME),
    "abs_neg": ("a:f64[2,3] = neg x b:f64[2,3] = abs a in (b,)", "a:f64[2,3] = abs x in (a,)"),
    "maximum_of_same": ("a:f64[2,3] = maximum x x in (a,)", SAME),
    "integer_pow_1": ("a:f64[2,3] = integer_pow[exponent=1] x in (a,)", SAME),
    "integer_pow_2": ("a:f64[2,3] = integer_pow[exponent=2] x in (a,)", "a:f64[2,3] = mul x x in (a,)"),
    "pow_2": ("a:f64[] = pow s 2.0:f64 in (a,)", "a:f64[] = mul s s in (a,)"),
    "pow_minus_1": ("a:f64[] = pow s -1.0:f64 in (a,)", "a:f64[] = div 1.0:f64 s in (a,)"),
    "pow_minus_2": ("a:f64[] = pow s -2.0:f64 in (a,)", "a:f64[] = integer_pow[exponent=-2] s in (a,)"),
    "pow_half": ("a:f64[] = pow s 0.5:f64 in (a,)", "a:f64[] = half_pow[numerator=1] s in (a,)"),
    "pow_minus_three_halves": (
        "e:f64[2,3] = broadcast[shape=(2, 3) axes=()] -1.5:f64 a:f64[2,3] = pow x e in (a,)",
        "a:f64[2,3] = half_pow[numerator=-3] x in (a,)",
    ),
    "pow_7_halves_stays": ("a:f64[] = pow s 3.5:f64 in (a,)", "a:f64[] = pow s 3.5:f64 in (a,)"),
    "select_known": (
        "k:bool[2,3] = broadcast[shape=(2, 3) axes=()] True:bool y:f64[2,3] = neg x a:f64[2,3] = select k x y in (a,)",
        SAME,
    ),
    "select_same": ("a:f64[2,3] = select c x x in (a,)", SAME),
    "convert_same": ("a:f64[2,3] = convert[dtype=f64] x in (a,)", SAME),
    "convert_exact": (
        "a:i32[4] = convert[dtype=i32] i b:f64[4] = convert[dtype=f64] a in (b,)",
        "a:f64[4] = convert[dtype=f64] i in (a,)",
    ),
    "convert_lossy_stays": (
        "a:f64[4] = convert[dtype=f64] n b:i64[4] = convert[dtype=i64] a in (b,)",
        "a:f64[4] = convert[dtype=f64] n b:i64[4] = convert[dtype=i64] a in (b,)",
    ),
    "reduce_of_no_axes": ("a:f64[2,3] = reduce_max[axes=()] x in (a,)", SAME),
    "reduce_of_one": (
        "a:f64[1,6] = reshape[shape=(1, 6)] x b:f64[6] = reduce_max[axes=(0,)] a in (b,)",
        "a:f64[6] = reshape[shape=(6,)] x in (a,)",
    ),
    "float_sum_of_one_stays": (
        "b:f64[2,3] = reduce_sum[axes=()] x in (b,)",
        "a:f64[2,3] = reduce_sum[axes=()] x in (a,)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rule(name: str) -> None:
    before, after = CASES[name]
    assert simplified(before) == after


def test_every_rule_says_what_it_does() -> None:
    for function in {f for functions in RULES.values() for f in functions}:
        assert "=>" in (function.__doc__ or ""), function


def test_a_sum_over_nothing_turns_minus_zero_into_zero() -> None:
    """Why a float sum over one element is not that element."""
    graph = parse("{ lambda ; x:f64[1]. let a:f64[] = reduce_sum[axes=(0,)] x in (a,) }")
    (result,) = evaluate(simplify(graph), np.array([-0.0]))
    assert not np.signbit(result)
