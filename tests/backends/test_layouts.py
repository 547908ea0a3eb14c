"""Lanes over examples or along rows: both give what the interpreter gives, for any dtype and any size of the batch."""

from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

import vtrace
from tests.helpers import random_inputs
from tests.strategies import graphs
from vtrace.backends import compile
from vtrace.backends.target import VECTOR_BYTES
from vtrace.ir.graph import Graph
from vtrace.ir.interpreter import evaluate
from vtrace.ir.types import Symbol
from vtrace.passes.batching import batch
from vtrace.passes.fuse import fuse
from vtrace.passes.pipeline import optimize

Array = Any

B = Symbol("b")
both = pytest.mark.parametrize("layout", ["batch", "inner"])


def sizes(dtype: Any) -> list[int]:
    """Around the number of lanes; the first one has whole vectors and a rest."""
    width = VECTOR_BYTES // np.dtype(dtype).itemsize
    return [3 * width + 5, 0, 1, width - 1, width, width + 1]


def rows(dtype: Any, *shape: int) -> Array:
    rng = np.random.default_rng(len(shape))
    if np.dtype(dtype).kind == "f":
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, 2 if dtype is np.bool_ else 100, shape).astype(dtype)


def turn(x: Array) -> Array:
    """Reads and writes whole rows; every element comes from another place."""
    return np.concatenate([x[1:], x[:1]])[::-1]


def stretched(x: Array) -> Any:
    """Results with rows of other lengths than the argument's."""
    return np.concatenate([x, x, x[:1]]), x[::2], x[-1]


LENGTHS = {
    np.bool_: (2, 13, 40),
    np.int8: (3, 16, 37),
    np.uint16: (5, 41),
    np.float32: (2, 5, 8, 11, 16, 19, 32, 37),
    np.int64: (2, 3, 4, 7, 8, 13, 16, 17, 23, 31, 32, 40),
}
"""Primes, powers of two, and either side of what is read as one stretch or moved in squares."""


@both
@pytest.mark.parametrize(("dtype", "size"), [(d, n) for d, lengths in LENGTHS.items() for n in lengths])
def test_rows(dtype: Any, size: int, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTRACE_LAYOUT", layout)
    function = vtrace.vmap(lambda x: (turn(x), *stretched(x)))
    for count in sizes(dtype):
        x = rows(dtype, count, size)
        expected = (
            np.concatenate([x[:, 1:], x[:, :1]], axis=1)[:, ::-1],
            np.concatenate([x, x, x[:, :1]], axis=1),
            x[:, ::2],
            x[:, -1],
        )
        for got, want in zip(function(x), expected, strict=True):
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want, err_msg=f"{count} examples")


@both
@pytest.mark.parametrize("axes", [(1, 0), (0, 1), (1, 1), (1, -1), (0, -1)])
@pytest.mark.parametrize("dtype", [np.bool_, np.int16, np.float64])
def test_the_batch_axis_elsewhere(
    dtype: Any, axes: tuple[int, int], layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VTRACE_LAYOUT", layout)
    function = vtrace.vmap(turn, in_axes=axes[0], out_axes=axes[1])
    for count in sizes(dtype):
        x = rows(dtype, count, 9)
        want = np.moveaxis(np.concatenate([x[:, 1:], x[:, :1]], axis=1)[:, ::-1], 0, axes[1])
        np.testing.assert_array_equal(function(np.moveaxis(x, 0, axes[0])), want, err_msg=f"{count} examples")


@both
def test_code_on_disk_belongs_to_its_layout(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is the same in both: the layout must be part of the key."""
    monkeypatch.setenv("VTRACE_LAYOUT", layout)
    x = rows(np.float64, 70, 12)
    function = vtrace.vmap(lambda v: np.exp(v) / np.sum(np.exp(v)))
    assert f"{layout} layout" in function.inspect(x).report
    np.testing.assert_allclose(function(x), np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True), rtol=1e-13)


def test_a_layout_that_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTRACE_LAYOUT", "flat")
    with pytest.raises(vtrace.UsageError, match="VTRACE_LAYOUT is 'flat'; it takes batch, inner"):
        vtrace.vmap(np.sum)(rows(np.float32, 3, 5))


def _agrees(graph: Graph, seed: int, axes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """`graph`, batched, in both layouts against the interpreter."""
    batched = batch(graph, axes[: len(graph.inputs)], B, [0] * len(graph.outputs))
    inputs = random_inputs(batched, seed, {B: 21})
    try:
        wanted = evaluate(batched, *inputs, sizes={B: 21})
    except vtrace.IndexOutOfRangeError:
        assume(False)
    kernels = fuse(optimize(batched))
    for layout in ("batch", "inner"):
        monkeypatch.setenv("VTRACE_LAYOUT", layout)
        executable = compile(kernels)
        for n, (got, want) in enumerate(zip(executable(*inputs), wanted, strict=True)):
            assert (got.dtype, got.shape) == (want.dtype, want.shape)
            tolerance = 2e-3 if want.dtype == np.float32 else 1e-7
            np.testing.assert_allclose(
                got.astype(float), want.astype(float), tolerance, tolerance, err_msg=f"{layout}, result {n}"
            )


@settings(max_examples=25)
@given(graphs(max_equations=6).filter(lambda g: g.inputs), st.integers(0, 99))
def test_drawn_programs(graph: Graph, seed: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, np.errstate(all="ignore"):
        _agrees(graph, seed, [0] * len(graph.inputs), monkeypatch)


@settings(max_examples=5, phases=[Phase.generate])
@given(graphs(max_equations=60).filter(lambda g: g.inputs and len(g.equations) > 20), st.integers(0, 99))
def test_long_drawn_programs(graph: Graph, seed: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch, np.errstate(all="ignore"):
        _agrees(graph, seed, [t.rank for t in graph.input_types], monkeypatch)
