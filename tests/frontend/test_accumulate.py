"""`ufunc.reduce` and `ufunc.accumulate` of every ufunc of two operands, and JAX's running functions, against NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax

RNG = np.random.default_rng(0)
X = RNG.standard_normal((5, 3, 6))
N = RNG.integers(1, 9, (5, 3, 6))
B = X > 0


def same(f: Callable[[Any], Any], batch: Any) -> None:
    wanted = np.stack([f(x) for x in batch])
    result = vtrace.vmap(f)(batch)
    assert result.dtype == wanted.dtype
    np.testing.assert_allclose(result, wanted, rtol=1e-12)


FLOATS = [np.add, np.multiply, np.maximum, np.minimum, np.subtract, np.divide, np.logaddexp, np.fmax, np.hypot]
INTEGERS = [np.add, np.maximum, np.bitwise_xor, np.bitwise_and, np.bitwise_or, np.floor_divide, np.subtract]


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize(("ufunc", "batch"), [*((u, X) for u in FLOATS), *((u, N) for u in INTEGERS)])
def test_both_along_every_axis(ufunc: np.ufunc, batch: Any, axis: int) -> None:
    same(lambda x: ufunc.reduce(x, axis), batch)
    same(lambda x: ufunc.reduce(x, axis, keepdims=True), batch)
    same(lambda x: ufunc.accumulate(x, axis), batch)


@pytest.mark.parametrize("ufunc", [np.logical_xor, np.logical_and, np.logical_or, np.bitwise_xor])
def test_of_bools(ufunc: np.ufunc) -> None:
    same(ufunc.reduce, B)
    same(ufunc.accumulate, B)


def test_of_nothing() -> None:
    empty = np.zeros((5, 3, 0))
    same(lambda x: np.hypot.reduce(x, 1), empty)
    same(lambda x: np.logaddexp.accumulate(x, 1), empty)
    with pytest.raises(ValueError, match="zero-size array to reduction operation subtract which has no identity"):
        vtrace.vmap(lambda x: np.subtract.reduce(x, 1))(empty)


def test_refused() -> None:
    with pytest.raises(ValueError, match="'divide' is not reorderable, so at most one axis may be specified"):
        vtrace.vmap(lambda x: np.divide.reduce(x, axis=(0, 1)))(X)
    with pytest.raises(NotImplementedError, match="with the argument initial is not supported"):
        vtrace.vmap(lambda x: np.logaddexp.reduce(x, initial=1.0))(X)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"])
def test_running(name: str, reverse: bool) -> None:
    function = getattr(lax, name)
    same(lambda x: function(x, 1, reverse), X)
    with pytest.raises(ValueError, match="needs an axis to run along"):
        function(np.float64(1.0))


@pytest.mark.parametrize("dtype", [None, np.int64, np.int8, float])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.subtract, np.logaddexp])
def test_reduceat(ufunc: np.ufunc, dtype: Any) -> None:
    x = np.arange(1, 49, dtype=float if ufunc is np.logaddexp else np.int8).reshape(2, 12, 2)
    if ufunc is np.logaddexp and np.dtype(dtype).kind == "i":
        dtype = np.float32
    for indices in ([0, 5, 3, 11], [2], []):

        def f(row: Any, indices: Any = indices) -> Any:
            return ufunc.reduceat(row, indices, axis=0, dtype=dtype)

        got, wanted = vtrace.vmap(f)(x), np.stack([f(row) for row in x])
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
        np.testing.assert_allclose(got, wanted, rtol=1e-6)


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum])
def test_dtypes_of_reduceat_may_be_narrower(ufunc: np.ufunc) -> None:
    x = np.linspace(-3, 9, 24).reshape(2, 12)
    got = vtrace.vmap(lambda row: ufunc.reduceat(row, [0, 5, 3], dtype=np.int32))(x)
    np.testing.assert_array_equal(got, np.stack([ufunc.reduceat(row, [0, 5, 3], dtype=np.int32) for row in x]))
    assert got.dtype == np.int32


def test_indices_of_reduceat_are_known_and_inside() -> None:
    with pytest.raises(IndexError, match=r"index 12 out-of-bounds in add.reduceat \[0, 12\)"):
        vtrace.vmap(lambda x: np.add.reduceat(x, [0, 12]))(np.ones((2, 12)))
    with pytest.raises(TypeError, match="an index must be a Python integer"):
        vtrace.vmap(lambda x: np.add.reduceat(x, [0, x[0].astype(int)]))(np.ones((2, 12)))
