"""Rows of small elements, with and without registers for masks: what a processor has is tested as well as the other."""

from typing import Any

import numpy as np
import pytest

import vtrace
from tests.helpers import at_the_end_of_a_page
from vtrace.backends import masks, singles, vector_memory
from vtrace.backends.target import MASK_REGISTERS

Array = Any
RNG = np.random.default_rng(2)
BATCHES = (1, 7, 8, 9, 63, 64, 65, 130)


@pytest.fixture(autouse=True, params=sorted({MASK_REGISTERS, False}), ids=lambda bits: "bits" if bits else "integers")
def kind(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    for module in (masks, singles, vector_memory):
        monkeypatch.setattr(module, "MASK_REGISTERS", request.param)
    if request.param != MASK_REGISTERS:
        monkeypatch.setenv("VTRACE_CACHE", "0")  # code on disk is this machine's
    monkeypatch.setenv("VTRACE_LAYOUT", "batch")


@pytest.mark.parametrize("size", [2, 4, 5, 8, 15, 16, 20, 40])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.bool_, np.int16, np.uint16])
def test_rows_turned_around_and_back(dtype: Any, size: int) -> None:
    def f(row: Array) -> Any:
        running = np.logical_xor.accumulate(row) if dtype == np.bool_ else np.cumsum(row, dtype=dtype)
        return running, running[::-1], row[size // 2]

    function = vtrace.vmap(f)
    for batch in BATCHES:
        rows = at_the_end_of_a_page(RNG.integers(0, 2 if dtype == np.bool_ else 100, (batch, size)).astype(dtype))
        with np.errstate(over="ignore"):
            want = [f(row) for row in rows]
        out = tuple(at_the_end_of_a_page(np.zeros(shape, dtype)) for shape in (rows.shape, rows.shape, (batch,)))
        for k, got in enumerate(function(rows, out=out)):
            np.testing.assert_array_equal(got, np.array([w[k] for w in want], dtype), err_msg=f"{batch} rows")


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
def test_elements_left_over(dtype: Any) -> None:
    """Vectors of which a part is inside an array, and elements anywhere, where an example is left out or not."""
    table = RNG.integers(0, 100, 77).astype(dtype)

    def f(table: Array, x: Array, place: Array) -> Any:
        return x + dtype(1), np.where(x > 50, table[place], x), np.max(x)

    for batch in BATCHES:
        x = at_the_end_of_a_page(RNG.integers(0, 100, batch).astype(dtype))
        place = RNG.integers(-77, 77, batch)
        got = vtrace.vmap(f, (None, 0, 0))(table, x, place)
        for g, want in zip(got, (x + dtype(1), np.where(x > 50, table[place], x), x), strict=True):
            np.testing.assert_array_equal(g, want)
            assert g.dtype == want.dtype
