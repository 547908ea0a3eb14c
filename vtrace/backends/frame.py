"""A graph while it is lowered: where its inputs come from, and what its values depend on.

The kernel's own graph is one frame; the body of a loop or a branch inside it is another, whose inputs are carries,
slices of scanned arrays, or values of the frame around it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vtrace.backends.staging import Rest, staged
from vtrace.ir.emitter import Index, Value
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var


@dataclass(frozen=True)
class Source:
    """An input of a frame: its element at an index; `level` is the depth of the innermost loop that changes it."""

    read: Callable[[Index], Value]
    level: int
    varying: bool
    """Whether it may differ between lanes."""


class Frame:
    """One graph, instantiated."""

    def __init__(self, graph: Graph, sources: Sequence[Source], rest: Rest, lanes: int) -> None:
        self.graph = graph
        self.rest = rest
        self.sources: dict[Var, Source] = dict(zip(graph.inputs, sources, strict=True))
        self.definition: dict[Var, tuple[int, Equation]] = {
            v: (k, e) for k, e in enumerate(graph.equations) for v in e.outputs
        }
        self.levels: dict[Var, int] = {v: s.level for v, s in self.sources.items()}
        self.varying: set[Var] = {v for v, s in self.sources.items() if s.varying}
        for equation in graph.equations:
            level = max((self.level(a) for a in equation.inputs), default=0)
            varies = any(self.varies(a) for a in equation.inputs)
            for var in equation.outputs:
                self.levels[var] = level
                if varies:
                    self.varying.add(var)
        self.staged = staged(graph, rest, lanes)

    def level(self, atom: Atom) -> int:
        """The depth of the innermost loop that changes this value, beside the loops that its index comes from."""
        return 0 if isinstance(atom, Literal) else self.levels[atom]

    def varies(self, atom: Atom) -> bool:
        """Whether the value may differ between lanes."""
        return not isinstance(atom, Literal) and atom in self.varying
