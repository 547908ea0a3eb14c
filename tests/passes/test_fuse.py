"""Fusion beyond its golden files: many kernels, constants, what is joined, and what `explain` says."""

import subprocess
import sys

import numpy as np

import vtrace.ops  # noqa: F401
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Graph, Literal
from vtrace.ir.interpreter import evaluate
from vtrace.ir.parser import parse
from vtrace.ir.types import FLOAT64, ArrayType, Symbol
from vtrace.ir.verifier import verify
from vtrace.ops.arithmetic import Add, Mul
from vtrace.ops.kernel import Kernel
from vtrace.ops.matmul import Matmul
from vtrace.ops.movement import Broadcast
from vtrace.passes.fuse import explain, fuse, is_fused
from vtrace.passes.pipeline import optimize

B = Symbol("b")
ROW = ArrayType(FLOAT64, (B, 64))


def names(graph: Graph) -> list[str]:
    return [e.primitive.name for e in graph.equations]


def test_constants_are_operands_so_that_one_kernel_serves_all_values() -> None:
    def program(value: float) -> Graph:
        builder = Builder()
        x = builder.input(ROW, "x")
        table = builder.emit(Broadcast(ROW.shape, (1,)), Literal.of(np.full(64, value)))
        return fuse(builder.build([builder.emit(Mul(), x, table)]))

    one, two = program(1.5), program(2.5)
    assert one != two
    assert one.equations[0].primitive == two.equations[0].primitive


def test_names_of_kernel_inputs_do_not_clash_with_the_users() -> None:
    graph = parse(
        "{ lambda ; t0:f64[4] c0:f64[4]. let a:f64[4] = sin t0 s:f64[] = reduce_sum[axes=(0,)] a "
        "d:f64[4] = broadcast[shape=(4,) axes=()] s e:f64[4] = add d c0 f:f64[4] = add e t0 in (f,) }"
    )
    fused = fuse(graph)
    verify(fused, allowed=is_fused)
    assert names(fused) == ["kernel", "kernel"]


def test_outputs_that_are_inputs_or_literals_need_no_kernel() -> None:
    graph = parse("{ lambda ; x:f64[3]. let in (x, 2.0:f64, x) }")
    assert fuse(graph) == graph


def test_a_result_wanted_twice_is_stored_once() -> None:
    graph = fuse(parse("{ lambda ; x:f64[3]. let a:f64[3] = sin x in (a, a) }"))
    assert len(graph.equations) == 1
    assert graph.outputs[0] == graph.outputs[1]


def test_kernels_on_both_sides_of_a_product_stay_apart_and_others_join() -> None:
    graph = parse(
        "{ lambda ; x:f64[b,64] w:f64[64,64]. let a:f64[b,64] = sin x m:f64[b,64] = matmul a w "
        "c:f64[b,64] = exp m d:f64[b,64] = cos x in (c, d) }"
    )
    fused = fuse(graph)
    assert names(fused) == ["kernel", "matmul", "kernel"]
    x, w = np.random.default_rng(0).uniform(size=(2, 64)), np.eye(64)
    for got, wanted in zip(evaluate(fused, x, w), evaluate(graph, x, w), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_independent_kernels_of_different_levels_are_joined() -> None:
    graph = parse(
        "{ lambda ; x:f64[b,64] w:f64[64,64]. let m:f64[b,64] = matmul x w c:f64[b,64] = exp m "
        "d:f64[b,64] = cos x in (c, d) }"
    )
    assert names(fuse(graph)) == ["matmul", "kernel"]


def test_a_deep_network_alternates() -> None:
    builder = Builder()
    value = builder.input(ROW, "x")
    weight = builder.input(ArrayType(FLOAT64, (64, 64)), "w")
    for _ in range(20):
        doubled = builder.emit(Add(), value, value)
        value = builder.emit(Add(), builder.emit(Matmul(), doubled, weight), value)
    fused = fuse(builder.build([value]))
    verify(fused, allowed=is_fused)
    assert names(fused) == ["kernel", "matmul"] * 20 + ["kernel"]


def test_explain_gives_the_reason_for_everything_that_is_stored() -> None:
    graph = parse(
        "{ lambda ; x:f64[b,64] w:f64[64,64]. let v:f64[64,64] = tanh w a:f64[b,64] = sin x "
        "m:f64[b,64] = matmul a v c:f64[b,64] = exp m s:f64[b] = reduce_sum[axes=(1,)] c in (s,) }"
    )
    assert explain(graph) == (
        "step 0: kernel of 1 equation, hoisted out of the batch\n"
        "  reads w:f64[64,64]; 32768 bytes\n"
        "  stores a:f64[64,64], 32768 bytes: operand of matmul, a library call\n"
        "step 1: kernel of 1 equation\n"
        "  reads x:f64[b,64]; 512 bytes\n"
        "  stores c:f64[b,64], 512 bytes: operand of matmul, a library call\n"
        "step 2: matmul, a library call\n"
        "  reads c:f64[b,64], a:f64[64,64]; 33280 bytes\n"
        "  stores d:f64[b,64], 512 bytes: result of a library call\n"
        "step 3: kernel of 2 equations\n"
        "  reads d:f64[b,64]; 512 bytes\n"
        "  stores f:f64[b], 8 bytes: output"
    )


def test_one_kernel_does_not_import_networkx() -> None:
    code = (
        "import sys, vtrace.ops; from vtrace.ir.parser import parse; from vtrace.passes.fuse import fuse; "
        "fuse(parse('{ lambda ; x:f64[b]. let a:f64[b] = sin x in (a,) }')); assert 'networkx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_long_programs_fuse_into_one_kernel() -> None:
    builder = Builder()
    x = value = builder.input(ROW, "x")
    for n in range(2000):
        value = builder.emit((Add(), Mul())[n % 2], value, x)
    fused = fuse(optimize(builder.build([value])))
    (equation,) = fused.equations
    assert isinstance(equation.primitive, Kernel)
    assert len(equation.primitive.graph.equations) == 2000
