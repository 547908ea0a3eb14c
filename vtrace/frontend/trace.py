"""Runs the user's function on tracers and records what it does as a graph.

Each call of `trace` opens a frame: a builder, and the frame it was opened in. Equations go to the innermost frame. A
tracer of an enclosing frame may be used there (a closure): it is *captured*, which makes it one more input of the inner
graph, through as many frames as lie between. A tracer whose frame has been left is an EscapedTracerError.
"""

import sys
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vtrace.errors import DTypeError, EscapedTracerError, IntegerOverflowError, VTraceError
from vtrace.frontend.complex_tracer import PRIMITIVE_RULES, ComplexTracer
from vtrace.frontend.source import at_user_line, user_source
from vtrace.frontend.tracer import Tracer
from vtrace.ir.builder import Builder, copy_equation, replay
from vtrace.ir.graph import Atom, Graph, Literal, Var
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import ArrayType, DType


@dataclass(eq=False)
class Frame:
    """One function being traced."""

    parent: "Frame | None"
    builder: Builder = field(default_factory=Builder)
    active: bool = True
    is_body: bool = False
    """Whether the function is the body of a loop, or a branch."""
    captured: dict[Atom, tuple[Var, Tracer]] = field(default_factory=dict)
    """An atom of the parent frame -> the variable that stands for it in this frame, and the parent's tracer."""

    def capture(self, tracer: Tracer) -> Tracer:
        """`tracer`, of this frame or an enclosing one, as a tracer of this frame."""
        if tracer.frame is self:
            return tracer
        if self.parent is None:
            raise _escaped(tracer)
        outer = self.parent.capture(tracer)
        if outer.atom not in self.captured:
            # Inputs are numbered before equations, but a capture is found in between: a negative index marks the
            # variable until `trace` renumbers the finished graph.
            name = outer.atom.name if isinstance(outer.atom, Var) and outer.atom.name else "captured"
            self.captured[outer.atom] = (Var(-1 - len(self.captured), outer.type, name), outer)
        return Tracer(self.captured[outer.atom][0], self, tracer.weak, tracer.source)


@dataclass(frozen=True)
class Traced:
    """A traced function: its graph, and the outer tracers that are the last inputs of the graph."""

    graph: Graph
    captured: tuple[Tracer, ...]


_CURRENT: ContextVar[Frame | None] = ContextVar("vtrace_frame", default=None)


def current_frame() -> Frame | None:
    """The innermost frame, or None outside of any trace."""
    return _CURRENT.get()


def inside_loop() -> bool:
    """Whether what is traced now is run by a loop or a branch of the program, where no library can be called."""
    frame = _CURRENT.get()
    while frame is not None and not frame.is_body:
        frame = frame.parent
    return frame is not None


def _escaped(tracer: Tracer) -> EscapedTracerError:
    made = f"created at {tracer.source}" if tracer.source else f"argument '{tracer.name}'"
    return EscapedTracerError(
        f"{at_user_line()}: a traced array {tracer.type} ({made}) was used after the function it belongs to had been "
        "traced. It stands for values that exist only inside that function; return it instead of storing it elsewhere"
    )


def _frame() -> Frame | None:
    frame = _CURRENT.get()
    return frame if frame is not None and frame.active else None


def literal(value: Any, dtype: DType | None = None, weak: bool = False) -> Tracer:
    """A tracer for a constant, usable in any frame."""
    array = np.asarray(value, dtype=dtype)
    if array.dtype.kind == "O":
        raise _not_numbers(value)
    if array.dtype.kind == "c":
        return ComplexTracer(literal(array.real), literal(array.imag), weak)
    return Tracer(Literal.of(array, array.dtype.newbyteorder("=")), _CURRENT.get(), weak, None)


def _not_numbers(value: Any) -> Exception:
    if isinstance(value, int):
        return IntegerOverflowError(
            f"{at_user_line()}: the integer {value} does not fit in 64 bits; write it as a float"
        )
    return DTypeError(f"{at_user_line()}: a value of type {type(value).__name__} is not an array of numbers")


def is_weak_scalar(value: Any) -> bool:
    """Whether `value` is a Python number, which under NEP 50 takes the dtype of the arrays it meets."""
    return isinstance(value, int | float | complex) and not isinstance(value, bool | np.generic)


def lift(value: Any) -> Tracer:
    """`value` as a tracer: arrays and numbers become literals, and lists that hold tracers are stacked."""
    if isinstance(value, Tracer):
        return value
    if isinstance(value, list | tuple):
        from vtrace.frontend.numpy_creation import array  # built on this module

        return array(value)
    return literal(value, weak=is_weak_scalar(value))


def atom_of(value: Tracer, frame: Frame) -> Atom:
    """The atom that stands for `value` in `frame`."""
    return value.atom if isinstance(value.atom, Literal) else frame.capture(value).atom


def _name(primitive: Primitive) -> str:
    """What a message calls it: of one that is mapped over rows, what is mapped."""
    inner = getattr(primitive, "primitive", primitive)
    assert isinstance(inner, Primitive)
    return inner.name


def emit_all(primitive: Primitive, *tracers: Tracer) -> tuple[Tracer, ...]:
    """Append an equation to the innermost frame, with the user's file and line; of complex operands, several."""
    if any(isinstance(t, ComplexTracer) for t in tracers):
        rule = PRIMITIVE_RULES.get(type(primitive))
        if rule is None:
            given = ", ".join(str(t.type) for t in tracers)
            raise DTypeError(
                f"{at_user_line()}: {_name(primitive)} of {given} does not work on complex numbers; take a part of "
                "them (x.real, x.imag) or their size (np.abs(x))"
            )
        return (rule(primitive, *tracers),)
    frame = _frame()
    if frame is None:
        traced = next((t for t in tracers if not t.is_constant), None)
        if traced is not None:
            raise _escaped(traced)
        # Nothing is being traced and all operands are constants: compute.
        values = (t.constant() for t in tracers)
        return tuple(literal(r) for r in primitive.evaluate_all(*values))
    atoms = [atom_of(t, frame) for t in tracers]
    source = user_source()
    frame.builder.source = source
    try:
        outputs = frame.builder.emit_all(primitive, *atoms)
    finally:
        frame.builder.source = None
    return tuple(Tracer(v, frame, False, source) for v in outputs)


def emit(primitive: Primitive, *tracers: Tracer) -> Tracer:
    """`emit_all` for a primitive with one result."""
    (result,) = emit_all(primitive, *tracers)
    return result


def trace(
    function: Callable[..., Sequence[Any]],
    types: Sequence[ArrayType],
    names: Sequence[str],
    weak: Sequence[bool],
    is_body: bool = False,
) -> Traced:
    """The graph of `function`, which takes one tracer per type and returns a flat sequence of results.

    `weak` says which arguments stand for Python numbers, `is_body` whether a loop or branch is to run the graph.
    """
    if "scipy.fft" in sys.modules:
        from vtrace.frontend import scipy_fft  # noqa: F401  # tells SciPy about tracers
    frame = Frame(_CURRENT.get(), is_body=is_body)
    inputs = [
        Tracer(frame.builder.input(type, name), frame, is_weak, None)
        for type, name, is_weak in zip(types, names, weak, strict=True)
    ]
    token = _CURRENT.set(frame)
    try:
        outputs = [atom_of(lift(value), frame) for value in function(*inputs)]
    except (TypeError, ValueError) as error:
        if isinstance(error.__cause__, VTraceError):  # NumPy asked for a number, and says less than we told it
            raise error.__cause__ from None
        raise
    finally:
        _CURRENT.reset(token)
        frame.active = False
    graph = frame.builder.build(outputs)
    if not frame.captured:
        return Traced(graph, ())
    variables, tracers = zip(*frame.captured.values(), strict=True)
    return Traced(replay(Graph(graph.inputs + variables, graph.equations, graph.outputs), copy_equation), tracers)
