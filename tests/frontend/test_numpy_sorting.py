"""Sorting, quantiles, searching and interpolation, against NumPy: a table of calls, and what hypothesis finds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vtrace
import vtrace.numpy as vnp
from tests.frontend.tracing import check, run
from tests.helpers import SPECIAL
from vtrace import lax

Array = Any
DTYPES = ("float64", "float32", "int64", "int32", "uint8", "bool")
NUMBERS = DTYPES[:-1]
METHODS = (
    *("linear", "lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf", "weibull", "hazen"),
    *("closest_observation", "interpolated_inverted_cdf", "median_unbiased", "normal_unbiased"),
)


def array(dtype: str, *shape: int) -> Array:
    """Duplicates, and for floats NaN, infinities and both zeros among them."""
    rng = np.random.default_rng(len(shape))
    values = rng.integers(0 if dtype == "uint8" else -4, 5, shape)
    if dtype.startswith("float"):
        return np.where(rng.uniform(size=shape) < 0.2, rng.choice(SPECIAL, shape), values + 0.25).astype(dtype)
    return values > 0 if dtype == "bool" else values.astype(dtype)


def sorted_in_place(x: Array) -> Array:
    y = x.copy()
    y.sort(0)
    return y


SORTS: list[Callable[[Array], Any]] = [
    lambda x: np.sort(x),
    lambda x: np.sort(x, axis=0),
    lambda x: np.sort(x, axis=None),
    lambda x: np.sort(x, axis=1, kind="stable"),
    lambda x: np.sort(x[..., :0]),
    lambda x: np.sort(x[:, :1], stable=True),
    lambda x: np.argsort(x, kind="stable"),
    lambda x: x.argsort(axis=0, stable=True),
    lambda x: np.argsort(x, axis=None, kind="stable"),
    lambda x: np.argsort(x, axis=-2, kind="mergesort"),
    sorted_in_place,
    lambda x: np.lexsort((x[0, 0], x[1, 0])),
    lambda x: np.lexsort((x, x[::-1]), axis=1),
    lambda x: np.searchsorted(np.sort(x[0, 0]), x),
    lambda x: np.sort(x[0, 0]).searchsorted(x[1], side="right"),
    lambda x: np.searchsorted(x[0, 0], x[1, 0], sorter=np.argsort(x[0, 0], kind="stable")),
    lambda x: np.isin(x, x[0, 0, :3]),
    lambda x: np.isin(x, np.arange(3, 40), invert=True),
    lambda x: np.partition(x, (2, -1))[..., [2, -1]],
    lambda x: np.partition(x, 1, axis=0)[1],
    lambda x: np.take_along_axis(x, np.argpartition(x, 4), -1)[..., 4],
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("number", range(len(SORTS)))
def test_sorts(number: int, dtype: str) -> None:
    check(SORTS[number], array(dtype, 2, 3, 7), rtol=0)


QUANTILES: list[Callable[[Array], Any]] = [
    lambda x: np.median(x),
    lambda x: np.median(x, axis=1),
    lambda x: np.median(x, axis=(0, 2), keepdims=True),
    lambda x: np.median(x[..., :6], axis=-1),
    lambda x: np.nanmedian(x, axis=-1),
    lambda x: np.nanmedian(x, axis=(1, 0), keepdims=True),
    lambda x: np.quantile(x, 0.3),
    lambda x: np.quantile(x, [0.0, 0.25, 1.0], axis=1),
    lambda x: np.quantile(x, np.float32(0.7), axis=(0, 1), keepdims=True),
    lambda x: np.percentile(x, 30, axis=-1),
    lambda x: np.percentile(x, [[10, 50.0], [80, 100]], axis=2),
    lambda x: np.nanquantile(x, [0.2, 0.9], axis=1),
    lambda x: np.nanpercentile(x, 75, axis=(1, 2)),
]


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("number", range(len(QUANTILES)))
@pytest.mark.filterwarnings("ignore:All-NaN")
def test_quantiles(number: int, dtype: str) -> None:
    check(QUANTILES[number], array(dtype, 2, 3, 7), rtol=0)


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore:All-NaN")
def test_methods_of_quantiles(method: Any, dtype: str) -> None:
    x = array(dtype, 3, 9)
    check(lambda x: np.quantile(x, [0.0, 0.1, 0.5, 0.75, 1.0], axis=1, method=method), x, rtol=0)
    check(lambda x: np.nanpercentile(x, 35, axis=0, method=method), x, rtol=0)
    check(lambda x, q: np.quantile(x, q, axis=1, method=method), x, np.array([0.0, 0.3, 0.625, 1.0]), rtol=0)


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("function", [np.quantile, np.nanquantile, np.percentile])
@pytest.mark.filterwarnings("ignore:All-NaN")
def test_weighted_quantiles(function: Any, dtype: str) -> None:
    x, weights = array(dtype, 3, 9), np.round(np.abs(array("float64", 3, 9)))
    weights[np.isnan(weights) | ~np.isfinite(weights)] = 1
    weights[..., 4] += 1  # no row of zeros
    scale = 100 if function is np.percentile else 1
    for q in (0.5 * scale, [0.0, 0.1 * scale, 1.0 * scale], np.array(0.25 * scale)):
        for axis in (1, 0, None):
            check(
                lambda x, w, q=q, axis=axis: function(x, q, axis, weights=w, method="inverted_cdf"), x, weights, rtol=0
            )
    if function is np.quantile:  # NumPy's nanquantile takes no others
        check(lambda x: np.quantile(x, 0.4, 1, weights=np.arange(9), method="inverted_cdf", keepdims=True), x, rtol=0)
        check(
            lambda x, q: np.quantile(x, q, 0, weights=[1, 0, 2], method="inverted_cdf"),
            x,
            np.array([0.0, 0.7, 1.0]),
            rtol=0,
        )


DIGITS: list[Callable[[Array], Any]] = [
    lambda x: np.digitize(x, [-1.0, 0.25, 3]),
    lambda x: np.digitize(x, [3, 1, 1, -2], right=True),
    lambda x: np.digitize(x, np.sort(x[0])),
    lambda x: np.digitize(x, np.sort(x[0])[::-1], right=True),
    lambda x: np.digitize(x, x[0, :1]),
    lambda x: np.digitize(0.25, np.sort(x[0])),
    lambda x: np.searchsorted(np.sort(x[0]) / np.float32(10), 0.1, "right"),
    lambda x: np.searchsorted([0.1, 0.2], x[0] / np.float32(10), "right"),
    lambda x: np.histogram(x[np.array([0, 1])], [-3, -1, 0.25, 4]),
    lambda x: np.histogram(x, np.array([-1, 0, 2]), weights=np.ones((3, 9)))[0],
]


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("number", range(len(DIGITS)))
def test_bins(number: int, dtype: str) -> None:
    x = array("int64", 3, 9)
    check(DIGITS[number], np.abs(x).astype(dtype) if dtype == "uint8" else x.astype(dtype), rtol=0)


INTERPOLATIONS: list[Callable[[Array, Array, Array], Any]] = [
    lambda x, xp, fp: np.interp(x, xp, fp),
    lambda x, xp, fp: np.interp(x[0, 0], xp, fp),
    lambda x, xp, fp: np.interp(x, xp, fp, left=-7, right=fp[1]),
    lambda x, xp, fp: np.interp(x, xp[:1], fp[:1], left=-7),
    lambda x, xp, fp: np.interp(x, xp[::-1], fp, period=-3.5),
    lambda x, xp, fp: np.interp(x, [-2, 0, 0.5, 3], [1.0, 2.0, -1.0, 0.0]),
    lambda x, xp, fp: np.interp(x, [-2, 0, 0.5, 3], [1.0, np.inf, -1.0, np.nan]),
    lambda x, xp, fp: np.interp(x, xp, np.arange(6.0)),
    lambda x, xp, fp: np.interp(0.1, xp, fp),
]


@pytest.mark.parametrize(
    "dtypes", [("float64", "float64"), ("float32", "float32"), ("int32", "float64"), ("int64",) * 2]
)
@pytest.mark.parametrize("number", range(len(INTERPOLATIONS)))
def test_interpolation(number: int, dtypes: tuple[str, str]) -> None:
    xp = np.sort(np.random.default_rng(3).integers(-4, 5, 6)).astype(dtypes[0])
    with np.errstate(all="ignore"):
        check(INTERPOLATIONS[number], array(dtypes[0], 3, 9), xp, array(dtypes[1], 6), rtol=0)


@pytest.mark.parametrize("ends", [(-np.inf, 2.0), (-1.0, np.inf), (-np.inf, np.inf)])
def test_interpolation_between_points_at_infinity(ends: tuple[float, float]) -> None:
    fp = np.array([[1.0, np.inf, np.inf, 0], [-np.inf, 2, np.inf, np.nan], [3, 3, 3, 3]])
    x = np.array([-np.inf, -5, -1, 0, 0.5, 1, 1.5, 2, 9, np.inf, np.nan])
    for values in fp:
        check(lambda x, xp, f: np.interp(x, xp, f), x, np.array([ends[0], 0, 1, ends[1]]), values, rtol=0)


def unique_as_numpy(x: Array, size: int) -> tuple[Array, ...]:
    found, first, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    room = max(size - found.size, 0)
    values = np.concatenate([found[:size], np.full(room, found[0])])
    at = np.concatenate([first[:size], np.full(room, first[0])])
    return values, at, inverse, np.concatenate([counts[:size], np.zeros(room, np.int64)])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 3, 15])
def test_different_values(dtype: str, size: int) -> None:
    x = array(dtype, 4, 5)
    wanted = unique_as_numpy(x, size)
    for x_or_tracer in (lambda f: f(x), lambda f: run(f, x)):
        results = x_or_tracer(lambda x: vnp.unique(x, True, True, True, size=size))
        for result, expected in zip(results, wanted, strict=True):
            np.testing.assert_array_equal(result, expected, strict=True)
    assert run(lambda x: vnp.unique(x, size=25, fill_value=1), x)[0][-1] == 1


WRONG: list[tuple[Callable[[Array], Any], type[Exception], str]] = [
    (lambda x: np.sort(x, kind="bubble"), ValueError, "sort kind must be one of"),
    (lambda x: np.sort(x, kind="stable", stable=True), ValueError, "at the same time"),
    (lambda x: x.sort(None), TypeError, "takes an axis"),
    (lambda x: np.partition(x, 7), ValueError, r"kth\(=7\) out of bounds \(7\)"),
    (lambda x: np.partition(x, x[0, 0]), TypeError, "Partition index must be integer"),
    (lambda x: np.searchsorted(x, 1), ValueError, "object too deep"),
    (lambda x: np.searchsorted(x[0], 1, side="middle"), ValueError, "must be one of 'left' or 'right'"),
    (lambda x: np.digitize(x, [1, 3, 2]), ValueError, "monotonically"),
    (lambda x: np.digitize(x, x), ValueError, "bins must have one axis"),
    (lambda x: np.quantile(x, 1.5), ValueError, r"range \[0, 1\]"),
    (lambda x: np.percentile(x, -1), ValueError, r"range \[0, 100\]"),
    (lambda x: np.quantile(x, 0.5, method="guess"), ValueError, "not a valid method"),  # type: ignore[call-overload]
    (lambda x: np.quantile(x[:0], 0.5), IndexError, "out of bounds"),
    (lambda x: np.quantile(x, 0.5, weights=x), ValueError, "Only method 'inverted_cdf' supports weights"),
    (lambda x: np.quantile(x, 0.5, weights=x[0], method="inverted_cdf"), TypeError, "Axis must be specified"),
    (lambda x: np.quantile(x, 0.5, 0, weights=x[0], method="inverted_cdf"), ValueError, "must be consistent"),
    (lambda x: np.unique(x), vtrace.UnsupportedError, "use vtrace.numpy.unique"),
    (lambda x: vnp.unique(x, size=-1), ValueError, "must not be negative"),
    (lambda x: vnp.unique(x[:0], size=2), ValueError, "the array is empty"),
    (lambda x: np.interp(1.0, x, x), ValueError, "must be 1-D"),
    (lambda x: np.interp(1.0, x[0], x[0, :2]), ValueError, "not of the same length"),
    (lambda x: np.interp(x, [], []), ValueError, "sample points is empty"),
    (lambda x: np.interp(x, [1], [2], period=0), ValueError, "non-zero"),
    (lambda x: lax.top_k(x, 8), ValueError, "k is 8, and axis -1 has 7 elements"),
    (lambda x: lax.sort((x, x[0])), ValueError, "must have one shape"),
    (lambda x: lax.sort((x, x), num_keys=3), ValueError, "num_keys is 3"),
    (lambda x: lax.sort(()), TypeError, "at least one array"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_wrong_is_said(number: int) -> None:
    function, error, message = WRONG[number]
    with pytest.raises(error, match=message) as caught:
        run(function, np.ones((3, 7)))
    assert isinstance(caught.value, vtrace.VTraceError)


def every_order(x: Array) -> Any:
    values, places = lax.top_k(x, min(3, x.size))
    kth = x.size // 2
    first, second = lax.sort((np.sign(x), x), num_keys=2)
    return (
        *(np.sort(x), np.argsort(x, kind="stable"), np.partition(x, kth)[kth], x[np.argpartition(x, kth)[kth]]),
        *(np.median(x), np.quantile(x, [0.1, 0.6]), values, places, first, second),
        *(np.searchsorted(np.sort(x), x, "right"), np.digitize(x, [-1, 0.5])),
        np.interp(x, [-1, 0, 2.5], [0, 3.0, 1.0]),
    )


def every_order_of_numpy(x: Array) -> Any:
    largest = x.size - 1 - np.argsort(x[::-1], kind="stable")[::-1][:3]
    kth = np.sort(x)[x.size // 2]
    with np.errstate(all="ignore"):
        signs = np.sign(x)
        return (
            *(np.sort(x), np.argsort(x, kind="stable"), kth, kth, np.median(x), np.quantile(x, [0.1, 0.6])),
            *(x[largest], largest, *(k[np.lexsort((x, signs))] for k in (signs, x))),
            *(np.searchsorted(np.sort(x), x, "right"), np.digitize(x, [-1, 0.5])),
            np.interp(x, [-1, 0, 2.5], [0, 3.0, 1.0]),
        )


COMPILED = vtrace.vmap(every_order)
ALONE = vtrace.jit(every_order)


def rows(draw: st.DrawFn, dtype: str, size: int) -> Array:
    elements = st.floats(width=32) | st.sampled_from(SPECIAL) if dtype[0] == "f" else st.integers(-(2**31), 2**31 - 1)
    pool = draw(st.lists(elements, min_size=1, max_size=2 * size))
    seed = draw(st.integers(0, 2**32 - 1))
    with np.errstate(all="ignore"):
        return np.random.default_rng(seed).choice(np.array(pool), (draw(st.integers(1, 19)), size)).astype(dtype)


@pytest.mark.parametrize(
    ("dtype", "size"), [("float32", 1), ("float32", 21), ("float64", 6), ("int32", 12), ("int64", 5)]
)
@settings(max_examples=25)
@given(data=st.data())
def test_any_rows(dtype: str, size: int, data: st.DataObject) -> None:
    x = rows(data.draw, dtype, size)
    wanted = [every_order_of_numpy(row) for row in x]
    for n, result in enumerate(COMPILED(x)):
        np.testing.assert_array_equal(result, np.stack([w[n] for w in wanted]), strict=True)
    for result, expected in zip(ALONE(x[0]), wanted[0], strict=True):
        np.testing.assert_array_equal(result, np.asarray(expected), strict=True)


@pytest.mark.parametrize(
    ("dtype", "size"),
    [("float64", 63), ("float32", 700), ("int16", 700), *((t, 3000) for t in ("float32", "float64", "int64", "int16"))],
)
def test_long_rows(dtype: str, size: int) -> None:
    """Some by networks and some by library calls; both also have duplicates, NaN and infinities to sort."""
    x = array("float64" if dtype[0] == "f" else "int64", 3, size).astype(dtype)
    x[1] = (np.random.default_rng(0).standard_normal(size) * 1e4).astype(dtype)
    f = vtrace.vmap(lambda x: (np.sort(x), np.argsort(x, kind="stable"), np.median(x), lax.top_k(x, 20)))
    ordered, order, median, (values, at) = f(x)
    np.testing.assert_array_equal(ordered, np.sort(x), strict=True)
    np.testing.assert_array_equal(order, np.argsort(x, kind="stable"), strict=True)
    np.testing.assert_array_equal(median, np.median(x, axis=1), strict=True)
    np.testing.assert_array_equal(values, np.sort(x)[:, :-21:-1], strict=True)
    np.testing.assert_array_equal(np.take_along_axis(x, at, 1), values, strict=True)


def bubbles(x: Array) -> Array:
    """Sorts inside of a loop, a branch and another map."""
    total = lax.fori_loop(0, 4, lambda n, c: np.sort(c * -1.5 + n)[::-1] + np.median(c), x)
    half = lax.cond(x[0] > 0, lambda v: np.sort(v), lambda v: v[np.argsort(v, kind="stable")[::-1]], x)
    parts = vtrace.vmap(lambda v: lax.top_k(v, 2)[0])(x.reshape(3, 3))
    return np.concatenate([total, half, parts.ravel()])


def bubbles_of_numpy(x: Array) -> Array:
    total = x
    for n in range(4):
        total = np.sort(total * -1.5 + n)[::-1] + np.median(total)
    half = np.sort(x) if x[0] > 0 else np.sort(x)[::-1]
    return np.concatenate([total, half, np.sort(x.reshape(3, 3))[:, :0:-1].ravel()])


def test_sorts_inside_of_loops() -> None:
    x = np.random.default_rng(5).standard_normal((21, 9))
    np.testing.assert_array_equal(vtrace.vmap(bubbles)(x), np.stack([bubbles_of_numpy(row) for row in x]))
    np.testing.assert_array_equal(vtrace.jit(bubbles)(x[0]), bubbles_of_numpy(x[0]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_zeros_keep_their_signs(dtype: str) -> None:
    x = np.array([[-0.0, 0.0, -0.0, -1.0, -0.0]], dtype)
    values, at = vtrace.vmap(lambda x: lax.top_k(x, 3))(x)
    assert at.tolist() == [[0, 1, 2]]
    assert np.signbit(values).tolist() == [[True, False, True]]
    alone = vtrace.vmap(lambda x: lax.top_k(x, 4)[0])(x)
    assert np.signbit(alone).sum() == 3
    assert np.signbit(vtrace.vmap(np.sort)(x)).sum() == 4


@pytest.mark.parametrize("part", [0, 1])
def test_results_that_nobody_reads_are_left_out(part: int) -> None:
    x = array("float64", 5, 30)
    f = vtrace.vmap(lambda x: vtrace.vmap(lambda v: lax.top_k(v, 3)[part])(x.reshape(2, 15)))
    name = ("positions", "values")[part]
    assert f"{name}=False" in str(f.inspect(x))
    wanted = vtrace.vmap(lambda x: vtrace.vmap(lambda v: lax.top_k(v, 3))(x.reshape(2, 15)))(x)[part]
    np.testing.assert_array_equal(f(x), wanted, strict=True)
