"""erf: an odd polynomial up to 1, and 1 - exp(-x**2) q(1 / (x + 2)) beyond."""

from vtrace.backends.vecmath import coefficients as c
from vtrace.backends.vecmath.exponential import exp
from vtrace.backends.vecmath.number import Number

SATURATED = 6.0
"""From here on erf is 1 in float64."""


def erf(x: Number) -> Number:
    size = abs(x).clamp(0.0, SATURATED)
    z = size * size
    lead = size.part(c.TWO_OVER_SQRT_PI, 0)
    near = size.fma(lead, size * (z.polynomial(c.ERF) + size.part(c.TWO_OVER_SQRT_PI, 1)))
    u = 1.0 / (size + 2.0)
    far = (-exp(-z)).fma(u.polynomial(c.ERF_TAIL), 1.0)
    return (size < 1.0).select(near, far).copysign(x)
