"""The native way into small calls: it must give what the general way gives, and refuse whatever is not meant for it."""

import gc
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace.backends import Executable, entry, memory, objects


def compiled(f: Callable[..., Any], *args: Any, **options: Any) -> Executable:
    return vtrace.vmap(f, **options).inspect(*args)._program.executable


def way_in(f: Callable[..., Any], *args: Any, **options: Any) -> Callable[[tuple[Any, ...]], Any]:
    found = compiled(f, *args, **options).entry
    assert found is not None
    return found


@pytest.fixture
def dot() -> Callable[[tuple[Any, ...]], Any]:
    return way_in(np.dot, "f64[b,3]", "f64[b,3]")


X = np.arange(12.0).reshape(4, 3)


class Subclass(np.ndarray):
    pass


def test_what_fits_is_computed(dot: Callable[[tuple[Any, ...]], Any]) -> None:
    result = dot((X, X))
    np.testing.assert_array_equal(result, (X * X).sum(1))
    assert type(result) is np.ndarray
    assert result.dtype is np.dtype(np.float64)
    assert result.flags.owndata
    assert result.flags.writeable


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 9, 33])
def test_any_batch_size(dot: Callable[[tuple[Any, ...]], Any], size: int) -> None:
    x = np.random.default_rng(size).random((size, 3))
    np.testing.assert_allclose(dot((x, x)), (x * x).sum(1))
    assert dot((x, x)).shape == (size,)


@pytest.mark.parametrize(
    "args",
    [
        (),
        (X,),
        (X, X, X),
        (X, X[:2]),
        (X, X[0]),
        (X, X.reshape(4, 3, 1)),
        (X, np.zeros((4, 4))),
        (X, X.astype(np.float32)),
        (X, X.astype(np.int64)),
        (X, X.astype(">f8")),
        (X, np.asfortranarray(X)),
        (X[::2], X[::2]),
        (X, X[::-1]),
        (X, X.tolist()),
        (X, None),
        (X, 1.0),
        (X, X.view(Subclass)),
        (X, np.ma.masked_array(X)),
        (X, np.frombuffer(b"\0" * 97, np.uint8)[1:].view(np.float64).reshape(4, 3)),
        (X, X.astype(np.dtype(np.float64, metadata={"unit": "m"}))),
        ("x", X),
    ],
)
def test_what_does_not_fit_is_refused(dot: Callable[[tuple[Any, ...]], Any], args: tuple[Any, ...]) -> None:
    assert dot(args) is None


def test_large_work_and_large_results_are_refused() -> None:
    add = way_in(lambda x: x + 1.0, "f64[b]")
    assert add((np.ones(100),)) is not None
    assert add((np.ones(10_000_000),)) is None
    fill = way_in(lambda x: np.broadcast_to(x, (memory.POOLED_BYTES // 16,)), "f64[b]")
    assert fill((np.ones(0),)) is not None
    assert fill((np.ones(2),)) is None


@pytest.mark.parametrize("name", ["bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64"])
def test_every_dtype(name: str) -> None:
    f = way_in(lambda x, y: np.maximum(x, y), f"{name}[b,2]", f"{name}[b,2]")
    dtype = vtrace.ir.types.DTYPES[name]
    x, y = np.array([[0, 1], [1, 1]], dtype), np.array([[1, 0], [0, 0]], dtype)
    result = f((x, y))
    assert result.dtype is dtype
    np.testing.assert_array_equal(result, np.maximum(x, y))


def test_several_results_are_a_tuple_in_order() -> None:
    f = way_in(lambda x: (x[0] > 1.0, x.sum(), x * 2.0), "f64[b,3]")
    result = f((X,))
    assert type(result) is tuple
    expected = (X[:, 0] > 1.0, X.sum(1), X * 2.0)
    for got, wanted in zip(result, expected, strict=True):
        np.testing.assert_array_equal(got, wanted)
        assert got.dtype is wanted.dtype


def test_constants_unmapped_arguments_and_scalars() -> None:
    table = np.arange(3.0)
    f = way_in(lambda x, w: (x + table) @ w, "f64[b,3]", "f64[3]", in_axes=(0, None))
    w = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(f((X, w)), (X + table) @ w)
    g = vtrace.jit(lambda x: x + 1.0)
    found = g.inspect("f64[]")._program.executable.entry
    assert found is not None
    result = found((np.array(2.0),))
    assert result.shape == ()
    assert result == 3.0


def test_an_index_out_of_range_goes_the_general_way() -> None:
    f = vtrace.vmap(lambda x, i: x[i], in_axes=(None, 0))
    x = np.arange(5.0)
    np.testing.assert_array_equal(f(x, np.array([0, -5, 4])), [0, 0, 4])
    for _ in range(3):
        with pytest.raises(vtrace.IndexOutOfRangeError, match=r"index 5 is out of bounds .* batch element 1"):
            f(x, np.array([0, 5, 9]))
        np.testing.assert_array_equal(f(x, np.array([1, 2, 3])), [1, 2, 3])


def test_calls_take_the_entry_and_fall_back() -> None:
    f = vtrace.vmap(lambda x, y: x * y + 1.0)
    for x in (X, X.astype(np.float32), X[::2], np.asfortranarray(X), X, X.tolist(), np.ones((100_000, 3)), X[:0]):
        for _ in range(2):
            np.testing.assert_allclose(f(x, x), np.asarray(x) ** 2 + 1.0)
    with pytest.raises(vtrace.AxesError):
        f(X, X[:2])
    assert f.compilations == 2


def test_axis_size_is_still_checked() -> None:
    f = vtrace.vmap(lambda x: x + 1.0, axis_size=4)
    f(X)
    f(X)
    with pytest.raises(vtrace.AxesError):
        f(X[:3])


def test_references_are_neither_lost_nor_left() -> None:
    one = way_in(lambda x: x + 1.0, "f64[b,3]")
    two = way_in(lambda x: (x + 1.0, x.sum()), "f64[b,3]")
    pick = way_in(lambda x, i: x[i], "f64[b,3]", "i64[b]")
    bad = np.full(4, 7)
    watched = [X, X.dtype, bad, np.ndarray, one, two]
    before = [sys.getrefcount(o) for o in watched]
    none = sys.getrefcount(None)
    for _ in range(1000):
        one((X,))
        two((X,))
        two((X[::2],))
        pick((X, bad))
    assert [sys.getrefcount(o) for o in watched] == before
    assert abs(sys.getrefcount(None) - none) < 500


def test_the_code_lives_as_long_as_its_entry() -> None:
    f = way_in(lambda x: x * 3.0, "f64[b]")
    gc.collect()
    np.testing.assert_array_equal(f((np.ones(3),)), np.full(3, 3.0))


def test_many_threads_at_once(dot: Callable[[tuple[Any, ...]], Any]) -> None:
    def work(seed: int) -> bool:
        x = np.random.default_rng(seed).random((seed + 1, 3))
        wanted = dot((x, x))
        return all(np.array_equal(dot((x, x)), wanted) for _ in range(200))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))


def test_without_knowledge_of_the_layout_there_is_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    entry._numpy.cache_clear()
    monkeypatch.setattr(objects, "LAYOUT_IS_KNOWN", False)
    try:
        f = vtrace.vmap(lambda x: x - 1.0)
        np.testing.assert_array_equal(f(X), X - 1.0)
        np.testing.assert_array_equal(f(X), X - 1.0)
        assert f.inspect(X)._program.executable.entry is None
    finally:
        entry._numpy.cache_clear()


def test_addresses_of_data() -> None:
    for array in (X, X[1:], X[::-1], np.zeros(()), np.zeros(0)):
        assert objects.data_address(array) == array.ctypes.data
