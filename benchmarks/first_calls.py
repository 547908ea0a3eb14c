"""First calls in fresh processes: everything from the decorated function to the first result.

loop programs    every program of loop_inputs, with no machine code on disk, and with what an earlier process left there
straight lines   programs of 1,000 and 5,000 equations without a loop, with no machine code on disk

Another function has been compiled and run before. Run alone, `python -m benchmarks.first_calls NAME` prints one time.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import benchmarks.threads  # noqa: F401  # first: it sets up thread pools, and children inherit the variables
from benchmarks import loop_inputs, straight
from benchmarks.contestants import installed

STRAIGHT = {"straight_1000": 1000, "straight_5000": 5000}
PATIENCE = 120
"""Seconds until a first call is given up."""


def loop_programs(rounds: int) -> dict[str, dict[str, float]]:
    """Seconds by program: without machine code on disk, and with it."""
    return {name: _loop_program(name, rounds) for name in loop_inputs.NAMES}


def _loop_program(name: str, rounds: int) -> dict[str, float]:
    off = [_child(name, VTRACE_CACHE="0") for _ in range(rounds)]
    with tempfile.TemporaryDirectory() as folder:
        _child(name, VTRACE_CACHE_DIR=folder)
        on = [_child(name, VTRACE_CACHE_DIR=folder) for _ in range(rounds)]
    return {"cache off": min(off), "cache on": min(on)}


def straight_lines(rounds: int) -> dict[str, dict[str, float | str]]:
    """Seconds by program and contestant, or why there are none."""
    names = ["vtrace", *(["jax"] if installed("jax") else [])]
    return {program: {name: _patient(program, name, rounds) for name in names} for program in STRAIGHT}


def _patient(program: str, name: str, rounds: int) -> float | str:
    try:
        return min(_child(program, name, VTRACE_CACHE="0") for _ in range(rounds))
    except subprocess.TimeoutExpired:
        return f"not within {PATIENCE} s"


def _child(*arguments: str, **environment: str) -> float:
    command = [sys.executable, "-m", "benchmarks.first_calls", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=PATIENCE, env={**os.environ, **environment}
    )
    return float(done.stdout)


def run(rounds: int = 3) -> dict[str, Any]:
    return {"loop programs": loop_programs(rounds), "straight lines": straight_lines(rounds)}


def table(results: dict[str, Any]) -> str:
    """The results as text."""
    return "\n".join(_lines(results))


def _lines(results: dict[str, Any]) -> Iterator[str]:
    yield f"{'first calls, ms':20}{'cache off':>12}{'cache on':>12}"
    by_name = results["loop programs"]
    for name, row in by_name.items():
        yield f"{name:20}{row['cache off'] * 1e3:12.1f}{row['cache on'] * 1e3:12.1f}"
    medians = [median(row[key] for row in by_name.values()) for key in ("cache off", "cache on")]
    yield f"{'median':20}{medians[0] * 1e3:12.1f}{medians[1] * 1e3:12.1f}"
    for program, by_contestant in results["straight lines"].items():
        for name, seconds in by_contestant.items():
            shown = seconds if isinstance(seconds, str) else f"{seconds * 1e3:.1f}"
            yield f"{program:20}{name:>12}{shown:>12}"


def _measure(name: str, contestant: str = "vtrace") -> float:
    """Seconds of the first call of one program, in this process."""
    build, args = (_vtrace if contestant == "vtrace" else _jax)(name)
    start = time.perf_counter()
    build()(*args)
    return time.perf_counter() - start


def _vtrace(name: str) -> Any:
    import numpy as np

    import vtrace
    from benchmarks.loop_programs import LOOPS
    from benchmarks.programs import PROGRAMS

    vtrace.vmap(lambda x: x * 2 + 1)(np.ones(4, np.float32))
    if name in STRAIGHT:
        return lambda: vtrace.vmap(straight.program(STRAIGHT[name], np)), (np.linspace(0, 1, 1000),)
    function, axes = (PROGRAMS | LOOPS)[name]
    return lambda: vtrace.vmap(function, axes), loop_inputs.inputs(name)


def _jax(name: str) -> Any:
    import jax
    import jax.numpy as jnp
    import numpy as np

    jax.config.update("jax_enable_x64", True)
    jax.block_until_ready(jax.jit(lambda x: x * 2 + 1)(np.ones(4)))

    def build() -> Any:
        compiled = jax.jit(jax.vmap(straight.program(STRAIGHT[name], jnp)))
        return lambda x: jax.block_until_ready(compiled(x))

    return build, (np.linspace(0, 1, 1000),)


if __name__ == "__main__":
    print(_measure(*sys.argv[1:]))
