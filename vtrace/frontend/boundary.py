"""Where programs begin and end: a complex argument or result is one array there, its parts in pairs."""

from typing import Any

from vtrace.frontend.complex_tracer import ComplexTracer
from vtrace.frontend.trace import emit, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ops.complex_parts import Interleave, Part


def in_pairs(value: Any) -> Tracer:
    """A value as a real tracer: the parts of a complex one along a last axis of two."""
    x = lift(value)
    return emit(Interleave(), x.re, x.im) if isinstance(x, ComplexTracer) else x


def from_pairs(pairs: Tracer, weak: bool = False) -> ComplexTracer:
    """The reverse."""
    return ComplexTracer(emit(Part("real"), pairs), emit(Part("imag"), pairs), weak, pairs.name)
