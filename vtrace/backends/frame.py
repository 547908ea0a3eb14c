"""A graph while it is lowered: where its inputs come from, and what its values depend on.

The kernel's own graph is one frame; the body of a loop or a branch inside it is another, whose inputs are carries,
slices of scanned arrays, or values of the frame around it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from vtrace.backends.estimate import UNROLLED, folds_rows
from vtrace.backends.spread import Spread
from vtrace.backends.staging import Rest, staged
from vtrace.ir.emitter import Index, Value
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ops.contraction import Dot
from vtrace.ops.kinds import Reduction


@dataclass(frozen=True)
class Source:
    """An input of a frame: its element at an index; `level` is the depth of the innermost loop that changes it."""

    read: Callable[[Index], Value]
    level: int
    varying: bool
    """Whether it may differ between lanes."""


class Frame:
    """One graph, instantiated. `varying` values differ between lanes in any case.

    `spread` tells how elements are spread over lanes, where those are free.
    """

    def __init__(
        self,
        graph: Graph,
        sources: Sequence[Source],
        rest: Rest,
        lanes: int,
        varying: Iterable[Var] = (),
        spread: Spread | None = None,
    ) -> None:
        self.graph = graph
        self.rest = rest
        self.sources: dict[Var, Source] = dict(zip(graph.inputs, sources, strict=True))
        self.definition: dict[Var, tuple[int, Equation]] = {
            v: (k, e) for k, e in enumerate(graph.equations) for v in e.outputs
        }
        self.levels: dict[Var, int] = {v: s.level for v, s in self.sources.items()}
        self.varying: set[Var] = {*varying, *(v for v, s in self.sources.items() if s.varying)}
        for equation in graph.equations:
            level = max((self.level(a) for a in equation.inputs), default=0)
            varies = any(self.varies(a) for a in equation.inputs)
            for var in equation.outputs:
                self.levels[var] = level
                if varies:
                    self.varying.add(var)
        self.joined = {e.outputs[0] for e in graph.equations if self._is_joined(e, spread)}
        """Folds of which several elements are computed in one loop: all, if they are few, or those of a few rows."""
        self.staged = staged(graph, rest, lanes) | {v: s for v in self.joined if (s := rest(v)) is not None}

    def _is_joined(self, equation: Equation, spread: Spread | None) -> bool:
        op, shape = equation.primitive, self.rest(equation.outputs[0])
        if shape is None or not isinstance(op, Dot | Reduction):
            return False
        if spread is not None and folds_rows(equation, shape, spread):
            return True
        axes = op.contract[0] if isinstance(op, Dot) else op.axes
        folded = math.prod(d for a in axes if isinstance(d := equation.inputs[0].type.shape[a], int))
        return folded > UNROLLED and 1 < math.prod(d for d in shape if isinstance(d, int)) <= UNROLLED

    def level(self, atom: Atom) -> int:
        """The depth of the innermost loop that changes this value, beside the loops that its index comes from."""
        return 0 if isinstance(atom, Literal) else self.levels[atom]

    def varies(self, atom: Atom) -> bool:
        """Whether the value may differ between lanes."""
        return not isinstance(atom, Literal) and atom in self.varying
