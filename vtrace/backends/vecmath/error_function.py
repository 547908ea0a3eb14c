"""erf: an odd polynomial up to 0.92, and 1 - exp(-x**2) q(x - 2) beyond."""

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.doubled import Double, two_product
from vtrace.backends.vecmath.exponential import Reduced, exp_reduced, reduce
from vtrace.backends.vecmath.number import Number

SPLIT = 0.921875
SATURATED = 6.0
"""Where the polynomials meet, and from where on erf is 1 in float64."""


def erf(x: Number) -> Number:
    """The error function."""
    size = abs(x).clamp(0.0, SATURATED)
    square, error = two_product(size, size)
    near = size.fma(square.polynomial(c.ERF), size)
    n, r = reduce(-square)
    decay = exp_reduced(Reduced(n, Double(r.high, r.low - error)))
    far = (-decay).fma((size - 2.0).polynomial(c.ERF_TAIL), 1.0)
    return (size < SPLIT).select(near, far).copysign(x)
