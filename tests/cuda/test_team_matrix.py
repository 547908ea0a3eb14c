"""Every primitive on long rows, done by a warp or by a block of threads, whether that is chosen or not.

An example's extents are made long, one after the other, as far as its primitive takes such operands: what a team
divides and what each of its threads does for itself depends on where the long axis is.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from tests.cuda.fake_driver import FakeDriver
from tests.cuda.running import run
from tests.cuda.test_matrix import (
    ARCHITECTURES,
    EVERY_ARCHITECTURE,
    INEXACT,
    batched,
    joined,
    needs_assembler,
    runs_on_a_gpu,
)
from tests.ops.agreement import check_all, expected, stacked
from tests.ops.cases import Case, cases
from tests.ops.test_matrix import loop_over, whole
from vtrace.backends.cuda import compile_for_device
from vtrace.backends.cuda.tools import assemble
from vtrace.errors import VTraceError
from vtrace.ir.primitive import Example, LibraryCall
from vtrace.ops.debug_print import prints
from vtrace.ops.kinds import Elementwise
from vtrace.ops.procedure import work_of
from vtrace.ops.reduction import ReduceProd
from vtrace.ops.table import example_text
from vtrace.passes.fuse import fuse
from vtrace.passes.running import running

LENGTHS = (131, 150, 132, 333, 256, 1030, 129, 2049, 140, 5000)
MOST_ELEMENTS, MOST_WORK = 12_000, 4000.0
MOST_FACTORS = 150
"""Products of more of them overflow, in one order or another."""
MODES = ("warp", "block")
ELEMENTWISE = ("add", "exp", "select", "convert", "not")
"""Some of those that differ only in what is done with an element."""


def stretched() -> Iterator[tuple[Case, str]]:
    """Long versions of the examples with loops of their own, and the layout for each: by turns."""
    numbers = count()
    for case in cases():
        if not _is_chosen(case):
            continue
        for extent in sorted({d for t in case.example.types for d in t.shape if isinstance(d, int) and d > 1}):
            number = next(numbers)
            length = LENGTHS[number % len(LENGTHS)]
            if isinstance(case.primitive, ReduceProd):
                length = min(length, MOST_FACTORS)
            long = _with(case.example, extent, length)
            if long is not None:
                yield Case(long, example_text(long)), MODES[number % 3 % 2]


def _is_chosen(case: Case) -> bool:
    op = case.primitive
    if prints(op) or not case.batchable or not case.has_new_loops or not case.has_new_shapes:
        return False
    if isinstance(op, LibraryCall):
        return op.name in ("cumsum", "cummax")
    if op.name == "swap_rows":
        return False  # its pivots must fit the matrix
    return not isinstance(op, Elementwise) or op.name in ELEMENTWISE


def _with(example: Example, extent: int, length: int) -> Example | None:
    """The example with another extent; None where its primitive has no use for that, or much to do."""
    types = tuple(replace(t, shape=tuple(length if d == extent else d for d in t.shape)) for t in example.types)
    try:
        results = example.primitive.infer_all(*types)
    except VTraceError:
        return None
    elements = sum(int(np.prod([d for d in t.shape if isinstance(d, int)])) for t in (*types, *results))
    work = work_of(example.primitive, types)
    if elements > MOST_ELEMENTS or (work is not None and work.operations + work.jumps > MOST_WORK):
        return None
    return replace(example, types=types)


CASES = list(stretched())


@pytest.mark.parametrize(("case", "mode"), CASES, ids=[f"{mode} {case.id}" for case, mode in CASES])
def test_long_rows_are_numpy(case: Case, mode: str, gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTRACE_CUDA_LAYOUT", mode)
    axes, out = [0] * len(case.example.types), [0] * len(case.graph.outputs)
    executable = compile_for_device(fuse(running(batched(case))))
    assert {k.layout.mode for k in executable.device_kernels} == {mode}
    for size in (1, 3):
        stacks = case.stacks(size)
        wanted = stacked(loop_over(case, stacks, axes, size), case.graph.output_types, out)
        check_all(run(executable, whole(case, stacks, axes)), wanted, f"size={size}")
    if runs_on_a_gpu(case):
        operands = case.operands()
        check_all(run(compile_for_device(fuse(case.graph)), operands), expected(case.primitive, operands), "unbatched")


def test_most_primitives_take_long_rows() -> None:
    """So the test above is one of many."""
    names = {case.primitive.name for case, _ in CASES}
    assert len(names) > 35
    assert {"argmax", "gather", "reduce_sum", "dot", "scatter", "concatenate", "pad", "cumsum", "top_k"} <= names


@needs_assembler
@pytest.mark.parametrize("mode", MODES)
def test_kernels_of_teams_assemble(mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of all cases, in one module."""
    monkeypatch.setenv("VTRACE_CUDA_LAYOUT", mode)
    graphs = [fuse(running(batched(case))) for case, chosen in CASES if chosen == mode]
    kernels = [k.code.ptx for g in graphs for k in compile_for_device(g).device_kernels]
    module = joined(list(dict.fromkeys(kernels)))
    assert not INEXACT.search(module), "every operation is rounded as IEEE 754 says, and none are contracted"
    for architecture in ARCHITECTURES if EVERY_ARCHITECTURE else ("sm_90",):
        assemble(module, architecture, tmp_path / "kernels.cubin")
