"""Teams in loops and branches: all threads go the same way, and what is long is divided."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

import vtrace
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.interpreter.machine import ORDERS
from tests.cuda.running import run
from tests.cuda.test_programs import NO_LIBRARY
from tests.helpers import assert_close, random_inputs
from tests.lax import programs as loops
from tests.lax.oracle import floats, integers
from tests.ops.test_matrix import B
from tests.strategies import graphs
from vtrace import lax
from vtrace.backends.cuda import compile_for_device, scratch
from vtrace.ir.graph import Graph
from vtrace.ir.interpreter import evaluate
from vtrace.passes.batching import batch
from vtrace.passes.fuse import fuse
from vtrace.passes.pipeline import optimize

Array = Any
RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(130, 130)) / 12


def recurrent(x: Array, w: Array) -> Array:
    """A cell whose state is long: a product of a matrix and a vector on each step."""
    return lax.scan(lambda h, u: (np.tanh(w @ h + u), h.sum()), x, x[:3])


def jacobi(b: Array) -> Array:
    """Until a row has come to rest."""

    def improve(state: Any) -> Any:
        x, _, trips = state
        new = (b + 0.25 * (np.roll(x, 1) + np.roll(x, -1))) * 0.5
        return new, np.abs(new - x).max(), trips + 1

    return lax.while_loop(lambda s: s[1] > 1e-3, improve, (b, np.float64(1), 0))


def histogram(x: Array) -> Array:
    """An array that is updated in place, an element at a time."""
    rows = (np.abs(x) * 150).astype(np.int64)
    counts = lax.fori_loop(0, 140, lambda i, c: c.at[rows[i]].add(x[i]), np.zeros(600))
    return counts * x.sum()


def windows(x: Array) -> Array:
    """Windows are replaced, short ones and long ones."""

    def step(i: Any, c: Array) -> Array:
        c = lax.dynamic_update_slice(c, lax.dynamic_slice(c, (i,), (40,))[::-1], (i + 1,))
        return lax.dynamic_update_slice(c, c[:3] + c[1:4], (5 * i,))

    return lax.fori_loop(0, 3, step, x)


def branches(x: Array) -> Array:
    """Each branch has folds of its own."""
    return lax.cond(x.sum() > 0, lambda x: x / x.max() + np.cumsum(x), lambda x: x[::-1] - x.min(), x)


def nested(x: Array) -> Array:
    """A batch within an example, of loops over rows."""
    return vtrace.vmap(lambda m: lax.fori_loop(0, 2, lambda i, c: c * 0.5 + c[::-1].max(), m))(np.stack([x, -x]))


def parts(x: Array) -> tuple[Array, ...]:
    """What has elements of its own kind: positions, products of rows, sorted and searched rows, matrices."""
    order = np.argsort(x[:40])
    m = np.reshape(x[:120], (12, 10))
    return x.argmax(), np.nanargmin(x), x[order].sum(), m @ m.T, np.sort(m, axis=1), np.outer(x, x[:2]).sum(0), x.std()


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "recurrent": (recurrent, (floats(130)[:3], WEIGHTS)),
    "jacobi": (jacobi, (floats(512)[:3],)),
    "histogram": (histogram, (floats(140, seed=1)[:2],)),
    "windows": (windows, (floats(150, seed=2)[:3],)),
    "branches": (branches, (floats(133, seed=3)[:4],)),
    "nested": (nested, (floats(129, seed=4)[:2],)),
    "parts": (parts, (floats(141, seed=5)[:3],)),
}

SERIAL = ("histogram", "parts")
"""Those that a thread does alone unless it is told otherwise: most of their work cannot be divided."""


@pytest.mark.parametrize(
    ("name", "mode", "order"),
    [
        *((name, mode, "together") for name in PROGRAMS for mode in ("", "warp", "block")),
        *((name, "warp", order) for name in ("windows", "branches", "nested") for order in ORDERS[1:]),
        ("branches", "block", "last"),
    ],
)
def test_programs_equal_the_cpu(
    name: str, mode: str, order: str, gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VTRACE_CUDA_LAYOUT", mode)
    function, arguments = PROGRAMS[name]
    axes = (0, *[None] * (len(arguments) - 1))
    gpu.order = order
    on_cpu = vtrace.vmap(function, axes, device="cpu")(*arguments)
    on_gpu = vtrace.vmap(function, axes, device="cuda")(*arguments)
    for found, wanted in zip(on_gpu, on_cpu, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
    chosen = mode or ("thread" if name in SERIAL else "warp")
    assert f"{chosen} layout" in vtrace.vmap(function, axes, device="cuda").inspect(*arguments).report


@pytest.mark.parametrize("room", [0, 1 << 11])
@pytest.mark.parametrize("name", ["recurrent", "jacobi", "windows"])
def test_what_has_no_room_in_shared_memory(
    name: str, room: int, gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lies in scratch memory."""
    monkeypatch.setattr(scratch, "SHARED_BYTES", room)
    monkeypatch.setenv("VTRACE_CACHE", "0")
    test_programs_equal_the_cpu(name, "warp", "together", gpu, monkeypatch)


def long_loops(program: loops.Program) -> int:
    """How many loops over whole rows lie within each other."""
    depth = 0
    for name, *rest in program:
        bodies = rest[0] if name == "switch" else [b for b in rest if isinstance(b, list)]
        depth = max([depth, *((name in ("over", "each")) + long_loops(b) for b in bodies)])
    return depth


few = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture
def tame(monkeypatch: pytest.MonkeyPatch) -> None:
    """In loops over long rows sums would grow, and the sine of a multiple is chaos, which makes errors large."""
    monkeypatch.setitem(loops.STEPS, "sums", lambda s: (s[0], np.cumsum(s[1]) / s[1].shape[0], s[2] + 1))
    monkeypatch.setitem(loops.STEPS, "wave", lambda s: (np.sin(s[0] * 0.75 + 0.1), np.cos(s[1]), s[2]))


def equals_python(program: loops.Program, length: int) -> None:
    x, v, k = floats(low=-1, high=1)[:2], floats(length, low=-1, high=1)[:2], integers(0, 7)[:2]
    found = vtrace.vmap(lambda *state: loops.run(program, loops.Traced, state), device="cuda")(x, v, k)
    for n in range(len(x)):
        wanted = loops.run(program, loops.Plain, (x[n], v[n], k[n]))
        for g, w in zip(found, wanted, strict=True):
            assert g.dtype == np.asarray(w).dtype
            np.testing.assert_allclose(g[n], w, rtol=1e-9, atol=1e-11)


@pytest.mark.usefixtures("tame")
@few
@given(loops.programs().filter(lambda p: long_loops(p) <= 1))
def test_drawn_loops_over_rows(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch, program: loops.Program) -> None:
    """A warp divides rows of 32 elements and more."""
    monkeypatch.setenv("VTRACE_CUDA_LAYOUT", "warp")
    equals_python(program, 37)


@pytest.mark.usefixtures("tame")
@few
@given(loops.programs().filter(lambda p: long_loops(p) == 0), st.sampled_from(["warp", "block"]))
def test_drawn_loops_with_long_rows(
    gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch, program: loops.Program, mode: str
) -> None:
    monkeypatch.setenv("VTRACE_CUDA_LAYOUT", mode)
    equals_python(program, 130)


@few
@given(
    graphs(exclude=NO_LIBRARY).filter(lambda g: g.inputs), st.integers(0, 2**32 - 1), st.sampled_from(["warp", "block"])
)
def test_drawn_graphs(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch, graph: Graph, seed: int, mode: str) -> None:
    """Any primitives, one after the other: what is small each thread does for itself."""
    monkeypatch.setenv("VTRACE_CUDA_LAYOUT", mode)
    many = batch(graph, [0] * len(graph.inputs), B, [0] * len(graph.outputs))
    arrays = random_inputs(many, seed, {B: 3})
    try:
        wanted = evaluate(many, *arrays)
    except IndexError:
        reject()
    assert_close(run(compile_for_device(fuse(optimize(many))), arrays), wanted, ulps=1000)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("where", ["gather", "after a loop", "in a loop"])
def test_the_first_wrong_index_is_told(where: str, order: str, gpu: FakeDriver) -> None:
    """The one that a single thread would come to first, whichever thread of the team finds it."""

    def program(x: Array, i: Array) -> Array:
        if where == "in a loop":
            return lax.fori_loop(0, 3, lambda n, c: c + x[i + n] * x.sum(), x)
        return (x[i] if where == "gather" else np.cumsum(x)[i]) + x[::-1].sum()

    x, i = floats(300)[:4], integers(-300, 297, 300)[:4]
    i[2, [250, 37, 36, 131]] = [700, 301, 999, -400]
    i[3, 0] = 800
    gpu.order = order
    messages = []
    for device in ("cpu", "cuda"):
        with pytest.raises(IndexError) as raised:
            vtrace.vmap(program, device=device)(x, i)
        messages.append(str(raised.value))
    assert "index 999 is out of bounds for axis 0 with size 300, batch element 2" in messages[0]
    assert messages[0] == messages[1]
