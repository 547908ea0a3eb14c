"""Whole programs: the benchmarks' kernels as machine code, and drawn programs on the fake device."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import vtrace
from benchmarks import cuda
from benchmarks.loop_inputs import NAMES, inputs
from benchmarks.loop_programs import LOOPS
from benchmarks.programs import PROGRAMS
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.running import run
from tests.cuda.test_matrix import ARCHITECTURES, EVERY_ARCHITECTURE, INEXACT, needs_assembler
from tests.helpers import assert_close, random_inputs
from tests.lax import programs as loops
from tests.lax.oracle import floats, integers
from tests.ops.test_matrix import B
from tests.strategies import LEFT_OUT, graphs
from vtrace.backends.cuda import compile_for_device
from vtrace.backends.cuda.tools import assemble, modules
from vtrace.ir.graph import Graph
from vtrace.ir.interpreter import evaluate
from vtrace.ir.primitive import REGISTRY, LibraryCall
from vtrace.passes.batching import batch
from vtrace.passes.fuse import fuse
from vtrace.passes.pipeline import optimize

ROW = {
    **{f"dot{n}": [f"f32[b,{n}]"] * 2 for n in (100, 1000, 5000, 10000)},
    "add1": ["f32[b]"], "blackscholes": ["f32[b]"] * 3, "chain32": ["f32[b]"], "chain64": ["f64[b]"],
    "softmax": ["f32[b,1000]"], "layernorm": ["f32[b,1000]"], "logsumexp": ["f32[b,1000]"], "var64": ["f64[b,1000]"],
    "cumsum": ["f32[b,1000]"], "attn": ["f32[b,64,32]"] * 3, "conv9": ["f32[b,1000]", "f32[9]"],
    "gather": ["f32[b,1000]", "i32[b,100]"], "hist": ["i32[b,1000]"], "mc_pi": ["u32[b]"],
    "mc_option": ["u32[b]", "f32[b]"], "pendulum": ["f32[b]"] * 2,
}  # fmt: skip
"""The arguments of the programs that loop_inputs has none for."""
ALL = PROGRAMS | LOOPS | {"pendulum": (cuda.pendulum, 0)}


def _types(name: str) -> list[str]:
    if name in ROW:
        return ROW[name]
    axes = ALL[name][1]
    letters = {"float32": "f32", "float64": "f64"}
    types = []
    for position, array in enumerate(inputs(name)):
        axis = axes[position] if isinstance(axes, tuple) else axes
        shape = [str(d) if k != axis else "b" for k, d in enumerate(array.shape)]
        types.append(f"{letters[str(array.dtype)]}[{','.join(shape)}]")
    return types


@needs_assembler
@pytest.mark.parametrize("name", sorted(set(ROW) | set(NAMES)))
def test_benchmark_kernels_spill_no_registers(name: str, tmp_path: Path) -> None:
    function, axes = ALL[name]
    ptx = vtrace.vmap(function, axes).inspect(*_types(name)).ptx
    assert not INEXACT.search(ptx)
    others = [a for a in ARCHITECTURES if a != "sm_90"]
    chosen = ARCHITECTURES if EVERY_ARCHITECTURE else ("sm_90", others[len(name) % len(others)])
    for module in modules(ptx):
        for architecture in chosen:
            told = assemble(module, architecture, tmp_path / "kernel.cubin", "-v")
            spills = re.findall(r"(\d+) bytes spill", told)
            assert spills, told
            assert set(spills) == {"0"}, told


SMALL = {
    "softmax": [(5, 1000)], "layernorm": [(3, 1000)], "inv3": [(37, 3, 3)], "quatrot": [(37, 4), (37, 3)],
    "mandel": [(50,), (50,)], "kalman": [(3, 40)], "conv9": [(4, 60), (9,)], "cumsum": [(3, 200)],
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SMALL))
def test_benchmark_programs_equal_the_cpu(name: str, gpu: FakeDriver) -> None:
    function, axes = ALL[name]
    rng = np.random.default_rng(0)
    arguments = [rng.uniform(0.5, 1.5, shape).astype(np.float32) for shape in SMALL[name]]
    on_cpu, on_gpu = (vtrace.vmap(function, axes, device=d)(*arguments) for d in ("cpu", "cuda"))
    assert on_gpu.dtype == on_cpu.dtype
    np.testing.assert_allclose(on_gpu, on_cpu, rtol=3e-6, atol=2e-6)


X, V, K = floats(low=-1, high=1)[:5], floats(3, low=-1, high=1)[:5], integers(0, 7)[:5]
few = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@few
@given(loops.programs())
def test_drawn_loops_and_branches(gpu: FakeDriver, program: loops.Program) -> None:
    found = vtrace.vmap(lambda *state: loops.run(program, loops.Traced, state), device="cuda")(X, V, K)
    for n in range(len(X)):
        wanted = loops.run(program, loops.Plain, (X[n], V[n], K[n]))
        for g, w in zip(found, wanted, strict=True):
            assert g.dtype == np.asarray(w).dtype
            np.testing.assert_allclose(g[n], w, rtol=1e-9, atol=1e-12)


NO_LIBRARY = LEFT_OUT | {n for n, cls in REGISTRY.items() if issubclass(cls, LibraryCall)}


@few
@given(graphs(exclude=NO_LIBRARY).filter(lambda g: g.inputs), st.integers(0, 2**32 - 1), st.sampled_from([1, 5, 37]))
def test_drawn_graphs(gpu: FakeDriver, graph: Graph, seed: int, size: int) -> None:
    """Any primitives that are no library's, one after the other, as a batch."""
    many = batch(graph, [0] * len(graph.inputs), B, [0] * len(graph.outputs))
    arrays = random_inputs(many, seed, {B: size})
    try:
        wanted = evaluate(many, *arrays)
    except IndexError:
        reject()
    assert_close(run(compile_for_device(fuse(optimize(many))), arrays), wanted, ulps=1000)


def test_large_arrays_that_loops_carry(gpu: FakeDriver) -> None:
    """They take turns in two places, whose addresses change."""
    x = np.random.default_rng(0).normal(size=(5, 70))

    def program(x):
        return vtrace.lax.fori_loop(0, 3, lambda i, c: c[::-1] * 0.5 + i, x)

    np.testing.assert_array_equal(vtrace.vmap(program, device="cuda")(x), vtrace.vmap(program)(x))
