"""The vmap pass: a batched graph computes what a loop over the examples does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers import assert_close, random_inputs
from tests.strategies import graphs
from vtrace.errors import AxesError
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Graph
from vtrace.ir.interpreter import evaluate
from vtrace.ir.types import FLOAT64, Array, ArrayType, Symbol
from vtrace.ir.verifier import verify
from vtrace.ops.arithmetic import Add
from vtrace.passes.batching import batch

B = Symbol("b")


def example(arrays: list[Array], axes: list[int | None], i: int) -> list[Array]:
    return [a if axis is None else np.take(a, i, axis) for a, axis in zip(arrays, axes, strict=True)]


@st.composite
def mappings(draw: st.DrawFn, graph: Graph) -> tuple[list[int | None], list[int]]:
    """Axes for the inputs, at least one of them mapped, and for the results."""
    ins = [draw(st.one_of(st.none(), st.integers(0, t.rank))) for t in graph.input_types]
    if all(axis is None for axis in ins):
        ins[0] = 0
    return ins, [draw(st.integers(0, t.rank)) for t in graph.output_types]


@given(st.data(), graphs(), st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 5]))
def test_batched_graph_is_a_loop_over_examples(data: st.DataObject, graph: Graph, seed: int, size: int) -> None:
    if not graph.inputs:
        return
    ins, outs = data.draw(mappings(graph))
    batched = batch(graph, ins, B, outs)
    verify(batched)
    arrays = list(random_inputs(batched, seed, {B: size}))
    results = evaluate(batched, *arrays)
    loop = [evaluate(graph, *example(arrays, ins, i)) for i in range(size)]
    stacked = [np.stack(r, axis=out) for r, out in zip(zip(*loop, strict=True), outs, strict=True)]
    # NumPy itself rounds differently for other memory layouts (SIMD tails, pairwise sums)
    assert_close(results, stacked, ulps=1000)


@given(st.data(), graphs(max_equations=3), st.integers(0, 2**32 - 1))
def test_batching_twice_is_two_loops(data: st.DataObject, graph: Graph, seed: int) -> None:
    if not graph.inputs:
        return
    inner_ins, inner_outs = data.draw(mappings(graph))
    once = batch(graph, inner_ins, 2, inner_outs)
    outer_ins, outer_outs = data.draw(mappings(once))
    twice = batch(once, outer_ins, B, outer_outs)
    verify(twice)
    arrays = list(random_inputs(twice, seed, {B: 3}))
    loop = [evaluate(once, *example(arrays, outer_ins, i)) for i in range(3)]
    stacked = [np.stack(r, axis=out) for r, out in zip(zip(*loop, strict=True), outer_outs, strict=True)]
    assert_close(evaluate(twice, *arrays), stacked, ulps=1000)


def test_an_empty_batch_gives_empty_results() -> None:
    graph = sum_of("x", "y")
    batched = batch(graph, [0, None], B, [1])
    (result,) = evaluate(batched, np.ones((0, 3)), np.ones(3))
    assert result.shape == (3, 0)


def test_unmapped_equations_are_copied_as_they_are() -> None:
    builder = Builder()
    x, y = (builder.input(ArrayType(FLOAT64, (3,)), name) for name in "xy")
    shared = builder.emit(Add(), y, y)
    graph = builder.build([builder.emit(Add(), x, shared)])
    first = batch(graph, [0, None], B, [0]).equations[0]
    assert first.outputs[0].type == ArrayType(FLOAT64, (3,))


def test_a_shared_result_keeps_its_type_under_out_axes_none() -> None:
    graph = sum_of("x", "y")
    shared = Graph(graph.inputs, graph.equations, (graph.inputs[1],))
    assert batch(shared, [0, None], B, [None]).output_types == (ArrayType(FLOAT64, (3,)),)


def test_out_axes_none_on_a_result_that_differs() -> None:
    with pytest.raises(AxesError, match=r"out_axes is None for result 0, but it depends on the mapped arguments"):
        batch(sum_of("x", "y"), [0, None], B, [None])


def sum_of(*names: str) -> Graph:
    builder = Builder()
    inputs = [builder.input(ArrayType(FLOAT64, (3,)), name) for name in names]
    return builder.build([builder.emit(Add(), *inputs)])
