"""Updates of one array at many positions, by many threads: NumPy's results, whatever the order of the threads."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.foreign import sent
from tests.cuda.interpreter.machine import ORDERS
from vtrace import lax
from vtrace.backends.cuda.updates import Plan, plan_of

Array = Any
INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
FLOATS = [np.float32, np.float64]
COUNT, ROWS = 300, 11


def _drawn(dtype: Any, *shape: int) -> Array:
    rng = np.random.default_rng(len(shape))
    if np.dtype(dtype).kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    if dtype == np.bool_:
        return rng.random(shape) < 0.5
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype, endpoint=True)


def _places(count: int = COUNT, rows: int = ROWS) -> Array:
    return np.random.default_rng(0).integers(-rows, rows, count)


def _at(ufunc: Any) -> Callable[..., Any]:
    """`ufunc.at` on a copy."""

    def updated(x: Array, i: Array, v: Array) -> Array:
        y = x.copy()
        with np.errstate(invalid="ignore"):
            ufunc.at(y, i, v)
        return y

    return updated


def _plan(function: Callable[..., Any], *types: str) -> Plan:
    graphs = [e.primitive.graph for e in vtrace.jit(function).inspect(*types).kernels.equations]
    (plan,) = [p for graph in graphs if (p := plan_of(graph)) is not None]
    return plan


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.maximum, np.minimum, np.bitwise_and, np.bitwise_xor])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers(dtype: Any, ufunc: Any, order: str, gpu: FakeDriver) -> None:
    gpu.order = order
    x, i, v = _drawn(dtype, ROWS), _places(), _drawn(dtype, COUNT)
    program = vtrace.jit(_at(ufunc), device="cuda")
    assert "with atomics" in program.inspect(x, i, v).report
    np.testing.assert_array_equal(program(x, i, v), _at(ufunc)(x, i, v))


@pytest.mark.parametrize("ufunc", [np.logical_or, np.multiply, np.logical_xor])
def test_bools(ufunc: Any, gpu: FakeDriver) -> None:
    x, i, v = _drawn(np.bool_, ROWS), _places(), _drawn(np.bool_, COUNT)
    np.testing.assert_array_equal(vtrace.jit(_at(ufunc), device="cuda")(x, i, v), _at(ufunc)(x, i, v))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ufunc", [np.maximum, np.minimum])
@pytest.mark.parametrize("dtype", FLOATS)
def test_extremes_of_floats(dtype: Any, ufunc: Any, order: str, gpu: FakeDriver) -> None:
    """NaN is beyond everything, of either sign, old or new; infinities and zeros are where they belong."""
    gpu.order = order
    rng = np.random.default_rng(1)
    special = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 3.0], dtype)
    for number in (-np.nan, np.inf, -3.0):
        x = np.full(ROWS, -number, dtype)
        x[0] = number
        v = rng.choice(special[2 if number == -3.0 else 0 :], COUNT).astype(dtype)
        program = vtrace.jit(_at(ufunc), device="cuda")
        assert "integers of the same order" in program.inspect(x, _places(), v).report
        np.testing.assert_array_equal(program(x, _places(), v), _at(ufunc)(x, _places(), v))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply])
@pytest.mark.parametrize("dtype", FLOATS)
def test_sums_and_products_of_floats_have_the_same_bits_every_time(
    dtype: Any, ufunc: Any, order: str, gpu: FakeDriver
) -> None:
    x, i, v = _drawn(dtype, ROWS), _places(), 1 + _drawn(dtype, COUNT) / 8
    program = vtrace.jit(_at(ufunc), device="cuda")
    assert "4 parts of 75 updates" in program.inspect(x, i, v).report
    first = program(x, i, v)
    np.testing.assert_allclose(first, _at(ufunc)(x, i, v), rtol=2e-5 if dtype == np.float32 else 1e-13)
    gpu.order = order
    np.testing.assert_array_equal(program(x, i, v), first)


def test_products_of_integers(gpu: FakeDriver) -> None:
    x, i, v = _drawn(np.int32, ROWS), _places(), _drawn(np.int32, COUNT)
    np.testing.assert_array_equal(vtrace.jit(_at(np.multiply), device="cuda")(x, i, v), _at(np.multiply)(x, i, v))


def test_a_zero_keeps_its_sign(gpu: FakeDriver) -> None:
    x, i, v = np.full(3, -0.0), np.zeros(200, np.int64), np.full(200, -0.0)
    assert np.signbit(vtrace.jit(_at(np.add), device="cuda")(x, i, v)).all()


@pytest.mark.parametrize("order", ORDERS)
def test_the_last_value_stays(order: str, gpu: FakeDriver) -> None:
    gpu.order = order
    x, i, v = _drawn(np.float32, ROWS, 3), _places(), _drawn(np.float32, COUNT, 3)
    i = np.where(np.abs(i) == 4, 0, i)  # row 4 stays as it is

    def replaced(x: Array, i: Array, v: Array) -> Array:
        y = x.copy()
        y[i] = v
        return y

    np.testing.assert_array_equal(vtrace.jit(replaced, device="cuda")(x, i, v), replaced(x, i, v))


@pytest.mark.parametrize("ufunc", [np.add, np.maximum])
@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.float32])
def test_rows_of_several_axes(dtype: Any, ufunc: Any, gpu: FakeDriver) -> None:
    x, i, v = _drawn(dtype, ROWS, 3, 2), _places(), _drawn(dtype, COUNT, 3, 2)
    found = vtrace.jit(_at(ufunc), device="cuda")(x, i, v)
    np.testing.assert_allclose(found, _at(ufunc)(x, i, v), rtol=1e-4, atol=1e-5)


def test_what_is_built_on_it(gpu: FakeDriver) -> None:
    rng = np.random.default_rng(2)
    i, w, x = rng.integers(0, 40, 500), rng.random(500), rng.random(500)
    on_gpu = {
        "counts": lambda i: np.bincount(i, minlength=40),
        "weights": lambda i, w: np.bincount(i, w, minlength=40),
        "histogram": lambda x: np.histogram(x, bins=20, range=(0.0, 1.0))[0],
        "segments": lambda x, i: lax.segment_sum(x, i, 40),
        "largest": lambda x, i: lax.segment_max(x, i, 41),
    }
    counts = vtrace.jit(on_gpu["counts"], device="cuda")(i)
    np.testing.assert_array_equal(counts, np.bincount(i, minlength=40))
    sums = np.bincount(i, w, minlength=40)
    np.testing.assert_allclose(vtrace.jit(on_gpu["weights"], device="cuda")(i, w), sums, rtol=1e-13)
    np.testing.assert_array_equal(
        vtrace.jit(on_gpu["histogram"], device="cuda")(x), np.histogram(x, bins=20, range=(0.0, 1.0))[0]
    )
    np.testing.assert_allclose(vtrace.jit(on_gpu["segments"], device="cuda")(w, i), sums, rtol=1e-13)
    wanted = [max(x[i == n], default=-np.inf) for n in range(41)]
    np.testing.assert_array_equal(vtrace.jit(on_gpu["largest"], device="cuda")(x, i), wanted)


@pytest.mark.parametrize("mode", ["drop", "wrap", "clip"])
def test_modes(mode: str, gpu: FakeDriver) -> None:
    x, v = _drawn(np.float64, ROWS), _drawn(np.float64, COUNT)
    i = np.random.default_rng(3).integers(-3 * ROWS, 3 * ROWS, COUNT)

    def program(x: Array, i: Array, v: Array) -> Array:
        return x.at[i].add(v, mode=mode)

    on_cpu, on_gpu = (vtrace.jit(program, device=d)(x, i, v) for d in ("cpu", "cuda"))
    np.testing.assert_allclose(on_gpu, on_cpu, rtol=1e-13)


@pytest.mark.parametrize("ufunc", [np.add, np.maximum])
@pytest.mark.parametrize("dtype", [np.int64, np.float64])
@pytest.mark.parametrize("order", ORDERS)
def test_the_first_index_out_of_range_is_told(order: str, dtype: Any, ufunc: Any, gpu: FakeDriver) -> None:
    gpu.order = order
    x, i, v = _drawn(dtype, ROWS), _places(), _drawn(dtype, COUNT)
    i[[200, 130, 290]] = ROWS, -ROWS - 1, 10**12
    with pytest.raises(IndexError) as on_cpu:
        vtrace.jit(_at(ufunc))(x, i, v)
    with pytest.raises(vtrace.IndexOutOfRangeError) as on_gpu:
        vtrace.jit(_at(ufunc), device="cuda")(x, i, v)
    assert str(on_gpu.value) == str(on_cpu.value)
    assert f"index {-ROWS - 1} is out of bounds" in str(on_gpu.value)


def test_arguments_stay_as_they_are(gpu: FakeDriver) -> None:
    x = _drawn(np.int32, ROWS)
    given = sent(x)
    vtrace.jit(_at(np.add))(given, sent(_places()), sent(_drawn(np.int32, COUNT)))
    np.testing.assert_array_equal(given.get(), x)


@pytest.mark.parametrize("dtype", FLOATS)
def test_atomics_on_floats_where_they_are_asked_for(
    dtype: Any, gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VTRACE_CUDA_ATOMICS", "1")
    x, i, v = _drawn(dtype, ROWS), _places(), _drawn(dtype, COUNT)
    program = vtrace.jit(_at(np.add), device="cuda")
    assert "a thread per update, with atomics" in program.inspect(x, i, v).report
    for order in ORDERS:
        gpu.order = order
        np.testing.assert_allclose(program(x, i, v), _at(np.add)(x, i, v), rtol=1e-5)


def test_how_updates_are_divided() -> None:
    assert _plan(_at(np.add), "i32[100]", "i64[10000]", "i32[10000]") == Plan(
        "atomic", np.dtype("i4"), "add", in_place=True
    )
    assert _plan(_at(np.maximum), "u64[100]", "i64[10000]", "u64[10000]").operation == "umax"
    assert _plan(_at(np.add), "f32[100]", "i64[1000000]", "f32[1000000]").parts == 4082
    large = _plan(_at(np.add), "f32[10000000]", "i64[1000000]", "f32[1000000]")
    assert (large.parts, large.in_place) == (6, False), "as many as there is room for"
    wide = _plan(_at(np.add), "f32[100,100000]", "i64[200]", "f32[200,100000]")
    assert (wide.parts, wide.length, wide.in_place) == (1, 200, True), "the elements of a row are threads enough"
