"""Contestants of one workload, measured in one process, in turns."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from benchmarks.contestants import Contestant, contestants
from benchmarks.workloads import Args, Workload

SECONDS = 1.0
"""For each contestant, at the least."""
MIN_ROUNDS, MAX_ROUNDS = 5, 500
SAMPLE = 2e-4
"""A sample repeats short calls until it is this long, in seconds."""


@dataclass
class Result:
    """Seconds."""

    name: str
    first: float = 0.0
    samples: list[float] = field(default_factory=list)
    error: str = ""

    @property
    def min(self) -> float:
        return min(self.samples)

    @property
    def median(self) -> float:
        return median(self.samples)

    def summary(self) -> dict[str, Any]:
        """For other programs."""
        if not self.samples:
            return {"name": self.name, "error": self.error}
        rounds = len(self.samples)
        return {"name": self.name, "first": self.first, "min": self.min, "median": self.median, "rounds": rounds}


@dataclass
class _Entry:
    result: Result
    function: Callable[..., Any]
    args: Args
    repeat: int = 1

    def sample(self) -> None:
        start = time.perf_counter()
        for _ in range(self.repeat):
            self.function(*self.args)
        self.result.samples.append((time.perf_counter() - start) / self.repeat)


def run(workload: Workload, seconds: float = SECONDS) -> list[Result]:
    """Check every contestant against NumPy, then time them in turns."""
    raw = workload.inputs()
    wanted = workload.by_hand(*raw)
    results, entries = [], []
    for contestant in contestants(workload):
        result = Result(contestant.name)
        results.append(result)
        try:
            entries.append(_first(contestant, raw, wanted, workload.tolerance, result))
        except Exception as error:
            # one that fails is a row in the table; the others still run
            result.error = f"{type(error).__name__}: {error}".partition("\n")[0]
    del wanted
    take_turns(entries, seconds)
    return results


def _first(contestant: Contestant, raw: Args, wanted: Any, tolerance: float, result: Result) -> _Entry:
    args = contestant.put(raw)
    start = time.perf_counter()
    function = contestant.build()
    got = function(*args)
    result.first = time.perf_counter() - start
    if contestant.checked:
        check(got, wanted, tolerance)
    entry = _Entry(result, function, args)
    entry.sample()
    entry.repeat = max(1, int(SAMPLE / result.samples.pop()))
    return entry


def check(got: Any, wanted: Any, tolerance: float) -> None:
    """AssertionError unless both are the same up to `tolerance`, in shapes and dtypes too."""
    if isinstance(wanted, tuple):
        for g, w in zip(got, wanted, strict=True):
            check(g, w, tolerance)
        return
    got = np.asarray(got)
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape), f"{got.dtype}{got.shape}"
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance * 1e-3)


def take_turns(entries: Sequence[_Entry], seconds: float) -> None:
    """Rounds in which each is sampled once, in an order that rotates, so that a busy moment of the machine hits all.

    Those that are slow drop out once they have had their time.
    """
    spent = [0.0] * len(entries)
    for turn in range(MAX_ROUNDS):
        order = [(turn + k) % len(entries) for k in range(len(entries))]
        order = [k for k in order if turn < MIN_ROUNDS or spent[k] < seconds]
        if not order:
            break
        for k in order:
            entries[k].sample()
            spent[k] += entries[k].result.samples[-1] * entries[k].repeat
