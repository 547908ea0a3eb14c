"""What the times were measured on."""

import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from benchmarks.threads import THREADS

PROGRAMS = ("numpy", "llvmlite", "jax", "numba")


def machine() -> dict[str, str]:
    """The date, the processor, the number of threads and the versions of all contestants."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": _processor(),
        "threads": str(THREADS),
        "versions": ", ".join(f"{name} {v}" for name in PROGRAMS if (v := _version(name))),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.machine()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
