"""vtrace on a GPU beside JAX and PyTorch, as far as they are installed: `make bench-cuda`.

Each workload is checked against the CPU on a small batch before it is timed. Arguments and results stay on the GPU;
times are those of a call until its result is there, the smallest of several.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import vtrace
from benchmarks.cuda_peers import in_jax, in_torch
from benchmarks.loop_programs import mandelbrot
from benchmarks.programs import add1, black_scholes, dot, inverse3, row_times_matrix, softmax
from vtrace import lax

Array = Any
REPEATS = 20


@dataclass(frozen=True)
class Workload:
    """A function of one example, and arguments for a batch of it."""

    name: str
    function: Callable[..., Any]
    make: Callable[[np.random.Generator, int], tuple[Array, ...]]
    size: int
    in_axes: Any = 0

    def inputs(self, size: int) -> tuple[Array, ...]:
        return self.make(np.random.default_rng(0), size)


def _uniform(low: float, high: float, *shapes: tuple[int, ...]) -> Callable[..., tuple[Array, ...]]:
    return lambda rng, n: tuple(rng.uniform(low, high, (n, *s)).astype(np.float32) for s in shapes)


def _with_matrix(rng: np.random.Generator, n: int) -> tuple[Array, ...]:
    return rng.random((n, 1024), dtype=np.float32), rng.random((1024, 1024), dtype=np.float32)


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


WORKLOADS = (
    Workload("x + 1, 2^28", add1, _uniform(0, 1, ()), 1 << 28),
    Workload("row dot, 200k x 1024", dot, _uniform(0, 1, (1024,), (1024,)), 200_000),
    Workload("softmax, 200k x 1024", softmax, _uniform(0, 1, (1024,)), 200_000),
    Workload("Black-Scholes, 1e8", black_scholes, _uniform(0.5, 1.5, (), (), ()), 100_000_000),
    Workload("Mandelbrot, 4096^2", mandelbrot, _uniform(-2, 1, (), ()), 1 << 24),
    Workload("Runge-Kutta, 1e6 x 1000 steps", pendulum, _uniform(-1, 1, (), ()), 1_000_000),
    Workload("3 x 3 inverse, 1e7", inverse3, _uniform(1, 2, (3, 3)), 10_000_000),
    Workload("matmul, 8192 x 1024 x 1024", row_times_matrix, _with_matrix, 8192, (0, None)),
    Workload("a small call", add1, _uniform(0, 1, ()), 4),
)


def check(workload: Workload) -> None:
    """AssertionError unless the GPU gives the CPU's results for a few examples."""
    arguments = workload.inputs(37)
    wanted = vtrace.vmap(workload.function, workload.in_axes, device="cpu")(*arguments)
    found = vtrace.vmap(workload.function, workload.in_axes, device="cuda")(*arguments)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5, err_msg=workload.name)


def seconds(call: Callable[[], Any], wait: Callable[[Any], Any]) -> float:
    """The shortest time of a call until its result is there."""
    wait(call())
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        wait(call())
        best = min(best, time.perf_counter() - start)
    return best


def _vtrace(workload: Workload, arguments: tuple[Array, ...]) -> float:
    from vtrace.backends.cuda import DeviceArray, gpu

    where = gpu()
    with where:
        sent = [DeviceArray.copy_of(a, where, where.stream) for a in arguments]
    function = vtrace.vmap(workload.function, workload.in_axes)

    def wait(result: Any) -> None:
        with where:
            where.synchronize(result.stream)

    return seconds(lambda: function(*sent), wait)


def _copy(_: Workload, arguments: tuple[Array, ...]) -> float:
    """As many bytes as the arguments have, copied on the device: what reading and writing costs at least."""
    from vtrace.backends.cuda import DeviceArray, gpu

    where = gpu()
    with where:
        sent = [DeviceArray.copy_of(a, where, where.stream) for a in arguments]

    def wait(results: Any) -> None:
        with where:
            where.synchronize(results[0].stream)

    return seconds(lambda: [a.copy() for a in sent], wait)


def _torch(workload: Workload, arguments: tuple[Array, ...]) -> float:
    import torch

    plain = in_torch()[workload.function.__name__]
    sent = [torch.from_numpy(a).cuda() for a in arguments]
    function = plain if workload.function is row_times_matrix else torch.compile(plain)
    return seconds(lambda: function(*sent), lambda _: torch.cuda.synchronize())


def _jax(workload: Workload, arguments: tuple[Array, ...]) -> float:
    import jax

    example = in_jax()[workload.function.__name__]
    sent = [jax.device_put(a, jax.devices("gpu")[0]) for a in arguments]
    function = jax.jit(jax.vmap(example, workload.in_axes))
    return seconds(lambda: function(*sent), lambda result: result.block_until_ready())


def first_call() -> float:
    """From a function to its result where nothing is on disk: a kernel that nobody has compiled before."""
    new = time.time_ns() % 1_000_003
    arguments = _uniform(0, 1, ())(np.random.default_rng(0), 1000)
    start = time.perf_counter()
    vtrace.vmap(lambda x: np.exp(-x * x) * np.tanh(3 * x) + new, device="cuda")(*arguments)
    return time.perf_counter() - start


CONTESTANTS = {"vtrace": _vtrace, "device copy": _copy, "JAX": _jax, "PyTorch": _torch}


def measure(scale: float = 1.0) -> None:
    """Print the table; `scale` shrinks every batch."""
    print(f"{'milliseconds':32}" + "".join(f"{name:>14}" for name in CONTESTANTS))
    for workload in WORKLOADS:
        check(workload)
        arguments = workload.inputs(max(int(workload.size * scale), 1))
        cells = []
        for run in CONTESTANTS.values():
            try:
                cells.append(f"{1e3 * run(workload, arguments):14.4f}")
            except (ImportError, KeyError, RuntimeError) as reason:
                cells.append(f"{type(reason).__name__:>14}"[:14])
        print(f"{workload.name:32}" + "".join(cells), flush=True)
    print(f"{'a first call, all compiled':32}{1e3 * first_call():14.4f}")


def main() -> int:
    from vtrace.backends.cuda import gpu

    try:
        print(f"{gpu().name}, driver for CUDA {gpu().driver.version / 1000:.2f}")
        measure()
    except vtrace.DeviceError as error:
        print(f"bench-cuda: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
