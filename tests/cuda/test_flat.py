"""Flat kernels read and write 16 bytes at once, and one element after the other where an array ends."""

import re
from typing import Any

import numpy as np
import pytest

import vtrace
from benchmarks.programs import black_scholes
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.interpreter.machine import ORDERS
from tests.cuda.test_matrix import needs_assembler
from vtrace.backends.cuda.tools import DISASSEMBLERS, find, sass

Array = Any
DTYPES = [np.bool_, np.int8, np.uint16, np.int32, np.uint64, np.float32, np.float64]
SIZES = (1, 2, 3, 4, 7, 16, 33, 1023, 1024, 1030, 2049, 4100)
"""Vectors that are not whole, and more than one block of threads."""


def _numbers(dtype: Any, size: int) -> Array:
    values = np.random.default_rng(size).integers(-100, 100, size)
    return (values > 0) if dtype == np.bool_ else values.astype(dtype)


def test_the_wide_instructions_are_there() -> None:
    ptx = vtrace.vmap(lambda x: x + 1).inspect("f32[b]").ptx
    assert ptx.count("ld.global.nc.v4.b32") == 2, "two on their way, as there is little to do"
    assert ptx.count("st.global.v4.b32") == 2
    double = vtrace.vmap(lambda x, y: x * y).inspect("f64[b]", "f64[b]").ptx
    assert (double.count("ld.global.nc.v2.b64"), double.count("st.global.v2.b64")) == (2, 1)
    bytes_ = vtrace.vmap(lambda x: x ^ np.uint8(3)).inspect("u8[b]").ptx
    assert "ld.global.nc.v4.b32" in bytes_


@needs_assembler
@pytest.mark.skipif(
    not any(map(find, DISASSEMBLERS)), reason="there is no disassembler: pip install nvidia-cuda-nvdisasm"
)
def test_the_assembler_keeps_them() -> None:
    code = sass(vtrace.vmap(lambda x, y: 2 * x + y).inspect("f32[b]", "f32[b]").ptx)
    assert len(re.findall(r"LDG\.E\.128", code)) == 2
    assert len(re.findall(r"STG\.E\.128", code)) == 1


@pytest.mark.parametrize("size", SIZES)
def test_sizes(size: int, gpu: FakeDriver) -> None:
    x = _numbers(np.float32, size)
    program = vtrace.vmap(lambda x: x * 3 + 1, device="cuda")
    np.testing.assert_array_equal(program(x), x * 3 + 1)
    threads = sum(blocks * each for blocks, each in gpu.launches)
    assert threads < size + 256 * 2, "a thread does several elements"


@pytest.mark.parametrize("first", DTYPES)
@pytest.mark.parametrize("second", DTYPES)
def test_dtypes_side_by_side(first: Any, second: Any, gpu: FakeDriver) -> None:
    program = vtrace.vmap(lambda x, y: (np.where(x > y, x, y), x != y, y), device="cuda")
    for size in (5, 37):
        x, y = _numbers(first, size), _numbers(second, size)[::-1].copy()
        for found, wanted in zip(program(x, y), (np.where(x > y, x, y), x != y, y), strict=True):
            assert found.dtype == wanted.dtype
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_numbers(dtype: Any, gpu: FakeDriver) -> None:
    program = vtrace.vmap(lambda z, x: (z * z + x, z.real * x, np.conj(z)), device="cuda")
    for size in (1, 37, 600):
        z = (_numbers(np.float64, size) + 1j * _numbers(np.float64, size + 1)[:size]).astype(dtype)
        x = _numbers(np.float32, size)
        for found, wanted in zip(program(z, x), (z * z + x, z.real * x, z.conj()), strict=True):
            assert found.dtype == wanted.dtype
            np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_scalars_and_several_axes(gpu: FakeDriver) -> None:
    x = np.arange(5 * 7 * 3, dtype=np.float32).reshape(5, 7, 3)
    program = vtrace.vmap(lambda x, k: x * k - x, (0, None), device="cuda")
    np.testing.assert_array_equal(program(x, np.float32(3)), x * 2)


@pytest.mark.parametrize("order", ORDERS)
def test_threads_in_any_order(order: str, gpu: FakeDriver) -> None:
    gpu.order = order
    x = _numbers(np.int8, 70)
    np.testing.assert_array_equal(vtrace.vmap(lambda x: x + x, device="cuda")(x), x + x)


def test_much_code_is_not_repeated_much() -> None:
    def elements(function: Any, *types: str) -> str:
        return str(vtrace.vmap(function, device="cuda").inspect(*types).report)

    assert "2 elements each" in elements(black_scholes, *["f32[b]"] * 3)
    assert "elements each" not in elements(lambda x: sum(np.sin(x * k) for k in range(20)), "f32[b]")


def test_bits_do_not_depend_on_the_place_in_a_vector(gpu: FakeDriver) -> None:
    x = np.random.default_rng(0).standard_normal(100).astype(np.float32)
    program = vtrace.vmap(lambda x: np.exp(x) / (1 + np.abs(x)), device="cuda")
    whole = program(x)
    for part in (slice(1, 2), slice(3, 50), slice(None, None, -1)):
        np.testing.assert_array_equal(program(x[part].copy()), whole[part])
