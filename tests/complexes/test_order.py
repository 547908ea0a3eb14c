"""Sorting complex numbers, and the greatest and smallest of them, against NumPy: also with NaN, infinities and ties."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.complexes.specials import grid

FUNCTIONS: list[Callable[[Any], Any]] = [
    lambda z: np.sort(z),
    lambda z: np.sort(z, axis=0),
    lambda z: np.sort(z, None),
    lambda z: np.argsort(z, kind="stable"),
    lambda z: np.sort_complex(z),
    lambda z: np.max(z),
    lambda z: np.min(z, axis=0),
    lambda z: z.max(axis=1, keepdims=True),
    lambda z: np.argmax(z, axis=1),
    lambda z: np.argmin(z),
    lambda z: np.maximum.reduce(z, axis=0),
    lambda z: np.nanmax(z, axis=1),
    lambda z: np.nanmin(z, axis=0, keepdims=True),
    lambda z: np.nanmin(z, axis=1, initial=1j),
    lambda z: np.median(z),
    lambda z: np.median(z, axis=0),
    lambda z: np.median(z, axis=(1, 0), keepdims=True),
    lambda z: np.median(z[:, :0]),
    lambda z: np.median(z[:3], axis=0),
    lambda z: np.nanmedian(z[:, :0], axis=0),
    lambda z: np.maximum.accumulate(z),
    lambda z: np.minimum.accumulate(z, axis=1),
    lambda z: np.fmax.accumulate(z, axis=1),
    lambda z: np.searchsorted(np.sort(z, None), z),
    lambda z: np.searchsorted(np.sort(z[0]), z, "right"),
    lambda z: np.searchsorted(z[0], z[:, 1], sorter=np.argsort(z[0], kind="stable")),
    lambda z: np.searchsorted(np.sort(z[0]), z.real, "right"),
    lambda z: np.searchsorted(z[0, :0], z),
    lambda z: np.isin(z, np.concatenate([z[0]] * 9)),
    lambda z: np.clip(z, z[::-1], z[:, ::-1]),
    lambda z: np.clip(z, -1, 1j),
    lambda z: np.clip(z.real, None, z),
    lambda z: z.clip(z[0]),
]


def batches(dtype: Any) -> list[Any]:
    """Few values, so that many are equal; and every sort of special ones."""
    rng = np.random.default_rng(0)
    few = rng.integers(-1, 2, (7, 4, 5)) + 1j * rng.integers(-1, 2, (7, 4, 5))
    special = grid(dtype)
    finite = special[np.isfinite(special)]
    return [
        few.astype(dtype),
        rng.choice(finite, (7, 4, 5)),
        rng.choice(special, (7, 4, 5)),
        np.where(rng.uniform(size=(7, 4, 5)) < 0.1, complex(1, np.nan), few).astype(dtype),
        rng.choice(special[np.isnan(special) | np.isinf(special.real)], (7, 4, 5)),
    ]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("number", range(len(FUNCTIONS)))
def test_as_numpy(number: int, dtype: Any) -> None:
    function = FUNCTIONS[number]
    mapped = vtrace.vmap(function)
    for batch in batches(dtype):
        got, wanted = mapped(batch), np.stack([function(z.copy()) for z in batch])
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
        for part in (np.real, np.imag):
            np.testing.assert_array_equal(part(got), part(wanted))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_the_median_of_what_is_not_nan(axis: Any, dtype: Any) -> None:
    """Of ordinary numbers: with infinities and the ends of the range NumPy has other results for short rows."""
    for batch in (batches(dtype)[0], batches(dtype)[3]):
        got = vtrace.vmap(lambda z: np.nanmedian(z, axis=axis, keepdims=True))(batch)
        np.testing.assert_array_equal(got, np.stack([np.nanmedian(z, axis=axis, keepdims=True) for z in batch]))


def test_what_numpy_refuses() -> None:
    z = batches(np.complex128)[0]
    for refused in (
        lambda z: np.digitize(z, [0, 1]),
        lambda z: np.digitize(z.real, z[0]),
        lambda z: np.quantile(z, 0.5),
    ):
        for run in (refused, vtrace.jit(refused)):
            with pytest.raises(TypeError):
                run(z[0])
