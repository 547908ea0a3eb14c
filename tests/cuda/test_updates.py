"""Updates of one array at many positions, by many threads: NumPy's results, whatever the order of the threads."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.foreign import sent
from tests.cuda.interpreter.machine import ORDERS
from tests.cuda.test_matrix import ARCHITECTURES, INEXACT, needs_assembler
from vtrace import lax
from vtrace.backends.cuda import updates
from vtrace.backends.cuda.tools import assemble, modules
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


def _rounded(exact: Fraction, dtype: Any) -> Any:
    """The float that is nearest to a number."""
    near = dtype(float(exact))
    candidates = [near, np.nextafter(near, dtype(-np.inf)), np.nextafter(near, dtype(np.inf))]
    finite = [c for c in candidates if np.isfinite(c)]
    return min(finite, key=lambda c: (abs(Fraction(float(c)) - exact), int(np.abs(c).view(f"u{c.itemsize}")) & 1))


def _exact_sums(x: Array, i: Array, v: Array, sign: int) -> Array:
    sums = [Fraction(float(e)) for e in x]
    for place, value in zip(i, v, strict=True):
        sums[place] += sign * Fraction(float(value))
    return np.array([_rounded(s, x.dtype.type) for s in sums])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("ufunc", [np.add, np.subtract])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("spread", [0, 1, 2])
def test_sums_of_floats_are_exact(spread: int, dtype: Any, ufunc: Any, order: str, gpu: FakeDriver) -> None:
    """Of numbers of one size, of all sizes, and of numbers that cancel; in any order."""
    gpu.order = order
    rng = np.random.default_rng(spread)
    x, i, v = _drawn(dtype, ROWS), _places(), _drawn(dtype, COUNT)
    if spread:
        least, most = np.finfo(dtype).minexp - 30, np.finfo(dtype).maxexp - 12
        x, v = (a * dtype(2) ** rng.integers(least, most, len(a)).astype(dtype) for a in (x, v))
    if spread == 2:
        v[1::2], i[1::2] = -v[::2], i[::2]
    program = vtrace.jit(_at(ufunc), device="cuda")
    assert "a thread per update, exact sums" in program.inspect(x, i, v).report
    np.testing.assert_array_equal(program(x, i, v), _exact_sums(x, i, v, -1 if ufunc is np.subtract else 1))


@pytest.mark.parametrize("dtype", FLOATS)
def test_ties_of_exact_sums_go_to_even(dtype: Any, gpu: FakeDriver) -> None:
    """Halves of a unit in the last place, with and without something below."""
    bits = np.finfo(dtype).nmant
    rows = [[1, 2.0**-bits / 2], [1, 3 * 2.0**-bits / 2], [1, 2.0**-bits / 2, 2.0**-140], [-1, -(2.0**-bits) / 2]]
    rows += [[1, 2.0**-bits / 2, -(2.0**-140)], [2.0**100, 1, -(2.0**100)]]
    v = np.array([row + [0.0] * (60 - len(row)) for row in rows], dtype).T.reshape(-1)
    i, x = np.tile(np.arange(len(rows)), 60), np.zeros(len(rows), dtype)
    found = vtrace.jit(_at(np.add), device="cuda")(x, i, v)
    np.testing.assert_array_equal(found, _exact_sums(x, i, v, 1))


@pytest.mark.parametrize("dtype", FLOATS)
def test_sums_that_are_not_finite_or_zero(dtype: Any, gpu: FakeDriver) -> None:
    largest = np.finfo(dtype).max
    rows = [
        [np.inf, 1], [-np.inf, 5], [np.inf, -np.inf], [np.nan, 1], [-np.nan, np.inf], [largest, largest, largest],
        [-largest, -largest], [-0.0, -0.0], [0.0, -0.0], [1, -1], [largest, -largest, 2], [-0.0], [5e-324, -5e-324],
    ]  # fmt: skip
    v = np.array([row + [-0.0] * (20 - len(row)) for row in rows], dtype).T.reshape(-1)
    i = np.tile(np.arange(len(rows)), 20)
    for start in (0.0, -0.0):
        x = np.full(len(rows) + 1, start, dtype)
        with np.errstate(all="ignore"):
            found, wanted = vtrace.jit(_at(np.add), device="cuda")(x, i, v), _at(np.add)(x, i, v)
        np.testing.assert_array_equal(found, wanted)
        sure = ~np.isnan(wanted) & ~np.isin(np.arange(len(x)), CANCELLED)
        np.testing.assert_array_equal(np.signbit(found[sure]), np.signbit(wanted[sure]))


CANCELLED = (9, 12)
"""Rows of the test above whose numbers are the negatives of one another: on -0.0 they leave it as it is."""


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_products_of_floats_have_the_same_bits_every_time(dtype: Any, order: str, gpu: FakeDriver) -> None:
    x, i, v = _drawn(dtype, ROWS), _places(), 1 + _drawn(dtype, COUNT) / 8
    program = vtrace.jit(_at(np.multiply), device="cuda")
    assert "4 parts of 75 updates" in program.inspect(x, i, v).report
    first = program(x, i, v)
    np.testing.assert_allclose(first, _at(np.multiply)(x, i, v), rtol=2e-5 if dtype == np.float32 else 1e-13)
    gpu.order = order
    np.testing.assert_array_equal(program(x, i, v), first)


@pytest.mark.parametrize("ufunc", [np.add, np.subtract])
def test_sums_that_have_no_room_are_made_in_parts(ufunc: Any, gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "EXACT_BYTES", 100)
    x, i, v = _drawn(np.float64, ROWS), _places(), _drawn(np.float64, COUNT)
    program = vtrace.jit(_at(ufunc), device="cuda")
    assert "4 parts of 75 updates" in program.inspect(x, i, v).report
    np.testing.assert_allclose(program(x, i, v), _at(ufunc)(x, i, v), rtol=1e-13)


COPIED = {
    "add": (np.add, [np.int64, np.uint8, np.float32]),
    "subtract": (np.subtract, [np.int32, np.float64]),
    "maximum": (np.maximum, [np.uint32, np.int8, np.float32]),
    "minimum": (np.minimum, [np.uint64, np.float64]),
    "and": (np.bitwise_and, [np.int32]),
    "xor": (np.bitwise_xor, [np.uint16]),
}


@pytest.mark.parametrize(("name", "dtype"), [(n, d) for n, (_, dtypes) in COPIED.items() for d in dtypes])
def test_many_updates_of_few_elements_take_turns(name: str, dtype: Any, gpu: FakeDriver) -> None:
    ufunc = COPIED[name][0]
    x, i, v = _drawn(dtype, 3), _places(COUNT, 3), _drawn(dtype, COUNT)
    program = vtrace.jit(_at(ufunc), device="cuda")
    assert "on 32 arrays by turns" in program.inspect(x, i, v).report
    np.testing.assert_allclose(program(x, i, v), _at(ufunc)(x, i, v), rtol=1e-4 if dtype == np.float32 else 1e-12)


def test_products_of_integers(gpu: FakeDriver) -> None:
    x, i, v = _drawn(np.int32, ROWS), _places(), _drawn(np.int32, COUNT)
    np.testing.assert_array_equal(vtrace.jit(_at(np.multiply), device="cuda")(x, i, v), _at(np.multiply)(x, i, v))


def test_a_zero_keeps_its_sign(gpu: FakeDriver) -> None:
    x, i, v = np.full(3, -0.0), np.zeros(300, np.int64), np.full(300, -0.0)
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


def test_several_index_arrays(gpu: FakeDriver) -> None:
    """They are merged into one, and the array is one of rows meanwhile: that costs no copy."""
    x, v = _drawn(np.int32, ROWS, 7), _drawn(np.int32, COUNT)
    i, j = _places(), np.random.default_rng(1).integers(-7, 7, COUNT)

    def program(x: Array, i: Array, j: Array, v: Array) -> tuple[Array, ...]:
        y = x.copy()
        np.add.at(y, (i, j), v)
        return y, y + 1

    compiled = vtrace.jit(program, device="cuda")
    assert (
        "the same memory, in another shape"
        in vtrace.jit(lambda *a: program(*a)[0], device="cuda").inspect(x, i, j, v).report
    )
    for found, wanted in zip(compiled(x, i, j, v), program(x, i, j, v), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_results_share_no_memory(gpu: FakeDriver) -> None:
    """A reshape is a copy where what it is made of is an argument, a result, or made twice."""
    x, i, v = _drawn(np.int32, ROWS, 2), _places(), _drawn(np.int32, COUNT, 2)

    def program(x: Array, i: Array, v: Array) -> tuple[Array, ...]:
        y = x.at[i].add(v)
        return y.reshape(2, ROWS), y.reshape(-1), y, x.reshape(-1)

    given = sent(x)
    results = vtrace.jit(program)(given, sent(i), sent(v))
    assert len({r.pointer for r in results} | {given.pointer}) == 5
    wanted = _at(np.add)(x, i, v)
    for found, shape in zip(results[:3], ((2, ROWS), (-1,), x.shape), strict=True):
        np.testing.assert_array_equal(found.get(), wanted.reshape(shape))


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
    integers = _plan(_at(np.add), "i32[1000]", "i64[10000]", "i32[10000]")
    assert integers == Plan("atomic", np.dtype("i4"), "add", in_place=True)
    assert _plan(_at(np.maximum), "u64[1000]", "i64[10000]", "u64[10000]").operation == "umax"
    assert _plan(_at(np.add), "f32[1000]", "i64[1000000]", "f32[1000000]").parts == 32
    assert _plan(_at(np.add), "f32[100000]", "i64[1000000]", "f32[1000000]").words == 11
    assert _plan(_at(np.multiply), "f32[100]", "i64[1000000]", "f32[1000000]").parts == 4082
    large = _plan(_at(np.add), "f64[10000000]", "i64[1000000]", "f64[1000000]")
    assert (large.kind, large.parts, large.in_place) == ("parts", 3, False), "as many as there is room for"
    wide = _plan(_at(np.multiply), "f32[100,100000]", "i64[300]", "f32[300,100000]")
    assert (wide.parts, wide.length, wide.in_place) == (1, 300, True), "the elements of a row are threads enough"


@needs_assembler
@pytest.mark.parametrize("ufunc", [np.add, np.maximum, np.multiply, None])
@pytest.mark.parametrize("dtype", ["u8", "i64", "f32", "f64"])
def test_the_kernels_assemble(dtype: str, ufunc: Any, tmp_path: Any) -> None:
    function = (lambda x, i, v: x.at[i].set(v)) if ufunc is None else _at(ufunc)
    for rows in (3, 100_000):
        text = vtrace.jit(function).inspect(f"{dtype}[{rows},2]", "i32[20000]", f"{dtype}[20000,2]").ptx
        assert not INEXACT.search(text)
        for number, module in enumerate(modules(text)):
            architecture = ARCHITECTURES[(number + rows) % len(ARCHITECTURES)]
            told = assemble(module, architecture, tmp_path / "kernel.cubin", "-v")
            assert set(re.findall(r"(\d+) bytes spill", told)) == {"0"}, told
