"""The benchmark for GPUs, as far as it goes without one: on the fake device, and its peers on the CPU."""

import ctypes
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import vtrace
from benchmarks import cuda
from benchmarks.cuda_bars import BARS, COMPILE, COPY, CUPY, JAX, TORCH, VTRACE, Times
from benchmarks.cuda_peers import in_cupy, in_jax, in_torch
from benchmarks.cuda_workloads import WORKLOADS, Workload
from tests.cuda.fake_driver import FakeDriver
from vtrace.backends.cuda import driver

SLOW_HERE = (
    "softmax, 200k x 1024", "Mandelbrot, 4096^2", "Runge-Kutta, 1e6 x 1000 steps", "sums of 1e5 segments of 1e7"
)  # fmt: skip
"""The interpreter of PTX takes long for them; they are among the programs of other tests."""


def test_the_table(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On tiny batches, without peers."""
    monkeypatch.setattr(cuda, "REPEATS", 2)
    monkeypatch.setattr(cuda, "FIRST_CALLS", 1)
    monkeypatch.setattr(cuda, "CONTESTANTS", {n: cuda.CONTESTANTS[n] for n in (VTRACE, COPY)})
    monkeypatch.setattr(cuda, "WORKLOADS", [w for w in WORKLOADS if w.name not in SLOW_HERE])
    cuda.measure(scale=0)
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split()[-3:] == ["device", "copy", "bar"]
    assert [line[:32].strip() for line in lines] == [*(w.name for w in cuda.WORKLOADS), COMPILE]
    for line in lines:
        name = line[:32].strip()
        assert float(line[32:53].split()[0]) >= float(line[32:53].split()[1]) > 0, "a median and a minimum"
        assert (name not in BARS) or BARS[name].text in line
    assert "Error" not in "".join(lines)
    assert "1.05 of the best peer: not measured" in "".join(lines)


def test_peers_that_are_missing_or_fail_are_told(
    gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_such_function(*_: Any) -> Times:
        raise KeyError("mandelbrot")

    monkeypatch.setattr(cuda, "FIRST_CALLS", 1)
    monkeypatch.setattr(cuda, "REPEATS", 1)
    monkeypatch.setattr(cuda, "WORKLOADS", [w for w in WORKLOADS if w.name == "x + 1, 2^28"])
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setitem(cuda.CONTESTANTS, TORCH, no_such_function)
    monkeypatch.setitem(cuda.CONTESTANTS, JAX, no_such_function)
    cuda.measure(scale=0)
    _, line, _ = capsys.readouterr().out.splitlines()
    assert line[74:137].split() == ["ModuleNotFoundError", "-", "-"]


def test_without_a_driver_it_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", fails)
    driver.driver.cache_clear()
    assert cuda.main() == 1
    assert capsys.readouterr().err.startswith("bench-cuda: device='cuda' needs an NVIDIA GPU and its driver")


@pytest.mark.parametrize(
    ("name", "row", "verdict"),
    [
        ("x + 1, 2^28", {VTRACE: 1.0, COPY: 0.96}, "95 % of a device copy: met, 0.99 of it"),
        ("x + 1, 2^28", {VTRACE: 1.0, COPY: 0.9}, "95 % of a device copy: MISSED, 1.06 of it"),
        ("row dot, 200k x 1024", {VTRACE: 1.0, COPY: 1.9}, "90 % of the copy's bandwidth: met, 0.95 of it"),
        ("Black-Scholes, 1e8", {VTRACE: 1.0, JAX: 3.0, CUPY: 0.9}, "1.05 of the best peer: MISSED, 1.06 of it"),
        ("Black-Scholes, 1e8", {VTRACE: 1.0, COPY: 3.0}, "1.05 of the best peer: not measured"),
        ("Mandelbrot, 4096^2", {VTRACE: 1.0, JAX: 11.0}, "10 times JAX: met, 0.91 of it"),
        ("Runge-Kutta, 1e6 x 1000 steps", {VTRACE: 1.0, JAX: 4.0}, "5 times JAX: MISSED, 1.25 of it"),
        ("3 x 3 inverse, 1e7", {VTRACE: 1.0, COPY: 0.8}, "1.3 of its bytes, copied: met, 0.96 of it"),
        ("matmul, 8192 x 1024 x 1024", {VTRACE: 1.0, TORCH: 1.0}, "1.03 of PyTorch: met, 0.97 of it"),
        ("a small call", {VTRACE: 12e-6}, "15 us: met, 0.80 of it"),
        (COMPILE, {VTRACE: 75e-3}, "60 ms: MISSED, 1.25 of it"),
    ],
)
def test_bars(name: str, row: dict[str, float], verdict: str) -> None:
    assert BARS[name].verdict({who: Times(seconds, seconds / 2) for who, seconds in row.items()}) == verdict


def test_every_bar_is_of_a_workload() -> None:
    assert set(BARS) - {COMPILE} <= {w.name for w in WORKLOADS}


def _small(workload: Workload) -> tuple[tuple[Any, ...], Any]:
    """A few arguments, and what vtrace gives for them on the CPU."""
    arguments = workload.inputs(5)
    return arguments, workload.program("cpu")(*arguments)


def _agrees(found: Any, wanted: Any, workload: Workload) -> None:
    np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-4, atol=1e-5, err_msg=workload.name)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_jax_computes_the_same(workload: Workload) -> None:
    jax = pytest.importorskip("jax")
    arguments, wanted = _small(workload)
    example = in_jax()[workload.function.__name__]
    function = jax.vmap(example, workload.in_axes) if workload.batched else example
    _agrees(jax.jit(function)(*arguments), wanted, workload)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_pytorch_computes_the_same(workload: Workload) -> None:
    torch = pytest.importorskip("torch")
    if (function := in_torch().get(workload.function.__name__)) is not None:
        arguments, wanted = _small(workload)
        _agrees(function(*map(torch.from_numpy, arguments)), wanted, workload)


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_cupy_computes_the_same(workload: Workload, monkeypatch: pytest.MonkeyPatch) -> None:
    """With NumPy and SciPy in its place, whose names it has."""
    special = pytest.importorskip("scipy.special")
    cupy, cupyx, scipy = ModuleType("cupy"), ModuleType("cupyx"), ModuleType("cupyx.scipy")
    for name in ("sqrt", "log", "exp", "zeros", "add", "linalg", "bincount"):
        setattr(cupy, name, getattr(np, name))
    cupy.fuse, scipy.special = lambda function: function, special  # type: ignore[attr-defined]  # modules made here
    for module in (cupy, cupyx, scipy):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    if (function := in_cupy().get(workload.function.__name__)) is not None:
        arguments, wanted = _small(workload)
        _agrees(function(*arguments), wanted, workload)


def test_small_calls_are_made_many_at_a_time(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "REPEATS", 2)
    made: list[int] = []
    times = cuda.timed(lambda: made.append(1), lambda _: None, calls=100)
    assert len(made) == 201
    assert times.least <= times.median


def test_the_check_finds_what_is_wrong(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    workload = WORKLOADS[0]
    monkeypatch.setattr(Workload, "program", lambda self, device: vtrace.vmap(lambda x: x + (device == "cuda")))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        cuda.check(workload)
