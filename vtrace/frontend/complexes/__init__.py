"""What NumPy's functions mean for complex numbers, in terms of their real and imaginary parts."""

from vtrace.frontend.complexes import arithmetic as arithmetic
from vtrace.frontend.complexes import comparison as comparison
from vtrace.frontend.complexes import exponential as exponential
from vtrace.frontend.complexes import hyperbolic as hyperbolic
from vtrace.frontend.complexes import inverse as inverse
from vtrace.frontend.complexes import order as order
from vtrace.frontend.complexes import primitives as primitives
from vtrace.frontend.complexes import roots as roots
