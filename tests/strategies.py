"""Hypothesis strategies that draw well-typed graphs from the examples that primitives give.

    @given(graphs(), st.integers(0, 2**32 - 1))
    def test_pass_keeps_the_meaning(graph, seed):
        inputs = random_inputs(graph, seed)

A new primitive is part of every property test by being registered. An equation's operands are earlier values, made
to fit by convert, reshape and broadcast, or new inputs, or constants.
"""

import math
from collections.abc import Collection, Iterator
from functools import cache

import numpy as np
from hypothesis import strategies as st

import vtrace.ops  # noqa: F401  (fills the registry)
from tests.helpers import random_array
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Atom, Graph, Literal
from vtrace.ir.primitive import REGISTRY, Example, Primitive
from vtrace.ir.types import ArrayType, Shape
from vtrace.ops.movement import Broadcast
from vtrace.ops.reshape import Reshape
from vtrace.ops.selection import Convert

AFTER_FUSION = frozenset({"debug_print", "kernel", "matmul", "batched_matmul", "lapack"})
"""Primitives that only passes make, and the one without machine code; strategies leave them out unless told not to."""

LINEAR_ALGEBRA = frozenset(n for n, cls in REGISTRY.items() if cls.__module__.startswith("vtrace.ops.linalg."))
"""They fail for some matrices, and for others small errors of the operands become large ones: random programs whose
results are compared leave them out."""

LEFT_OUT = AFTER_FUSION | LINEAR_ALGEBRA
"""What graphs are drawn without, if nothing else is said."""

_MAX_ELEMENTS = 48
_DEFAULT_RANGE = (Example.low, Example.high)


@cache
def _pool(exclude: frozenset[str]) -> tuple[Example, ...]:
    """The small examples of all primitives but the excluded ones, in a fixed order."""
    everything = (e for name in sorted(REGISTRY.keys() - exclude) for e in REGISTRY[name].examples())
    return tuple(e for e in everything if all(_size(t) <= _MAX_ELEMENTS for t in e.types))


def _size(type: ArrayType) -> int:
    return math.prod(d for d in type.shape if isinstance(d, int))


@st.composite
def graphs(draw: st.DrawFn, max_equations: int = 6, exclude: Collection[str] = LEFT_OUT, outputs: int = 3) -> Graph:
    """A graph of one example (no symbols) of up to `max_equations` drawn equations and what makes operands fit."""
    plan = _Plan(draw)
    for _ in range(draw(st.integers(1, max_equations))):
        plan.add(draw(st.sampled_from(_pool(frozenset(exclude)))))
    return plan.build(outputs)


class _Plan:
    """The equations of a graph before it is built: a builder wants all inputs first, drawing finds them on the way.

    Values are numbered as they come up; `types` has the type of each.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.types: list[ArrayType] = []
        self.inputs: list[int] = []
        self.steps: list[tuple[Primitive, list[int | Literal], list[int]]] = []

    def value(self, type: ArrayType) -> int:
        self.types.append(type)
        return len(self.types) - 1

    def add(self, example: Example) -> None:
        self.emit(example.primitive, [self.operand(example, type) for type in example.types])

    def emit(self, primitive: Primitive, operands: list[int | Literal]) -> list[int]:
        types = (self.types[a] if isinstance(a, int) else a.type for a in operands)
        results = [self.value(t) for t in primitive.infer_all(*types)]
        self.steps.append((primitive, operands, results))
        return results

    def operand(self, example: Example, type: ArrayType) -> int | Literal:
        ranged = (example.low, example.high) != _DEFAULT_RANGE
        if ranged and type.dtype.kind in "iu":
            return self.constant(example, type)  # an index or an exponent, which not every integer can be
        fitting = [n for n, t in enumerate(self.types) if _glue(t, type) is not None]
        choice = self.draw(st.sampled_from(["input", "constant", *reversed(fitting)]))
        if choice == "constant":
            return self.constant(example, type)
        if choice == "input":
            self.inputs.append(self.value(type))
            return self.inputs[-1]
        assert isinstance(choice, int)
        value = choice
        for primitive in _glue(self.types[choice], type) or ():
            (value,) = self.emit(primitive, [value])
        return value

    def constant(self, example: Example, type: ArrayType) -> Literal:
        rng = np.random.default_rng(self.draw(st.integers(0, 99)))
        return Literal.of(random_array(rng, type, example.low, example.high))

    def build(self, outputs: int) -> Graph:
        builder = Builder()
        env: dict[int, Atom] = {n: builder.input(self.types[n], f"x{i}") for i, n in enumerate(self.inputs)}
        for primitive, operands, results in self.steps:
            atoms = (env[a] if isinstance(a, int) else a for a in operands)
            env.update(zip(results, builder.emit_all(primitive, *atoms), strict=True))
        last = len(self.types) - 1
        others = st.lists(st.integers(0, last), max_size=outputs - 1)
        return builder.build([env[n] for n in (last, *self.draw(others))])


def _glue(have: ArrayType, want: ArrayType) -> list[Primitive] | None:
    """The equations that turn one type into another, or None where they do not fit."""
    convert: list[Primitive] = [] if have.dtype == want.dtype else [Convert(want.dtype)]
    if have.shape == want.shape:
        return convert
    if _size(have) == _size(want):
        return [*convert, Reshape(want.shape)]
    axes = _embedding(have.shape, want.shape)
    return None if axes is None else [*convert, Broadcast(want.shape, axes)]


def _embedding(shape: Shape, into: Shape) -> tuple[int, ...] | None:
    """Increasing axes of `into` whose extents are `shape`, the last ones possible; None where there are none."""

    def search() -> Iterator[int]:
        axis = len(into)
        for extent in reversed(shape):
            axis = next((a for a in reversed(range(axis)) if into[a] == extent), -1)
            yield axis

    axes = tuple(reversed(tuple(search())))
    return None if -1 in axes else axes
