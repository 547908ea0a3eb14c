"""Products by the BLAS on our threads: right for every shape and flag, with bits that do not depend on the batch."""

import itertools
import os
import threading

import numpy as np
import pytest

from vtrace.backends.blas import BLOCK_ROWS, routines
from vtrace.backends.library import LIBRARY
from vtrace.ir.types import Array

TRANSPOSES = list(itertools.product((False, True), repeat=2))
FLOATS = ("f4", "f8")


def random(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def stored(shape: tuple[int, ...], dtype: str, transposed: bool, seed: int) -> Array:
    """What becomes a matrix of this shape when it is transposed, if it is."""
    return random((*shape[:-2], shape[-1], shape[-2]) if transposed else shape, dtype, seed)


def op(x: Array, transposed: bool) -> Array:
    return np.swapaxes(x, -1, -2) if transposed else x


def check(found: Array, x: Array, y: Array) -> None:
    expected = np.matmul(x.astype("f8"), y.astype("f8"))
    scale = np.matmul(np.abs(x.astype("f8")), np.abs(y.astype("f8")))
    assert np.all(np.abs(found - expected) <= 4 * np.finfo(found.dtype).eps * scale)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize("rows", [1, 7, 2 * BLOCK_ROWS, 5 * BLOCK_ROWS + 3])
@pytest.mark.parametrize(("inner", "columns"), [(5, 9), (70, 33), (300, 200)])
def test_one_product(dtype: str, transpose: tuple[bool, bool], rows: int, inner: int, columns: int) -> None:
    x = stored((rows, inner), dtype, transpose[0], 1)
    y = stored((inner, columns), dtype, transpose[1], 2)
    out = np.full((rows, columns), np.nan, dtype)
    LIBRARY.gemm(out, x, y, transpose)
    check(out, op(x, transpose[0]), op(y, transpose[1]))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize("stacked", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize(("rows", "inner", "columns"), [(3, 5, 9), (64, 32, 64), (150, 200, 170)])
def test_a_product_for_each_example(
    dtype: str, transpose: tuple[bool, bool], stacked: tuple[bool, bool], rows: int, inner: int, columns: int
) -> None:
    examples = 21
    x = stored(((examples,) if stacked[0] else ()) + (rows, inner), dtype, transpose[0], 1)
    y = stored(((examples,) if stacked[1] else ()) + (inner, columns), dtype, transpose[1], 2)
    out = np.full((examples, rows, columns), np.nan, dtype)
    LIBRARY.gemm_each(out, x, y, transpose)
    check(out, op(x, transpose[0]), op(y, transpose[1]))


@pytest.mark.parametrize("transpose", TRANSPOSES)
def test_nothing_to_add_or_nothing_to_do(transpose: tuple[bool, bool]) -> None:
    for examples, rows, inner, columns in ((0, 2, 3, 4), (5, 0, 3, 4), (5, 2, 0, 4), (5, 2, 3, 0)):
        x = stored((examples, rows, inner), "f8", transpose[0], 1)
        y = stored((examples, inner, columns), "f8", transpose[1], 2)
        out = np.ones((examples, rows, columns))
        LIBRARY.gemm_each(out, x, y, transpose)
        assert not out.any()
        if examples:
            LIBRARY.gemm(out[0], x[0], y[0], transpose)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize("extents", [(17, 19, 23), (64, 32, 64), (40, 300, 130)])
def test_the_bits_of_an_example_do_not_depend_on_the_batch(
    dtype: str, transpose: tuple[bool, bool], extents: tuple[int, int, int]
) -> None:
    rows, inner, columns = extents
    x, y = stored((50, rows, inner), dtype, transpose[0], 1), stored((50, inner, columns), dtype, transpose[1], 2)
    whole = np.empty((50, rows, columns), dtype)
    LIBRARY.gemm_each(whole, x, y, transpose)
    for start, stop in ((0, 1), (1, 4), (7, 30), (49, 50)):
        part = np.empty((stop - start, rows, columns), dtype)
        LIBRARY.gemm_each(part, x[start:stop], y[start:stop], transpose)
        assert part.tobytes() == whole[start:stop].tobytes()


def test_the_number_of_threads_is_set_back() -> None:
    blas = routines().limit
    if not blas.works:
        pytest.skip("this BLAS cannot be told how many threads to use")
    assert blas._get is not None
    before = blas._get()
    with blas.one_thread():
        with blas.one_thread():
            assert blas._get() == 1
        assert blas._get() == 1
    assert blas._get() == before


def test_calls_from_several_python_threads() -> None:
    x, y = random((200, 48, 40), "f4", 1), random((200, 40, 56), "f4", 2)
    expected = np.empty((200, 48, 56), "f4")
    LIBRARY.gemm_each(expected, x, y, (False, False))
    wrong = []

    def work() -> None:
        for _ in range(20):
            out = np.empty_like(expected)
            LIBRARY.gemm_each(out, x, y, (False, False))
            if out.tobytes() != expected.tobytes():
                wrong.append(1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_a_forked_child_goes_on() -> None:
    x = random((40, 30, 30), "f8")
    out = np.empty_like(x)
    LIBRARY.gemm_each(out, x, x, (False, False))
    with routines().limit.one_thread():
        child = os.fork()
        if child == 0:
            again = np.empty_like(x)
            LIBRARY.gemm_each(again, x, x, (False, False))
            os._exit(again.tobytes() != out.tobytes())
    assert os.waitpid(child, 0)[1] == 0
