"""Every pass on random graphs: it keeps the meaning and the types, the verifier accepts it, twice is once."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

import vtrace.ops  # noqa: F401
from tests.helpers import random_inputs
from tests.strategies import AFTER_FUSION, LEFT_OUT, graphs
from vtrace.ir.graph import Graph
from vtrace.ir.interpreter import evaluate
from vtrace.ir.primitive import REGISTRY, ElementPrimitive
from vtrace.ir.types import Array, Symbol
from vtrace.ir.verifier import verify
from vtrace.passes.batching import batch
from vtrace.passes.fuse import explain, fuse, is_fused
from vtrace.passes.pipeline import PASSES, optimize

ROUNDED_ANEW = LEFT_OUT | {"pow", "integer_pow"}
"""A square is computed as x * x, which NumPy's `power` may miss by a bit."""

LIBRARY = {name for name, cls in REGISTRY.items() if not issubclass(cls, ElementPrimitive)} | AFTER_FUSION

B = Symbol("b")
seeds = st.integers(0, 2**32 - 1)


def assert_same_bits(actual: Sequence[Array], expected: Sequence[Array]) -> None:
    """Same values, zeros of the same sign; any NaN equals any NaN."""
    for a, e in zip(actual, expected, strict=True):
        assert (a.dtype, a.shape) == (e.dtype, e.shape)
        np.testing.assert_array_equal(a, e)
        if e.dtype.kind == "f":
            number = ~np.isnan(e)
            np.testing.assert_array_equal(np.signbit(a)[number], np.signbit(e)[number])


def oracle(graph: Graph, inputs: Sequence[Array], size: int = 3) -> tuple[Array, ...]:
    """What `graph` computes; a draw whose indices, computed from the inputs, leave their array is no test."""
    try:
        return evaluate(graph, *inputs, sizes={B: size})
    except IndexError:
        reject()


def batched(graph: Graph, mapped: Sequence[bool]) -> Graph:
    """`graph` for a batch `b`, of which the inputs marked in `mapped` have an axis; at least one does."""
    axes = [0 if m else None for m in mapped[: len(graph.inputs)]]
    axes += [0] * (len(graph.inputs) - len(axes))
    if all(a is None for a in axes):
        axes[0] = 0
    return batch(graph, axes, B, [0] * len(graph.outputs))


@pytest.mark.parametrize("name", sorted(PASSES.keys() - {"sums"}))
@given(graphs(exclude=ROUNDED_ANEW), seeds)
def test_a_pass_keeps_every_bit(name: str, graph: Graph, seed: int) -> None:
    after = PASSES[name](graph)
    verify(after)
    assert (after.input_types, after.output_types) == (graph.input_types, graph.output_types)
    inputs = random_inputs(graph, seed, special=True)
    expected = oracle(graph, inputs)
    assert_same_bits(evaluate(after, *inputs), expected)


@pytest.mark.parametrize("name", sorted(PASSES))
@given(graphs())
def test_a_pass_run_twice_changes_nothing_more(name: str, graph: Graph) -> None:
    once = PASSES[name](graph)
    assert PASSES[name](once) == once


@given(graphs())
def test_a_pass_does_not_touch_what_it_was_given(graph: Graph) -> None:
    text = str(graph)
    fuse(optimize(graph))
    assert str(graph) == text


@given(graphs(max_equations=9, exclude=ROUNDED_ANEW), seeds)
def test_optimized_and_fused_graphs_compute_the_same(graph: Graph, seed: int) -> None:
    fused = fuse(optimize(graph))
    verify(fused, allowed=is_fused)
    inputs = random_inputs(graph, seed, special=True)
    expected = oracle(graph, inputs)
    assert_same_bits(evaluate(fused, *inputs), expected)


@given(graphs(max_equations=9, exclude=ROUNDED_ANEW).filter(lambda g: bool(g.inputs)), st.lists(st.booleans()), seeds)
def test_batched_graphs_compute_the_same(graph: Graph, mapped: list[bool], seed: int) -> None:
    graph = batched(graph, mapped)
    fused = fuse(optimize(graph))
    verify(fused, allowed=is_fused)
    inputs = random_inputs(graph, seed, {B: 3})
    expected = oracle(graph, inputs)
    assert_same_bits(evaluate(fused, *inputs, sizes={B: 3}), expected)


@given(graphs(max_equations=9, exclude=LIBRARY).filter(lambda g: bool(g.inputs)), st.lists(st.booleans()))
def test_a_batch_without_library_calls_is_one_kernel(graph: Graph, mapped: list[bool]) -> None:
    graph = optimize(batched(graph, mapped))
    kernels = [e for e in fuse(graph).equations if any(B in v.type.shape for v in e.outputs)]
    assert len(kernels) <= 1
    assert explain(graph).count("kernel of") == len(fuse(graph).equations)


@given(graphs(max_equations=9, exclude=LIBRARY))
def test_kernels_hold_no_array_constants_and_nothing_unused(graph: Graph) -> None:
    for equation in fuse(graph).equations:
        inner = equation.primitive.graph  # type: ignore[attr-defined]  # all are kernels here
        assert not list(inner.constants())
        assert PASSES["dce"](inner) == inner
        used = {a for e in inner.equations for a in e.inputs} | set(inner.outputs)
        assert set(inner.inputs) <= used
