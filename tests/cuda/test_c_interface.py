"""The driver is called as C functions are: through ctypes, on a library made of CUDA's own header."""

import ctypes
import gc
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.cuda.conftest import forget
from tests.cuda.test_headers import COMPILER, folders
from vtrace.backends.cuda import DeviceArray, driver
from vtrace.backends.cuda import gpu as gpu_of

X = np.arange(1000.0)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The driver of `host_driver.c`."""
    if COMPILER is None or not folders("cuda.h"):
        pytest.skip("there is no C compiler, or no cuda.h: `pip install nvidia-cuda-runtime-cu12`")
    path = tmp_path_factory.mktemp("driver") / "libcuda.so"
    source, include = Path(__file__).parent / "host_driver.c", f"-I{folders('cuda.h')[0]}"
    subprocess.run(
        [COMPILER, "-shared", "-fPIC", "-Wall", "-Werror", include, str(source), "-o", str(path)], check=True
    )
    return ctypes.CDLL(str(path))


@pytest.fixture
def host(library: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """It, in use; everything is given back at the end."""
    monkeypatch.setattr(driver, "load_library", lambda: library)
    monkeypatch.setenv("VTRACE_CACHE", "0")
    forget()
    before = library.count_alive()
    yield library
    gc.collect()
    forget()
    assert (library.count_alive(), library.count_contexts()) == (before, 0)


@pytest.mark.parametrize("pools", [True, False])
def test_calls(host: Any, pools: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allocation, copies, code, launches: cold, and with all ready."""
    if not pools:
        monkeypatch.setenv("NO_POOLS", "1")
    program = vtrace.vmap(lambda x: x + 1, device="cuda")
    np.testing.assert_array_equal(program(X), X + 1)
    where = gpu_of()
    with where:
        x = DeviceArray.copy_of(X, where, where.stream)
    for _ in range(3):
        x = program(x)
    np.testing.assert_array_equal(x.copy().get(), X + 3)
    assert (where.name, where.capability, where.processors) == ("host", (8, 6), 3)
    with where:
        x.copy().fill_with_zeros()


def test_streams_and_pointers_of_others(host: Any) -> None:
    class Array:
        def __init__(self, x: DeviceArray) -> None:
            self.__cuda_array_interface__ = dict(x.__cuda_array_interface__, stream=0x7F1234567890)

    where = gpu_of()
    with where:
        x = DeviceArray.copy_of(X, where, where.stream)
    np.testing.assert_array_equal(vtrace.vmap(lambda x: x + 1)(Array(x)).get(), X + 1)


def test_errors(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    where = gpu_of()
    with where, pytest.raises(vtrace.DeviceError, match="CUDA_ERROR_OUT_OF_MEMORY, of the host; arguments, results"):
        where.allocate(1 << 41, where.stream)
    monkeypatch.setenv("BAD_PTX", "1")
    with pytest.raises(vtrace.DeviceError, match=r"cuLinkAddData_v2 failed: .* kernel: what the assembler says"):
        vtrace.vmap(lambda x: x + 1, device="cuda")(X)
