"""Sums and the like over groups of rows, by the number of each row's group."""

from typing import Any

import numpy as np

from vtrace.frontend.numpy_counting import segments
from vtrace.lax.arguments import is_tracing
from vtrace.ops.extrema import greatest, least


def segment_sum(data: Any, segment_ids: Any, num_segments: int, **hints: Any) -> Any:
    """Row k is the sum of the rows of `data` whose id is k: shape (num_segments, ...), dtype of `data`.

    Rows are added in their order. Ids outside of [0, num_segments) are left out, as in JAX. `num_segments` is static.

    >>> segment_sum(np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1]), 3)
    array([2., 5., 0.])
    """
    return _segments(data, segment_ids, num_segments, np.add, lambda dtype: 0, hints)


def segment_prod(data: Any, segment_ids: Any, num_segments: int, **hints: Any) -> Any:
    """Row k is the product of the rows of `data` whose id is k, 1 where there are none."""
    return _segments(data, segment_ids, num_segments, np.multiply, lambda dtype: 1, hints)


def segment_max(data: Any, segment_ids: Any, num_segments: int, **hints: Any) -> Any:
    """Row k is the greatest of the rows of `data` whose id is k, the least value of the dtype where there are none."""
    return _segments(data, segment_ids, num_segments, np.maximum, least, hints)


def segment_min(data: Any, segment_ids: Any, num_segments: int, **hints: Any) -> Any:
    """Row k is the smallest of the rows of `data` whose id is k, the greatest value of the dtype where there are none.

    >>> segment_min(np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1]), 2)
    array([2., 1.])
    """
    return _segments(data, segment_ids, num_segments, np.minimum, greatest, hints)


def _segments(data: Any, ids: Any, number: int, ufunc: np.ufunc, start: Any, hints: dict[str, Any]) -> Any:
    for name in hints:
        if name not in ("indices_are_sorted", "unique_indices", "bucket_size", "mode"):
            raise TypeError(f"unexpected keyword argument {name!r}")
    data, ids = (x if hasattr(x, "dtype") else np.asarray(x) for x in (data, ids))
    result = segments(data, ids, number, ufunc, start(data.dtype))
    return result if is_tracing() else result.constant()
