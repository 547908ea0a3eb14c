"""Pooling and convolutions against loops over windows: strides, padding, dilation, groups, layouts."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax

RNG = np.random.default_rng(0)
PADDINGS: list[Any] = ["VALID", "SAME", "SAME_LOWER", [(1, 2), (0, 3)]]


def pads(padding: Any, extents: Any, reach: Any, strides: Any) -> list[tuple[int, int]]:
    """The widths that a padding stands for, by its definition: as many results as steps begin within the array."""
    if not isinstance(padding, str):
        return list(padding)
    if padding == "VALID":
        return [(0, 0)] * len(extents)
    widths = []
    for n, r, s in zip(extents, reach, strides, strict=True):
        more = max((int(np.ceil(n / s)) - 1) * s + r - n, 0)
        less = more // 2
        widths.append((less, more - less) if padding == "SAME" else (more - less, less))
    return widths


def spread(x: Any, steps: Any, fill: float) -> Any:
    shape = tuple((n - 1) * d + 1 for n, d in zip(x.shape, steps, strict=True))
    result = np.full(shape, float(fill))
    result[tuple(slice(None, None, d) for d in steps)] = x
    return result


def pooled(x: Any, function: Any, init: float, sizes: Any, strides: Any, padding: Any, base: Any, dilation: Any) -> Any:
    """`reduce_window` of a matrix, window by window."""
    x = spread(x, base, init)
    reach = [(k - 1) * d + 1 for k, d in zip(sizes, dilation, strict=True)]
    x = np.pad(x, pads(padding, x.shape, reach, strides), constant_values=init)
    counts = [(n - r) // s + 1 for n, r, s in zip(x.shape, reach, strides, strict=True)]
    rows = [
        [
            function.reduce(x[i * strides[0] :, j * strides[1] :][: reach[0] : dilation[0], : reach[1] : dilation[1]],
                            axis=None)
            for j in range(counts[1])
        ]
        for i in range(counts[0])
    ]  # fmt: skip
    return np.array(rows)


POOLS = [(np.add, 0.0), (np.multiply, 1.0), (np.maximum, -np.inf), (np.minimum, np.inf)]


@pytest.mark.parametrize("padding", PADDINGS, ids=str)
@pytest.mark.parametrize(("function", "init"), POOLS, ids=lambda x: getattr(x, "__name__", ""))
def test_pooling(function: np.ufunc, init: float, padding: Any) -> None:
    x = RNG.normal(size=(3, 9, 8))
    for strides, base, dilation in product([(1, 1), (2, 3)], [(1, 1), (2, 1)], [(1, 1), (1, 2)]):
        expected = np.stack([pooled(e, function, init, (3, 2), strides, padding, base, dilation) for e in x])

        def f(e: Any, strides: Any = strides, base: Any = base, dilation: Any = dilation) -> Any:
            return lax.reduce_window(e, init, function, (3, 2), strides, padding, base, dilation)

        np.testing.assert_allclose(f(x[0]), expected[0], rtol=1e-12)
        np.testing.assert_allclose(vtrace.vmap(f)(x), expected, rtol=1e-12)


def test_pooling_of_integers_and_bools() -> None:
    x = np.arange(10, dtype=np.int8)
    total = lax.reduce_window(x, 0, np.add, (3,))
    assert total.dtype == np.int8
    assert total.tolist() == [3 * k for k in range(1, 9)]
    assert lax.reduce_window(x, 100, np.add, (3,)).tolist() == [100 + 3 * k for k in range(1, 9)]
    assert lax.reduce_window(x > 4, False, np.logical_or, (2,)).tolist() == [False] * 4 + [True] * 5


def convolved(x: Any, k: Any, strides: Any, padding: Any, lhs: Any, rhs: Any, groups: int) -> Any:
    """The convolution of NCHW with OIHW: for each pair of features a sum of windows."""
    outputs, inputs = k.shape[:2]
    each = outputs // groups
    result = [
        [
            sum(
                _plane(image[g * inputs + c], k[g * each + o, c], strides, padding, lhs, rhs)
                for c in range(inputs)
            )
            for g in range(groups) for o in range(each)
        ]
        for image in x
    ]  # fmt: skip
    return np.array(result)


def _plane(x: Any, k: Any, strides: Any, padding: Any, lhs: Any, rhs: Any) -> Any:
    x = spread(x, lhs, 0)
    reach = [(n - 1) * d + 1 for n, d in zip(k.shape, rhs, strict=True)]
    x = np.pad(x, pads(padding, x.shape, reach, strides))
    counts = [(n - r) // s + 1 for n, r, s in zip(x.shape, reach, strides, strict=True)]
    total = np.zeros(counts)
    for i, j in np.ndindex(*counts):
        window = x[i * strides[0] :, j * strides[1] :][: reach[0] : rhs[0], : reach[1] : rhs[1]]
        total[i, j] = np.sum(window * k)
    return total


LAYOUTS: list[Any] = [
    None,
    ("NHWC", "HWIO", "NHWC"),
    ("NCHW", "OIHW", "NHWC"),
    ((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2)),
]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_convolution(groups: int, layout: Any) -> None:
    x, k = RNG.normal(size=(2, 4, 7, 6)), RNG.normal(size=(4, 4 // groups, 3, 2))
    last = layout is not None and layout[0] not in ("NCHW",)
    given = (x.transpose(0, 2, 3, 1), k.transpose(2, 3, 1, 0)) if last else (x, k)
    for strides, padding, lhs, rhs in [
        ((1, 1), "VALID", (1, 1), (1, 1)),
        ((2, 1), "SAME", (1, 1), (1, 2)),
        ((1, 3), [(2, 1), (0, 2)], (2, 1), (2, 1)),
        ((2, 2), "SAME_LOWER", (1, 1), (1, 1)),
    ]:
        expected = convolved(x, k, strides, padding, lhs, rhs, groups)
        expected = expected if layout is None else expected.transpose(0, 2, 3, 1)

        def f(x: Any, k: Any, options: Any = (strides, padding, lhs, rhs, layout, groups)) -> Any:
            return lax.conv_general_dilated(x, k, *options)

        np.testing.assert_allclose(f(*given), expected, rtol=1e-10, atol=1e-12)
        batched = vtrace.vmap(f, in_axes=(0, None))(given[0][:, None], given[1])
        np.testing.assert_allclose(batched[:, 0], expected, rtol=1e-10, atol=1e-12)


def test_a_large_convolution_and_one_of_each_rank() -> None:
    x, k = RNG.normal(size=(1, 3, 20, 24)), RNG.normal(size=(8, 3, 3, 3))
    expected = convolved(x, k, (1, 1), "SAME", (1, 1), (1, 1), 1)
    computed = vtrace.jit(lambda x, k: lax.conv(x, k, (1, 1), "SAME"))(x, k)
    np.testing.assert_allclose(computed, expected, rtol=1e-9, atol=1e-10)
    row, taps = RNG.normal(size=(1, 1, 12)), RNG.normal(size=(1, 1, 5))
    np.testing.assert_allclose(lax.conv(row, taps, (1,), "VALID")[0, 0], np.correlate(row[0, 0], taps[0, 0]))
    cube = RNG.normal(size=(1, 1, 4, 4, 4))
    np.testing.assert_allclose(lax.conv(cube, np.ones((1, 1, 4, 4, 4)), (1, 1, 1), "VALID").item(), cube.sum())


ERRORS: list[tuple[Any, type[Exception], str]] = [
    (lambda x, k: lax.conv(x, k[0], (1, 1), "SAME"), vtrace.ShapeError, "operands need one rank, at least 2"),
    (lambda x, k: lax.conv(x, k[:, :1], (1, 1), "SAME"), vtrace.ShapeError, "2 features of lhs do not fit 1 groups"),
    (lambda x, k: lax.conv(x, k, (1,), "SAME"), vtrace.ShapeError, "window_strides needs a positive number for 2"),
    (lambda x, k: lax.conv(x, k, (0, 1), "SAME"), vtrace.ShapeError, "window_strides needs a positive number"),
    (lambda x, k: lax.conv(x, k, (1, 1), "same?"), vtrace.ArgumentError, "padding must be 'VALID', 'SAME', "),
    (lambda x, k: lax.conv(x, k, (1, 1), [(0, 0)]), vtrace.ShapeError, "padding has 1 pairs for 2 axes"),
    (lambda x, k: lax.conv(x, k, (1, 1), [(0, 0), (-1, 0)]), vtrace.UnsupportedError, "negative padding"),
    (lambda x, k: lax.conv(x[..., :2], k, (1, 1), "VALID"), vtrace.ShapeError, "a window of 3 does not fit into 2"),
    (
        lambda x, k: lax.conv_general_dilated(x, k, (1, 1), "SAME", None, None, ("NCHW", "OIXY", "NCHW")),
        vtrace.ArgumentError,
        "name different axes",
    ),
    (lambda x, k: lax.reduce_window(x, 0, np.hypot, (1, 1, 2, 2)), vtrace.UnsupportedError, "computation must be one"),
    (lambda x, k: lax.reduce_window(x, 0, np.add, (2, 2)), vtrace.ShapeError, "window_dimensions needs a positive"),
]


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors_say_where(number: int) -> None:
    call, error, message = ERRORS[number]
    with pytest.raises(error, match=rf"test_windowed.py:\d+ .*{message}"):
        call(np.ones((1, 2, 5, 5)), np.ones((3, 2, 3, 3)))
