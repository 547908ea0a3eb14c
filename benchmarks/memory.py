"""The peak memory of one contestant, in a process of its own: `python -m benchmarks.memory WORKLOAD CONTESTANT`.

Prints the bytes by which the process grew, at its peak, over what it held before the first of three calls. Inputs are
not counted, results are. Everybody is compiled before, on a batch of two.
"""

import json
import resource
import subprocess
import sys
from pathlib import Path

import benchmarks.threads  # noqa: F401  # first: it sets up thread pools
from benchmarks.catalogue import WORKLOADS
from benchmarks.contestants import contestants


def peak(workload: str, contestant: str) -> int | None:
    """Bytes, or None where the process failed."""
    command = [sys.executable, "-m", "benchmarks.memory", workload, contestant]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(json.loads(done.stdout)) if done.returncode == 0 else None


def _growth(workload: str, contestant: str) -> int:
    w = WORKLOADS[workload]
    chosen = next(c for c in contestants(w) if c.name == contestant)
    function = chosen.build()
    if w.family != "mm":
        function(*chosen.put(w.inputs(2)))
    args = chosen.put(w.inputs())
    function_start = _reset_peak()
    for _ in range(3):
        function(*args)
    return max(0, _peak() - function_start)


def _reset_peak() -> int:
    """The memory held now; the peak starts from here where the system can do that."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except OSError:
        return _peak()


def _peak() -> int:
    try:
        return _status("VmHWM")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status(key: str) -> int:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[key].split()[0]) * 1024


if __name__ == "__main__":
    print(_growth(*sys.argv[1:]))
