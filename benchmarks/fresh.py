"""What a newcomer waits for: in fresh processes, the first result; and the cost of a call on tiny arrays.

first call     the first call of a vmapped custom_dot on [1000, 1000] float32: trace, batch, compile, run. Imports
               are done, and another function has been compiled and run before it.
cold call      the same as the very first thing after the imports
from import    from before `import numpy` to that result
small call     a later call on four-element arrays, NumPy arrays given to both
"""

import json
import os
import subprocess
import sys
from statistics import median
from typing import Any

import benchmarks.threads  # noqa: F401  # children inherit the variables
from benchmarks.contestants import installed

PREAMBLE = {
    "vtrace": """
import time; start = time.perf_counter()
import numpy as np, vtrace
imported = time.perf_counter()
vmap, wait = vtrace.vmap, lambda x: x
def custom_dot(x, y): return np.dot(x, y) ** 2
""",
    "jax": """
import time; start = time.perf_counter()
import numpy as np, jax, jax.numpy as jnp
imported = time.perf_counter()
vmap, wait = (lambda f: jax.jit(jax.vmap(f))), jax.block_until_ready
def custom_dot(x, y): return jnp.dot(x, y) ** 2
""",
}
WARM = """
wait(vmap(lambda x: x * 2 + 1)(np.ones(4, np.float32)))
"""
FIRST = """
x = y = np.ones((1000, 1000), np.float32)
before = time.perf_counter()
f = vmap(custom_dot)
wait(f(x, y))
print(time.perf_counter() - before, time.perf_counter() - start)
"""
SMALL = """
f, x = vmap(lambda x: x * 2 + 1), np.ones(4, np.float32)
wait(f(x))
best = float("inf")
for _ in range(300):
    before = time.perf_counter()
    for _ in range(100): wait(f(x))
    best = min(best, (time.perf_counter() - before) / 100)
print(best, best)
"""
PROGRAMS: dict[str, tuple[str, int]] = {
    "first call": (WARM + FIRST, 0),
    "cold call": (FIRST, 0),
    "from import": (FIRST, 1),
    "small call": (SMALL, 0),
}
"""What to run after the preamble, and which of the numbers it prints is meant."""


def run(rounds: int = 7) -> dict[str, dict[str, list[float]]]:
    """Seconds of every round, by program and contestant; rounds alternate between the contestants."""
    names = ["vtrace", *(["jax"] if installed("jax") else [])]
    results: dict[str, dict[str, list[float]]] = {}
    for program, (text, position) in PROGRAMS.items():
        results[program] = {name: [] for name in names}
        for turn in range(rounds if program != "small call" else 3):
            for name in names if turn % 2 == 0 else reversed(names):
                results[program][name].append(_time(PREAMBLE[name] + text, position))
    return results


def _time(program: str, position: int) -> float:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise RuntimeError(lines[-1] if lines else f"exit status {done.returncode}")
    return float(done.stdout.split()[position])


def table(results: dict[str, dict[str, list[float]]]) -> str:
    """The results as text."""
    lines = [f"{'in fresh processes':20}{'':10}{'min ms':>10}{'median ms':>11}{'/ jax':>8}"]
    for program, by_name in results.items():
        reference = min(by_name["jax"]) if "jax" in by_name else None
        for name, seconds in by_name.items():
            ratio = f"{min(seconds) / reference:.2f}" if reference else "-"
            lines.append(f"{program:20}{name:10}{min(seconds) * 1e3:10.4g}{median(seconds) * 1e3:11.4g}{ratio:>8}")
    return "\n".join(lines)


def main() -> Any:
    print(json.dumps(run()))


if __name__ == "__main__":
    main()
