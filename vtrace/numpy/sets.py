"""Sets of a size that is known while tracing.

Without `size` all of these are NumPy's functions, which a traced array cannot have (UnsupportedError). With `size` they
are those of `jax.numpy`: results have shape (size,), further values are left out, and if there are fewer, `fill_value`
takes their place. A negative size is a UsageError.
"""

from typing import Any

import numpy as np

from vtrace.frontend.numpy_sized import difference_of_size, exclusive_of_size, intersection_of_size, unique_of_size
from vtrace.numpy.results import results_of


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The different values of `ar` in ascending order; with `size`, so many of them, as `jax.numpy.unique` gives them.

    With `size` the result has shape (size,): further values are left out, and if there are fewer, `fill_value` (the
    smallest value, if that is None) takes their place. Positions of first occurrences are filled up with that of the
    smallest value, counts with 0; the inverse has the shape of `ar`, and counts on from `size` for what is left out.
    With an axis, the parts of `ar` along it are compared instead of numbers: `size` is the extent of that axis then,
    and the inverse is a vector. They are in order even if they need not be (`sorted`). A traced array needs a size
    (UnsupportedError). Without `size` this is `numpy.unique`.

    >>> unique(np.array([3, 1, 3, 2]), size=4, fill_value=-1)
    array([ 1,  2,  3, -1])
    >>> unique(np.array([[3, 1], [0, 2], [3, 1]]), axis=0, size=2)
    array([[0, 2],
           [3, 1]])
    """
    if size is None:
        further: Any = {"return_index": return_index, "return_inverse": return_inverse, "return_counts": return_counts}
        further |= {} if sorted else {"sorted": False}  # which only later versions of NumPy have
        return np.unique(ar, axis=axis, equal_nan=equal_nan, **further)
    wanted = (return_index, return_inverse, return_counts)
    results = results_of("unique", unique_of_size, ar, size, fill_value, *wanted, equal_nan, axis)
    return results if any(wanted) else results[0]


def unique_all(x: Any, /, *, size: int | None = None, fill_value: Any = None) -> Any:
    """`values`, `indices`, `inverse_indices` and `counts`, as `unique` gives them where no NaN equals another.

    >>> unique_all(np.array([3, 1, 3]), size=2).counts
    array([1, 2])
    """
    if size is None:
        return np.unique_all(x)
    results = unique(x, True, True, True, equal_nan=False, size=size, fill_value=fill_value)
    return type(np.unique_all([]))(*results)


def unique_counts(x: Any, /, *, size: int | None = None, fill_value: Any = None) -> Any:
    """`values` and `counts`, as `unique` gives them where no NaN equals another.

    >>> unique_counts(np.array([3, 1, 3]), size=3, fill_value=0).values
    array([1, 3, 0])
    """
    if size is None:
        return np.unique_counts(x)
    results = unique(x, return_counts=True, equal_nan=False, size=size, fill_value=fill_value)
    return type(np.unique_counts([]))(*results)


def unique_inverse(x: Any, /, *, size: int | None = None, fill_value: Any = None) -> Any:
    """`values` and `inverse_indices`, as `unique` gives them where no NaN equals another.

    >>> unique_inverse(np.array([3, 1, 3]), size=2).inverse_indices
    array([1, 0, 1])
    """
    if size is None:
        return np.unique_inverse(x)
    results = unique(x, return_inverse=True, equal_nan=False, size=size, fill_value=fill_value)
    return type(np.unique_inverse([]))(*results)


def unique_values(x: Any, /, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The values, as `unique` gives them where no NaN equals another.

    >>> unique_values(np.array([3, 1, 3]), size=2)
    array([1, 3])
    """
    return np.unique_values(x) if size is None else unique(x, equal_nan=False, size=size, fill_value=fill_value)


def union1d(ar1: Any, ar2: Any, *, size: int | None = None, fill_value: Any = None) -> Any:
    """The values in `ar1` or `ar2`, in ascending order; `fill_value` is the smallest one if it is None.

    >>> union1d(np.array([3, 1]), np.array([2, 3]), size=4)
    array([1, 2, 3, 1])
    """
    if size is None:
        return np.union1d(ar1, ar2)
    return unique(np.concatenate((ar1, ar2), axis=None), size=size, fill_value=fill_value)


def intersect1d(
    ar1: Any,
    ar2: Any,
    assume_unique: bool = False,
    return_indices: bool = False,
    *,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The values in `ar1` and `ar2`, in ascending order, and where they are first in both if `return_indices`.

    `fill_value` is the smallest value if it is None, and 0 if there is none. Positions are filled up with the size of
    the array. `assume_unique` changes nothing where a size is given.

    >>> intersect1d(np.array([3, 1, 2]), np.array([2, 3, 3]), return_indices=True, size=3)
    (array([2, 3, 2]), array([2, 0, 3]), array([0, 1, 3]))
    """
    if size is None:
        plain: Any = np.intersect1d  # its types want to know whether there are indices
        return plain(ar1, ar2, assume_unique, return_indices)
    results = results_of("intersect1d", intersection_of_size, ar1, ar2, size, fill_value, return_indices)
    return results if return_indices else results[0]


def setdiff1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, *, size: int | None = None, fill_value: Any = None
) -> Any:
    """The values in `ar1` that are not in `ar2`, in ascending order, or if `assume_unique` in that of `ar1`.

    `fill_value` is 0 if it is None.

    >>> setdiff1d(np.array([3, 1, 2]), np.array([2]), size=3)
    array([1, 3, 0])
    """
    if size is None:
        return np.setdiff1d(ar1, ar2, assume_unique)
    return results_of("setdiff1d", difference_of_size, ar1, ar2, size, fill_value, assume_unique)[0]


def setxor1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, *, size: int | None = None, fill_value: Any = None
) -> Any:
    """The values in one of `ar1` and `ar2`, not in both, in ascending order.

    `fill_value` is the smallest value if it is None, and 0 if there is none. `assume_unique` changes nothing where a
    size is given.

    >>> setxor1d(np.array([3, 1, 2]), np.array([2, 4]), size=4)
    array([1, 3, 4, 1])
    """
    if size is None:
        return np.setxor1d(ar1, ar2, assume_unique)
    return results_of("setxor1d", exclusive_of_size, ar1, ar2, size, fill_value)[0]
