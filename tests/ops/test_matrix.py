"""Every primitive x every example it gives: its rules agree with each other, with its text and with its machine code.

A new primitive gets all of these tests by being registered. `pytest tests/ops -k "integer_pow"` runs those of one.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TypeAlias

import numpy as np
import pytest

from tests.ops.agreement import Expected, check_all, expected, stacked
from tests.ops.cases import (
    Case,
    every_batchable_case,
    every_batchable_case_with_new_loops,
    every_case,
    every_case_with_new_loops,
    every_error,
)
from vtrace.backends import compile
from vtrace.ir.interpreter import evaluate
from vtrace.ir.parser import parse
from vtrace.ir.primitive import REGISTRY, ErrorExample
from vtrace.ir.printer import print_graph
from vtrace.ir.types import Array, Symbol, type_of
from vtrace.ir.verifier import verify
from vtrace.passes.batching import batch
from vtrace.passes.fuse import fuse

Axes: TypeAlias = Sequence[int | None]

B = Symbol("b")
SIZES = (0, 1, 5, 37)
"""Nothing, one example, less than a vector of lanes, and several with a rest."""


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_primitive_gives_examples(name: str) -> None:
    assert any(True for _ in REGISTRY[name].examples())


@every_case
def test_infer_is_what_evaluate_returns(case: Case) -> None:
    results = [type_of(e.value) for e in expected(case.primitive, case.operands())]
    assert list(case.primitive.infer_all(*case.example.types)) == results


@every_case
def test_text_round_trip(case: Case) -> None:
    verify(case.graph)
    assert parse(print_graph(case.graph)) == case.graph


@every_error
def test_wrong_operands_raise(error: ErrorExample) -> None:
    with pytest.raises(error.error, match=error.match):
        error.primitive.infer_all(*error.types)


@every_batchable_case
def test_batch_is_a_loop(case: Case) -> None:
    """For every way to map the operands, every place of the batch axis in the results, and every size."""
    stacks = {size: case.stacks(size) for size in SIZES}
    types = case.graph.output_types
    for axes in case.in_axes():
        loops = {size: loop_over(case, stacks[size], axes, size) for size in SIZES}
        for out in out_axes(case):
            graph = batch(case.graph, axes, B, out)
            verify(graph)
            assert graph.output_types == tuple(t.insert(o, B) for t, o in zip(types, out, strict=True))
            for size in SIZES:
                results = evaluate(graph, *whole(case, stacks[size], axes), sizes={B: size})
                check_all(results, stacked(loops[size], types, out), f"in_axes={axes} out_axes={out} size={size}")


@every_batchable_case
def test_batch_twice_is_two_loops(case: Case) -> None:
    inner_size, outer_size = 2, 3
    stacks = case.stacks(inner_size * outer_size)
    ranks = [t.rank for t in case.example.types]
    zeros = [0 for _ in case.graph.outputs]
    first = (0,) * len(ranks)
    one, others = (0, *(None for _ in ranks[1:])), (None, *(0 for _ in ranks[1:]))
    for inner_axes, outer_axes in [(first, first), (tuple(ranks), first), (one, others if ranks[1:] else first)]:
        graph = batch(batch(case.graph, inner_axes, inner_size, zeros), outer_axes, B, zeros)
        verify(graph)
        flat, nested = [], []
        for stack, inner, outer in zip(stacks, inner_axes, outer_axes, strict=True):
            grid = stack.reshape(outer_size, inner_size, *stack.shape[1:])
            grid = grid if outer is not None else np.broadcast_to(grid[:1], grid.shape)
            grid = grid if inner is not None else np.broadcast_to(grid[:, :1], grid.shape)
            flat.append(grid.reshape(stack.shape))
            operand = grid[:, 0] if inner is None else np.moveaxis(grid, 1, 1 + inner)
            nested.append(np.asarray(operand[0] if outer is None else operand, order="C"))
        loop = [expected(case.primitive, [x[k] for x in flat]) for k in range(inner_size * outer_size)]
        results = evaluate(graph, *nested, sizes={B: outer_size})
        joined = [r.reshape(outer_size * inner_size, *r.shape[2:]) for r in results]
        check_all(joined, stacked(loop, case.graph.output_types, zeros), f"in_axes={inner_axes} within {outer_axes}")


@every_case_with_new_loops
def test_machine_code_is_numpy(case: Case) -> None:
    operands = case.operands()
    check_all(compile(fuse(case.graph))(*operands), expected(case.primitive, operands), "unbatched")


@every_batchable_case_with_new_loops
def test_batched_machine_code_is_numpy(case: Case) -> None:
    """All operands mapped; for one dtype also the first of them alone, along its last axis. Each is compiled once."""
    ranks = [t.rank for t in case.example.types]
    types = case.graph.output_types
    ways: list[tuple[Axes, Sequence[int]]] = [([0 for _ in ranks], [0 for _ in types])]
    if ranks != [0] and case.has_new_shapes:
        ways.append(([ranks[0], *(None for _ in ranks[1:])], [t.rank for t in types]))
    for axes, out in ways:
        executable = compile(fuse(batch(case.graph, axes, B, out)))
        for size in SIZES:
            stacks = case.stacks(size)
            wanted = stacked(loop_over(case, stacks, axes, size), types, out)
            check_all(executable(*whole(case, stacks, axes)), wanted, f"in_axes={axes} out_axes={out} size={size}")


def out_axes(case: Case) -> Iterator[tuple[int, ...]]:
    """Every place of the batch axis in the results."""
    return product(*(range(t.rank + 1) for t in case.graph.output_types))


def whole(case: Case, stacks: Sequence[Array], axes: Axes) -> list[Array]:
    """The operands of the batched graph; one that is not mapped is there even if there are no examples."""
    return [
        np.asarray(np.moveaxis(stack, 0, axis) if axis is not None else stack[0] if len(stack) else spare, order="C")
        for stack, spare, axis in zip(stacks, case.operands(), axes, strict=True)
    ]


def loop_over(case: Case, stacks: Sequence[Array], axes: Axes, size: int) -> list[list[Expected]]:
    """The Python loop that a batch stands for."""
    return [
        expected(case.primitive, [x[0 if axis is None else k] for x, axis in zip(stacks, axes, strict=True)])
        for k in range(size)
    ]
