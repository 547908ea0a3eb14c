"""Who computes a workload: build() -> function, and the arguments in the form each of them likes best."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import vtrace
from benchmarks.workloads import Args, Workload, add1

Function = Callable[..., Any]


def _as_they_are(args: Args) -> Args:
    return args


@dataclass(frozen=True)
class Contestant:
    """A column of the table."""

    name: str
    build: Callable[[], Function]
    """Everything a user would do before the first call."""
    put: Callable[[Args], Args] = field(default=_as_they_are)
    checked: bool = True
    """Whether it computes the workload; else it measures something to compare with."""


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def contestants(workload: Workload) -> Iterator[Contestant]:
    """vtrace first, then those that are installed."""
    w = workload
    yield Contestant("vtrace", lambda: build_vtrace(w))
    yield Contestant("numpy", lambda: w.by_hand)
    if w.loop:
        yield Contestant("loop", lambda: naive_loop(w))
    if installed("jax"):
        from benchmarks import jax_functions

        yield Contestant("jax", lambda: jax_functions.build(w.family, w.in_axes, w.nested), jax_functions.put)
    if installed("numba"):
        from benchmarks import numba_functions

        yield Contestant("numba", lambda: numba_functions.build(w.family))
    if w.reads:
        yield from readers()


def warm_up() -> None:
    """Whatever each of them does once per process, before its first compilation."""
    x = np.ones(4)
    vtrace.vmap(add1)(x)
    if installed("jax"):
        from benchmarks import jax_functions

        jax_functions.build("add1", 0, False)(x)
    if installed("numba"):
        from benchmarks import numba_functions

        numba_functions.build("add1")(x)


def readers() -> Iterator[Contestant]:
    """Functions that do nothing but read two arrays: how fast can that be here?"""
    yield Contestant("read: np.dot", lambda: np.dot, _flat, checked=False)
    if installed("numba"):
        from benchmarks import numba_functions

        yield Contestant("read: numba", lambda: numba_functions.build("read"), _flat, checked=False)


def _flat(args: Args) -> Args:
    return tuple(a.reshape(-1) for a in args)


def build_vtrace(w: Workload) -> Function:
    """As a user of vtrace would write it."""
    if w.nested:
        return vtrace.vmap(vtrace.vmap(w.example, (0, None)), (None, 1), 1)
    return vtrace.vmap(w.example, w.in_axes, w.out_axes)


def naive_loop(w: Workload) -> Function:
    """The loop that vmap replaces."""

    def loop(*args: Any) -> Any:
        results = [w.example(*row) for row in zip(*args, strict=True)]
        if isinstance(results[0], tuple):
            return tuple(np.stack(part) for part in zip(*results, strict=True))
        return np.stack(results)

    return loop
