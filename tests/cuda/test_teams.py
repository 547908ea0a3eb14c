"""Where a warp does one example: long rows, folded together, whatever the order in which its threads run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.interpreter.machine import ORDERS
from vtrace.backends.cuda.scratch import DeviceScratch

Array = Any


def turned(x: Array) -> Array:
    """Threads read what others have computed, and the sum of it."""
    e = np.exp(x - x.max())
    return e[::-1] / e.sum() + e[: x.shape[-1]][::-1].sum()


def moments(m: Array) -> tuple[Array, ...]:
    """Of several rows at once."""
    mean = m.mean(1, keepdims=True)
    return mean[:, 0], ((m - mean) ** 2).mean(1), (m - mean)[::-1]


FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "turned": (turned, ((150,),)),
    "moments": (moments, ((2, 130),)),
    "dot": (np.dot, ((131,), (131,))),
    "products": (lambda m, x: m @ x, ((33, 128), (128,))),
    "positions": (lambda m: (m.argmax(1), m[:, ::-1].argmin(1), m.sum(1)), ((21, 131),)),
    "columns": (lambda m, x: (x @ m, m.max(0) - m.sum(0)), ((140, 36), (140,))),
    "extremes": (lambda x: (x.max(), x.min(), x - x.sum()), ((150,),)),
    "all": (lambda x: ((x > -0.5).all(), (x > 0.99).any(), (x * 2).sum()), ((128,),)),
}


@pytest.mark.parametrize(
    ("name", "order"),
    [
        *((name, "together") for name in sorted(FUNCTIONS)),
        *(("turned", order) for order in ORDERS[1:]),
        ("dot", "last"),
        ("products", "first"),
    ],
)
def test_threads_in_any_order(name: str, order: str, gpu: FakeDriver) -> None:
    function, shapes = FUNCTIONS[name]
    arguments = [np.random.default_rng(0).uniform(-1, 1, (2, *s)) for s in shapes]
    program = vtrace.vmap(function, device="cuda")
    assert "warp layout" in program.inspect(*arguments).report
    gpu.order = order
    found, wanted = program(*arguments), [function(*row) for row in zip(*arguments, strict=True)]
    many = isinstance(found, tuple)
    for got, want in zip(found if many else [found], zip(*wanted, strict=True) if many else [wanted], strict=True):
        np.testing.assert_allclose(got, np.stack(want), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint16, np.int32, np.uint64, np.float32, np.float64])
@pytest.mark.parametrize("length", [128, 129, 500])
def test_dtypes_and_lengths(dtype: Any, length: int, gpu: FakeDriver) -> None:
    x = np.random.default_rng(1).integers(0, 50, (5, length)).astype(dtype)
    program = vtrace.vmap(lambda x: (x.sum(), x.max(), x.min()), device="cuda")
    for got, want in zip(program(x), (x.sum(1, dtype=None), x.max(1), x.min(1)), strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


def test_bits_do_not_depend_on_the_batch(gpu: FakeDriver) -> None:
    x = np.random.default_rng(2).standard_normal((37, 300))
    program = vtrace.vmap(turned, device="cuda")
    whole = program(x)
    for part in (slice(0, 0), slice(3, 4), slice(2, 7), slice(None, None, -1)):
        np.testing.assert_array_equal(program(x[part]), whole[part])


def test_few_threads_do_many_examples(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next example's row is put where the last one's was, and nobody reads that any more."""
    monkeypatch.setattr("vtrace.backends.cuda.kernel.MOST_BLOCKS", 1)
    x = np.random.default_rng(3).standard_normal((5, 128))
    program = vtrace.vmap(turned, device="cuda")
    wanted = vtrace.vmap(turned)(x)
    for order in ORDERS:
        gpu.order = order
        np.testing.assert_allclose(program(x), wanted, rtol=1e-13)
    assert set(gpu.launches) == {(1, 128)}


def staged(x: Array) -> Array:
    """What some threads have computed, others read."""
    e = np.exp(x)
    return e[::-1] * e + x.sum()


def carried(x: Array) -> Array:
    """So it is with what a loop carries."""
    return vtrace.lax.fori_loop(0, 3, lambda i, c: c[::-1] * 0.5 + i, x)


@pytest.mark.parametrize("function", [staged, carried])
def test_a_missing_barrier_shows(
    function: Callable[..., Any], gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above would find it."""
    monkeypatch.setattr(DeviceScratch, "_wait_text", lambda self: "")
    monkeypatch.setenv("VTRACE_CACHE", "0")
    x = np.random.default_rng(4).standard_normal((3, 150))
    wanted = vtrace.vmap(function)(x)
    gpu.order = "first"
    assert not np.allclose(vtrace.vmap(function, device="cuda")(x), wanted, equal_nan=True)


@pytest.mark.parametrize("length", [2048, 2049, 3000])
@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_a_block_of_threads_does_a_very_long_row(dtype: Any, length: int, gpu: FakeDriver) -> None:
    x = np.random.default_rng(5).integers(-50, 50, (3, length)).astype(dtype)
    program = vtrace.vmap(lambda x: (x.sum(), x.max(), x.argmin(), x[::-1] - x.max(), np.cumsum(x)), device="cuda")
    assert "block layout" in program.inspect(x).report
    wanted = x.sum(1), x.max(1), x.argmin(1), x[:, ::-1] - x.max(1, keepdims=True), np.cumsum(x, 1)
    for found, want in zip(program(x), wanted, strict=True):
        assert found.dtype == want.dtype
        np.testing.assert_array_equal(found, want)
    for part in (slice(0, 1), slice(2, 0, -1)):
        np.testing.assert_array_equal(program(x[part])[0], wanted[0][part])


@pytest.mark.parametrize("order", ORDERS[1:])
def test_warps_of_a_block_in_any_order(order: str, gpu: FakeDriver) -> None:
    """One join after the other: who is slow still reads what the last one left."""

    def program(x: Array) -> Array:
        return x.sum() + (x * x).sum() * 2 + x.max() * 3 - (x - x.mean()).min()

    x = np.random.default_rng(6).standard_normal((1, 2048))
    gpu.order = order
    np.testing.assert_allclose(vtrace.vmap(program, device="cuda")(x), vtrace.vmap(program)(x), rtol=1e-12)


def test_first_of_equals_and_nan(gpu: FakeDriver) -> None:
    """NumPy's rules for positions, whichever threads have the candidates."""
    x = np.zeros((6, 300))
    x[1, [7, 200, 40]] = 5
    x[2, [299, 298]] = -5
    x[3, [150, 31, 290]] = np.nan
    x[4, 3] = np.inf
    x[5] = np.arange(300)[::-1] // 128
    for function in (np.argmax, np.argmin):
        found = vtrace.vmap(function, device="cuda")(x)
        np.testing.assert_array_equal(found, function(x, axis=1))


@pytest.mark.parametrize(("size", "blocks"), [(100_000, 1), (200_001, 12)])
def test_a_long_sum_without_a_batch_is_shared(size: int, blocks: int, gpu: FakeDriver) -> None:
    """Its parts are done by a block of threads each."""
    x = np.random.default_rng(7).integers(-100, 100, size)
    for function in (np.sum, np.max):
        gpu.launches.clear()
        assert vtrace.jit(function, device="cuda")(x) == function(x)
        assert gpu.launches[0] == (blocks, 256)
    y = x.astype(np.float32)
    np.testing.assert_allclose(vtrace.jit(np.dot, device="cuda")(y, y), np.dot(x, x), rtol=1e-6)


def test_a_layout_that_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTRACE_CUDA_LAYOUT", "grid")
    with pytest.raises(vtrace.UsageError, match="VTRACE_CUDA_LAYOUT is 'grid'; it takes flat, thread, warp, block"):
        _ = vtrace.vmap(np.sum).inspect("f32[b,200]").ptx
