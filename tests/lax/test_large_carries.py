"""Arrays of many elements that loops carry and make anew: they live in two places, which take turns."""

from typing import Any

import numpy as np
import optree
import pytest

import vtrace
from vtrace import lax

Array = Any
RNG = np.random.default_rng(0)


def reversed_sum(x: Array, trips: int) -> Array:
    """Every trip reads all of the old array in another order."""
    return lax.fori_loop(0, trips, lambda i, c: c[::-1] * 0.5 + np.roll(c, 3) + i, x)


def swapped(x: Array, trips: int) -> Array:
    """Two carries that become each other."""
    return lax.fori_loop(0, trips, lambda i, s: (s[1] + 1, s[0] * 0.5, s[1]), (x, x * 2, x))


def recorded(x: Array, trips: int) -> Array:
    """Results of every trip beside a carry, from the last trip to the first."""

    def step(carry: Array, factor: Array) -> Any:
        return np.cumsum(carry) * factor, carry[::7]

    return lax.scan(step, x, np.linspace(0.1, 0.2, trips).astype(x.dtype), reverse=True)


def nested(x: Array, trips: int) -> Array:
    """A loop in a loop whose trips differ from example to example."""

    def body(state: Any) -> Any:
        x, n = state
        return lax.fori_loop(0, 3, lambda i, c: c[::-1] + 0.25 * c, x), n + 1

    return lax.while_loop(lambda s: s[1] < np.abs(x[0]) * trips, body, (x, 0))


def chosen(x: Array, trips: int) -> Array:
    """A loop in a branch that some examples take."""
    return lax.cond(x[0] > 0, lambda x: reversed_sum(x, trips), lambda x: x, x)


@pytest.mark.parametrize("layout", ["batch", "inner"])
@pytest.mark.parametrize("program", [reversed_sum, swapped, recorded, nested, chosen])
@pytest.mark.parametrize(("size", "trips"), [(64, 1), (100, 2), (131, 5)])
def test_against_the_interpreter(
    program: Any, layout: str, size: int, trips: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VTRACE_LAYOUT", layout)
    x = RNG.normal(size=(21, size))
    function = vtrace.vmap(lambda x: program(x, trips))
    found = function(x)
    with vtrace.disable_jit():
        wanted = function(x)
    for got, want in zip(optree.tree_leaves(found), optree.tree_leaves(wanted), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("program", [reversed_sum, recorded])
def test_without_a_batch(program: Any) -> None:
    x = RNG.normal(size=200)
    function = vtrace.jit(lambda x: program(x, 4))
    with vtrace.disable_jit():
        wanted = function(x)
    found = function(x)
    for got, want in zip(optree.tree_leaves(found), optree.tree_leaves(wanted), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def test_no_copy_is_made() -> None:
    """A trip writes the new array once: the addresses take turns instead."""
    text = vtrace.jit(lambda x: lax.fori_loop(0, 9, lambda i, c: c[::-1] * 0.5, x)).inspect("f64[1000]").llvm
    assert "phi ptr" in text
