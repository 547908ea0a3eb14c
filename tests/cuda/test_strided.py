"""Arguments on a GPU that are not C-contiguous are copied in order."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vtrace
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.foreign import View, ViewByCapsule, sent
from tests.cuda.interpreter.machine import ORDERS
from tests.cuda.test_matrix import ARCHITECTURES, needs_assembler
from vtrace.backends.cuda import strided
from vtrace.backends.cuda.nvptx import ptx
from vtrace.backends.cuda.tools import assemble

Array = Any
WHOLE = np.arange(2 * 5 * 6, dtype=np.float64).reshape(2, 5, 6)
VIEWS: dict[str, Any] = {
    "transposed": lambda x: x.T,
    "every second": lambda x: x[:, ::2],
    "reversed": lambda x: x[::-1, :, ::-1],
    "columns": lambda x: x[..., 1:3],
    "axes swapped": lambda x: x.transpose(1, 0, 2),
    "repeated": lambda x: np.broadcast_to(x[0, 1], (4, 6)),
    "all the same": lambda x: np.broadcast_to(x[0, 0, 0], (3, 2)),
    "one of an axis": lambda x: x[:, 2:3, ::3],
    "empty": lambda x: x[:, 3:3, ::2],
    "in order": lambda x: x[1:],
}


@pytest.mark.parametrize("make", [View, ViewByCapsule])
@pytest.mark.parametrize("name", sorted(VIEWS))
def test_views(name: str, make: Any, gpu: FakeDriver) -> None:
    view = VIEWS[name](WHOLE)
    found = vtrace.jit(lambda x: x + 1)(make(view))
    np.testing.assert_array_equal(found.get(), view + 1)


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i4", "f4", "i8", "f8", "c8", "c16"])
def test_dtypes(dtype: str, gpu: FakeDriver) -> None:
    view = np.arange(40).reshape(5, 8).astype(dtype)[1:, ::-3]
    np.testing.assert_array_equal(vtrace.vmap(lambda x: x[::-1])(View(view)).get(), view[:, ::-1])


def test_elements_that_begin_anywhere(gpu: FakeDriver) -> None:
    """A field of packed records: the smallest unit that fits is copied."""
    records = np.zeros(7, np.dtype([("a", "u1"), ("b", "f8"), ("c", "f4")]))
    records["b"], records["c"] = np.arange(7.0), np.arange(7.0) * 2
    base = records.view(np.uint8)
    for name in ("b", "c"):
        field = np.ndarray(7, records.dtype[name], base, records.dtype.fields[name][1], (13,))
        np.testing.assert_array_equal(vtrace.jit(lambda x: x * 2)(View(field)).get(), records[name] * 2)


@pytest.mark.parametrize("order", ORDERS)
def test_more_than_a_block_of_threads(order: str, gpu: FakeDriver) -> None:
    gpu.order = order
    x = np.arange(300, dtype=np.int16).reshape(10, 30)
    np.testing.assert_array_equal(vtrace.jit(lambda x: -x)(View(x.T)).get(), -x.T)


def test_many_elements_are_counted_in_64_bits(gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strided, "FEW", 1)
    np.testing.assert_array_equal(vtrace.jit(lambda x: x + 1)(View(WHOLE.T)).get(), WHOLE.T + 1)


def test_the_copy_is_made_on_the_stream_of_the_array(gpu: FakeDriver) -> None:
    x, y = View(WHOLE[..., ::2], stream=5), sent(WHOLE[..., ::2], stream=6)
    result = vtrace.jit(lambda y, x: x * y)(y, x)
    assert {a[7] for name, a in gpu.calls if name == "cuLaunchKernel"} == {0}
    assert [a[8] for name, a in gpu.calls if name == "cuLaunchKernel"] == [5, 1]
    np.testing.assert_array_equal(result.get(), WHOLE[..., ::2] ** 2)


def test_nothing_is_copied_to_learn_a_type(gpu: FakeDriver) -> None:
    program = vtrace.vmap(np.sum)
    assert "f64[b,5,2]" in str(program.inspect(View(WHOLE.T)).traced) + str(program.inspect(View(WHOLE.T)).batched)
    assert not gpu.launches


@st.composite
def slices(draw: Any) -> Array:
    """A view of an array by slices with any steps, and its axes in any order."""
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    x = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    view = x[tuple(draw(st.slices(d)) for d in shape)]
    return view.transpose(draw(st.permutations(range(view.ndim))))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(slices())
def test_any_slices(gpu: FakeDriver, view: Array) -> None:
    np.testing.assert_array_equal(vtrace.jit(lambda x: x * 2)(View(view)).get(), view * 2)


def test_axes_that_follow_one_another_are_one() -> None:
    assert strided.merged((2, 5, 6), (240, 48, 8)) == [(60, 8)]
    assert strided.merged((5, 2, 6), (48, 240, 8)) == [(5, 48), (2, 240), (6, 8)]
    assert strided.merged((3, 1, 4), (0, 7, 0)) == [(12, 0)]
    assert strided.merged((1, 1), (5, 3)) == []


@needs_assembler
@pytest.mark.parametrize("is_small", [True, False])
def test_the_kernel_assembles(is_small: bool, tmp_path: Any) -> None:
    for rank, unit in ((1, 1), (2, 4), (3, 8)):
        text = ptx(strided.lower(rank, unit, is_small, "kernel"), is_straight=True)
        for architecture in ARCHITECTURES:
            assemble(text, architecture, tmp_path / "copy.cubin")
