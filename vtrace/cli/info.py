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
        *(["gpu", line] for line in data["gpu"]),
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


def _gpu() -> list[str]:
    """What there is for running on GPUs; and for what is missing, how to get it."""
    from vtrace.backends.cuda import cublas, device, tools

    try:
        found = [device.gpu(number) for number in range(device.count())]
    except DeviceError as error:
        lines = [str(error)]
    else:
        lines = [f"cuda:{g.number} {g.name}, compute capability {g.capability[0]}.{g.capability[1]}" for g in found]
        try:
            cublas.load_library()
        except DeviceError as error:
            lines.append(str(error))
    missing = [name for name in (tools.ASSEMBLER, tools.DISASSEMBLERS[0]) if tools.find(name) is None]
    if missing:
        lines.append(f"`vtrace dump --stage sass` needs {' and '.join(missing)}: {tools.PACKAGES}")
    return lines
