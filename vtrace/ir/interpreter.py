"""Runs a graph with NumPy, one primitive at a time: the oracle that every other stage is compared with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

import numpy as np

from vtrace.errors import ShapeError, VerificationError
from vtrace.ir.graph import Atom, Equation, Graph, Var
from vtrace.ir.types import Array, ArrayType, Symbol, type_of


def bind_sizes(types: tuple[ArrayType, ...], arrays: tuple[Array, ...]) -> dict[Symbol, int]:
    """The value of every symbol in `types`, read off the shapes of `arrays`; ShapeError where they do not fit."""
    sizes: dict[Symbol, int] = {}
    for position, (wanted, array) in enumerate(zip(types, arrays, strict=True)):
        if len(wanted.shape) == array.ndim:
            for dim, extent in zip(wanted.shape, array.shape, strict=True):
                if isinstance(dim, Symbol):
                    sizes.setdefault(dim, extent)
        if wanted.bind(sizes) != type_of(array):
            raise ShapeError(f"input {position} is {type_of(array)}, but the graph takes {wanted}")
    return sizes


Observer: TypeAlias = Callable[[Graph, Equation, Sequence[Array], Sequence[Array]], None]
"""Gets every equation that is run, with its graph, its operands and its results; of a loop, each time round."""

_OBSERVER: ContextVar[Observer | None] = ContextVar("vtrace_observer", default=None)


@contextmanager
def observe(observer: Observer) -> Iterator[None]:
    """Within this context, `evaluate` calls `observer` after every equation."""
    token = _OBSERVER.set(observer)
    try:
        yield
    finally:
        _OBSERVER.reset(token)


def evaluate(graph: Graph, *arrays: Array, sizes: Mapping[Symbol, int] | None = None) -> tuple[Array, ...]:
    """The results of `graph` for concrete inputs.

    `sizes` gives the value of symbols that no input shows. Raises ShapeError where an input does not fit its type, and
    VerificationError where a primitive computes something else than it inferred.
    """
    arrays = tuple(np.asarray(a) for a in arrays)
    if len(arrays) != len(graph.inputs):
        raise ShapeError(f"the graph takes {len(graph.inputs)} inputs, got {len(arrays)}")
    bound = {**(sizes or {}), **bind_sizes(graph.input_types, arrays)}
    env: dict[Var, Array] = dict(zip(graph.inputs, arrays, strict=True))

    def read(atom: Atom) -> Array:
        if isinstance(atom, Var):
            return env[atom]
        if atom.data is None:
            raise ShapeError(f"the value of constant #{atom.digest} is not in the text; give it to `parse`")
        return atom.data

    observer = _OBSERVER.get()
    for equation in graph.equations:
        primitive = equation.primitive.bind(bound)
        with np.errstate(all="ignore"):
            results = primitive.evaluate_all(*(read(a) for a in equation.inputs))
        if observer is not None:
            observer(graph, equation, [read(a) for a in equation.inputs], results)
        for var, result in zip(equation.outputs, results, strict=True):
            if type_of(result) != var.type.bind(bound):
                raise VerificationError(f"{primitive.name} inferred {var.type} but computed {type_of(result)}")
            env[var] = result
    return tuple(read(a) for a in graph.outputs)
