"""What `headers.py` says of CUDA's functions and constants is what the C headers say, by a C compiler."""

import ctypes
import shutil
import site
import subprocess
from pathlib import Path

import pytest

from vtrace.backends.cuda import headers

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
CONSTANTS = {name: value for name, value in vars(headers).items() if name.startswith("CU") and isinstance(value, int)}


def folders(header: str) -> list[Path]:
    """Where a header lies: in NVIDIA's packages, and in an installed toolkit."""
    places = [Path(p) / "nvidia" for p in site.getsitepackages()]
    found = [p for place in places for p in place.glob(f"*/include/{header}")]
    found += [Path("/usr/local/cuda/include") / header]
    return [p.parent for p in found if p.exists()]


def compile_c(lines: list[str], folder: Path) -> None:
    """AssertionError unless a C compiler takes the text."""
    command = [str(COMPILER), "-fsyntax-only", "-Wall", "-Werror", "-x", "c", f"-I{folder}", "-"]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def equal(what: str, value: int) -> str:
    return f'_Static_assert((long long){what} == {value}, "{what}");'


def has_type(function: str, result: str, arguments: str) -> str:
    alike = f"__builtin_types_compatible_p(__typeof__({function}), {result}({arguments}))"
    return f'_Static_assert({alike}, "{function}");'


def sizes(prefix: str) -> list[str]:
    """That ctypes passes numbers of the size that C expects."""
    names = [n for n in headers.TYPES if n.startswith(prefix)]
    return [equal(f"sizeof({n})", ctypes.sizeof(headers.TYPES[n])) for n in names]


@pytest.fixture(params=["cuda.h", "cublas_api.h"])
def header(request: pytest.FixtureRequest) -> str:
    if COMPILER is None:
        pytest.skip("there is no C compiler")
    if not folders(request.param):
        pytest.skip(f"there is no {request.param}: `pip install nvidia-cuda-runtime-cu12`, or the package of cuBLAS")
    return request.param


def statements(header: str) -> list[str]:
    """Of everything that is used of a header."""
    if header == "cuda.h":
        functions = [has_type(name, "CUresult", types) for name, types in headers.DRIVER.items()]
        constants = [equal(n, v) for n, v in CONSTANTS.items() if n.startswith(("CU_", "CUDA_ERROR_"))]
        more = [*sizes("CU"), equal("sizeof(CUdeviceptr)", 8), equal("sizeof(CUstream)", 8)]
        data_types = [equal(n, v) for n, v in CONSTANTS.items() if n.startswith("CUDA_R_")]
        return ["#include <cuda.h>", "#include <library_types.h>", *functions, *constants, *more, *data_types]
    functions = [has_type(name, "cublasStatus_t", types) for name, types in headers.CUBLAS.items()]
    constants = [equal(n, v) for n, v in CONSTANTS.items() if n.startswith(("CUBLAS_", "CUDA_R_"))]
    return ["#define CUBLASAPI", "#include <cublas_api.h>", *functions, *constants, *sizes("cublas")]


def test_headers(header: str) -> None:
    for folder in folders(header):
        compile_c(statements(header), folder)


def test_what_is_wrong_is_seen(header: str) -> None:
    """A number, a type, and the number of arguments."""
    lines, (folder, *_) = statements(header), folders(header)
    constant = next(line for line in lines if " == " in line and "sizeof" not in line)
    function = next(line for line in lines if "compatible" in line and "*" in line)
    for right, wrong in (
        (constant, constant.replace(" == ", " == 7 + ")),
        (function, function.replace(" *", "")),
        (function, function.replace("))", ", int))", 1)),
    ):
        with pytest.raises(AssertionError, match="static assertion failed"):
            compile_c([wrong if line is right else line for line in lines], folder)


def test_all_names_are_checked() -> None:
    """Each constant and each type belongs to one of the headers."""
    known = "\n".join(statements("cuda.h") + statements("cublas_api.h"))
    assert [n for n in CONSTANTS if f"){n} " not in known] == []
    used = {t for table in (headers.DRIVER, headers.CUBLAS) for types in table.values() for t in types.split(", ")}
    assert [t for t in headers.TYPES if t not in used] == []
