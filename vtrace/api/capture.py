"""From a Python function and the types of a call to graphs: traced for one example, then batched.

Eager calls, nested calls on tracers, and inspection all come through here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vtrace.api.dice import watching_dice
from vtrace.api.leaves import check_result, identifier
from vtrace.api.signature import Signature
from vtrace.errors import AxesError
from vtrace.frontend.axes import Axes, Axis, match_out_axes, resolve_out_axes
from vtrace.frontend.pytree import PyTreeSpec, flatten_results, result_paths, unflatten
from vtrace.frontend.trace import trace
from vtrace.frontend.tracer import Tracer
from vtrace.ir.graph import Graph
from vtrace.passes.batching import batch


@dataclass(frozen=True)
class Captured:
    """A function as graphs."""

    traced: Graph
    batched: Graph
    outer: tuple[Tracer, ...]
    """Tracers of enclosing traces that the function uses: the last inputs of both graphs."""
    results: PyTreeSpec
    """The structure of the results."""
    out_axes: tuple[Axis, ...]
    """Where each result has its batch axis; nothing where there is no batch."""


def capture(
    function: Callable[..., Any], what: str, signature: Signature, names: Sequence[str], out_axes: Axes
) -> Captured:
    """Trace `function` for one example of `signature` and batch it; `names` are those of its leaves."""
    results: list[tuple[PyTreeSpec, list[str], list[Axis]]] = []

    def flat(*tracers: Tracer) -> list[Any]:
        args, kwargs = unflatten(signature.spec, tracers)
        tree = function(*args, **kwargs)
        leaves, spec = flatten_results(tree)
        paths = ["the " + path for path in result_paths(tree, "result")]
        for leaf, path in zip(leaves, paths, strict=True):
            if not isinstance(leaf, Tracer):
                check_result(leaf, what, path)
        axes = [] if signature.size is None else match_out_axes(what, out_axes, tree)
        results.append((spec, paths, axes))
        return leaves

    with watching_dice(function, what):
        traced = trace(flat, signature.types, [identifier(n) for n in names], signature.weak)
    ((spec, paths, axes),) = results
    if signature.size is None:
        return Captured(traced.graph, traced.graph, traced.captured, spec, ())
    axes = resolve_out_axes(what, traced.graph.output_types, axes, paths)
    in_axes = signature.axes + (None,) * len(traced.captured)
    try:
        batched = batch(traced.graph, in_axes, signature.size, axes, paths)
    except AxesError as error:
        raise AxesError(f"{what}: {error}") from None
    return Captured(traced.graph, batched, traced.captured, spec, tuple(axes))
