"""Devices of different kinds, and what is said when they fail, on the fake driver."""

import copy
import gc
import pickle

import numpy as np
import pytest

import vtrace
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.foreign import InterfaceArray, sent
from vtrace.backends.cuda import DeviceArray, cublas, driver

ROWS = np.arange(12.0).reshape(4, 3)


def test_a_device_without_memory_pools(gpu: FakeDriver) -> None:
    gpu.attributes[115] = 0
    gpu.failing["cuMemAllocAsync"] = gpu.failing["cuDeviceGetDefaultMemPool"] = 801
    result = vtrace.vmap(lambda x: (x * 2).sum())(sent(ROWS))
    np.testing.assert_array_equal(result.get(), 2 * ROWS.sum(1))
    held = len(gpu.memory.sizes)
    del result
    gc.collect()
    assert len(gpu.memory.sizes) < held


def test_memory_is_not_given_back_where_there_is_no_context(gpu: FakeDriver) -> None:
    """In a forked process the driver does nothing: whatever is current stays so."""
    array = sent(ROWS)
    gpu.failing["cuCtxPushCurrent_v2"] = 3
    pops = gpu.count("cuCtxPopCurrent_v2")
    del array
    gc.collect()
    assert gpu.count("cuCtxPopCurrent_v2") == pops
    assert gpu.count("cuMemFreeAsync") == 0


@pytest.mark.parametrize(
    ("function", "status", "hint"),
    [
        ("cuMemAllocAsync", 2, "must fit on the GPU at once: use smaller batches"),
        ("cuInit", 100, "no GPU that this process may use"),
        ("cuLaunchKernel", 719, "no work is possible there until the process is started again"),
    ],
)
def test_what_is_said_of_failures(gpu: FakeDriver, function, status, hint) -> None:
    gpu.failing[function] = status
    with pytest.raises(vtrace.DeviceError, match=f"{function} failed: CUDA_ERROR.*{hint}"):
        vtrace.vmap(np.sum, device="cuda")(ROWS)
    gpu.contexts.clear()


def test_what_is_said_in_a_forked_process(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is that fails there."""
    array = sent(ROWS)
    monkeypatch.setattr("os.getpid", lambda: -1)
    gpu.failing["cuCtxPushCurrent_v2"] = 3
    with pytest.raises(vtrace.DeviceError, match=r"forked from one that used the GPU.*get_context\('spawn'\)"):
        array.get()


def test_a_cublas_that_is_too_new(gpu: FakeDriver) -> None:
    gpu.failing["cublasCreate_v2"] = 1
    with pytest.raises(vtrace.DeviceError, match=r"cublasCreate_v2 failed with status 1; cuBLAS 13 needs driver 580"):
        vtrace.vmap(np.dot, (0, None), device="cuda")(np.ones((40, 256)), np.ones((256, 200)))


def test_a_product_that_is_too_large_is_refused(gpu: FakeDriver) -> None:
    """Extents are numbers of 32 bits in cuBLAS, and ctypes would cut them."""
    like = sent(np.zeros((1, 8), np.float32))
    where = like.where

    def array(*shape: int) -> DeviceArray:
        return DeviceArray(where, None, like.pointer, shape, like.dtype, 1)

    with (
        where,
        pytest.raises(vtrace.DeviceError, match=r"takes extents up to 2147483647; this one is \(2147483648, 8\)"),
    ):
        cublas.library(where).gemm(array(1 << 31, 4), array(1 << 31, 8), array(8, 4), (False, False))
    assert gpu.count("cublasGemmStridedBatchedEx") == 0


def test_arrays_without_elements_lie_where_they_say(gpu: FakeDriver) -> None:
    """They have no address, or one that means nothing."""

    class Empty(InterfaceArray):
        def __dlpack_device__(self) -> tuple[int, int]:
            return 2, 1

    empty = Empty(np.empty((0, 3)), data=(0, False))
    assert vtrace.vmap(np.sum)(empty).device == "cuda:1"
    assert gpu.count("cuPointerGetAttribute") == 0
    assert vtrace.vmap(np.sum)(InterfaceArray(np.empty((0, 3)))).device == "cuda:0"


def test_numpy_arrays_may_be_changed_after_the_call(gpu: FakeDriver) -> None:
    x = ROWS.copy()
    result = vtrace.vmap(lambda x, y: x + y, device="cuda")(x, sent(ROWS))
    x[:] = -1
    np.testing.assert_array_equal(result.get(), ROWS + ROWS)


def test_numbers_that_are_results_are_arrays_of_their_own(gpu: FakeDriver) -> None:
    """Whoever takes them may write there; the number is the same in other calls all the same."""
    program = vtrace.jit(lambda x, k: (x + k, k, np.float64(7.0)))
    _, given, constant = program(sent(ROWS), 3.0)
    for written in (given, constant):
        gpu.finish()
        gpu.memory.view(written.pointer, 8)[:] = 0
    total, given, constant = program(sent(ROWS), 3.0)
    np.testing.assert_array_equal(total.get(), ROWS + 3)
    assert (float(given), float(constant)) == (3.0, 7.0)


def test_arrays_compare_as_those_of_numpy(gpu: FakeDriver) -> None:
    x, y = sent(np.array([1.0, 2.0])), sent(np.array([1.0, 3.0]))
    for found, wanted in ((x == y, [True, False]), (x != y, [False, True]), (x == 2, [False, True])):
        np.testing.assert_array_equal(found, wanted)
    number = sent(np.array(0.0))
    assert (bool(number), int(number), float(number), complex(number)) == (False, 0, 0.0, 0j)
    with pytest.raises(ValueError, match="truth value"):
        bool(x)
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_are_arrays_of_their_own(gpu: FakeDriver, copied) -> None:
    array = sent(ROWS, 1)
    new = copied(array)
    assert (new.pointer != array.pointer, new.device) == (True, "cuda:1")
    np.testing.assert_array_equal(new.get(), ROWS)


def test_functions_of_the_driver_that_are_missing(gpu: FakeDriver) -> None:
    class Old:
        cuInit = gpu.cuInit

    with pytest.raises(vtrace.DeviceError, match="too old: it has no cuDriverGetVersion"):
        driver.Driver(Old())
