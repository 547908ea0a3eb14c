"""vtrace on a GPU beside CuPy, JAX and PyTorch, as far as they are installed: `make bench-cuda`.

First the self-check of `vtrace info --check-gpu` must pass. Each workload is checked against the CPU on a small batch
before it is timed. Arguments and results stay on the GPU;
times are those of calls until the result is there, medians and minima. Beside them stand the bars, by the medians.
"""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

import vtrace
from benchmarks.cuda_bars import BARS, COMPILE, COPY, CUPY, JAX, TORCH, VTRACE, Times
from benchmarks.cuda_peers import in_cupy, in_jax, in_torch
from benchmarks.cuda_workloads import WORKLOADS, Workload, pendulum
from benchmarks.programs import row_times_matrix
from vtrace.cli.self_check import CHECKS, failures

__all__ = ["CONTESTANTS", "REPEATS", "WORKLOADS", "main", "measure", "pendulum"]

Array = Any
REPEATS, FIRST_CALLS = 20, 5


def check(workload: Workload) -> None:
    """AssertionError unless the GPU gives the CPU's results for a few examples."""
    arguments = workload.inputs(37)
    wanted, found = (workload.program(device)(*arguments) for device in ("cpu", "cuda"))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5, err_msg=workload.name)


def timed(call: Callable[[], Any], wait: Callable[[Any], Any], calls: int = 1) -> Times:
    """How long a call takes until its result is there, of `calls` that follow one another."""
    wait(call())
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(calls):
            result = call()
        wait(result)
        seconds.append((time.perf_counter() - start) / calls)
    return Times(median(seconds), min(seconds))


def _sent(arguments: tuple[Array, ...]) -> tuple[Any, list[Any]]:
    """The GPU, and the arguments there."""
    from vtrace.backends.cuda import DeviceArray, gpu

    where = gpu()
    with where:
        return where, [DeviceArray.copy_of(a, where, where.stream) for a in arguments]


def _vtrace(workload: Workload, arguments: tuple[Array, ...]) -> Times:
    where, sent = _sent(arguments)
    function = workload.program()

    def wait(result: Any) -> None:
        with where:
            where.synchronize(result.stream)

    return timed(lambda: function(*sent), wait, workload.calls)


def _copy(workload: Workload, arguments: tuple[Array, ...]) -> Times:
    """As many bytes as the arguments have, copied on the device."""
    where, sent = _sent(arguments)

    def wait(results: Any) -> None:
        with where:
            where.synchronize(results[0].stream)

    return timed(lambda: [a.copy() for a in sent], wait, workload.calls)


def _cupy(workload: Workload, arguments: tuple[Array, ...]) -> Times:
    import cupy

    function = in_cupy()[workload.function.__name__]
    sent = [cupy.asarray(a) for a in arguments]
    return timed(lambda: function(*sent), lambda _: cupy.cuda.get_current_stream().synchronize(), workload.calls)


def _torch(workload: Workload, arguments: tuple[Array, ...]) -> Times:
    import torch

    plain = in_torch()[workload.function.__name__]
    sent = [torch.from_numpy(a).cuda() for a in arguments]
    function = plain if workload.function is row_times_matrix else torch.compile(plain)
    return timed(lambda: function(*sent), lambda _: torch.cuda.synchronize(), workload.calls)


def _jax(workload: Workload, arguments: tuple[Array, ...]) -> Times:
    import jax

    example = in_jax()[workload.function.__name__]
    sent = [jax.device_put(a, jax.devices("gpu")[0]) for a in arguments]
    function = jax.jit(jax.vmap(example, workload.in_axes) if workload.batched else example)
    return timed(lambda: function(*sent), lambda result: result.block_until_ready(), workload.calls)


def first_calls() -> Times:
    """From a function to its result where nothing is on disk: kernels that nobody has compiled before."""
    arguments = np.linspace(0, 1, 1000, dtype=np.float32)
    seconds = []
    for _ in range(FIRST_CALLS):
        new = time.time_ns() % 1_000_003
        start = time.perf_counter()
        vtrace.vmap(lambda x, new=new: np.exp(-x * x) * np.tanh(3 * x) + new, device="cuda")(arguments)
        seconds.append(time.perf_counter() - start)
    return Times(median(seconds), min(seconds))


CONTESTANTS: dict[str, Callable[[Workload, tuple[Array, ...]], Times]] = {
    VTRACE: _vtrace, COPY: _copy, CUPY: _cupy, JAX: _jax, TORCH: _torch
}  # fmt: skip
_NAME, _CELL = 32, 21


def measure(scale: float = 1.0) -> None:
    """Print the table; `scale` shrinks every batch."""
    print(f"{'milliseconds, median and least':{_NAME}}" + "".join(f"{name:>{_CELL}}" for name in CONTESTANTS) + "  bar")
    for workload in WORKLOADS:
        check(workload)
        arguments = workload.inputs(max(int(workload.size * scale), 1))
        row: dict[str, Times] = {}
        cells = []
        for name, run in CONTESTANTS.items():
            try:
                row[name] = run(workload, arguments)
                cells.append(_cell(row[name]))
            except (ImportError, KeyError, RuntimeError) as reason:
                cells.append("-" if isinstance(reason, KeyError) else type(reason).__name__)
        _print(workload.name, cells, row)
    times = first_calls()
    _print(COMPILE, [_cell(times), *[""] * (len(CONTESTANTS) - 1)], {VTRACE: times})


def _cell(times: Times) -> str:
    return f"{1e3 * times.median:.4f} {1e3 * times.least:.4f}"


def _print(name: str, cells: list[str], row: dict[str, Times]) -> None:
    bar = f"  {BARS[name].verdict(row)}" if name in BARS else ""
    print(f"{name:{_NAME}}" + "".join(f"{cell[: _CELL - 1]:>{_CELL}}" for cell in cells) + bar, flush=True)


def main() -> int:
    from vtrace.backends.cuda import gpu

    try:
        print(f"{gpu().name}, driver for CUDA {gpu().driver.version / 1000:.2f}")
        if failed := list(failures()):
            for check, error in failed:
                print(f"bench-cuda: the check of {check.name} fails: {error}", file=sys.stderr)
            return 1
        print(f"all {len(CHECKS)} checks passed")
        measure()
    except vtrace.DeviceError as error:
        print(f"bench-cuda: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
