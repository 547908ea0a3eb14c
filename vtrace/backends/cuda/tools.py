"""NVIDIA's command-line tools, where they are installed: the assembler and the disassembler. Only people need them."""

import importlib.util
import shutil
import subprocess
import tempfile
from pathlib import Path

from vtrace.errors import DeviceError

ASSEMBLER, DISASSEMBLERS = "ptxas", ("nvdisasm", "cuobjdump")
PACKAGES = "`pip install nvidia-cuda-nvcc-cu12 nvidia-cuda-nvdisasm`, or a CUDA toolkit on the PATH"
DEFAULT_ARCHITECTURE = "sm_90"


def find(name: str) -> str | None:
    """Where a tool is: on the PATH, in a package of NVIDIA's, or in Triton's."""
    if (path := shutil.which(name)) is not None:
        return path
    for package, pattern in (("nvidia", f"*/bin/{name}"), ("triton", f"backends/nvidia/bin/{name}")):
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            for path in map(str, sorted(Path(folder).glob(pattern))):
                return path
    return None


def assemble(ptx: str, architecture: str, output: Path, *options: str) -> str:
    """Write the machine code of a PTX module to a file; what the assembler says of it.

    Raises DeviceError where there is no assembler, or it does not take the module.
    """
    tool = find(ASSEMBLER)
    if tool is None:
        raise DeviceError(f"there is no {ASSEMBLER}, the assembler of CUDA; it comes with {PACKAGES}")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(ptx)
        return _run(tool, f"-arch={architecture}", *options, str(source), "-o", str(output))


def sass(ptx: str, architecture: str = DEFAULT_ARCHITECTURE) -> str:
    """The machine code of PTX modules, one after the other, as text.

    Raises DeviceError where the tools are missing.
    """
    name, tool = next(((n, t) for n in DISASSEMBLERS if (t := find(n)) is not None), (None, None))
    if name is None or tool is None:
        raise DeviceError(f"there is neither {' nor '.join(DISASSEMBLERS)}; they come with {PACKAGES}")
    texts = []
    with tempfile.TemporaryDirectory() as folder:
        for part in modules(ptx):
            cubin = Path(folder) / "kernel.cubin"
            assemble(part, architecture, cubin)
            texts.append(_run(tool, *(() if name == "nvdisasm" else ("-sass",)), str(cubin)))
    return "\n".join(texts)


def modules(ptx: str) -> list[str]:
    """The modules of a text that holds several."""
    parts = ptx.split(".version ")
    return [f".version {part}" for part in parts[1:]]


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeviceError(f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout + done.stderr
