"""Matrix products of our own: right for every shape, with bits that depend on a row, a column and nothing else."""

import itertools
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtrace.backends import threads
from vtrace.backends.gemm.plan import BLOCK_COLUMNS, FAR_BYTES, FEW_ROWS, MOST_TILES, NEAR_BYTES
from vtrace.backends.gemm.sizes import DEPTH, INNER, TILE_ROWS, panel
from vtrace.backends.library import LIBRARY
from vtrace.ir.types import Array

TRANSPOSES = list(itertools.product((False, True), repeat=2))
FLOATS = ("f4", "f8")


def random(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def stored(x: Array, transposed: bool) -> Array:
    """What becomes this matrix when it is transposed, if it is."""
    return np.ascontiguousarray(np.swapaxes(x, -1, -2) if transposed else x)


def product(x: Array, y: Array, transpose: tuple[bool, bool] = (False, False)) -> Array:
    """x @ y, from matrices that are stored transposed."""
    out = np.full((*x.shape[:-1], y.shape[-1]), np.nan, x.dtype)
    LIBRARY.gemm(out, stored(x, transpose[0]), stored(y, transpose[1]), transpose)
    return out


def products(x: Array, y: Array, transpose: tuple[bool, bool] = (False, False)) -> Array:
    """The same for stacks, or a stack and a matrix."""
    examples = len(x) if x.ndim == 3 else len(y)
    out = np.full((examples, x.shape[-2], y.shape[-1]), np.nan, x.dtype)
    LIBRARY.gemm_each(out, stored(x, transpose[0]), stored(y, transpose[1]), transpose)
    return out


def check(found: Array, x: Array, y: Array) -> None:
    """The bound of a sum in blocks, one rounding for each addition; that of the reference is far below it."""
    wide = np.longdouble if x.dtype == np.float64 else np.float64
    x, y = x.astype(wide), y.astype(wide)
    inner, step = x.shape[-1], INNER[found.itemsize]
    roundings = min(inner, step) + -(-inner // step) + 1
    bound = roundings * np.finfo(found.dtype).eps / 2 * np.matmul(np.abs(x), np.abs(y))
    assert np.all(np.abs(found - np.matmul(x, y)) <= bound)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("transpose", TRANSPOSES)
def test_all_small_shapes(dtype: str, transpose: tuple[bool, bool]) -> None:
    x, y = random((41, 9), dtype, 1), random((9, 41), dtype, 2)
    whole = product(x, y, transpose)
    check(whole, x, y)
    for rows, columns in itertools.product(range(41), repeat=2):
        assert product(x[:rows], y[:, :columns], transpose).tobytes() == whole[:rows, :columns].tobytes()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize("blocks", [0, 1, 2, "depth"])
@pytest.mark.parametrize("more", [-1, 0, 1, 7])
def test_all_that_inner_extents_do(dtype: str, transpose: tuple[bool, bool], blocks: int | str, more: int) -> None:
    itemsize = np.dtype(dtype).itemsize
    inner = (DEPTH[itemsize] if blocks == "depth" else blocks * INNER[itemsize]) + more
    for rows, columns in (
        (1, 300),
        (FEW_ROWS, 5),
        ((2 * MOST_TILES + 1) * TILE_ROWS[0] + 3, 2 * panel(itemsize) + 3),
    ):
        x, y = random((rows, max(inner, 0)), dtype, 1), random((max(inner, 0), columns), dtype, 2)
        check(product(x, y, transpose), x, y)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize(("rows", "inner", "columns"), [(300, 150, BLOCK_COLUMNS + 50), (70, 700, 600), (5, 600, 600)])
def test_large_products(dtype: str, transpose: tuple[bool, bool], rows: int, inner: int, columns: int) -> None:
    """Packed for all tasks in blocks of columns; with x copied and not; with the columns shared by threads."""
    assert inner * columns * np.dtype(dtype).itemsize > NEAR_BYTES
    x, y = random((rows, inner), dtype, 1), random((inner, columns), dtype, 2)
    check(product(x, y, transpose), x, y)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize("stacked", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize(("rows", "inner", "columns"), [(3, 5, 9), (64, 32, 64), (150, 200, 170), (210, 390, 420)])
def test_a_product_for_each_example(
    dtype: str, transpose: tuple[bool, bool], stacked: tuple[bool, bool], rows: int, inner: int, columns: int
) -> None:
    examples = 3
    x = random(((examples,) if stacked[0] else ()) + (rows, inner), dtype, 1)
    y = random(((examples,) if stacked[1] else ()) + (inner, columns), dtype, 2)
    found = products(x, y, transpose)
    check(found, x, y)
    one = product(x[1] if stacked[0] else x, y[1] if stacked[1] else y, transpose)
    assert one.tobytes() == found[1].tobytes()


@pytest.mark.parametrize("transpose", TRANSPOSES)
def test_nothing_to_add_or_nothing_to_do(transpose: tuple[bool, bool]) -> None:
    for examples, rows, inner, columns in ((0, 2, 3, 4), (5, 0, 3, 4), (5, 2, 0, 4), (5, 2, 3, 0)):
        x, y = random((examples, rows, inner), "f8", 1), random((examples, inner, columns), "f8", 2)
        assert not products(x, y, transpose).any()
        if examples:
            assert not product(x[0], y[0], transpose).any()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("transpose", TRANSPOSES)
def test_nan_and_infinities_stay_in_their_row_and_column(dtype: str, transpose: tuple[bool, bool]) -> None:
    x, y = np.ones((37, 50), dtype), np.ones((50, 37), dtype)
    x[36, 3], x[4, 49], y[7, 36], y[0, 5] = np.nan, np.inf, -np.inf, np.nan
    expected = np.full((37, 37), 50.0)
    expected[4], expected[:, 36] = np.inf, -np.inf
    expected[4, 36] = expected[36] = expected[:, 5] = np.nan
    np.testing.assert_array_equal(product(x, y, transpose), expected)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_bits_do_not_depend_on_the_other_rows(data: st.DataObject) -> None:
    dtype, transpose = data.draw(st.sampled_from(FLOATS)), data.draw(st.sampled_from(TRANSPOSES))
    rows, columns = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 600))
    inner = data.draw(st.sampled_from([1, 9, 130, 400, 800]))
    x, y = random((rows, inner), dtype, 1), random((inner, columns), dtype, 2)
    whole = product(x, y, transpose)
    chosen = data.draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=100))
    assert product(x[chosen], y, transpose).tobytes() == whole[chosen].tobytes()
    some = data.draw(st.lists(st.integers(0, columns - 1), min_size=1, max_size=100))
    other = data.draw(st.sampled_from(TRANSPOSES))
    assert product(x, y[:, some], other).tobytes() == whole[:, some].tobytes()
    stack = products(np.stack([x[::-1], x]), y, other)
    assert stack[1].tobytes() == whole.tobytes()


PROGRAM = """
import sys, hashlib, numpy as np
from vtrace.backends.library import LIBRARY
rng, bits = np.random.default_rng(0), hashlib.sha256()
for dtype in ("f4", "f8"):
    for rows, inner, columns in ((1, 700, 900), (40, 500, 700), (301, 600, 300)):
        x, y = rng.standard_normal((rows, inner)).astype(dtype), rng.standard_normal((inner, columns)).astype(dtype)
        out = np.empty((rows, columns), dtype)
        for transposed in (False, True):
            LIBRARY.gemm(out, x, np.ascontiguousarray(y.T) if transposed else y, (False, transposed))
            bits.update(out.tobytes())
print(bits.hexdigest(), "scipy.linalg" in sys.modules)
"""


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    """Nor is SciPy's BLAS imported."""

    def bits(count: int) -> str:
        environment = {**os.environ, "VTRACE_NUM_THREADS": str(count)}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment
        )
        return done.stdout

    first, *others = (bits(count) for count in (1, 2, 3))
    assert first.endswith("False\n")
    assert others == [first, first]


@pytest.mark.parametrize("rows", [30, 200])
def test_what_is_around_the_result_stays(rows: int) -> None:
    memory = np.full((rows + 2, 45), 7.0)
    out = memory[1:-1]
    x, y = random((rows, FAR_BYTES // 8), "f8", 1), random((FAR_BYTES // 8, 45), "f8", 2)
    LIBRARY.gemm(out, x, y, (False, False))
    check(out, x, y)
    assert np.all(memory[[0, -1]] == 7.0)


def test_calls_from_several_python_threads() -> None:
    stack, y = random((200, 48, 40), "f4", 1), random((200, 40, 56), "f4", 2)
    x, z = random((130, 400), "f4", 3), random((400, 500), "f4", 4)
    expected, large = products(stack, y), product(x, z, (False, True))
    wrong = []

    def work() -> None:
        for _ in range(10):
            if products(stack, y).tobytes() != expected.tobytes():
                wrong.append("stack")
            if product(x, z, (False, True)).tobytes() != large.tobytes():
                wrong.append("large")

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_a_forked_child_goes_on() -> None:
    x = random((300, 300), "f8")
    out = product(x, x)
    threads.pool()
    child = os.fork()
    if child == 0:
        os._exit(product(x, x).tobytes() != out.tobytes())
    assert os.waitpid(child, 0)[1] == 0
