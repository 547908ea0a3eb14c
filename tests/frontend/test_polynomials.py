"""Roots of polynomials and least squares fits, against NumPy."""

from typing import Any

import numpy as np
import pytest

import vtrace
import vtrace.numpy as vnp
from tests.frontend.tracing import check
from vtrace import LinAlgError, UnsupportedError

RNG = np.random.default_rng(0)
X = np.linspace(-1.0, 2.0, 7)
VALUES = {"vector": RNG.normal(size=7), "columns": RNG.normal(size=(7, 3))}


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.int64])
@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize(
    "options",
    [
        {"full": True},
        {"full": True, "rcond": 1e-3},
        {"full": True, "w": np.arange(1.0, 8.0)},
        {"cov": True},
        {"cov": True, "w": np.arange(1.0, 8.0)},
        {"cov": "unscaled"},
    ],
    ids=str,
)
def test_fits_and_how_good_they_are(options: dict[str, Any], values: str, dtype: Any) -> None:
    y = (8 * VALUES[values]).astype(dtype)
    x = X.astype(dtype) if np.dtype(dtype).kind == "f" else X
    batch = np.stack([y, y[::-1], 2 * y])
    got = vtrace.vmap(lambda y: np.polyfit(x, y, 2, **options))(batch)
    for n, one in enumerate(batch):
        for result, wanted in zip(got, np.polyfit(x, one, 2, **options), strict=True):
            assert (result[n].dtype, result[n].shape) == (np.asarray(wanted).dtype, np.shape(wanted))
            np.testing.assert_allclose(result[n], wanted, rtol=1e-3 if dtype == np.float32 else 1e-9, atol=1e-12)


def test_as_many_points_as_coefficients() -> None:
    check(lambda x, y: np.polyfit(x, y, 6, full=True)[:4], X, VALUES["vector"], rtol=1e-8)
    with pytest.raises(ValueError, match="the number of data points must exceed order"):
        vtrace.jit(lambda x, y: np.polyfit(x, y, 6, cov=True))(X, VALUES["vector"])


def polynomials(dtype: Any) -> Any:
    """Coefficients, many of them 0."""
    c = RNG.normal(size=(60, 6)) + (1j * RNG.normal(size=(60, 6)) if np.dtype(dtype).kind == "c" else 0)
    c = (4 * c).astype(dtype)
    c[RNG.uniform(size=c.shape) < 0.4] = 0
    c[:4] = 0
    c[1, 0] = c[2, 3] = c[3, -1] = 1
    return c


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex64, np.complex128, np.int64, bool])
def test_roots(dtype: Any) -> None:
    c = polynomials(dtype)
    got = vtrace.vmap(lambda p: vnp.roots(p, strip_zeros=False))(c)
    narrow = got.dtype == np.complex64
    assert got.dtype == np.result_type(np.roots(np.ones(3, dtype)).dtype, np.complex64)
    for p, found in zip(c, got, strict=True):
        wanted = np.roots(p)
        number = len(wanted)
        assert np.isnan(found[number:]).all()
        assert np.array_equal(found[:number] == 0, wanted == 0)
        np.testing.assert_allclose(
            np.sort_complex(np.round(found[:number], 3)),
            np.sort_complex(np.round(wanted, 3)),
            atol=2e-2 if narrow else 2e-3,
        )
        if p[0] != 0 and p[-1] != 0:
            np.testing.assert_array_equal(found, wanted)
        np.testing.assert_array_equal(vnp.roots(p, strip_zeros=False), found)


@pytest.mark.parametrize("size", [0, 1, 2])
def test_few_coefficients(size: int) -> None:
    got = vtrace.jit(lambda p: vnp.roots(p, strip_zeros=False))(np.arange(1.0, size + 1))
    np.testing.assert_array_equal(got, np.roots(np.arange(1.0, size + 1)))


def test_roots_that_are_refused() -> None:
    for refused in (np.roots, vnp.roots):
        with pytest.raises(UnsupportedError, match=r"use vtrace.numpy.roots\(p, strip_zeros=False\)"):
            vtrace.jit(refused)(np.ones(3))
    with pytest.raises(ValueError, match="must be a rank-1 array"):
        vnp.roots(np.ones((2, 2)), strip_zeros=False)
    with pytest.raises(LinAlgError, match="batch element 1"):
        vtrace.vmap(lambda p: vnp.roots(p, strip_zeros=False))(np.array([[1.0, 2.0], [1.0, np.inf]]))
    np.testing.assert_array_equal(vnp.roots([0, 1, -1]), [1.0])


@pytest.mark.parametrize("dtypes", ["dd", "ll", "Dl", "ii", "Bl", "ff"])
@pytest.mark.parametrize("sizes", [(5, 3), (3, 5), (4, 4), (4, 1), (1, 1)])
def test_products_and_quotients(sizes: tuple[int, int], dtypes: str) -> None:
    x, y = (RNG.integers(1, 9, (3, n)).astype(d) for n, d in zip(sizes, dtypes, strict=True))
    x[1, 0] = 0
    rtol = 1e-5 if dtypes == "ff" else 1e-12

    def products(x: Any, y: Any) -> Any:
        whole: Any = {"trim_leading_zeros": False}
        return [vnp.polymul(x, y, **whole), *vnp.polydiv(x, y, **whole)]

    for got in (
        vtrace.vmap(products)(x, y),
        vtrace.vmap(products, in_axes=1)(x.T, y.T),
        [np.stack(r) for r in zip(*map(products, x, y), strict=True)],
    ):
        for n in range(3):
            quotient, remainder = np.polydiv(x[n], y[n])
            wanted = [np.polymul(x[n], y[n]), quotient, remainder]
            for result, w in zip(got, wanted, strict=True):
                assert result.dtype == w.dtype
                padded = np.concatenate([np.zeros(result.shape[1] - w.size, w.dtype), w])
                np.testing.assert_allclose(result[n], padded, rtol=rtol, atol=100 * rtol)


def test_products_and_quotients_that_are_refused() -> None:
    for name in ("polymul", "polydiv"):
        with pytest.raises(UnsupportedError, match=rf"use vtrace.numpy.{name}\(x, y, trim_leading_zeros=False\)"):
            vtrace.jit(getattr(vnp, name))(np.ones(3), np.ones(2))
        with pytest.raises(ValueError, match="must be 1d only"):
            getattr(vnp, name)(np.ones((2, 2)), np.ones(2), trim_leading_zeros=False)
    assert vnp.polymul([0, 1], [1, 1]).tolist() == [1, 1]
    empty = vnp.polymul(np.zeros(0), np.ones(2), trim_leading_zeros=False)
    assert empty.tolist() == [0, 0]
