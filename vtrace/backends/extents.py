"""Shapes with symbols, worked out ahead so that a call has little left to do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vtrace.ir.graph import Graph
from vtrace.ir.types import Shape, Symbol, symbols_of


@dataclass(frozen=True)
class Extents:
    """A shape whose symbols are places in the list of sizes that a call comes with."""

    static: tuple[int, ...]
    """The extents; 1 where a symbol stands."""
    holes: tuple[tuple[int, int], ...]
    """(axis, number of the symbol)."""

    @staticmethod
    def of(shape: Shape, symbols: Sequence[Symbol]) -> "Extents":
        """`shape`, with its symbols numbered as in `symbols`."""
        return Extents(
            tuple(1 if isinstance(d, Symbol) else d for d in shape),
            tuple((axis, symbols.index(d)) for axis, d in enumerate(shape) if isinstance(d, Symbol)),
        )

    def shape(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """The shape for these sizes."""
        if not self.holes:
            return self.static
        shape = list(self.static)
        for axis, number in self.holes:
            shape[axis] = sizes[number]
        return tuple(shape)

    def count(self, sizes: Sequence[int]) -> int:
        """The number of elements for these sizes."""
        elements = math.prod(self.static)
        for _, number in self.holes:
            elements *= sizes[number]
        return elements


def symbols_in(graph: Graph) -> list[Symbol]:
    """The symbolic extents that a kernel's code needs, in a fixed order."""
    atoms = [*graph.inputs, *graph.outputs, *(o for e in graph.equations for o in e.outputs)]
    return sorted({s for a in atoms for s in symbols_of(a.type.shape)}, key=lambda s: s.name)
