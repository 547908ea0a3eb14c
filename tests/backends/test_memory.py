"""The memory of large results: how long it lives, when it is used again, and that arrays in it are like any other."""

import copy
import gc
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import vtrace
from vtrace.backends import memory

N = memory.POOLED_BYTES // 8
F64 = np.dtype(np.float64)


@pytest.fixture
def pool() -> memory.Pool:
    return memory.Pool(limit=64 << 20)


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_memory_is_used_again_once_the_array_is_gone(pool: memory.Pool) -> None:
    first = pool.empty((N,), F64)
    where = address(first)
    second = pool.empty((N,), F64)
    assert address(second) != where
    del first
    assert address(pool.empty((N,), F64)) == where


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[1:],
        lambda a: a[::-3],
        lambda a: a.reshape(2, -1).T,
        lambda a: a.view(np.uint8)[5:],
        lambda a: np.asarray(a)[:7],
        lambda a: a.astype(F64, copy=False),
        lambda a: memoryview(a)[3:],
        lambda a: np.lib.stride_tricks.sliding_window_view(a, 3),
        lambda a: a.reshape(-1, 2)[1:].ravel()[2:],
        lambda a: np.frombuffer(a.data, F64)[4:],
    ],
)
def test_any_view_keeps_the_memory(pool: memory.Pool, view: object) -> None:
    array = pool.empty((N,), F64)
    array[:] = np.arange(N)
    seen = view(array)  # type: ignore[operator]
    expected = np.array(seen)
    del array
    gc.collect()
    assert pool.idle_bytes == 0
    pool.empty((N,), F64)[:] = -1.0
    np.testing.assert_array_equal(np.asarray(seen), expected)
    del seen
    gc.collect()
    assert pool.idle_bytes == 2 * memory.block_size(8 * N)


def test_a_copy_does_not_keep_the_memory(pool: memory.Pool) -> None:
    array = pool.empty((N,), F64)
    array[:] = 3.0
    other = array.astype(np.float32)
    del array
    assert pool.idle_bytes > 0
    assert (other == 3.0).all()


def test_results_are_ordinary_arrays(pool: memory.Pool, tmp_path: Path) -> None:
    array = pool.empty((N // 4, 4), F64)
    assert type(array) is np.ndarray
    assert array.flags.writeable
    assert array.flags.c_contiguous
    assert array.dtype is F64
    assert address(array) % 4096 == 0
    array[:] = np.random.default_rng(0).random(array.shape)
    np.save(tmp_path / "a.npy", array)
    for other in (np.load(tmp_path / "a.npy"), pickle.loads(pickle.dumps(array)), copy.deepcopy(array), array.copy()):
        np.testing.assert_array_equal(other, array)
    array.sort(axis=0)
    array += 1.0


@pytest.mark.parametrize("name", ["bool", "int8", "uint16", "int32", "uint64", "float32", "float64"])
def test_dtypes_are_the_built_in_ones(pool: memory.Pool, name: str) -> None:
    assert pool.empty((N, 0), np.dtype(name)).dtype is np.dtype(name)


def test_idle_memory_has_a_limit() -> None:
    pool = memory.Pool(limit=5 * memory.block_size(8 * N))
    arrays = [pool.empty((N,), F64) for _ in range(9)]
    arrays += [pool.empty((3 * N,), F64)]
    while arrays:
        arrays.pop()
        assert pool.idle_bytes <= pool.limit
    assert pool.idle_bytes == pool.limit
    pool.clear()
    assert pool.idle_bytes == 0


def test_what_was_not_used_for_longest_goes_first() -> None:
    pool = memory.Pool(limit=3 * memory.block_size(8 * N))
    old = pool.empty((2 * N,), F64)
    where = address(old)
    del old
    new = [pool.empty((N,), F64) for _ in range(2)]
    addresses = {address(a) for a in new}
    new.clear()
    assert where not in addresses
    assert {address(a) for a in [pool.empty((N,), F64), pool.empty((N,), F64)]} <= addresses


@pytest.mark.parametrize("size", [1, 4096, 4097, 1 << 20, (1 << 20) + 1, 3_000_000, 123_456_789])
def test_blocks_are_little_larger_than_asked_for(size: int) -> None:
    assert size <= memory.block_size(size) <= max(size * 1.125 + 1, size + 4096)


def test_too_much_is_a_memory_error(pool: memory.Pool) -> None:
    with pytest.raises(
        MemoryError, match=r"unable to allocate \d+ bytes for a result of shape \(1099511627776, 1024\)"
    ):
        pool.empty((1 << 40, 1 << 10), F64)


def test_small_results_and_a_limit_of_zero_bypass_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory.empty((N - 1,), F64).base is None
    assert memory.empty((N,), F64).base is not None
    monkeypatch.setattr(memory.POOL, "limit", 0)
    assert memory.empty((N,), F64).base is None


def test_threads_share_the_pool(pool: memory.Pool) -> None:
    def work(seed: int) -> bool:
        good = True
        for k in range(50):
            a = pool.empty((N + (seed + k) % 3 * N,), F64)
            a[::512] = seed
            good = good and bool((a[::512] == seed).all())
        return good

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(8)))
    assert pool.idle_bytes <= pool.limit


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # Python 3.12 warns where threads run
def test_a_child_has_its_own_copy() -> None:
    f = vtrace.vmap(lambda x: x * 2.0)
    x = np.arange(float(N))
    result = f(x)
    f(x)  # leaves an idle block
    child = os.fork()
    if child == 0:  # pragma: no cover
        f(-x)
        os._exit(0 if (f(x) == 2 * x).all() and (result == 2 * x).all() else 1)
    assert os.waitpid(child, 0)[1] == 0
    np.testing.assert_array_equal(result, 2 * x)


def test_results_of_calls_are_independent() -> None:
    f = vtrace.vmap(lambda x: (x + 1.0, x * x))
    x = np.arange(float(N))
    first, square = f(x)
    again, _ = f(x + 1.0)
    np.testing.assert_array_equal(first, x + 1.0)
    np.testing.assert_array_equal(square, x * x)
    np.testing.assert_array_equal(again, x + 2.0)
