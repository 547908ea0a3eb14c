"""`inspect(...).memory` is what a call allocates."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace.api.forecast import MemoryForecast, amount
from vtrace.backends import memory
from vtrace.backends.gemm.plan import MOST_PACKED_BYTES

B, N = 2000, 200
X = np.random.default_rng(0).normal(size=(B, N))
M = np.random.default_rng(1).normal(size=(N, N))


def mlp(x: Any, m: Any) -> Any:
    return np.tanh(m @ np.tanh(m @ np.tanh(m @ x)))


def shared(x: Any) -> Any:
    return {"a": x * 2, "b": (x, np.float64(3.0), x.sum())}


CASES: dict[str, tuple[Any, tuple[Any, ...], dict[str, Any]]] = {
    "one kernel": (lambda x: np.exp(x - x.max()).sum(), (X,), {}),
    "matrix products": (mlp, (X, M), {"in_axes": (0, None)}),
    "in chunks": (mlp, (X, M), {"in_axes": (0, None), "chunk_size": 300}),
    "columns in chunks": (lambda x: x * 2, (X.T,), {"in_axes": 1, "out_axes": 1, "chunk_size": 300}),
    "several results": (shared, (X,), {}),
    "not contiguous": (lambda x: x * 2, (X[:, ::2],), {}),
    "constants": (lambda x: x @ np.ones((N, N)), (X,), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_forecast_is_what_a_call_allocates(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function, arguments, options = CASES[case]
    monkeypatch.setattr(memory.POOL, "limit", 0)  # so that all arrays are NumPy's, which tells tracemalloc
    f = vtrace.vmap(function, **options)
    f(*arguments)
    expected = f.inspect(*arguments).memory
    tracemalloc.start()
    f(*arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert expected.new <= peak + 1000
    assert peak <= expected.new + 40_000 + ("products" in case) * MOST_PACKED_BYTES


def test_a_product_takes_no_more_than_its_documentation_says() -> None:
    assert MOST_PACKED_BYTES <= 5_000_000


def test_intermediates_of_a_chain_are_not_added_up() -> None:
    row = B * N * 8
    f = vtrace.vmap(mlp, in_axes=(0, None))
    forecast = f.inspect(X, M).memory
    assert forecast.inputs == row + N * N * 8
    assert forecast.outputs == row
    assert row <= forecast.intermediates <= 2 * row
    assert forecast.total == forecast.inputs + forecast.constants + forecast.new


def test_types_instead_of_arrays() -> None:
    f = vtrace.vmap(mlp, in_axes=(0, None))
    assert f.inspect(f"f64[{B},{N}]", f"f64[{N},{N}]").memory == f.inspect(X, M).memory
    assert f.compilations == 0
    with pytest.raises(vtrace.UsageError, match=r"depends on its size; give it as in f64\[1000,3\]"):
        _ = f.inspect("f64[b,30]", "f64[30,30]").memory


def test_without_a_batch() -> None:
    forecast = vtrace.jit(lambda x: x + 1).inspect(X).memory
    assert (forecast.inputs, forecast.outputs, forecast.new) == (X.nbytes, X.nbytes, X.nbytes)
    fixed = vtrace.vmap(lambda s: s * 2, None, axis_size=7).inspect(3.0).memory
    assert fixed.outputs == 56


def test_the_text() -> None:
    text = str(MemoryForecast(1500, 0, 10, 2_000_000, 999, 2_000_000))
    assert text.splitlines()[0].split() == ["arguments", "1.5", "kB"]
    assert text.splitlines()[-1].split() == ["all", "together", "2", "MB"]
    assert [amount(n) for n in (0, 999, 1000, 999_600, 123_456_789)] == ["0 B", "999 B", "1 kB", "1 MB", "123 MB"]
