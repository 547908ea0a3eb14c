"""Sorting rows by whole-array calls: orders of equal and nearly equal elements, and parts between several positions."""

import numpy as np
import pytest

from vtrace.ops.long_sort import ArgPartitionRows, PartitionRows, put_orders

DTYPES = ("f4", "f8", "i4", "u4", "i8", "u8", "i2", "u1")
SIZES = (2, 7, 100, 300, 1001)


def _batches(dtype: np.dtype, size: int) -> list[np.ndarray]:
    rng = np.random.default_rng(size)
    shape = (12, size)
    drawn = [rng.integers(0, 5, shape), np.full(shape, 3)]
    if dtype.kind == "f":
        special = np.array([np.nan, -np.inf, np.inf, -0.0, 0.0])
        normal = rng.normal(size=shape)
        drawn += [normal, np.where(rng.random(shape) < 0.5, normal, special[rng.integers(0, 5, shape)])]
        drawn += [1 + rng.integers(0, 60, shape) * 2.0**-52]  # what differs is in the last bits
    else:
        ends = np.iinfo(dtype)
        drawn += [rng.integers(ends.min, ends.max, shape, dtype, endpoint=True)]
        drawn += [np.where(rng.random(shape) < 0.5, dtype.type(ends.min), dtype.type(ends.max))]
    return [np.asarray(x).astype(dtype) for x in drawn]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", DTYPES)
def test_equal_elements_keep_their_order(name: str, size: int) -> None:
    for x in _batches(np.dtype(name), size):
        out = np.empty(x.shape, np.int64)
        put_orders(out, x)
        np.testing.assert_array_equal(out, np.argsort(x, kind="stable"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", DTYPES)
def test_rows_are_parted_at_every_position(name: str, size: int) -> None:
    middle = size // 2
    for x in _batches(np.dtype(name), size):
        wanted = np.sort(x)
        for positions in ({0}, {middle}, {middle - 1, middle}, {middle - 1, middle, size - 1}, {size - 1}):
            at = tuple(sorted(positions))
            values = PartitionRows(at).evaluate(x)
            found = np.take_along_axis(x, ArgPartitionRows(at).evaluate(x), axis=1)
            for parted in (values, found):
                np.testing.assert_array_equal(np.sort(parted), wanted)
                for start, stop in zip((0, *at), (*at, size), strict=True):
                    np.testing.assert_array_equal(np.sort(parted[:, start:stop]), wanted[:, start:stop])
