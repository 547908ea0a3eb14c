"""What only a GPU can show. Without one, all of this is skipped, and says why.

Run it with `pytest tests/cuda/test_hardware.py -rs`; arrays of CuPy, JAX and PyTorch are tried as far as
they are there.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.cuda.conftest import forget
from tests.cuda.foreign import View
from vtrace.backends.cuda import DeviceArray
from vtrace.backends.cuda import gpu as gpu_of
from vtrace.backends.cuda.device import Device, download
from vtrace.cli.self_check import CHECKS, Check
from vtrace.ir.types import Array

pytestmark = pytest.mark.gpu
ROWS = np.random.default_rng(0).random((1000, 300), np.float32)


@pytest.fixture(autouse=True)
def device() -> Iterator[Device]:
    """The first GPU. (Other tests leave nothing of the fake one.)"""
    forget()
    try:
        yield gpu_of()
    except vtrace.DeviceError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.name)
def test_checks(check: Check) -> None:
    check.run()


@pytest.mark.parametrize("layout", ["thread", "warp", "block"])
@pytest.mark.parametrize("length", [129, 1000, 5000])
def test_teams(layout: str, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTRACE_CUDA_LAYOUT", layout)
    x = np.random.default_rng(0).random((500, length), np.float32)

    def function(x: Any) -> Any:
        e = np.exp(x - x.max())
        return e / e.sum(), np.cumsum(x), np.argmin(x)

    wanted, found = (vtrace.vmap(function, device=d)(x) for d in ("cpu", "cuda"))
    for w, f in zip(wanted, found, strict=True):
        np.testing.assert_allclose(f, w, rtol=1e-4)


# -- other libraries ------------------------------------------------------------------------------------------


def _jax_gpu(jax: Any) -> Any:
    try:
        return jax.devices("gpu")[0]
    except RuntimeError:
        pytest.skip("JAX has no GPU here")


def _torch_on_gpu(torch: Any, array: Array) -> Any:
    if not torch.cuda.is_available():
        pytest.skip("PyTorch has no GPU here")
    return torch.from_numpy(array).cuda()


SENT: dict[str, Callable[[Any, Array], Any]] = {
    "cupy": lambda cupy, array: cupy.asarray(array),
    "jax": lambda jax, array: jax.device_put(array, _jax_gpu(jax)),
    "torch": _torch_on_gpu,
}
TAKEN: dict[str, Callable[[Any, Any], Array]] = {
    "cupy": lambda cupy, result: cupy.asarray(result).get(),
    "cupy by DLPack": lambda cupy, result: cupy.from_dlpack(result).get(),
    "jax": lambda jax, result: np.asarray(jax.dlpack.from_dlpack(result)),
    "torch": lambda torch, result: torch.from_dlpack(result).cpu().numpy(),
    "torch by interface": lambda torch, result: torch.as_tensor(result, device="cuda").cpu().numpy(),
}


@pytest.mark.parametrize("library", SENT)
def test_arrays_of_other_libraries(library: str) -> None:
    module = pytest.importorskip(library)
    program = vtrace.vmap(lambda x: (x * 2, x.sum()))
    doubled, total = program(SENT[library](module, ROWS))
    assert isinstance(doubled, DeviceArray)
    np.testing.assert_array_equal(doubled.get(), ROWS * 2)
    np.testing.assert_allclose(total.get(), ROWS.sum(1), rtol=1e-5)
    if library != "jax":
        np.testing.assert_array_equal(program(SENT[library](module, ROWS)[1:, ::2].T)[0].get(), ROWS[1:, ::2].T * 2)


@pytest.mark.parametrize("how", TAKEN)
def test_results_go_to_other_libraries(how: str) -> None:
    name = how.partition(" ")[0]
    module = pytest.importorskip(name)
    result = vtrace.vmap(lambda x: x * 2)(SENT[name](module, ROWS))
    np.testing.assert_array_equal(TAKEN[how](module, result), ROWS * 2)


@pytest.mark.parametrize("library", SENT)
def test_memory_of_other_libraries_is_not_used_again_too_early(library: str) -> None:
    """Arguments that nobody holds any more, while their library fills new arrays of the same size."""
    module = pytest.importorskip(library)
    ones = np.ones((4096, 2048), np.float32)
    one, program = SENT[library](module, ones), vtrace.vmap(lambda x: np.cumsum(np.sin(x)))
    results = []
    for number in range(10):
        results.append(program(one * number))
        one * -1.0  # whoever takes the memory of the argument writes there
    for number, result in enumerate(results):
        wanted = np.cumsum(np.full(2048, np.sin(np.float32(number))), dtype=np.float64)
        np.testing.assert_allclose(result.get()[::1000], np.broadcast_to(wanted, (5, 2048)), rtol=1e-3)


def test_streams_of_cupy() -> None:
    cupy = pytest.importorskip("cupy")
    program = vtrace.vmap(lambda x: x + 1)
    for blocking in (False, True):
        with cupy.cuda.Stream(non_blocking=not blocking):
            x = cupy.asarray(ROWS)
            for _ in range(50):
                x = cupy.asarray(program(x)) * 1
            result = program(x)
        cupy.cuda.Stream()
        np.testing.assert_allclose(result.get(), ROWS + 51, rtol=1e-5)


def test_streams_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    x = _torch_on_gpu(torch, ROWS)
    with torch.cuda.stream(torch.cuda.Stream()):
        for _ in range(50):
            x = torch.from_dlpack(vtrace.vmap(lambda x: x + 1)(x)) * 1
            x.record_stream(torch.cuda.default_stream())
    torch.cuda.synchronize()
    np.testing.assert_allclose(x.cpu().numpy(), ROWS + 50, rtol=1e-5)


# -- the driver -----------------------------------------------------------------------------------------------


def test_views(device: Device) -> None:
    whole = np.arange(2 * 3 * 500.0).reshape(500, 3, 2)
    for view in (whole.T, whole[::-2], whole[:, 1], whole[3:, ::-1, 1:]):
        np.testing.assert_array_equal(vtrace.jit(lambda x: x + 1)(View(view)).get(), view + 1)


def test_more_elements_than_32_bits_count(device: Device) -> None:
    size = 2**31 + 40
    try:
        with device:
            x = DeviceArray.new(device, (size,), np.dtype(np.int8), device.stream)
            x.fill_with_zeros()
        result = vtrace.vmap(lambda x: x + np.int8(3))(x)
    except vtrace.DeviceError as error:
        pytest.skip(str(error))
    for start in (0, 2**31 - 20, size - 100):
        part = np.empty(100, np.int8)
        with device:
            download(part, result.pointer + min(start, size - 100), device.stream)
        assert (part == 3).all()


def test_no_memory_is_an_error_and_no_more(device: Device) -> None:
    with pytest.raises(vtrace.DeviceError, match=r"CUDA_ERROR_OUT_OF_MEMORY.*smaller batches"), device:
        DeviceArray.new(device, (1 << 50,), np.dtype(np.int8), device.stream)
    CHECKS[0].run()


def test_threads() -> None:
    program = vtrace.vmap(lambda x, k: (x * k).sum(), (0, None), device="cuda")
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda k: program(ROWS, np.float32(k)), range(100)))
    for k, result in enumerate(results):
        np.testing.assert_allclose(result, ROWS.sum(1) * k, rtol=1e-4)


FORKED = """
import os, numpy as np, vtrace
program = vtrace.vmap(lambda x: x + 1, device="cuda")
program(np.ones(5))
pid = os.fork()
if pid == 0:
    try:
        program(np.ones(5))
    except vtrace.DeviceError as error:
        os._exit(0 if "get_context('spawn')" in str(error) else 3)
    os._exit(4)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert (program(np.ones(5)) == 2).all()
"""
ENDING = """
import sys, numpy as np, vtrace
from vtrace.backends.cuda import DeviceArray, gpu
where = gpu()
with where:
    x = DeviceArray.copy_of(np.ones(1000), where, where.stream)
program = vtrace.vmap(lambda x: x + 1)
sys.modules["zzz_last"] = cycle = [program(x), program, x, where]
cycle.append(cycle)
"""


@pytest.mark.parametrize("text", [FORKED, ENDING], ids=["fork", "exit"])
def test_processes(text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", text], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
