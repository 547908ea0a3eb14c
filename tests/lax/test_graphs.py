"""What control flow is in the IR: text, batching, and what the passes make of it."""

import numpy as np
import pytest

import vtrace
from tests.helpers import constants_of, random_inputs
from tests.lax.oracle import once
from vtrace import lax
from vtrace.ir import Graph, Symbol, evaluate, parse, verify
from vtrace.ops.control import Cond, Mapped, Scan, While
from vtrace.passes.dce import dce
from vtrace.passes.fuse import explain, fuse, is_fused
from vtrace.passes.nested import nested
from vtrace.passes.pipeline import optimize

B = Symbol("b")

pytestmark = once


def names(graph: Graph) -> list[str]:
    return [e.primitive.name for e in graph.equations]


def program(v, n):
    table = np.arange(4.0)

    def body(c):
        i, w = c
        w = lax.cond(w[0] > 1, lambda: w * 0.5 + table, lambda: np.cumsum(w) + n)
        return i + 1, vtrace.vmap(lambda e: lax.fori_loop(0, i, lambda _, e: e * 0.9, e))(w)

    i, w = lax.while_loop(lambda c: c[0] < n, body, (0, v))
    return lax.scan(lambda c, x: (c + x, (c, x * i)), 0.0, w, reverse=True)


@pytest.mark.parametrize("batched", [False, True])
def test_text_reads_back_and_every_stage_computes_the_same(batched: bool) -> None:
    graph = vtrace.make_ir(vtrace.vmap(program) if batched else program)(
        *(("f64[b,4]", "i64[b]") if batched else ("f64[4]", "i64[]"))
    )
    stages = [graph, optimize(graph), fuse(graph), fuse(optimize(graph))]
    inputs = random_inputs(graph, 0, {B: 3})
    expected = evaluate(graph, *inputs)
    for stage in stages:
        verify(stage)
        assert parse(str(stage), constants_of(stage)) == stage
        for got, wanted in zip(evaluate(stage, *inputs), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)
    assert optimize(stages[1]) == stages[1]
    verify(stages[3], allowed=is_fused)


def test_a_batch_maps_the_loop_and_keeps_the_graphs_of_an_example() -> None:
    def f(x, n):
        return lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, c[1] * x), (0, 1.0))

    (single,) = vtrace.make_ir(f)("f64[]", "i64[]").equations
    (mapped,) = vtrace.make_ir(vtrace.vmap(f, in_axes=(0, None)))("f64[b]", "i64[]").equations
    assert isinstance(single.primitive, While)
    assert mapped.primitive == Mapped(single.primitive, (None, 0, None, None), B)
    (twice,) = vtrace.make_ir(vtrace.vmap(vtrace.vmap(f, in_axes=(0, None))))("f64[b,3]", "i64[b]").equations
    assert twice.primitive == Mapped(Mapped(single.primitive, (None, 0, None, None), 3), (0, 0, None, None), B)


def test_arrays_are_operands_and_scalars_stay_inside() -> None:
    table = np.arange(3.0)
    graph = vtrace.make_ir(
        lambda x: lax.fori_loop(0, 4, lambda i, c: c * 2.0 + table.sum() + table * 1.0 + c, x * table)
    )(1.0)
    loop = graph.equations[-1].primitive
    assert isinstance(loop, Scan)
    assert loop.consts == 1
    assert not list(loop.body.constants())
    assert "2.0:f64" in str(loop.body)


def test_unused_results_and_carries_are_dropped() -> None:
    def f(v, x):
        def body(c, e):
            return {"used": c["used"] + e, "dead": c["dead"] * x, "feeds": c["used"]}, (c["feeds"], c["dead"], e * x)

        carry, ys = lax.scan(body, {"used": 0.0, "dead": 1.0, "feeds": 2.0}, v)
        return carry["used"], ys[0]

    graph = dce(vtrace.make_ir(f)("f64[3]", "f64[]"))
    verify(graph)
    (equation,) = graph.equations
    loop = equation.primitive
    assert isinstance(loop, Scan)
    assert (loop.carries, loop.consts, len(equation.outputs)) == (2, 0, 3)
    for got, wanted in zip(evaluate(graph, np.arange(3.0), np.array(2.0)), f(np.arange(3.0), 2.0), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_what_the_condition_needs_is_kept() -> None:
    def f(x, n):
        return lax.while_loop(lambda c: c[0] < n, lambda c: (c[2], c[1] * x, c[0] + 1, c[3] + 1), (0, 1.0, 0, 0))[1]

    graph = dce(vtrace.make_ir(vtrace.vmap(f))("f64[b]", "i64[b]"))
    verify(graph)
    assert len(graph.equations[0].outputs) == 3


def test_branches_lose_what_no_one_reads() -> None:
    def f(x, y):
        return lax.cond(x > 0, lambda: (x + 1, np.sin(y)), lambda: (x - 1, np.cos(y)))[0]

    graph = dce(vtrace.make_ir(vtrace.vmap(f))("f64[b]", "f64[b]"))
    verify(graph)
    cond = graph.equations[-1]
    assert (len(cond.inputs), len(cond.outputs)) == (2, 1)
    assert "sin" not in str(graph)


def test_passes_work_inside_of_loops() -> None:
    graph = nested(
        vtrace.make_ir(lambda x, n: lax.fori_loop(0, n, lambda i, c: (c * 1.0 + np.sin(x)) * np.sin(x), x))(
            "f64[]", "i64[]"
        )
    )
    loop = graph.equations[-1].primitive
    assert isinstance(loop, While)
    assert names(loop.body).count("sin") == 1
    assert names(loop.body).count("mul") == 1


def test_a_decided_branch_is_taken() -> None:
    text = (
        "{ lambda ; x:f64[]. let a:f64[] = cond[branches=({ lambda ; x:f64[]. let b:f64[] = sin x in (b,) }, "
        "{ lambda ; x:f64[]. let in (x,) })] -4:i32 x in (a,) }"
    )
    assert names(nested(parse(text))) == ["sin"]


def test_dots_stay_dots_inside_of_loops() -> None:
    graph = optimize(vtrace.make_ir(lambda a, n: lax.fori_loop(0, n, lambda i, c: c @ a, a))("f64[64,64]", "i64[]"))
    loop = graph.equations[-1].primitive
    assert isinstance(loop, While)
    assert "matmul" not in str(loop.body)


def test_control_flow_that_all_examples_share_has_a_kernel_of_its_own() -> None:
    def f(x, w, n):
        scale = lax.fori_loop(0, n, lambda i, c: c @ w, np.exp(w))
        return lax.cond(x > 0, lambda: scale.sum() * x, lambda: x)

    graph = optimize(vtrace.make_ir(vtrace.vmap(f, in_axes=(0, None, None)))("f64[b]", "f64[3,3]", "i64[]"))
    kernels = fuse(graph)
    verify(kernels, allowed=is_fused)
    holds = [[e.primitive.name for e in k.primitive.graph.equations] for k in kernels.equations]
    assert holds[:2] == [["exp"], ["while"]]
    assert "mapped" in holds[-1]
    assert "control flow that all examples share" in explain(graph)


def test_only_what_is_read_elsewhere_is_stored() -> None:
    def f(x, n):
        return lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, c[1] * x), (0, 1.0))[1]

    (kernel,) = fuse(optimize(vtrace.make_ir(vtrace.vmap(f))("f64[b]", "i64[b]"))).equations
    assert len(kernel.outputs) == 1


def test_a_large_result_that_is_read_ends_the_kernel() -> None:
    def f(v):
        ys = lax.scan(lambda c, x: (c * 0.5 + x, c), 0.0, v)[1]
        return ys[::-1] - ys

    def kernels(length: int) -> int:
        return len(fuse(optimize(vtrace.make_ir(vtrace.vmap(f))(f"f64[b,{length}]"))).equations)

    assert (kernels(4096), kernels(4097)) == (1, 2)


def test_control_flow_is_never_folded() -> None:
    graph = optimize(vtrace.make_ir(lambda x: x + lax.while_loop(lambda c: c < 1e9, lambda c: c + 1, 0))("f64[]"))
    assert "while" in names(graph)
    assert isinstance(graph.equations[0].primitive, While | Cond)
