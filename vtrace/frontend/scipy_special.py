"""Ufuncs of `scipy.special`. Imported when a tracer meets one of them, so that tracing alone does not import SciPy."""

import math
from typing import Any

import numpy as np
from scipy import special

from vtrace.frontend.numpy_elementwise import constant_like, less, register, select
from vtrace.frontend.trace import emit
from vtrace.frontend.tracer import Tracer
from vtrace.ops import special as ops
from vtrace.ops.arithmetic import Neg


def _expit(x: Tracer) -> Any:
    """1 / (1 + exp(-x)), the logistic function."""
    return 1 / (1 + np.exp(-x))


def _log_expit(x: Tracer) -> Any:
    """log(expit(x)), which never takes the logarithm of 0."""
    return -(np.log1p(np.exp(-np.abs(x))) - np.minimum(x, 0))  # -0.0 for infinity, as in SciPy


def _logit(x: Tracer) -> Any:
    """log(x / (1 - x)), by arctanh near 1/2, where the quotient is near 1."""
    centred = 2 * x - 1
    return np.where(np.abs(centred) < 0.5, 2 * np.arctanh(centred), np.log(x / (1 - x)))


def _ndtr(x: Tracer) -> Any:
    """The distribution function of the standard normal distribution."""
    return 0.5 * emit(ops.Erfc(), x * -math.sqrt(0.5))


def _times_log(x: Tracer, y: Tracer, log: Any) -> Tracer:
    """x * log(y), but 0 where x is 0 and y is a number."""
    zero: Any = np.logical_and(np.equal(x, 0), np.logical_not(np.isnan(y)))
    return select(zero, constant_like(x, 0), x * log(y))


def _entr(x: Tracer) -> Tracer:
    """-x log(x), 0 at 0 and -inf below."""
    return select(less(x, 0), constant_like(x, -math.inf), _times_log(emit(Neg(), x), x, np.log))


register(special.erf, lambda x: emit(ops.Erf(), x))
register(special.erfc, lambda x: emit(ops.Erfc(), x))
register(special.gammaln, lambda x: emit(ops.Gammaln(), x))
register(special.psi, lambda x: emit(ops.Digamma(), x))  # which SciPy calls digamma too
register(special.ndtri, lambda x: emit(ops.Ndtri(), x))
register(special.erfinv, lambda x: emit(ops.Erfinv(), x))
register(special.erfcinv, lambda x: emit(ops.Erfcinv(), x))
register(special.expit, _expit)
register(special.log_expit, _log_expit)
register(special.logit, _logit)
register(special.ndtr, _ndtr)
register(special.xlogy, lambda x, y: _times_log(x, y, np.log))
register(special.xlog1py, lambda x, y: _times_log(x, y, np.log1p))
register(special.entr, _entr)
register(special.exp2, np.exp2)
register(special.exp10, lambda x: np.power(constant_like(x, 10), x))
register(special.expm1, np.expm1)
register(special.log1p, np.log1p)
register(special.cbrt, np.cbrt)
