"""Bools in lanes, as bits and as whole integers: both kinds of processors are tested on either."""

from typing import Any

import numpy as np
import pytest

import vtrace
from tests.helpers import assert_close
from vtrace import lax
from vtrace.backends import masks, vector_memory
from vtrace.backends.target import MASK_REGISTERS

Array = Any
RNG = np.random.default_rng(1)
DTYPES = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint64, np.float32, np.float64]


@pytest.fixture(autouse=True, params=sorted({MASK_REGISTERS, False}), ids=lambda bits: "bits" if bits else "integers")
def kind(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    for module in (masks, vector_memory):
        monkeypatch.setattr(module, "MASK_REGISTERS", request.param)
    if request.param != MASK_REGISTERS:
        monkeypatch.setenv("VTRACE_CACHE", "0")  # code on disk is this machine's


def assert_as_python(f: Any, *arrays: Array) -> None:
    """Results of a batch equal those of each example in plain NumPy."""
    got = vtrace.vmap(f)(*arrays)
    with vtrace.disable_jit(), np.errstate(all="ignore"):
        assert_close(got, vtrace.vmap(f)(*arrays))


def some(dtype: Any, size: int = 53) -> Array:
    return RNG.integers(0 if np.dtype(dtype).kind == "u" else -9, 10, size).astype(dtype)


@pytest.mark.parametrize("second", DTYPES)
@pytest.mark.parametrize("first", DTYPES)
def test_logic_of_bools_from_two_dtypes(first: Any, second: Any) -> None:
    def f(x: Array, y: Array) -> Any:
        a, b = x > 2, y < 3
        return a & b, a | b, a ^ b, ~a, np.where(a & ~b, x, 1), np.where(a, b, y == 3), np.where(a ^ b, y, 0)

    assert_as_python(f, some(first), some(second))


@pytest.mark.parametrize("dtype", DTYPES)
def test_loops_that_keep_bools(dtype: Any) -> None:
    """A bool decides when an example is done, another one changes with each trip."""

    def f(x: Array, n: Array) -> Any:
        def step(state: Any) -> Any:
            x, done, odd, trips = state
            x = np.where(odd & ~done, x + dtype(1), x)
            return x, done | (trips >= n), odd ^ (x > 3), trips + 1

        return lax.while_loop(lambda s: ~s[1], step, (x, np.bool_(False), np.bool_(True), 0))

    assert_as_python(f, some(dtype), some(np.int32))


@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.float64])
def test_branches_within_loops_within_branches(dtype: Any) -> None:
    def f(x: Array, n: Array) -> Any:
        def inner(state: Any) -> Any:
            x, k, flag = state
            x, flag = lax.cond(flag & (x > 0), lambda x, f: (x - dtype(1), f), lambda x, f: (x + dtype(2), ~f), x, flag)
            return x, k + 1, flag

        def outer(state: Any) -> Any:
            x, i, flag = state
            x, _, flag = lax.while_loop(lambda s: s[1] < i, inner, (x, np.int64(0), flag))
            return x, i + 1, flag

        busy = (n > -5) & (x < 8)
        return lax.cond(
            busy,
            lambda x, b: lax.while_loop(lambda s: (s[1] < n) | (s[1] < 2), outer, (x, np.int64(0), b)),
            lambda x, b: (x, np.int64(7), ~b),
            x,
            busy,
        )

    assert_as_python(f, some(dtype), some(np.int64))


def test_rows_of_bools() -> None:
    """Bools of arrays in memory are bytes, beside those in registers."""

    def f(row: Array, limit: Array) -> Any:
        def step(seen: Array, value: Array) -> Any:
            big = (value > limit) & ~seen
            return seen | (value < 0), big

        seen, big = lax.scan(step, np.bool_(False), row)
        return seen, big, np.logical_or.accumulate(big), np.any(big & (row < 5)), np.all(big | ~big)

    assert_as_python(f, some(np.float32, 37 * 11).reshape(37, 11), some(np.float32, 37))


def test_no_packed_bools_in_loops() -> None:
    """The loop of a Mandelbrot set has no vector of bits that goes from block to block."""

    def f(cr: Array, ci: Array) -> Any:
        def inside(s: Any) -> Array:
            return (s[2] < 256) & (s[0] * s[0] + s[1] * s[1] < 4)

        def step(s: Any) -> Any:
            return s[0] * s[0] - s[1] * s[1] + cr, 2 * s[0] * s[1] + ci, s[2] + 1

        return lax.while_loop(inside, step, (0.0, 0.0, 0))[2]

    x = np.linspace(-2, 1, 40, dtype=np.float32)
    text = str(vtrace.vmap(f).inspect(x, x).llvm)
    bits = [line for line in text.splitlines() if " = phi <" in line and " x i1>" in line]
    assert bool(bits) == masks.MASK_REGISTERS
