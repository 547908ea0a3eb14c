"""Ufuncs of `scipy.special`. Imported when a tracer meets one of them, so that tracing alone does not import SciPy."""

import numpy as np
from scipy import special

from vtrace.frontend.numpy_elementwise import register
from vtrace.frontend.trace import emit
from vtrace.frontend.tracer import Tracer
from vtrace.ops.transcendental import Erf


def _expit(x: Tracer) -> Tracer:
    """1 / (1 + exp(-x)), the logistic function."""
    result: Tracer = 1 / (1 + np.exp(-x))
    return result


register(special.erf, lambda x: emit(Erf(), x))
register(special.expit, _expit)
