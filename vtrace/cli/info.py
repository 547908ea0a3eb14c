"""`vtrace info`: what vtrace found on this machine, for bug reports."""

import ctypes.util
import os
import platform
from importlib import metadata
from typing import Any

import click

from vtrace import __version__
from vtrace.cli.output import print_json, print_table

PACKAGES = (
    "numpy",
    "llvmlite",
    "networkx",
    "optree",
    "scipy",
    "click",
    "rich",
    "tqdm",
    "matplotlib",
    "numba",
    "jax",
)
SHOWN_FEATURES = ("sse4.2", "avx", "avx2", "fma", "avx512f", "avx512vl", "avx512dq", "neon", "sve")


@click.command(short_help="Show versions, CPU, threads, GPU.")
@click.option("--json", "as_json", is_flag=True, help="One object, for other programs.")
def info(as_json: bool) -> None:
    """Show versions, the CPU and its vector features, threads, and whether there is a GPU."""
    data = gather()
    if as_json:
        print_json(data)
        return
    cpu, threads = data["cpu"], data["threads"]
    rows = [["vtrace", data["vtrace"]], ["python", data["python"]], ["platform", data["platform"]]]
    rows += [[name, version or "not installed"] for name, version in data["packages"].items()]
    rows += [
        ["llvm", data["llvm"]],
        ["cpu", f"{cpu['name']}, {cpu['triple']}"],
        ["features", " ".join(f for f in SHOWN_FEATURES if f in cpu["features"]) or "none known"],
        [
            "vectors",
            f"{cpu['vector_bits']} bits: {cpu['vector_bits'] // 64} f64 or {cpu['vector_bits'] // 32} f32 lanes",
        ],
        ["threads", f"{threads['used']} of {threads['cores']} cores"],
        ["gpu", data["gpu"]],
    ]
    print_table(None, rows)


def gather() -> dict[str, Any]:
    """Everything `vtrace info` shows."""
    import llvmlite.binding as llvm

    from vtrace.backends.target import VECTOR_BYTES
    from vtrace.backends.threads import thread_count

    features = dict(llvm.get_host_cpu_features())
    enabled = sorted(name for name, on in features.items() if on)
    return {
        "vtrace": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "llvm": ".".join(map(str, llvm.llvm_version_info)),
        "cpu": {
            "name": llvm.get_host_cpu_name(),
            "triple": llvm.get_process_triple(),
            "features": enabled,
            "vector_bits": 8 * VECTOR_BYTES,
        },
        "threads": {"used": thread_count(), "cores": os.cpu_count()},
        "gpu": _gpu(),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _gpu() -> str:
    """What is there and what is not. vtrace compiles for the CPU only, so far."""
    if not ctypes.util.find_library("cuda"):
        return "no CUDA driver (libcuda) found; vtrace compiles for the CPU only"
    driver = ctypes.CDLL(ctypes.util.find_library("cuda"))
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value == 0:
        return "CUDA driver found, but no device; vtrace compiles for the CPU only"
    name = ctypes.create_string_buffer(128)
    driver.cuDeviceGetName(name, len(name), 0)
    return f"{name.value.decode()} (not used: vtrace compiles for the CPU only)"
