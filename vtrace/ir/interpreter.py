"""Runs a graph with NumPy, one primitive at a time: the oracle that every other stage is compared with."""

from collections.abc import Mapping

import numpy as np

from vtrace.errors import ShapeError, VerificationError
from vtrace.ir.graph import Atom, Graph, Var
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

    for equation in graph.equations:
        primitive = equation.primitive.bind(bound)
        with np.errstate(all="ignore"):
            results = primitive.evaluate_all(*(read(a) for a in equation.inputs))
        for var, result in zip(equation.outputs, results, strict=True):
            if type_of(result) != var.type.bind(bound):
                raise VerificationError(f"{primitive.name} inferred {var.type} but computed {type_of(result)}")
            env[var] = result
    return tuple(read(a) for a in graph.outputs)


