"""How the arrays that a kernel computes become the results of a call.

Every result is an array of its own: one that is an argument, a constant, or the same value as another result is copied,
so that writing to a result changes nothing else.
"""

from collections.abc import Callable, Sequence
from typing import Any

from vtrace.frontend.pytree import PyTreeSpec, unflatten
from vtrace.ir.graph import Graph, Literal, Var
from vtrace.ir.types import Array

Source = Callable[[Sequence[Array], Sequence[Array]], Array]
"""(arguments, computed arrays) -> one result."""


class Outputs:
    """The results of `graph`, with the structure `spec`, put together from what its equations compute."""

    def __init__(self, graph: Graph, spec: PyTreeSpec) -> None:
        self._spec = spec
        self._is_leaf = spec.is_leaf()
        self._is_tuple = spec.type is tuple and spec.num_leaves == spec.num_children
        self.has_constants = any(isinstance(atom, Literal) for atom in graph.outputs)
        """Whether a result is the same whatever the arguments are."""
        computed: dict[Var, int] = {}
        self._sources: list[Source] | None = []
        self.places: list[int] = []
        """Which result each computed array is; a result that is a copy of another is not among them."""
        for place, atom in enumerate(graph.outputs):
            if isinstance(atom, Literal):
                self._sources.append(_constant(atom))
            elif atom in graph.inputs:
                self._sources.append(_argument(graph.inputs.index(atom)))
            elif atom in computed:
                self._sources.append(_again(computed[atom]))
            else:
                computed[atom] = len(computed)
                self.places.append(place)
                self._sources.append(_fresh(computed[atom]))
        self.graph = Graph(graph.inputs, graph.equations, tuple(computed))
        """What is to be compiled: the outputs are distinct and computed by equations."""
        if len(computed) == len(graph.outputs):
            self._sources = None  # nothing to copy

    @property
    def are_as_computed(self) -> bool:
        """Whether the results are one computed array or a tuple of several, with nothing to be done to them."""
        return self._sources is None and (self._is_leaf or (self._is_tuple and self._spec.num_leaves > 1))

    def leaves(self, arguments: Sequence[Any], computed: Sequence[Any]) -> Sequence[Any]:
        """The results of a call, one after the other: arrays of NumPy's, or of whatever has a `copy()`."""
        if self._sources is None:
            return computed
        return [source(arguments, computed) for source in self._sources]

    def assemble(self, arguments: Sequence[Any], computed: Sequence[Any]) -> Any:
        """The results of a call, in the structure the function returned them."""
        leaves = self.leaves(arguments, computed)
        if self._is_leaf:
            return leaves[0]
        return tuple(leaves) if self._is_tuple else unflatten(self._spec, leaves)


def _constant(literal: Literal) -> Source:
    data = literal.data
    assert data is not None, "traced constants have a value"
    return lambda arguments, computed: data.copy()


def _argument(position: int) -> Source:
    return lambda arguments, computed: arguments[position].copy()


def _again(position: int) -> Source:
    return lambda arguments, computed: computed[position].copy()


def _fresh(position: int) -> Source:
    return lambda arguments, computed: computed[position]
