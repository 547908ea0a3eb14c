"""Updates at positions that data decides, against NumPy: assignment, ufunc.at, `.at[]`, counting, groups."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax

Array = Any
BATCH = 5
RNG = np.random.default_rng(0)
X = RNG.standard_normal((BATCH, 4, 3, 6))
AT, J = RNG.integers(-4, 4, (BATCH, 7)), RNG.integers(-3, 3, (BATCH, 7))
V = RNG.standard_normal((BATCH, 7))
N = RNG.integers(0, 9, (BATCH, 50))
W = RNG.standard_normal((BATCH, 50))


def same(f: Callable[..., Any], *batches: Array) -> None:
    """`f` under vmap gives what NumPy gives for each example, dtypes included."""
    wanted = [f(*(b[k].copy() for b in batches)) for k in range(BATCH)]
    results = vtrace.vmap(f)(*batches)
    if not isinstance(results, tuple):
        results, wanted = (results,), [(w,) for w in wanted]
    for n, result in enumerate(results):
        expected = np.stack([w[n] for w in wanted])
        assert result.dtype == expected.dtype
        np.testing.assert_allclose(result, expected, rtol=1e-6 if expected.dtype == np.float32 else 1e-12)


INDICES: list[Callable[[Array, Array], Any]] = [
    lambda i, j: i,
    lambda i, j: i[0],
    lambda i, j: (i, j),
    lambda i, j: (i, slice(None), 2),
    lambda i, j: (i, slice(None), j),
    lambda i, j: (slice(None), j, slice(None, None, 2)),
    lambda i, j: (slice(1, None), j, -1),
    lambda i, j: (..., j),
    lambda i, j: (np.array([0, 2])[:, None], j),
    lambda i, j: (i[:, None], j[None, :2], 1),
    lambda i, j: (i[0], j),
    lambda i, j: (None, i),
    lambda i, j: np.array([True, False, True, False]),
]


@pytest.mark.parametrize("number", range(len(INDICES)))
def test_assignment(number: int) -> None:
    def one(x: Array, i: Array, j: Array) -> Array:
        x[INDICES[number](i, j)] = 3.0
        return x

    same(one, X, AT, J)

    def many(x: Array, i: Array, j: Array) -> Array:
        at = INDICES[number](i, j)
        x[at] = x[at] * 2 + 1
        return x

    same(many, X, AT, J)


@pytest.mark.parametrize("number", range(len(INDICES)))
@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum])
def test_ufunc_at(number: int, ufunc: np.ufunc) -> None:
    def update(x: Array, i: Array, j: Array) -> Array:
        at = INDICES[number](i, j)
        ufunc.at(x, at, x[at] + 1.5)
        return x

    same(update, X, AT, J)


@pytest.mark.parametrize("ufunc", [np.add, np.bitwise_xor, np.left_shift, np.power, np.floor_divide, np.remainder])
def test_ufunc_at_of_integers(ufunc: np.ufunc) -> None:
    def update(n: Array) -> Array:
        counts = n[:10].copy()
        ufunc.at(counts, n[10:30], n[20:40] % 3 + 1)
        return counts

    same(update, N)


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.logical_or, np.logical_and, np.maximum, np.bitwise_xor])
def test_ufunc_at_of_bools(ufunc: np.ufunc) -> None:
    def update(n: Array) -> Array:
        flags = n[:10] > 4
        ufunc.at(flags, n[10:30], n[20:40] > 2)
        return flags

    same(update, N)


def test_views_are_written_through() -> None:
    def update(x: Array, j: Array) -> Array:
        row = x[1]
        row[j] += 1.0
        np.add.at(x[2], j, 2.0)
        return x

    same(update, X, J)


def test_the_kind_of_cast_is_numpys() -> None:
    same(lambda n, v: (np.add.at(f := v.astype("f4"), n[:5] % 7, v[:5]), f)[1], N, V)
    with pytest.raises(vtrace.DTypeError, match=r"Cannot cast ufunc 'add' output from dtype.'float64'"):
        vtrace.vmap(lambda n: np.add.at(n, n, 1.5))(N)


COUNTING: list[Callable[[Array, Array], Any]] = [
    lambda n, w: np.bincount(n, minlength=9),
    lambda n, w: np.bincount(n.astype("u1"), minlength=12),
    lambda n, w: np.bincount(n, w, minlength=9),
    lambda n, w: np.histogram(w, 5),
    lambda n, w: np.histogram(w.astype("f4"), 7),
    lambda n, w: np.histogram(w, 7, range=(-1, 1.5)),
    lambda n, w: np.histogram(w, 7, range=(-1, 1.5), density=True),
    lambda n, w: np.histogram(n, 7, weights=w),
    lambda n, w: np.histogram(w, 6, weights=n),
    lambda n, w: np.histogram(n, 9),
    lambda n, w: np.histogram(w[:1], 4),
    lambda n, w: lax.segment_sum(w.reshape(10, 5), n[:10], 8),
    lambda n, w: lax.segment_prod(w.reshape(10, 5), n[:10], 8),
    lambda n, w: lax.segment_max(w.reshape(10, 5), n[:10], 8),
    lambda n, w: lax.segment_min(n.reshape(10, 5), n[:10] - 1, 8),
]


@pytest.mark.parametrize("number", range(len(COUNTING)))
def test_counting(number: int) -> None:
    same(COUNTING[number], N, W)


def test_put() -> None:
    def put(w: Array, n: Array) -> Array:
        np.put(w, n[:3], [1.0, 2.0])
        np.put(w, [-1, 0], w[1])
        return w

    def put_rows(w: Array, n: Array) -> Array:
        rows = w.reshape(5, 10)
        np.put_along_axis(rows, n[:10].reshape(5, 2), rows[:, :2] * 2, 1)
        np.put_along_axis(w.reshape(10, 5), n[:15].reshape(3, 5), 7.0, 0)
        np.put_along_axis(w, n[:4], 1.5, None)
        return w

    same(put, W, N)
    same(put_rows, W, N)


def test_groups_of_plain_arrays() -> None:
    data, ids = np.arange(6.0).reshape(3, 2), np.array([2, 0, 2])
    np.testing.assert_array_equal(lax.segment_sum(data, ids, 3), [[2, 3], [0, 0], [4, 6]])


@pytest.mark.parametrize("bad", [9, -1])
def test_bincount_names_a_value_outside(bad: int) -> None:
    wrong = N.copy()
    wrong[3, 7] = bad
    with pytest.raises(IndexError, match=f"index {bad} is out of bounds for axis 0 with size 9, batch element 3 "):
        vtrace.vmap(lambda n: np.bincount(n, minlength=9))(wrong)


def test_at_modes() -> None:
    index = np.array([[1, 9, -2, -9]] * BATCH)
    kept = np.array([1, 2])  # the indices 1 and -2

    def check(update: Callable[[Array, Array], Array], plain: Callable[[Array], None]) -> None:
        wanted = X.copy()
        for example in wanted:
            plain(example)
        np.testing.assert_array_equal(vtrace.vmap(update)(X, index), wanted)

    def put(at: Any) -> Callable[[Array], None]:
        return lambda x: x.__setitem__(at, 5.0)

    check(lambda x, i: x.at[i].set(5.0, mode="drop"), put(kept))
    check(
        lambda x, i: x.at[:, :, i].set(5.0, mode="drop", unique_indices=True), put((slice(None), slice(None), [1, 4]))
    )
    check(lambda x, i: x.at[i].set(5.0, mode="clip"), put([0, 1, 2, 3]))
    check(lambda x, i: x.at[i].set(5.0, mode="wrap"), put([1, 2, 3]))
    check(lambda x, i: x.at[7].set(5.0, mode="drop"), lambda x: None)
    check(lambda x, i: x.at[i[0]].mul(2.0), lambda x: np.multiply.at(x, 1, 2.0))
    check(lambda x, i: x.at[i, 0].min(-1.0, mode="drop"), lambda x: np.minimum.at(x, (kept, 0), -1.0))
    check(lambda x, i: x.at[kept].apply(np.square), lambda x: x.__setitem__(kept, x[kept] ** 2))


PARTS: list[Any] = [
    2, -1, slice(1, 3), slice(None, None, 2), slice(None, None, -1), (slice(1, -1), 0), (..., slice(2, 4)), None,
    (1, 2, 3), (slice(0, 0),), ...,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(PARTS)))
def test_at_parts_that_are_known(number: int) -> None:
    """Updates of views, which no data decides, by themselves and in a loop."""
    part = PARTS[number]
    values = np.cos(np.arange(np.empty(X.shape[1:])[part].size)).reshape(np.empty(X.shape[1:])[part].shape)

    def once(x: Array) -> Array:
        return x.at[part].set(2 * x[part]).at[part].add(values).at[part].max(0.0)

    def plain(x: Array) -> Array:
        y = x.copy()
        y[part] = np.maximum(2 * y[part] + values, 0.0)
        return y

    np.testing.assert_allclose(vtrace.vmap(once)(X), np.stack([plain(x) for x in X]))
    assert "scatter" not in str(vtrace.vmap(once).inspect(X).traced)
    three = np.stack([plain(plain(plain(x))) for x in X])
    np.testing.assert_allclose(vtrace.vmap(lambda x: lax.fori_loop(0, 3, lambda _, y: once(y), x))(X), three)


def test_constants_of_a_loop_that_are_arrays() -> None:
    """An index that is an array, though it is known: what is folded in a loop stays out of its graph."""

    def step(_: Any, x: Array) -> Array:
        return x.at[np.array([1])].add(1.0).at[np.reshape(np.asarray(2), (1,))].mul(2.0)

    wanted = X.copy()
    for _ in range(3):
        wanted[:, 1] += 1
        wanted[:, 2] *= 2
    np.testing.assert_allclose(vtrace.vmap(lambda x: lax.fori_loop(0, 3, step, x))(X), wanted)


def test_at_get() -> None:
    index = np.array([[1, 9, -2]] * BATCH)
    get = vtrace.vmap(
        lambda x, i: (x.at[i].get(mode="fill"), x.at[:, :, i].get(mode="clip"), x.at[i, 0].get(mode="wrap"))
    )
    filled, clipped, wrapped = get(X, index)
    np.testing.assert_array_equal(filled, np.stack([X[:, 1], X[:, 1] * np.nan, X[:, 2]], 1))
    np.testing.assert_array_equal(clipped, X[:, :, :, [1, 5, 4]])
    np.testing.assert_array_equal(wrapped, X[:, [1, 1, 2], 0])
    numbers = vtrace.vmap(lambda n, i: (n.at[i * 9].get(mode="fill", fill_value=7), n.at[i * 9].get(mode="fill")))
    np.testing.assert_array_equal(numbers(N, index)[0], np.where(index == 9, 7, N[:, [9, 0, -18]]))
    assert numbers(N, index)[1][0, 1] == np.iinfo(np.int64).min


@pytest.mark.parametrize(
    ("update", "error", "message"),
    [
        (lambda x, i: x.at[i].set(1.0, mode="nearest"), ValueError, "mode 'nearest' is not one of raise, "),
        (lambda x, i: x.at[i].set(1.0, sorted=True), TypeError, "unexpected keyword argument 'sorted'"),
        (lambda x, i: x.at[i].set(np.ones(5)), ValueError, "value array of shape .5,. could not be broadcast"),
        (lambda x, i: x.at[i + 4].add(1.0), IndexError, "is out of bounds for axis 0 with size 4, batch element 0"),
        (lambda x, i: x.at[i, i[:3]].add(1.0), IndexError, "indexing arrays could not be broadcast together"),
        (lambda x, i: np.negative.at(x, i), NotImplementedError, "np.negative.at is not supported"),
        (lambda x, i: np.add.at(np.zeros(4), i, 1.0), NotImplementedError, "cannot put a traced value into a plain"),
        (lambda x, i: np.bincount(i), NotImplementedError, "give minlength="),
        (lambda x, i: np.histogram(x, "auto"), NotImplementedError, "give their number"),
    ],
)
def test_messages(update: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        vtrace.vmap(update)(X, AT)


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="a warning of NumPy's before")
@pytest.mark.parametrize("dtype", [np.float64, np.complex64, np.int32, bool])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2,), (0,)])
@pytest.mark.parametrize(
    "index",
    [
        lambda i: (0, 1),
        lambda i: (i, i),
        lambda i: (0, np.array(1)),
        lambda i: (i, 1, ...),
        lambda i: (i, 1, None),
        lambda i: ([0], i),
        lambda i: i,
        lambda i: (slice(0, 1), i),
    ],
)
def test_an_array_for_one_element(index: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """NumPy takes one where an index gives an array, if only one without axes."""
    x, v, i = np.zeros((2, 3), dtype), np.full(shape, 1, dtype), np.int64(1)

    def assigned(x: Array, v: Array, i: Array) -> Array:
        x = x.copy()
        x[index(i)] = v
        return x

    updates = (assigned, lambda x, v, i: x.at[index(i)].set(v), lambda x, v, i: x.at[index(i)].set(v, mode="clip"))
    try:
        wanted = assigned(x, v, i)
    except (ValueError, TypeError):
        for update in updates:
            with pytest.raises(ValueError, match=r"sequence|broadcast"):
                vtrace.jit(update)(x, v, i)
    else:
        for update in updates:
            np.testing.assert_array_equal(vtrace.jit(update)(x, v, i), wanted)
