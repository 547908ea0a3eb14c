"""Polynomials with as many coefficients and roots as are known while tracing."""

from typing import Any

import numpy as np

from vtrace.frontend.numpy_polynomials import all_roots, whole_product, whole_quotient
from vtrace.numpy.results import results_of


def roots(p: Any, *, strip_zeros: bool = True) -> Any:
    """The roots of the polynomial with coefficients `p`, the highest power first; `strip_zeros` is that of JAX.

    `numpy.roots` leaves out leading coefficients that are 0, and has fewer roots then: so does this one, and a traced
    `p` is an UnsupportedError. With `strip_zeros=False` the result has shape (len(p) - 1,) and is complex, whatever the
    values: roots that are not 0, those that are, and NaN for each leading 0. LinAlgError where a coefficient is not
    finite.

    >>> roots(np.array([0.0, 1.0, -3.0, 0.0]), strip_zeros=False)
    array([ 3. +0.j,  0. +0.j, nan+nanj])
    """
    return np.roots(p) if strip_zeros else results_of("roots", lambda: (all_roots(p),))[0]


def polymul(a1: Any, a2: Any, *, trim_leading_zeros: bool = True) -> Any:
    """The product of two polynomials, the highest power first; `trim_leading_zeros` is that of JAX.

    `numpy.polymul` leaves out leading coefficients that are 0: so does this one, and traced polynomials are an
    UnsupportedError. With `trim_leading_zeros=False` the result has shape (len(a1) + len(a2) - 1,), whatever the
    values, and NumPy's dtype.

    >>> polymul(np.array([0, 1, 2]), np.array([1, 3]), trim_leading_zeros=False)
    array([0, 1, 5, 6])
    """
    return np.polymul(a1, a2) if trim_leading_zeros else results_of("polymul", lambda: (whole_product(a1, a2),))[0]


def polydiv(u: Any, v: Any, *, trim_leading_zeros: bool = True) -> Any:
    """The quotient and the remainder of two polynomials, the highest power first; `trim_leading_zeros` is that of JAX.

    `numpy.polydiv` leaves out leading coefficients of the remainder that are 0: so does this one, and traced
    polynomials are an UnsupportedError. With `trim_leading_zeros=False` the quotient has shape (len(u) - len(v) + 1,),
    or (1,) where `v` is longer, and the remainder that of `u`. Where `v` begins with 0 all are NaN or infinite. The
    division is unrolled, a step for each coefficient of the quotient.

    >>> polydiv(np.array([5, 7, 9]), np.array([4, 1]), trim_leading_zeros=False)
    (array([1.25  , 1.4375]), array([0.    , 0.    , 7.5625]))
    """
    return np.polydiv(u, v) if trim_leading_zeros else results_of("polydiv", whole_quotient, u, v)
