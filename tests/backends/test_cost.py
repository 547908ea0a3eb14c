"""The estimate of a kernel's time: rough, but it must grow with what makes kernels slow."""

from collections.abc import Callable
from typing import Any

import numpy as np

import vtrace
from vtrace import lax
from vtrace.backends.cost import TRIPS, is_bounded, nanoseconds_per_item
from vtrace.backends.layout import choose
from vtrace.ir.graph import Graph
from vtrace.ops.kernel import Kernel


def kernel_of(f: Callable[..., Any], *types: str) -> Graph:
    for equation in vtrace.vmap(f).inspect(*types).kernels.equations:
        if isinstance(equation.primitive, Kernel):
            return equation.primitive.graph
    raise AssertionError("there is no kernel")


def cost(f: Callable[..., Any], *types: str) -> float:
    graph = kernel_of(f, *types)
    return nanoseconds_per_item(graph, choose(graph))


def test_it_grows_with_the_work() -> None:
    add = cost(lambda x: x + 1.0, "f64[b]")
    assert 0 < add < cost(lambda x: x * 3.0 + 1.0, "f64[b]") < cost(np.sin, "f64[b]")
    assert cost(lambda x: (x + 1.0).sum(), "f64[b,100]") > 50 * add
    assert cost(np.dot, "f64[b,100]", "f64[b,100]") > 50 * add


def test_loops_and_branches_count() -> None:
    def trips(number: int) -> float:
        return cost(lambda x: lax.fori_loop(0, number, lambda _, v: np.sin(v), x), "f64[b]")

    assert trips(1000) > 50 * trips(10)
    forever = cost(lambda x: lax.while_loop(lambda v: v < 9.0, lambda v: np.sin(v) + v, x), "f64[b]")
    assert forever > TRIPS * cost(np.sin, "f64[b]") / 2
    branch = cost(lambda x: lax.cond(x > 0, np.sin, lambda v: v, x), "f64[b]")
    assert branch >= cost(np.sin, "f64[b]") / 2


def test_what_may_never_end_is_known() -> None:
    def search(x: Any) -> Any:
        return lax.while_loop(lambda v: v < 9.0, lambda v: v * 2.0, x)

    assert is_bounded(kernel_of(lambda x: lax.cond(x > 0, np.sin, np.cos, x), "f64[b]"))
    assert not is_bounded(kernel_of(search, "f64[b]"))
    assert not is_bounded(kernel_of(lambda x: lax.cond(x > 0, search, lambda v: v, x), "f64[b]"))
