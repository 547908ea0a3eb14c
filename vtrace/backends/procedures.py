"""Procedures: what a primitive that fills its results by loops of its own may say (`ir.emitter.Workspace`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from vtrace.backends.folds import Folds
from vtrace.backends.frame import Source
from vtrace.backends.mathlib import Mathlib
from vtrace.backends.nests import Nests
from vtrace.backends.placement import Scope
from vtrace.backends.reads import SourceRead
from vtrace.backends.stopping import Stopping
from vtrace.backends.storage import Scratch, Storage
from vtrace.backends.values import Register
from vtrace.ir.emitter import Index, Value
from vtrace.ir.types import ArrayType, DType
from vtrace.ops.procedure import Procedure


@dataclass(frozen=True)
class StoragePlace:
    """A result or a scratch array of a procedure."""

    scratch: Scratch
    storage: Storage
    type: ArrayType

    def __call__(self, index: Index) -> Value:
        return self.scratch.kept(self.storage, index)

    def put(self, index: Index, value: Value) -> None:
        self.scratch.keep(self.storage, index, value)


class Procedures(Mathlib, Stopping, Scratch, Folds, Nests):
    """`run_procedure`, and what it offers to the procedure."""

    differs: bool = False
    """Whether the operands of the procedure being generated may differ between lanes."""

    def run_procedure(self, op: Procedure, operands: Sequence[Source], types: Sequence[ArrayType]) -> list[Storage]:
        """Run `op` here; `types` are those of its operands. Returns where the results are kept."""
        outer, self.differs = self.differs, any(s.varying for s in operands)
        places = [self.scratch(t.dtype, cast("tuple[int, ...]", t.shape)) for t in op.infer_all(*types)]
        op.procedure(self, places, *map(SourceRead, operands, types))
        self.differs = outer
        return [p.storage for p in places]

    def scratch(self, dtype: DType, shape: tuple[int, ...]) -> StoragePlace:
        return StoragePlace(self, self.reserve(dtype, shape, self.differs), ArrayType(dtype, shape))

    def each(self, extents: tuple[int, ...], body: Callable[[Index], None]) -> None:
        self.loops(extents, body)

    def repeat(self, start: Value, stop: Value, body: Callable[[Value], None]) -> None:
        with self.loop(cast("Register", start), cast("Register", stop)) as index:
            body(index)

    def guarded(self, condition: Any, then: Callable[[], None], harmless: bool = False) -> None:
        """Run `then` for the lanes for which the condition holds, if there are any."""
        narrowed = self.narrowed(condition)
        mask = self.mask if harmless else narrowed
        live = condition if narrowed is None or condition.lanes == 1 else narrowed.vector
        taken, done = self.block("taken"), self.block("done")
        self.builder.cbranch(self.any_lane(live), taken, done)
        self.builder.position_at_end(taken)
        outer = self.scope
        with self.inside(Scope(outer.depth, is_loop=False, lanes=outer.lanes, mask=mask)):
            then()
        self.builder.branch(done)
        self.builder.position_at_end(done)
