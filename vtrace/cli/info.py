"""`vtrace info`: what vtrace found on this machine, for bug reports."""

import os
import platform
from importlib import metadata
from typing import Any

import click

from vtrace import __version__
from vtrace.cli.output import print_json, print_table
from vtrace.errors import DeviceError

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
@click.option("--check-gpu", is_flag=True, help="Run small programs on each GPU, and compare them with the CPU.")
def info(as_json: bool, check_gpu: bool) -> None:
    """Show versions, the CPU and its vector features, threads, and whether there is a GPU."""
    data = gather(check_gpu)
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
        *(["gpu", line] for line in data["gpu"]),
    ]
    print_table(None, rows)


def gather(check_gpu: bool = False) -> dict[str, Any]:
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
        "gpu": _gpu(check_gpu),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _gpu(check: bool) -> list[str]:
    """What there is for running on GPUs; and for what is missing, how to get it."""
    from vtrace.backends.cuda import cublas, device, tools

    lines = []
    try:
        lines += [line for number in range(device.count()) for line in _device(number, check)]
        cublas.load_library()
    except DeviceError as error:
        lines.append(str(error))
    missing = [name for name in (tools.ASSEMBLER, tools.DISASSEMBLERS[0]) if tools.find(name) is None]
    if missing:
        lines.append(f"`vtrace dump --stage sass` needs {' and '.join(missing)}: {tools.PACKAGES}")
    return lines


def _device(number: int, check: bool) -> list[str]:
    """What one GPU is, and which of the checks fail there."""
    from vtrace.backends.cuda import gpu
    from vtrace.cli.self_check import CHECKS, failures

    try:
        found = gpu(number)
    except DeviceError as error:
        return [f"cuda:{number} {error}"]
    capability, version = ".".join(map(str, found.capability)), found.driver.version
    lines = [
        f"cuda:{number} {found.name}, compute capability {capability}, driver for CUDA "
        f"{version // 1000}.{version % 1000 // 10}"
    ]
    if check:
        failed = [f"cuda:{number} the check of {c.name} fails: {error}" for c, error in failures(f"cuda:{number}")]
        lines += failed or [f"cuda:{number} all {len(CHECKS)} checks passed"]
    return lines
