"""Sets of a size that is known while tracing."""

from typing import Any

import numpy as np

from vtrace.frontend.numpy_searching import unique_of_size
from vtrace.frontend.trace import current_frame
from vtrace.frontend.tracer import Tracer


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The different values of `ar` in ascending order; with `size`, so many of them, as `jax.numpy.unique` gives them.

    With `size` the result has shape (size,): further values are left out, and if there are fewer, `fill_value` (the
    smallest value, if that is None) takes their place. Positions of first occurrences are filled up with that of the
    smallest value, counts with 0; the inverse has the shape of `ar`, and counts on from `size` for what is left out. A
    traced array needs a size (UnsupportedError). Without `size` this is `numpy.unique`.

    >>> unique(np.array([3, 1, 3, 2]), size=4, fill_value=-1)
    array([ 1,  2,  3, -1])
    """
    if size is None or axis is not None:
        further: Any = {"return_index": return_index, "return_inverse": return_inverse, "return_counts": return_counts}
        return np.unique(ar, axis=axis, equal_nan=equal_nan, **further)
    results = unique_of_size(ar, size, fill_value, return_index, return_inverse, return_counts, equal_nan)
    if current_frame() is None and not isinstance(ar, Tracer):
        arrays = tuple(r.constant() for r in results)
        return arrays if len(arrays) > 1 else arrays[0]
    return results if len(results) > 1 else results[0]
