"""A `vmap` inside a function that is being traced: its batched graph becomes part of the enclosing one.

The inner function is traced for one example, batched with the (static) size of its arguments, and inlined where it is
called. Tracers of the enclosing function that it uses as a closure are the same for all its examples.
"""

from typing import Any

from vtrace.api.call import Call
from vtrace.api.capture import capture
from vtrace.api.leaves import is_weak, ready_array
from vtrace.api.signature import Mapping, Signatures
from vtrace.frontend.boundary import from_pairs, in_pairs
from vtrace.frontend.pytree import unflatten
from vtrace.frontend.trace import Frame, atom_of, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.builder import inline
from vtrace.ir.graph import Var


def arrays_for_tracing(call: Call, what: str) -> list[Any]:
    """The leaves of `call`, checked: tracers and Python numbers as they are, all others as arrays."""

    def leaf(position: int, value: Any) -> Any:
        if isinstance(value, Tracer) or is_weak(value):
            return value
        return ready_array(value, what, lambda: call.names()[position])

    return [leaf(position, value) for position, value in enumerate(call.leaves)]


def call_inline(frame: Frame, call: Call, what: str, mapping: Mapping, signatures: Signatures) -> Any:
    """The results of a mapped function called in `frame`, as tracers of it."""
    tracers = [lift(leaf) for leaf in arrays_for_tracing(call, what)]
    signature = signatures.of(call, [t.type for t in tracers], [t.weak for t in tracers], symbolic=False)
    captured = capture(call.function, what, signature, call.names(), mapping.out_axes)
    inputs = [atom_of(t, frame) for t in (*map(in_pairs, tracers), *captured.outer)]
    computed = [
        Tracer(atom, frame if isinstance(atom, Var) else None, False, None)
        for atom in inline(frame.builder, captured.batched, inputs)
    ]
    pairs = zip(computed, captured.are_complex, strict=True)
    results = [from_pairs(x) if is_complex else x for x, is_complex in pairs]
    return unflatten(captured.results, results)
