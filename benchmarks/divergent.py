"""Workloads in which examples part ways: one that loops for much longer than all others, a branch few examples take."""

from typing import Any

import numpy as np

from benchmarks.workloads import Args, Array, Workload
from vtrace import lax

FEW, MANY = 3, 5000
"""Trips of all examples but one, and of that one."""
DEAR = 1000
"""Trips in the branch that one in a hundred takes."""


def wander(x: Array, trips: Array) -> Array:
    """A loop whose length is data."""

    def going_on(state: Any) -> Array:
        return state[1] < trips

    def step(state: Any) -> Any:
        x, done = state
        return np.sin(x) + 0.5 * np.exp(-x * x), done + 1

    return lax.while_loop(going_on, step, (x, np.int32(0)))[0]


def _wander_by_hand(x: Array, trips: Array) -> Array:
    """As NumPy can: all in step, those that are done left out."""
    x, active = x.copy(), np.arange(x.size)
    for done in range(int(trips.max())):
        active = active[trips[active] > done]
        part = x[active]
        x[active] = np.sin(part) + 0.5 * np.exp(-part * part)
    return x


def settle(x: Array) -> Array:
    """Cheap for most, a loop for one in a hundred."""

    def dear(x: Array) -> Array:
        return lax.fori_loop(0, DEAR, lambda _, y: 0.999 * y + 0.25 * x, x)

    return lax.cond(x < 0.01, dear, lambda x: 2 * x + 1, x)


def _settle_by_hand(x: Array) -> Array:
    few = x < 0.01
    result, part = 2 * x + 1, x[few]
    y = part
    for _ in range(DEAR):
        y = 0.999 * y + 0.25 * part
    result[few] = y
    return result


def _wander_inputs(rng: np.random.Generator, n: int) -> Args:
    trips = np.full(n, FEW, np.int32)
    trips[n // 2] = MANY
    return rng.random(n), trips


def _settle_inputs(rng: np.random.Generator, n: int) -> Args:
    return (rng.random(n),)


DIVERGENT = [
    Workload("divergent_while", "wander", _wander_inputs, 100_001, wander, _wander_by_hand, (0, 0), loop=False),
    Workload("rare_branch", "settle", _settle_inputs, 1_000_000, settle, _settle_by_hand, loop=False),
]
