"""Functions of `scipy.special` that are no ufuncs, so that SciPy's own cannot take traced arrays.

>>> import numpy as np, vtrace
>>> vtrace.vmap(vtrace.special.softmax)(np.array([[0.0, 0.0], [np.log(3.0), 0.0]]))
array([[0.5 , 0.5 ],
       [0.75, 0.25]])

The ufuncs (`scipy.special.erf`, `gammaln`, `ndtri`, ...) are used as they are.
"""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError
from vtrace.frontend.numpy_creation import asarray
from vtrace.frontend.source import at_user_line

Axis = int | tuple[int, ...] | None


def logsumexp(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(sum(exp(a))) along `axis` (of all elements if None), without overflow, as `scipy.special.logsumexp`.

    >>> float(logsumexp(np.array([1000.0, 1000.0])).round(3))
    1000.693
    """
    a = _real(a)
    largest = np.max(a, axis=axis, keepdims=True)
    is_largest = a == largest
    # The largest ones apart: what the others add to them may be small.
    count = np.sum(is_largest, axis=axis, keepdims=True, dtype=_float_of(a))
    others = np.sum(np.where(is_largest, 0, np.exp(a - largest)), axis=axis, keepdims=True)
    result = np.log1p(others / count) + np.log(count) + largest
    return result if keepdims else np.squeeze(result, axis=axis if axis is not None else tuple(range(a.ndim)))


def softmax(x: Any, axis: Axis = None) -> Any:
    """exp(x) / sum(exp(x)) along `axis` (of all elements if None), as `scipy.special.softmax`.

    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    x = _real(x)
    grown = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return grown / np.sum(grown, axis=axis, keepdims=True)


def log_softmax(x: Any, axis: Axis = None) -> Any:
    """log(softmax(x)) without the logarithm of 0, as `scipy.special.log_softmax`.

    >>> log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    x = _real(x)
    largest = np.max(x, axis=axis, keepdims=True)
    below = x - np.where(np.isfinite(largest), largest, 0)
    return below - np.log(np.sum(np.exp(below), axis=axis, keepdims=True))


def _float_of(a: Any) -> Any:
    """The dtype that NumPy gives exp(a)."""
    return np.exp(np.zeros((), a.dtype)).dtype


def _real(x: Any) -> Any:
    x = asarray(x)
    if np.iscomplexobj(x):
        raise DTypeError(f"{at_user_line()}: vtrace.special takes real numbers, got an array of {x.dtype}")
    return x
