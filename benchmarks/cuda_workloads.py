"""What `benchmarks.cuda` measures: functions, and arguments for them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import vtrace
from benchmarks.loop_programs import mandelbrot
from benchmarks.programs import add1, black_scholes, dot, inverse3, row_times_matrix, softmax
from vtrace import lax

Array = Any


@dataclass(frozen=True)
class Workload:
    """A function of one example, and arguments for a batch of it; or a function of whole arrays."""

    name: str
    function: Callable[..., Any]
    make: Callable[[np.random.Generator, int], tuple[Array, ...]]
    size: int
    in_axes: Any = 0
    batched: bool = True
    calls: int = 1
    """How many are made before the result of the last one is waited for."""

    def inputs(self, size: int) -> tuple[Array, ...]:
        return self.make(np.random.default_rng(0), size)

    def program(self, device: str | None = None) -> Callable[..., Any]:
        """The function, compiled by vtrace."""
        if not self.batched:
            return vtrace.jit(self.function, device=device)
        return vtrace.vmap(self.function, self.in_axes, device=device)


def _uniform(low: float, high: float, *shapes: tuple[int, ...]) -> Callable[..., tuple[Array, ...]]:
    def make(rng: np.random.Generator, n: int) -> tuple[Array, ...]:
        return tuple(rng.random((n, *s), np.float32) * np.float32(high - low) + np.float32(low) for s in shapes)

    return make


def _with_matrix(rng: np.random.Generator, n: int) -> tuple[Array, ...]:
    return rng.random((n, 1024), dtype=np.float32), rng.random((1024, 1024), dtype=np.float32)


def _numbers_below(most: int) -> Callable[..., tuple[Array, ...]]:
    return lambda rng, n: (rng.integers(0, most, n, np.int32),)


def _in_segments(rng: np.random.Generator, n: int) -> tuple[Array, ...]:
    return rng.random(n, np.float32), rng.integers(0, SEGMENTS, n, np.int32)


COUNTERS, SEGMENTS = 1000, 100_000


def pendulum(angle: Array, speed: Array) -> Array:
    """1000 Runge-Kutta steps."""

    def slope(s: Array) -> Array:
        return np.stack([s[1], -np.sin(s[0])])

    def step(_: Any, s: Array) -> Array:
        k1 = slope(s)
        k2 = slope(s + 0.005 * k1)
        k3 = slope(s + 0.005 * k2)
        k4 = slope(s + 0.01 * k3)
        return s + 0.01 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    return lax.fori_loop(0, 1000, step, np.stack([angle, speed]))


def counts(i: Array) -> Array:
    """How often each number below COUNTERS is there."""
    return np.bincount(i, minlength=COUNTERS)


def segments(x: Array, i: Array) -> Array:
    """The sum of each segment."""
    return lax.segment_sum(x, i, SEGMENTS)


WORKLOADS = (
    Workload("x + 1, 2^28", add1, _uniform(0, 1, ()), 1 << 28),
    Workload("row dot, 200k x 1024", dot, _uniform(0, 1, (1024,), (1024,)), 200_000),
    Workload("softmax, 200k x 1024", softmax, _uniform(0, 1, (1024,)), 200_000),
    Workload("Black-Scholes, 1e8", black_scholes, _uniform(0.5, 1.5, (), (), ()), 100_000_000),
    Workload("Mandelbrot, 4096^2", mandelbrot, _uniform(-2, 1, (), ()), 1 << 24),
    Workload("Runge-Kutta, 1e6 x 1000 steps", pendulum, _uniform(-1, 1, (), ()), 1_000_000),
    Workload("3 x 3 inverse, 1e7", inverse3, _uniform(1, 2, (3, 3)), 10_000_000),
    Workload("matmul, 8192 x 1024 x 1024", row_times_matrix, _with_matrix, 8192, (0, None)),
    Workload("counts, 1e8 of 1000", counts, _numbers_below(COUNTERS), 100_000_000, batched=False),
    Workload("sums of 1e5 segments of 1e7", segments, _in_segments, 10_000_000, batched=False),
    Workload("a small call", add1, _uniform(0, 1, ()), 4, calls=100),
)
