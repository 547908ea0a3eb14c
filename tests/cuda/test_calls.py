"""Calls on a GPU as users make them, on the fake driver."""

import ctypes
import functools
import gc
import weakref

import numpy as np
import pytest

import vtrace
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.foreign import CapsuleArray, InterfaceArray, sent
from vtrace.backends.cuda import DeviceArray, cublas, driver
from vtrace.cli.info import gather

ROWS = np.arange(12.0).reshape(4, 3)


def scaled(x, y):
    return {"sum": (x * y).sum(), "row": x + y}


def test_numpy_arrays_are_copied_there_and_back(gpu: FakeDriver) -> None:
    result = vtrace.vmap(scaled, (0, None), device="cuda")(ROWS, np.ones(3))
    assert isinstance(result["sum"], np.ndarray)
    np.testing.assert_array_equal(result["sum"], ROWS.sum(1))
    np.testing.assert_array_equal(result["row"], ROWS + 1)


@pytest.mark.parametrize("make", [sent, InterfaceArray, CapsuleArray])
def test_arrays_on_a_gpu_stay_there(gpu: FakeDriver, make) -> None:
    given = make(ROWS)
    copies = gpu.count("cuMemcpyHtoDAsync_v2")
    result = vtrace.vmap(np.sum)(given)
    assert isinstance(result, DeviceArray)
    assert (result.shape, result.dtype, result.device) == ((4,), np.float64, "cuda:0")
    assert gpu.count("cuMemcpyHtoDAsync_v2") == copies
    np.testing.assert_array_equal(np.asarray(result), ROWS.sum(1))


def test_jit_and_scalars(gpu: FakeDriver) -> None:
    result = vtrace.jit(lambda x, k: x * k + 1)(sent(ROWS), 3)
    np.testing.assert_array_equal(result.get(), ROWS * 3 + 1)
    assert vtrace.jit(lambda x: x * 2, device="cuda:1")(3) == 6


@pytest.mark.parametrize("make", [sent, InterfaceArray, CapsuleArray])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_arrays(gpu: FakeDriver, make, dtype) -> None:
    z = (ROWS + 1j * ROWS[::-1]).astype(dtype)
    same, square, size = vtrace.vmap(lambda z: (z, z * z, np.abs(z)))(make(z))
    assert (same.dtype, square.dtype, size.dtype) == (dtype, dtype, ROWS.astype(dtype).real.dtype)
    for found, wanted in ((same, z), (square, z * z), (size, np.abs(z))):
        np.testing.assert_allclose(found.get(), wanted, rtol=1e-6)
    again = vtrace.vmap(lambda z: z + 1)(CapsuleArray(square.get()))
    np.testing.assert_allclose(again.get(), z * z + 1, rtol=1e-6)
    np.testing.assert_array_equal(vtrace.jit(lambda z: z * 2, device="cuda")(z), z * 2)


@pytest.mark.parametrize(("in_axes", "out_axes"), [(1, 0), (0, 1), (2, 2), ((1, None), -1)])
def test_any_axis_is_that_of_the_batch(gpu: FakeDriver, in_axes, out_axes) -> None:
    x = np.arange(60.0).reshape(3, 4, 5)
    axis = in_axes[0] if isinstance(in_axes, tuple) else in_axes
    y = np.ones(np.delete(x.shape, axis)) if isinstance(in_axes, tuple) else x + 1
    program = vtrace.vmap(lambda x, y: x * y + x.sum(), in_axes, out_axes)
    np.testing.assert_array_equal(program(sent(x), sent(y)).get(), program(x, y))


def test_results_that_are_arguments_or_constants(gpu: FakeDriver) -> None:
    table = np.arange(3.0)
    same, again, constant = vtrace.jit(lambda x: (x, x + table, np.arange(4)))(sent(np.ones(3)))
    np.testing.assert_array_equal(same.get(), np.ones(3))
    np.testing.assert_array_equal(again.get(), 1 + table)
    np.testing.assert_array_equal(constant.get(), np.arange(4))


def test_an_index_out_of_range_is_the_same_error(gpu: FakeDriver) -> None:
    def picked(x, i):
        return x[i]

    indices = np.array([0, 2, 3, -4])
    with pytest.raises(IndexError) as on_cpu:
        vtrace.vmap(picked)(ROWS, indices)
    with pytest.raises(vtrace.IndexOutOfRangeError) as on_gpu:
        vtrace.vmap(picked, device="cuda")(ROWS, indices)
    assert str(on_gpu.value) == str(on_cpu.value)


def test_matrix_products_and_what_surrounds_them(gpu: FakeDriver) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.random((40, 256)), rng.random((256, 200))
    program = vtrace.vmap(lambda x, w: np.tanh(x @ w), (0, None), device="cuda")
    assert "matmul" in str(program.inspect("f64[b,256]", "f64[256,200]").kernels)
    np.testing.assert_allclose(program(x, w), np.tanh(x @ w), rtol=1e-13)


def test_threads_take_turns_with_the_handle_of_cublas(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stream is set just before a product: another thread must not set its own in between."""
    held, product = [], cublas.Cublas._product

    def noted(self, *arguments):
        held.append(self.lock.locked())
        product(self, *arguments)

    monkeypatch.setattr(cublas.Cublas, "_product", noted)
    x, w = np.ones((40, 256)), np.ones((256, 200))
    np.testing.assert_array_equal(vtrace.vmap(np.dot, (0, None), device="cuda")(x, w), x @ w)
    assert held == [True]


def test_info_names_the_devices(gpu: FakeDriver) -> None:
    found = gather()["gpu"]
    kind = "Interpreted GPU, compute capability 9.0, driver for CUDA 13.0"
    assert found[:2] == [f"cuda:{n} {kind}" for n in range(2)]


def test_random_numbers_have_the_same_bits(gpu: FakeDriver) -> None:
    def draws(key):
        first, second = vtrace.random.split(key)
        integers = vtrace.random.randint(second, (4,), 0, 1000, np.int32)
        return vtrace.random.bits(first, (3,)), vtrace.random.uniform(second, (5,)), integers

    keys = vtrace.random.split(vtrace.random.key(7), 5)
    on_cpu, on_gpu = (vtrace.vmap(draws, device=d)(keys) for d in ("cpu", "cuda"))
    for wanted, got in zip(on_cpu, on_gpu, strict=True):
        np.testing.assert_array_equal(got, wanted)
    normal = vtrace.vmap(lambda k: vtrace.random.normal(k, (4,)), device="cuda")(keys)
    np.testing.assert_allclose(normal, vtrace.vmap(lambda k: vtrace.random.normal(k, (4,)))(keys), rtol=1e-14)


def test_updates_at_traced_positions(gpu: FakeDriver) -> None:
    """A procedure in a kernel, with a result that fits local memory and one that does not."""

    def counts(i, w, size):
        return np.bincount(i, w, minlength=size)

    rng = np.random.default_rng(0)
    i, w = rng.integers(0, 50, (37, 90)), rng.random((37, 90))
    for size in (50, 900):
        found = vtrace.vmap(functools.partial(counts, size=size), device="cuda")(i, w)
        np.testing.assert_array_equal(found, [np.bincount(a, b, minlength=size) for a, b in zip(i, w, strict=True)])


def test_loops_with_much_scratch(gpu: FakeDriver) -> None:
    """More than fits local memory lies in scratch memory, side by side for the threads."""
    from vtrace import lax

    def totals(x):
        return lax.scan(lambda t, v: (t + v, t * v), 0.0, x)[1]

    x = np.random.default_rng(0).random((7, 700))
    program = vtrace.vmap(lambda x: totals(x)[::-1])
    np.testing.assert_array_equal(program(sent(x)).get(), program(x))


@pytest.mark.parametrize("given", [(0,), (0, 2, 5), (3, 300)])
def test_every_size_of_one_program(gpu: FakeDriver, given) -> None:
    program = vtrace.vmap(lambda x: np.exp(x) + 1, device="cuda")
    for size in given:
        x = np.linspace(-1, 1, size)
        np.testing.assert_allclose(program(x), np.exp(x) + 1, rtol=1e-15)
    assert program.compilations == 1


# -- streams and memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("streams", "waits"), [((5, 6), [1, 1, 5, 6]), ((1, 6), [1, 6]), ((1, 2), []), ((0, None), [])]
)
def test_streams_of_producers_are_waited_for_and_wait(gpu: FakeDriver, streams, waits) -> None:
    """First ours waits for their values, then they wait until these are read. Numbers below 3 are default streams."""
    x, y = (InterfaceArray(ROWS, stream=s if s and s > 2 else 1, said=s) for s in streams)
    result = vtrace.vmap(lambda x, y: x * y)(x, y)
    assert result.stream == 1, "a producer's stream may end before the result does"
    assert [arguments[0] for name, arguments in gpu.calls if name == "cuStreamWaitEvent"] == waits
    np.testing.assert_array_equal(result.get(), ROWS * ROWS)


def test_a_capsule_waits_for_the_value(gpu: FakeDriver) -> None:
    result = vtrace.jit(lambda x: x + 1)(sent(ROWS, stream=5))
    before = gpu.count("cuStreamWaitEvent")
    result.__dlpack__(stream=9)
    assert gpu.count("cuStreamWaitEvent") == before + 1


@pytest.mark.parametrize(("asked", "order"), [(None, 1), (1, 1), (9, 9), (-1, None)])
def test_which_stream_a_capsule_waits_for(gpu: FakeDriver, asked, order) -> None:
    """None is the default stream, with which a stream that does not block is in no order."""
    array = sent(ROWS, stream=5)
    array.__dlpack__(stream=asked)
    waits = [arguments[0] for name, arguments in gpu.calls if name == "cuStreamWaitEvent"]
    assert waits == ([] if order is None else [order])


def test_a_capsule_of_a_copy_and_of_another_device(gpu: FakeDriver) -> None:
    array = sent(ROWS)
    with pytest.raises(BufferError, match="lies on cuda:0 and is not copied elsewhere"):
        array.__dlpack__(dl_device=(1, 0))
    array.__dlpack__(copy=True, dl_device=(2, 0), max_version=(1, 0))
    assert gpu.count("cuMemcpyDtoDAsync_v2") == 1


def test_an_array_of_another_stream_is_read_before_its_memory_goes_back(gpu: FakeDriver) -> None:
    x, y = sent(ROWS, stream=5), sent(ROWS, stream=6)
    result = vtrace.vmap(lambda x, y: x * y)(x, y)
    del y
    gc.collect()
    gpu._run(6)
    np.testing.assert_array_equal(result.get(), ROWS * ROWS)


def test_memory_goes_back(gpu: FakeDriver) -> None:
    result = vtrace.jit(lambda x: x + 1)(sent(ROWS))
    result.get()
    address = result.pointer
    assert address in gpu.memory.sizes
    del result
    gc.collect()
    gpu.finish()
    assert address not in gpu.memory.sizes


def test_a_capsule_keeps_the_array_alive_until_it_is_used_up(gpu: FakeDriver) -> None:
    array = sent(ROWS)
    alive = weakref.ref(array)
    capsule = array.__dlpack__()
    del array
    assert alive() is not None
    del capsule
    gc.collect()
    assert alive() is None


def test_a_view_that_begins_anywhere_is_copied(gpu: FakeDriver) -> None:
    view = InterfaceArray(ROWS.reshape(-1), offset=8, shape=(11,))
    np.testing.assert_array_equal(vtrace.jit(lambda x: x * 2)(view).get(), 2 * np.arange(1.0, 12.0))


def test_code_is_loaded_once_for_each_device(gpu: FakeDriver) -> None:
    program = vtrace.vmap(lambda x: np.sin(x) + 3)
    for number in (0, 1, 0, 1):
        assert program(sent(ROWS, number)).device == f"cuda:{number}"
    assert gpu.count("cuModuleLoadData") == 2


def test_the_drivers_code_is_kept_on_disk(gpu: FakeDriver) -> None:
    from tests.cuda.conftest import forget

    program = vtrace.vmap(lambda x: np.cos(x) * 1.2345, device="cuda")
    program(ROWS)
    assert gpu.count("cuLinkComplete") == 1
    forget()
    program(ROWS)
    assert gpu.count("cuLinkComplete") == 1


# -- errors ---------------------------------------------------------------------------------------------------


def test_arrays_in_different_places(gpu: FakeDriver) -> None:
    program = vtrace.vmap(lambda x, y: x + y)
    with pytest.raises(vtrace.DeviceError, match=r"'x' lies on cuda:0, argument 'y' on the CPU; copy one of them"):
        program(sent(ROWS), ROWS)
    with pytest.raises(vtrace.DeviceError, match=r"'x' lies on cuda:0, argument 'y' on cuda:1"):
        program(sent(ROWS), sent(ROWS, 1))
    with pytest.raises(vtrace.DeviceError, match=r"'x' lies on cuda:0, and device='cuda:1'"):
        vtrace.vmap(lambda x: x, device="cuda:1")(sent(ROWS))
    with pytest.raises(vtrace.DeviceError, match="device 'cuda:7' does not exist: there are 2, counted from 0"):
        vtrace.vmap(lambda x: x, device="cuda:7")(ROWS)
    np.testing.assert_array_equal(vtrace.vmap(lambda x, y: x + y, device="cuda")(sent(ROWS), ROWS).get(), 2 * ROWS)


def test_what_kernels_cannot_take(gpu: FakeDriver) -> None:
    with pytest.raises(vtrace.ArgumentError, match="'x' is a masked array on a GPU; fill it first"):
        vtrace.vmap(lambda x: x + 1)(InterfaceArray(ROWS, mask=sent(ROWS > 1)))
    with pytest.raises(vtrace.DTypeError, match="'x' has dtype float16, which is not supported"):
        vtrace.vmap(lambda x: x + 1)(InterfaceArray(ROWS.astype(np.float16)))
    with pytest.raises(vtrace.UnsupportedError, match="chunk_size cannot be used on a GPU"):
        vtrace.vmap(lambda x: x + 1, chunk_size=2)(sent(ROWS))
    with pytest.raises(vtrace.UnsupportedError, match="out= cannot be used on a GPU"):
        vtrace.vmap(lambda x: x + 1, device="cuda")(ROWS, out=np.empty_like(ROWS))
    with pytest.raises(vtrace.ArgumentError, match=r"device must be None, 'cpu', 'cuda' or 'cuda:<number>', got 'gpu'"):
        vtrace.vmap(np.sum, device="gpu")


def test_no_driver_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", fails)
    driver.driver.cache_clear()
    with pytest.raises(vtrace.DeviceError) as error:
        vtrace.vmap(np.sum, device="cuda")(ROWS)
    assert "\n" not in str(error.value)
    assert "libcuda.so.1 cannot be loaded; install the driver" in str(error.value)


def test_an_old_driver_is_told(gpu: FakeDriver) -> None:
    gpu.version = 11080
    with pytest.raises(vtrace.DeviceError, match=r"driver is for CUDA 11\.8; vtrace needs one for CUDA 12\.3"):
        vtrace.vmap(np.sum, device="cuda")(ROWS)


def test_a_failing_function_of_the_driver_is_named(gpu: FakeDriver) -> None:
    with pytest.raises(vtrace.DeviceError, match="cuMemAllocAsync failed: CUDA_ERROR_INVALID_VALUE, invalid argument"):
        driver.driver().call("cuMemAllocAsync", ctypes.byref(ctypes.c_void_p()), 0, 1)


def test_debugging_runs_on_the_cpu(gpu: FakeDriver) -> None:
    with vtrace.disable_jit():
        result = vtrace.vmap(np.sum)(sent(ROWS))
    np.testing.assert_array_equal(result.get(), ROWS.sum(1))
    assert not gpu.launches


def test_device_cpu_takes_the_array_there(gpu: FakeDriver) -> None:
    result = vtrace.vmap(np.sum, device="cpu")(sent(ROWS))
    assert isinstance(result, np.ndarray)
