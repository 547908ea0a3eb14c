"""Float functions as straight-line code over emitter values, so that every target vectorises them.

`FUNCTIONS` maps NumPy's name to a rule (emitter, *values) -> value. Operands are float32 or float64 and agree. The
code relies on each operation being rounded as written: no reassociation, no contraction of mul and add.
"""

from collections.abc import Callable

from vtrace.backends.vecmath import (
    error_function,
    exponential,
    gamma,
    hyperbolic,
    inverse_trig,
    logarithm,
    power,
    quantile,
    remainder,
    trigonometric,
)
from vtrace.backends.vecmath.number import on_values
from vtrace.ir.emitter import Value

Rule = Callable[..., Value]

FUNCTIONS: dict[str, Rule] = {
    function.__name__: on_values(function)
    for function in (
        exponential.exp,
        exponential.exp2,
        exponential.expm1,
        logarithm.log,
        logarithm.log2,
        logarithm.log10,
        logarithm.log1p,
        trigonometric.sin,
        trigonometric.cos,
        trigonometric.tan,
        hyperbolic.sinh,
        hyperbolic.cosh,
        hyperbolic.tanh,
        hyperbolic.arcsinh,
        hyperbolic.arccosh,
        hyperbolic.arctanh,
        inverse_trig.arcsin,
        inverse_trig.arccos,
        inverse_trig.arctan,
        inverse_trig.arctan2,
        power.power,
        power.cbrt,
        power.hypot,
        error_function.erf,
        error_function.erfc,
        gamma.gammaln,
        gamma.digamma,
        quantile.ndtri,
        quantile.erfinv,
        quantile.erfcinv,
        remainder.fmod,
    )
}
"""The rules by NumPy's names."""

_QUANTILES = {"ndtri", "erfinv", "erfcinv"}
_LARGE = {"arccosh", "arcsinh", "arctanh", "cbrt", "digamma", "erfc", "gammaln", "power", "tan", *_QUANTILES}
LARGE = {4: frozenset(_LARGE), 8: frozenset({*_LARGE, "erf"})}
"""By the size of the floats, those of a hundred instructions and more, which code generators should make once and call.

Measured with LLVM on an AVX-512 machine, a call in place of the code costs exp 60 % of its speed, log 50 % and sin and
arctan2 15 %, but these nothing. In return the code is made once, not for every use, and there for whole vectors and
for the rest: a kernel with three uses of power compiles in 60 ms, not in 165.
"""
