"""What a function under vmap must give: a Python loop over the undecorated function, whose own loops are Python's."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import optree
import pytest

import vtrace

SIZES = (0, 1, 5, 37)
"""Nothing, one example, less than a vector of lanes, and several vectors with a rest."""

EXAMPLES = max(SIZES)

once = pytest.mark.parametrize("mode", ["compiled"], indirect=True)
"""For tests that do not care how programs are run."""


def check(f: Callable[..., Any], *args: Any, in_axes: Any = 0, ulps: int = 4, sizes: Sequence[int] = SIZES) -> None:
    """`vmap(f)` equals the loop, for batches of several sizes: the first examples of `args`."""
    axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
    mapped = vtrace.vmap(f, in_axes=axes)
    loop = [
        f(*(a if x is None else np.take(a, n, x) for a, x in zip(args, axes, strict=True))) for n in range(max(sizes))
    ]
    for size in sizes:
        part = [a if x is None else np.take(a, range(size), x) for a, x in zip(args, axes, strict=True)]
        compare(mapped(*part), [optree.tree_leaves(row) for row in loop[:size]], loop[0], ulps, size)
    assert mapped.compilations <= 1


def compare(got: Any, rows: Sequence[Sequence[Any]], like: Any, ulps: int, size: int) -> None:
    leaves = [np.asarray(v) for v in optree.tree_leaves(like)]
    columns = [
        np.asarray(c).reshape(size, *v.shape)
        for c, v in zip(zip(*rows, strict=True) if rows else [[]] * len(leaves), leaves, strict=True)
    ]
    found = optree.tree_leaves(got)
    assert len(found) == len(leaves)
    for g, w, v in zip(found, columns, leaves, strict=True):
        assert (g.dtype, g.shape) == (v.dtype, (size, *v.shape))
        if v.dtype.kind == "f":
            np.testing.assert_allclose(g, w, rtol=ulps * np.finfo(v.dtype).eps, atol=0, equal_nan=True)
        else:
            np.testing.assert_array_equal(g, w)


def floats(*shape: int, seed: int = 0, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, (EXAMPLES, *shape))


def integers(low: int, high: int, *shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (EXAMPLES, *shape))
