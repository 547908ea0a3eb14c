"""Times the loop against vmap."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from vtrace.demo.examples import batched_dot, naive_custom_dot

SECONDS = 0.5
"""How long each function is repeated, at the least."""


@dataclass(frozen=True)
class Timing:
    """The best times, in seconds, on [n, n] arrays."""

    n: int
    loop: float
    vmap: float

    @property
    def ratio(self) -> float:
        return self.loop / self.vmap


def measure(sizes: Sequence[int], say: Callable[[str], None]) -> list[Timing]:
    """Time both for every size that fits in memory, with a progress bar on standard error."""
    timings = []
    with tqdm(total=3 * len(sizes), desc="timing", leave=False) as progress:
        for n in sizes:
            if not _fits(n):
                say(f"n = {n} is left out: it needs 4 GB of free memory")
                progress.update(3)
                continue
            progress.set_postfix_str(f"n = {n}")
            rng = np.random.default_rng(0)
            x, y = rng.random((n, n)), rng.random((n, n))
            np.testing.assert_allclose(batched_dot(x, y), naive_custom_dot(x, y), rtol=1e-9)
            progress.update()
            loop = _best(naive_custom_dot, x, y)
            progress.update()
            timings.append(Timing(n, loop, _best(batched_dot, x, y)))
            progress.update()
    return timings


def _best(function: Callable[..., Any], *args: Any) -> float:
    best, end = float("inf"), time.perf_counter() + SECONDS
    while True:
        start = time.perf_counter()
        function(*args)
        now = time.perf_counter()
        best = min(best, now - start)
        if now > end:
            return best


def _fits(n: int) -> bool:
    """Whether there is room for two [n, n] arrays of float64, twice over."""
    return 4 * 8 * n * n <= 1 << 27 or _free_memory() >= 4e9


def _free_memory() -> float:
    """Bytes that can be had; infinity where the system does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123  # a device file, not a path of ours
            lines = dict(line.split(":", 1) for line in file)
        return float(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        try:
            return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        except (AttributeError, ValueError, OSError):
            return float("inf")


def table(timings: Sequence[Timing]) -> str:
    """The timings as text."""
    rows = [f"{'n':>6}{'loop':>12}{'vmap':>12}{'times faster':>14}"]
    rows += [f"{t.n:>6}{duration(t.loop):>12}{duration(t.vmap):>12}{t.ratio:>14.1f}" for t in timings]
    return "\n".join(rows)


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    units = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 0.0))
    unit, scale = next((unit, scale) for unit, scale in units if seconds >= scale)
    return f"{seconds / (scale or 1e-9):.3g} {unit}"
