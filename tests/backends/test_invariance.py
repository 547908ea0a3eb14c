"""The bits of an example's result: the same alone, in any batch, in any order, with one thread or two."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vtrace
from benchmarks import loop_programs as loops
from benchmarks import programs
from tests.helpers import random_inputs
from tests.strategies import graphs
from vtrace import lax
from vtrace.backends import compile, entry, threads
from vtrace.ir.graph import Graph
from vtrace.ir.types import Symbol
from vtrace.passes.batching import batch
from vtrace.passes.fuse import fuse
from vtrace.passes.pipeline import optimize

Array = Any
Case = tuple[Callable[..., Any], tuple[Array, ...], Sequence[int | None]]

RNG = np.random.default_rng(7)
MOST = 257
SIZES = (1, 2, 5, 17, 33, 64)
B = Symbol("b")


def normal(*shape: int, dtype: Any = np.float64) -> Array:
    return RNG.standard_normal(shape).astype(dtype)


def mapped(function: Callable[..., Any], *arguments: Array) -> Case:
    """Every argument differs from example to example."""
    return function, arguments, (0,) * len(arguments)


def first_shared(function: Callable[..., Any], x: Array, *shared: Array) -> Case:
    return function, (x, *shared), (0, *(None for _ in shared))


def reductions(x: Array) -> Any:
    return np.sum(x), np.mean(x), np.max(x), np.prod(x), np.argmin(x), np.sum(x * x), np.dot(x, x[::-1])


def correlated(m: Array) -> Any:
    return m @ m.T, np.sum(m, axis=0), np.sum(np.exp(m), axis=1), np.cumsum(m, axis=1)


def branching(x: Array, y: Array) -> Any:
    return lax.cond(x > 0, lambda v: np.sum(np.sin(v)), lambda v: np.sum(v * v) / 3, y)


def ordered(x: Array) -> Any:
    middle = np.median(x), np.quantile(x, 0.3)
    return np.sort(x), np.argsort(x, kind="stable"), middle, lax.top_k(x, 3), np.partition(x, 4), np.interp(0.1, x, x)


def running(x: Array) -> Any:
    return lax.scan(lambda s, v: (s * 0.9 + np.sin(v), s * v), 0.0, x)


def power_method(m: Array, tolerance: Array) -> Any:
    """A loop over arrays whose trip count differs."""

    def far(s: Any) -> Array:
        v, old, trips = s
        return (np.sum((v - old) ** 2) > tolerance) & (trips < 40)

    def step(s: Any) -> Any:
        v = m @ s[0]
        return v / np.sqrt(np.sum(v * v)), s[0], s[2] + 1

    return lax.while_loop(far, step, (np.ones(4), np.zeros(4), 0))


CASES: dict[str, Case] = {
    **{f"reductions{n}": mapped(reductions, normal(MOST, n)) for n in (1, 2, 3, 7, 16, 17, 31, 64, 100, 200)},
    **{f"reductions{n}f": mapped(reductions, normal(MOST, n, dtype=np.float32)) for n in (5, 40, 129)},
    **{f"softmax{n}": mapped(programs.softmax, normal(MOST, n)) for n in (3, 10, 33, 128)},
    "layer_norm": mapped(programs.layer_norm, normal(MOST, 50, dtype=np.float32)),
    "log_sum_exp": mapped(programs.log_sum_exp, normal(MOST, 24)),
    "correlated": mapped(correlated, normal(MOST, 5, 9)),
    "matrix_products": mapped(np.matmul, normal(MOST, 4, 4), normal(MOST, 4, 4)),
    "one_matrix_for_all": first_shared(np.dot, normal(MOST, 70), normal(70, 90)),
    "a_matrix_each": mapped(np.matmul, normal(MOST, 20, 30, dtype=np.float32), normal(MOST, 30, 20, dtype=np.float32)),
    "long_products": mapped(np.matmul, normal(MOST, 3, 70), normal(MOST, 70, 2)),
    "cross": mapped(np.cross, normal(MOST, 3), normal(MOST, 3)),
    "rotate": mapped(programs.rotate, normal(MOST, 4, dtype=np.float32), normal(MOST, 3, dtype=np.float32)),
    "inverse": mapped(programs.inverse3, normal(MOST, 3, 3)),
    "perceptron": first_shared(
        programs.perceptron, normal(MOST, 8), normal(8, 32), normal(32), normal(32, 4), normal(4)
    ),
    "own_perceptron": mapped(
        programs.perceptron,
        normal(MOST, 8),
        normal(MOST, 8, 32),
        normal(MOST, 32),
        normal(MOST, 32, 4),
        normal(MOST, 4),
    ),
    "shared_matrix": first_shared(np.dot, normal(MOST, 60), normal(60, 60)),
    "distances": first_shared(programs.distances, normal(MOST, 3), normal(70, 3)),
    "bodies": first_shared(programs.accelerations, normal(MOST, 3), normal(90, 3), normal(90)),
    "attention": mapped(programs.attention, normal(MOST, 6, 32), normal(MOST, 6, 32), normal(MOST, 6, 32)),
    "convolution": first_shared(programs.convolve9, normal(MOST, 45), normal(9)),
    "gather": mapped(lambda x, i: x[i] * np.sin(x[i[0]]), normal(MOST, 30), RNG.integers(-30, 30, (MOST, 11))),
    "elementwise": mapped(programs.chain, RNG.uniform(0.1, 3, MOST)),
    "variance": mapped(np.var, normal(MOST, 64)),
    "mandelbrot": mapped(loops.mandelbrot, RNG.uniform(-2, 1, MOST), RNG.uniform(-1.5, 1.5, MOST)),
    "newton": mapped(loops.cube_root, RNG.uniform(0.001, 1000, MOST).astype(np.float32)),
    "solver": mapped(loops.van_der_pol, RNG.uniform(0.1, 10, MOST)),
    "filter": mapped(loops.low_pass, normal(MOST, 37)),
    "kalman": mapped(loops.kalman, normal(MOST, 20)),
    **{f"ordered{n}": mapped(ordered, normal(MOST, n)) for n in (21, 1500)},
    "sorted_zeros": mapped(np.sort, RNG.choice([0.0, -0.0, np.nan, 1.0], (MOST, 13))),
    "running": mapped(running, normal(MOST, 19)),
    "branching": mapped(branching, normal(MOST), normal(MOST, 23)),
    "power_method": mapped(power_method, normal(MOST, 4, 4) + 3 * np.eye(4), RNG.uniform(1e-12, 1e-2, MOST)),
}


def taken(case: Case, examples: Sequence[int] | Array) -> list[Array]:
    _, arguments, axes = case
    return [x if a is None else np.ascontiguousarray(x[examples]) for x, a in zip(arguments, axes, strict=True)]


def flat(results: Any) -> list[Array]:
    if isinstance(results, tuple | list):
        return [leaf for r in results for leaf in flat(r)]
    return [results]


def assert_same_bits(actual: Sequence[Array], expected: Sequence[Array], what: str) -> None:
    for n, (a, e) in enumerate(zip(actual, expected, strict=True)):
        assert (a.dtype, a.shape) == (e.dtype, e.shape)
        assert a.tobytes() == e.tobytes(), f"{what}, result {n}: other bits"


def share_everything(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """`count` threads, and no kernel too small to be shared by them."""
    monkeypatch.setattr(threads, "thread_count", lambda: count)
    for module in (threads, entry):
        monkeypatch.setattr(module, "WORTH_SHARING", 0.0 if count > 1 else float("inf"))


@pytest.mark.parametrize("layout", ["", "batch", "inner"])
@pytest.mark.parametrize("name", CASES)
def test_programs(name: str, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    monkeypatch.setenv("VTRACE_LAYOUT", layout)
    run = functools.partial(vtrace.vmap, case[0], in_axes=tuple(case[2]))
    share_everything(monkeypatch, 1)
    alone = run()
    whole = flat(alone(*case[1]))
    for size in SIZES:
        assert_same_bits(flat(alone(*taken(case, range(size)))), [w[:size] for w in whole], f"a batch of {size}")
    last = [w[-1:] for w in whole]
    assert_same_bits(flat(alone(*taken(case, [MOST - 1]))), last, "the last example alone")
    order = np.random.default_rng(1).permutation(MOST)
    assert_same_bits(flat(alone(*taken(case, order))), [w[order] for w in whole], "another order")
    share_everything(monkeypatch, 2)
    assert_same_bits(flat(run()(*case[1])), whole, "two threads")


def _assert_invariant(graph: Graph, seed: int) -> None:
    """`graph` for batches of several sizes, every input mapped."""
    batched = batch(graph, [0] * len(graph.inputs), B, [0] * len(graph.outputs))
    inputs = random_inputs(batched, seed, {B: 33}, special=True)
    executable = compile(fuse(optimize(batched)))
    whole = executable(*inputs)
    for size in (1, 2, 8, 17):
        part = executable(*(np.ascontiguousarray(x[-size:]) for x in inputs))
        assert_same_bits(part, [w[-size:] for w in whole], f"the last {size} examples")


@settings(max_examples=30)
@given(graphs(max_equations=5).filter(lambda g: g.inputs), st.integers(0, 99))
def test_drawn_programs(graph: Graph, seed: int) -> None:
    with np.errstate(all="ignore"):
        _assert_invariant(graph, seed)
