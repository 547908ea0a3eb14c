"""The kernels of every primitive's examples, as PTX: they compute what NumPy does, and the assembler takes them."""

import os
import re
from pathlib import Path

import pytest

from tests.cuda.fake_driver import FakeDriver
from tests.cuda.running import run
from tests.ops.agreement import check_all, expected, stacked
from tests.ops.cases import Case, cases, parametrized
from tests.ops.test_matrix import SIZES, B, loop_over, whole
from vtrace.backends.cuda import compile_for_device
from vtrace.backends.cuda.tools import ASSEMBLER, assemble, find
from vtrace.errors import UnsupportedError
from vtrace.ir.graph import Graph
from vtrace.ir.primitive import LibraryCall
from vtrace.ops.debug_print import prints
from vtrace.ops.matmul import BatchedMatmul, Matmul
from vtrace.ops.procedure import work_of
from vtrace.passes.batching import batch
from vtrace.passes.fuse import fuse

ARCHITECTURES = ("sm_75", "sm_80", "sm_90", "sm_100", "sm_120")
INEXACT = re.compile(r"\.approx|\.ftz|\.full|\b(?:add|sub|mul|fma)\.f")
EVERY_ARCHITECTURE = os.environ.get("VTRACE_EVERY_ARCHITECTURE", "0") != "0"

MOST_WORK = 6000
"""Of a procedure, in simple operations."""

needs_assembler = pytest.mark.skipif(
    find(ASSEMBLER) is None, reason="there is no ptxas: pip install nvidia-cuda-nvcc-cu12"
)


def runs_on_a_gpu(case: Case) -> bool:
    """Whether there is code for it: some library routines have none."""
    return not isinstance(case.primitive, LibraryCall) or isinstance(case.primitive, Matmul | BatchedMatmul)


def batched(case: Case) -> Graph:
    """All operands mapped along axis 0."""
    return batch(case.graph, [0] * len(case.example.types), B, [0] * len(case.graph.outputs))


def is_short(case: Case) -> bool:
    """Whether the interpreter gets through in seconds: the loops of a large matrix are those of a small one."""
    work = work_of(case.primitive, case.example.types)
    return work is None or work.operations < MOST_WORK


@parametrized(c for c in cases() if c.has_new_loops and not prints(c.primitive) and is_short(c))
def test_kernels_are_numpy(case: Case, gpu: FakeDriver) -> None:
    if not runs_on_a_gpu(case):
        with pytest.raises(UnsupportedError, match=f"^{case.primitive.name} has no code for a GPU"):
            compile_for_device(fuse(case.graph))
        return
    operands = case.operands()
    check_all(run(compile_for_device(fuse(case.graph)), operands), expected(case.primitive, operands), "unbatched")
    if not case.batchable:
        return
    executable = compile_for_device(fuse(batched(case)))
    axes, out = [0] * len(operands), [0] * len(case.graph.outputs)
    for size in SIZES:
        stacks = case.stacks(size)
        wanted = stacked(loop_over(case, stacks, axes, size), case.graph.output_types, out)
        check_all(run(executable, whole(case, stacks, axes)), wanted, f"size={size}")


def _kernels(name: str) -> list[str]:
    """The PTX of the kernels of all examples of a primitive."""
    chosen = [c for c in cases() if c.primitive.name == name and c.has_new_loops and runs_on_a_gpu(c)]
    graphs = [g for c in chosen for g in (c.graph, *([batched(c)] if c.batchable else []))]
    return [k.code.ptx for g in graphs for k in compile_for_device(fuse(g)).device_kernels]


def joined(modules: list[str]) -> str:
    """One module with all functions of several: the assembler takes long to start."""
    header = modules[0][: modules[0].index(".address_size 64")] + ".address_size 64\n"
    parts = []
    for number, module in enumerate(modules):
        body = module[module.index(".address_size 64") + len(".address_size 64") :]
        names = set(re.findall(r"\.(?:entry|func|global)\b[^\n]*?\s([\w$]+)(?:\(|\[|\n)", body))
        for name in names:
            body = re.sub(rf"(?<![\w$%]){re.escape(name)}(?=[\s,;(\[\]]|_param)", f"{name}_{number}", body)
        parts.append(re.sub(r"\$L__", f"$L{number}__", body))
    return header + "".join(parts)


NAMES = sorted({c.primitive.name for c in cases() if not prints(c.primitive) and runs_on_a_gpu(c)})


@needs_assembler
@pytest.mark.parametrize("name", NAMES)
def test_kernels_assemble(name: str, tmp_path: Path) -> None:
    """For one architecture, another one for each primitive; for all with VTRACE_EVERY_ARCHITECTURE."""
    kernels = list(dict.fromkeys(_kernels(name)))
    assert not INEXACT.search("".join(kernels)), "every operation is rounded as IEEE 754 says, and none are contracted"
    chosen = ARCHITECTURES if EVERY_ARCHITECTURE else (ARCHITECTURES[NAMES.index(name) % len(ARCHITECTURES)],)
    for architecture in chosen if kernels else ():
        assemble(joined(kernels), architecture, tmp_path / "kernels.cubin")
