"""`out=`: results that go into arrays of the caller."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.api.examples import sizes_of
from vtrace.api.program import Program
from vtrace.api.signature import Signature
from vtrace.errors import ArgumentError, DTypeError, ShapeError
from vtrace.frontend.pytree import Tree, flatten_results, result_paths
from vtrace.ir.types import Array, static_shape


def new_arrays(program: Program, signature: Signature, arrays: Sequence[Array]) -> list[Array]:
    """Uninitialised arrays for all results of a call."""
    from vtrace.backends import memory  # loaded by the first call, not by `import vtrace`

    types = program.result_types(sizes_of(signature, arrays))
    return [memory.empty(static_shape(t.shape), t.dtype) for t in types]


def check_out(out: Tree, program: Program, signature: Signature, arrays: Sequence[Array], what: str) -> list[Array]:
    """The arrays of `out`; an error unless they are what the results need."""
    leaves, spec = flatten_results(out)
    if spec != program.structure:
        raise ArgumentError(f"{what}: out has the structure {_text(spec)}, the results have {_text(program.structure)}")
    for leaf, path, type in zip(
        leaves, result_paths(out, "out"), program.result_types(sizes_of(signature, arrays)), strict=True
    ):
        if not isinstance(leaf, np.ndarray):
            raise ArgumentError(f"{what}: {path} must be an array, got {leaf!r}")
        if leaf.shape != type.shape:
            raise ShapeError(f"{what}: {path} has shape {leaf.shape}, the result has {type.shape}")
        if leaf.dtype != type.dtype:
            raise DTypeError(f"{what}: {path} has dtype {leaf.dtype}, the result has {type.dtype}")
        if not leaf.flags.writeable:
            raise ArgumentError(f"{what}: {path} is read-only")
    return leaves


def _text(spec: Any) -> str:
    return str(spec).removeprefix("PyTreeSpec(").removesuffix(", NoneIsLeaf)")


def apart_from(arguments: Sequence[Array], targets: Sequence[Array]) -> list[Array]:
    """`targets`, with a new array for each that shares memory with an argument or with a target before it."""
    apart: list[Array] = []
    for number, target in enumerate(targets):
        others = (*arguments, *targets[:number])
        overlaps = any(np.may_share_memory(target, other) for other in others)
        apart.append(np.empty_like(target, order="C", subok=False) if overlaps else target)
    return apart
