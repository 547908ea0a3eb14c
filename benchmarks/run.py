"""Run the benchmarks: `python -m benchmarks.run [--only dot1000_f32,mm1024] [--json]`, or `make bench`.

A row per contestant: the shortest and the median time of a call, both over vtrace's, the first call (trace, compile,
run), and the memory it took at its peak. `read` rows only read the inputs; the share that follows the table is how
much of that bandwidth vtrace reached in the same run.
"""

import json
import os
from collections.abc import Sequence
from typing import Any

import click

from benchmarks import first_calls, fresh, memory
from benchmarks.catalogue import WORKLOADS
from benchmarks.contestants import warm_up
from benchmarks.machine import machine
from benchmarks.measure import SECONDS, Result, run
from benchmarks.workloads import Workload

PROCESSES: dict[str, Any] = {"fresh": fresh, "first_calls": first_calls}
"""What is measured in processes of its own."""
HEADER = f"{'':14}{'min ms':>10}{'median ms':>11}{'/ vtrace':>10}{'first ms':>10}{'peak MB':>9}"


@click.command()
@click.option("--only", default="", help="Names of workloads, or beginnings of names; --list prints them.")
@click.option("--list", "listed", is_flag=True, help="Print the names of the workloads.")
@click.option("--seconds", default=SECONDS, show_default=True, help="For each contestant.")
@click.option("--memory/--no-memory", "with_memory", default=True, help="Measure peak memory, in processes of its own.")
@click.option("--json", "as_json", is_flag=True, help="One object per workload and line.")
def main(only: str, listed: bool, seconds: float, with_memory: bool, as_json: bool) -> None:
    """Run named workloads side by side: vtrace, NumPy, the loop in Python, JAX and Numba, on two threads."""
    if listed:
        click.echo("\n".join([*WORKLOADS, *PROCESSES]))
        return
    names = _chosen(only)
    if as_json:
        click.echo(json.dumps({"machine": machine()}))
    warm_up()
    for name in names:
        if name in PROCESSES:
            results = PROCESSES[name].run()
            shown = json.dumps({"name": name, "results": results}) if as_json else PROCESSES[name].table(results)
            click.echo(shown)
        else:
            _one(WORKLOADS[name], seconds, with_memory, as_json)


def _chosen(only: str) -> list[str]:
    known = [*WORKLOADS, *PROCESSES]
    if not only:
        return known
    chosen: list[str] = []
    for part in only.split(","):
        found = [n for n in known if n == part.strip()] or [n for n in known if n.startswith(part.strip())]
        if not found:
            raise click.UsageError(f"there is no workload {part.strip()!r}; --list prints them")
        chosen += found
    return chosen


def _one(workload: Workload, seconds: float, with_memory: bool, as_json: bool) -> None:
    needed = 8 * workload.bytes
    if needed > _free_memory():
        click.echo(f"{workload.name} is left out: it may need {needed / 1e9:.0f} GB", err=True)
        return
    results = run(workload, seconds)
    peaks = _peaks(workload, results) if with_memory else {}
    if as_json:
        rows = [{**r.summary(), "peak_bytes": peaks.get(r.name)} for r in results]
        click.echo(json.dumps({"name": workload.name, "bytes": workload.bytes, "results": rows}))
    else:
        click.echo(table(workload, results, peaks) + "\n")


def _peaks(workload: Workload, results: Sequence[Result]) -> dict[str, Any]:
    names = [r.name for r in results if r.samples and not r.name.startswith("read")]
    return {name: memory.peak(workload.name, name) for name in names}


def _free_memory() -> float:
    pages: float = os.sysconf("SC_PHYS_PAGES")
    return 0.8 * pages * os.sysconf("SC_PAGE_SIZE")


def table(workload: Workload, results: Sequence[Result], peaks: dict[str, Any]) -> str:
    """The results as text."""
    lines = [workload.name, HEADER]
    ours = results[0] if results[0].samples else None
    for r in results:
        if not r.samples:
            lines.append(f"{r.name:14}{r.error}")
            continue
        ratio = f"{r.min / ours.min:.2f}" if ours else "-"
        peak = peaks.get(r.name)
        megabytes = "-" if peak is None else f"{peak / 1e6:.0f}"
        lines.append(
            f"{r.name:14}{r.min * 1e3:10.4g}{r.median * 1e3:11.4g}{ratio:>10}{r.first * 1e3:10.4g}{megabytes:>9}"
        )
    reads = [r for r in results if r.name.startswith("read") and r.samples]
    if reads and ours:
        best = min(r.min for r in reads)
        lines.append(
            f"reading takes {best * 1e3:.4g} ms ({workload.bytes / best / 1e9:.1f} GB/s): "
            f"vtrace reaches {best / ours.min:.0%} of it"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
