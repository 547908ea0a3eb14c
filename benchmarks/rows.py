"""Measured rows, read back: those of `python -m benchmarks.run --json` and those of an outside harness.

A row of the harness is one workload of one peer: {"name", "peer", "min_ms", "cpu_ms", "sum_ms", "first_ms"}, or it has
an "error". cpu_ms is the CPU time of the busiest thread, sum_ms that of all threads.
"""

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.threads import THREADS


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


class Rows:
    """All that was measured. Of rows for the same thing the best counts."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.machine: dict[str, str] = {}
        self.runs: dict[str, Any] = {}
        """Rows of benchmarks.run, by workload."""
        self.peers: dict[tuple[str, str], list[dict[str, Any]]] = {}
        """Rows of the harness, by workload and peer."""
        for path in paths:
            for line in path.read_text().splitlines():
                self._add(json.loads(line))

    def _add(self, row: dict[str, Any]) -> None:
        if "machine" in row:
            self.machine = row["machine"]
        elif "results" in row:
            self.runs[row["name"]] = row
        elif "peer" in row and "error" not in row:
            self.peers.setdefault((row["name"], row["peer"]), []).append(row)

    @property
    def workloads(self) -> list[str]:
        """Names of what the harness measured with vtrace."""
        return [name for name, peer in self.peers if peer == "vtrace"]

    # -- the harness --------------------------------------------------------------------------------------------

    def time(self, name: str, peer: str) -> float | None:
        """Seconds: the CPU time of the busiest thread, which is what a machine without other work would show, or the
        wall time if that is less."""
        rows = self.peers.get((name, peer))
        if not rows:
            return None
        wall, busiest, share = (min(r[k] for r in rows) for k in ("min_ms", "cpu_ms", "sum_ms"))
        share /= THREADS
        cpu = share if peer == "c" else max(busiest, share)  # C splits its loops evenly
        return float(min(wall, cpu)) / 1e3

    def first(self, name: str, peer: str) -> float | None:
        """Seconds of the first call."""
        rows = self.peers.get((name, peer))
        return min(min(r["first_ms"], r.get("first_sum_ms") or math.inf) for r in rows) / 1e3 if rows else None

    def ratio(self, name: str, peer: str, other: str) -> float | None:
        a, b = self.time(name, peer), self.time(name, other)
        return None if a is None or b is None else a / b

    # -- our own runs -------------------------------------------------------------------------------------------

    def own(self, workload: str, contestant: str) -> float | None:
        """Seconds of the fastest call."""
        results = self.runs.get(workload, {}).get("results", [])
        found = [r["min"] for r in results if r["name"] == contestant and "min" in r]
        return found[0] if found else None

    def first_call(self, column: str) -> float | None:
        """Milliseconds: the median over the programs."""
        by_name = self.runs.get("first_calls", {}).get("results", {}).get("loop programs", {})
        return median(row[column] for row in by_name.values()) * 1e3 if by_name else None

    def straight(self, program: str, contestant: str = "vtrace") -> float | None:
        """Milliseconds; None where it was given up."""
        by_name = self.runs.get("first_calls", {}).get("results", {}).get("straight lines", {})
        seconds = by_name.get(program, {}).get(contestant)
        return seconds * 1e3 if isinstance(seconds, float) else None

    def fresh(self, program: str, contestant: str) -> float | None:
        """Seconds of the fastest of several fresh processes."""
        samples = self.runs.get("fresh", {}).get("results", {}).get(program, {}).get(contestant)
        return min(samples) if samples else None

    def fresh_microseconds(self, program: str) -> float | None:
        seconds = self.fresh(program, "vtrace")
        return None if seconds is None else seconds * 1e6

    def over_jax(self, program: str) -> float | None:
        ours, jax = self.fresh(program, "vtrace"), self.fresh(program, "jax")
        return None if ours is None or jax is None else ours / jax
