"""NumPy's functions about complex numbers that are no ufuncs: their parts, and whether they are complex at all."""

from typing import Any

import numpy as np

from vtrace.frontend.complex_tracer import ComplexTracer, marked
from vtrace.frontend.core import full
from vtrace.frontend.dispatch import UFUNC_HANDLERS, implements
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer


@implements(np.real)
def real(val: Any) -> Tracer:
    """The very array of real parts: assigning to it assigns to `val`."""
    x = lift(val)
    return _part(x, x.re) if isinstance(x, ComplexTracer) else x


@implements(np.imag)
def imag(val: Any) -> Tracer:
    x = lift(val)
    return _part(x, x.im) if isinstance(x, ComplexTracer) else full(x.shape, 0, x.dtype)


def _part(whole: Tracer, part: Tracer) -> Tracer:
    return marked(part, True) if whole.weak else part


@implements(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    x = lift(z)
    result = UFUNC_HANDLERS[np.arctan2](imag(x) if isinstance(x, ComplexTracer) else 0, real(x))
    return result * (180 / np.pi) if deg else result


@implements(np.iscomplex)
def is_complex(x: Any) -> Any:
    return imag(x) != 0


@implements(np.isreal)
def is_real(x: Any) -> Any:
    return imag(x) == 0


implements(np.iscomplexobj)(lambda x: lift(x).dtype.kind == "c")
implements(np.isrealobj)(lambda x: lift(x).dtype.kind != "c")
