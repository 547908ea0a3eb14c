"""Roots of polynomials, as many as are known while tracing."""

from typing import Any

import numpy as np

from vtrace.frontend.numpy_polynomials import all_roots
from vtrace.frontend.trace import current_frame
from vtrace.frontend.tracer import Tracer


def roots(p: Any, *, strip_zeros: bool = True) -> Any:
    """The roots of the polynomial with coefficients `p`, the highest power first; `strip_zeros` is that of JAX.

    `numpy.roots` leaves out leading coefficients that are 0, and has fewer roots then: so does this one, and a traced
    `p` is an UnsupportedError. With `strip_zeros=False` the result has shape (len(p) - 1,) and is complex, whatever the
    values: roots that are not 0, those that are, and NaN for each leading 0. LinAlgError where a coefficient is not
    finite.

    >>> roots(np.array([0.0, 1.0, -3.0, 0.0]), strip_zeros=False)
    array([ 3. +0.j,  0. +0.j, nan+nanj])
    """
    if strip_zeros:
        return np.roots(p)
    result = all_roots(p)
    return result.constant() if current_frame() is None and not isinstance(p, Tracer) else result
