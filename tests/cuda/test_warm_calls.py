"""Calls like one before take a short way: an allocation, a launch, and the results are those of any other call."""

import numpy as np
import pytest

import vtrace
from benchmarks import cuda_launches
from tests.cuda.conftest import forget
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.foreign import InterfaceArray, sent
from vtrace import lax
from vtrace.api.device import DeviceCalls
from vtrace.backends.cuda import driver

X = np.arange(12, dtype=np.float32).reshape(4, 3)
WARM = ["cuCtxPushCurrent_v2", "cuMemAllocAsync", "cuLaunchKernel", "cuCtxPopCurrent_v2"]


def calls_of(gpu: FakeDriver, call) -> list[str]:
    """The driver's functions that a call uses."""
    before = len(gpu.calls)
    result = call()
    names = [name for name, _ in gpu.calls[before:]]
    del result
    return names


def test_what_a_warm_call_asks_of_the_driver(gpu: FakeDriver) -> None:
    program, x, y = vtrace.vmap(lambda x, y: x * y + 1), sent(X), sent(X + 1)
    first = calls_of(gpu, lambda: program(x, y))
    assert "cuModuleLoadData" in first
    assert calls_of(gpu, lambda: program(x, y)) == WARM
    np.testing.assert_array_equal(program(x, y).get(), X * (X + 1) + 1)


@pytest.mark.parametrize("function", [lambda x: x + 1, lambda x: (x * 2, x - 1), lambda x: {"a": x, "b": [x + 1]}])
def test_results_of_any_structure(gpu: FakeDriver, function) -> None:
    program, x = vtrace.vmap(function), sent(X)
    first, again = program(x), program(x)
    for found, wanted in zip(_leaves(again), _leaves(first), strict=True):
        assert found is not wanted
        np.testing.assert_array_equal(found.get(), wanted.get())


def _leaves(tree):
    if isinstance(tree, dict):
        tree = [tree[k] for k in sorted(tree)]
    return [leaf for part in tree for leaf in _leaves(part)] if isinstance(tree, list | tuple) else [tree]


def test_other_sizes_types_and_devices_are_other_launches(gpu: FakeDriver) -> None:
    program = vtrace.vmap(lambda x: x.sum() + x)
    for _ in range(2):
        for x in (X, X[:2], X[:0], X.astype(np.float64), X[:, :2]):
            for number in (0, 1):
                result = program(sent(x, number))
                assert (result.device, result.dtype) == (f"cuda:{number}", x.dtype)
                np.testing.assert_array_equal(result.get(), x.sum(1, keepdims=True) + x)


def test_other_streams_are_waited_for(gpu: FakeDriver) -> None:
    program = vtrace.vmap(lambda x, y: x + y)
    program(sent(X), sent(X))
    assert gpu.count("cuStreamWaitEvent") == 0
    np.testing.assert_array_equal(program(sent(X), sent(X, stream=6)).get(), X + X)
    assert gpu.count("cuStreamWaitEvent") == 2


def test_arrays_of_other_libraries(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    program, x = vtrace.vmap(lambda x: x * 3), InterfaceArray(X)
    program(x)
    monkeypatch.setattr(DeviceCalls, "_run", None)
    np.testing.assert_array_equal(program(x).get(), X * 3)


def test_programs_of_several_kernels(gpu: FakeDriver) -> None:
    program, x = vtrace.jit(lambda x: (x.sum() + x).sum()), sent(X)
    first = program(x)
    names = calls_of(gpu, lambda: program(x))
    assert [n for n in names if n != "cuMemFreeAsync"].count("cuLaunchKernel") == 2
    assert names[0] == "cuCtxPushCurrent_v2"
    np.testing.assert_array_equal(program(x).get(), first.get())


def _products(x, w):
    return np.tanh(x @ w)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (lambda x, i: x[i], (np.arange(5.0), np.array([1, 4, 2]))),
        (lambda i: i * np.arange(5.0)[:3], (np.array([1, 4, 2]),)),
        (lambda x: lax.scan(lambda t, v: (t + v, t * v), 0.0, x)[1][::-1], (np.linspace(0, 1, 700),)),
        (_products, (np.ones((40, 256)), np.ones((256, 200)))),
        (lambda z: (z * z, z), (X + 1j * X,)),
        (lambda x: (x, np.arange(3), x + 1, x + 1), (X,)),
        (lambda x, i: x.at[i].add(1.0), (np.zeros(5), np.arange(300) % 5)),
    ],
)
def test_calls_of_every_kind(gpu: FakeDriver, function, arguments) -> None:
    """Checked indices, constants, scratch memory, libraries, complex numbers, results that are arguments, updates."""
    program, there = vtrace.jit(function), [sent(a) for a in arguments]
    for _ in range(3):
        for found, wanted in zip(_leaves(program(*there)), _leaves(vtrace.jit(function)(*arguments)), strict=True):
            assert type(found).__name__ == "DeviceArray"
            assert all(found is not a for a in there)
            np.testing.assert_allclose(found.get(), wanted, rtol=1e-6)


def test_numbers_are_sent_once(gpu: FakeDriver) -> None:
    program, x = vtrace.jit(lambda x, k: (x * k, k)), sent(X)
    first, _ = program(x, 2.5)
    names = calls_of(gpu, lambda: program(x, 2.5))
    assert "cuMemcpyHtoDAsync_v2" not in names
    again, number = program(x, 2.5)
    np.testing.assert_array_equal(again.get(), first.get())
    assert number.get() == np.float64(2.5)
    for other in (3, -0.0, 0.0, np.float32(2.5), True, 1, 1 + 0j):
        found = program(x, other)[0].get()
        np.testing.assert_array_equal(found, vtrace.jit(lambda x, k: x * k)(X, other))
        np.testing.assert_array_equal(np.signbit(found.real), np.signbit(np.asarray(X * other).real))


def test_an_index_is_checked_every_time(gpu: FakeDriver) -> None:
    program = vtrace.vmap(lambda x, i: x[i])
    x, good, bad = sent(X), sent(np.array([0, 1, 2, 0])), sent(np.array([0, 1, 2, 3]))
    program(x, good)
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 0 with size 3, batch element 3"):
        program(x, bad)


def test_debugging_is_looked_for_every_time(gpu: FakeDriver) -> None:
    program, x = vtrace.vmap(lambda x: x + 1), sent(X)
    program(x)
    launches = len(gpu.launches)
    with vtrace.disable_jit():
        program(x)
    assert len(gpu.launches) == launches


def test_programs_that_are_forgotten(gpu: FakeDriver) -> None:
    program, x = vtrace.vmap(lambda x: x + 1), sent(X)
    program(x)
    program.cache_clear()
    np.testing.assert_array_equal(program(x).get(), X + 1)
    assert program.compilations == 1


def test_the_benchmark_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a driver whose functions do nothing; how long it takes is for people to read."""
    forget()
    monkeypatch.setattr(driver, "load_library", cuda_launches.Nothing)
    monkeypatch.setattr(cuda_launches, "CALLS", 2)
    monkeypatch.setattr(cuda_launches, "REPEATS", 1)
    monkeypatch.setenv("VTRACE_CACHE", "0")
    times = cuda_launches.measure()
    forget()
    assert len(times) == 5
    assert all(0 < t < 1e5 for t in times.values())
