"""Rows that are asked for before they are read: which ones are, and that nothing else changes."""

import numpy as np
import pytest

import vtrace
from vtrace.ir.types import Array


def take(x: Array, at: Array) -> Array:
    return x[at]


@pytest.mark.parametrize(
    ("row", "reads", "asks"),
    [
        (1000, 100, True),  # more reads than lines
        (1000, 20, False),  # most lines are not read
        (64, 50, False),  # a short row
        (20_000, 5000, False),  # a row that would not stay
    ],
)
def test_rows_are_asked_for_where_most_of_them_is_read(row: int, reads: int, asks: bool) -> None:
    rng = np.random.default_rng(0)
    x, at = rng.standard_normal((37, row)).astype(np.float32), rng.integers(-row, row, (37, reads))
    f = vtrace.vmap(take)
    np.testing.assert_array_equal(f(x, at), np.stack([take(*example) for example in zip(x, at, strict=True)]))
    assert ("prefetch" in f.inspect(x, at).asm) == asks


def test_a_row_that_all_examples_share_is_not_asked_for_again() -> None:
    x, at = np.arange(1000.0), np.random.default_rng(0).integers(0, 1000, (37, 500))
    f = vtrace.vmap(take, in_axes=(None, 0))
    np.testing.assert_array_equal(f(x, at), x[at])
    assert "prefetch" not in f.inspect(x, at).asm
