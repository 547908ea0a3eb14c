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
from vtrace.frontend.boundary import from_pairs, in_pairs
from vtrace.frontend.pytree import PyTreeSpec, flatten_results, result_paths, unflatten
from vtrace.frontend.trace import lift, trace
from vtrace.frontend.tracer import Tracer
from vtrace.ir.graph import Graph
from vtrace.ir.types import ArrayType, interleaved
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
    types: tuple[ArrayType, ...]
    """Of the results for one example, as the user sees them; in the graphs a complex one is a real array of pairs."""

    @property
    def are_complex(self) -> tuple[bool, ...]:
        """Which results are."""
        return tuple(t.dtype.kind == "c" for t in self.types)


def capture(
    function: Callable[..., Any], what: str, signature: Signature, names: Sequence[str], out_axes: Axes
) -> Captured:
    """Trace `function` for one example of `signature` and batch it; `names` are those of its leaves."""
    results: list[tuple[PyTreeSpec, list[str], list[Axis], list[ArrayType]]] = []

    def flat(*inputs: Tracer) -> list[Any]:
        known = zip(inputs, signature.types, signature.weak, strict=True)
        tracers = [from_pairs(x, weak) if type.dtype.kind == "c" else x for x, type, weak in known]
        args, kwargs = unflatten(signature.spec, tracers)
        tree = function(*args, **kwargs)
        leaves, spec = flatten_results(tree)
        paths = ["the " + path for path in result_paths(tree, "result")]
        for leaf, path in zip(leaves, paths, strict=True):
            if not isinstance(leaf, Tracer):
                check_result(leaf, what, path)
        axes = [] if signature.size is None else match_out_axes(what, out_axes, tree)
        lifted = [lift(leaf) for leaf in leaves]
        results.append((spec, paths, axes, [x.type for x in lifted]))
        return [in_pairs(x) for x in lifted]

    with watching_dice(function, what):
        traced = trace(flat, [*map(interleaved, signature.types)], [identifier(n) for n in names], signature.weak)
    ((spec, paths, axes, types),) = results
    if signature.size is None:
        return Captured(traced.graph, traced.graph, traced.captured, spec, (), tuple(types))
    axes = resolve_out_axes(what, types, axes, paths)
    in_axes = signature.axes + (None,) * len(traced.captured)
    try:
        batched = batch(traced.graph, in_axes, signature.size, axes, paths)
    except AxesError as error:
        raise AxesError(f"{what}: {error}") from None
    return Captured(traced.graph, batched, traced.captured, spec, tuple(axes), tuple(types))
