"""Procedures: operations on one example that are loops over arrays they fill: sorting, scattering, factorisations.

Their results have no pull form, as an element depends on what happened to others before. So a procedure says in which
order its results are filled, with loops and scratch arrays; it still runs inside of kernels, beside whatever else an
example does, and where lanes are examples one instruction serves all of them. A batch of them is a `mapped` procedure.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from vtrace.ir.emitter import Place, Workspace
from vtrace.ir.primitive import Batched, Batcher, Primitive
from vtrace.ir.types import ArrayType
from vtrace.ops.mapped import Mapped, batch_per_example


@dataclass(frozen=True)
class Work:
    """What one example of a procedure takes: what layouts are chosen by, and how many threads."""

    operations: float
    """Simple operations on single elements."""
    jumps: float = 0.0
    """Reads and writes of which data decides the place: lanes over examples cannot share those."""
    scratch: int = 0
    """Bytes of scratch arrays."""
    independent: bool = False
    """Whether its instructions hardly wait for one another, so that one vector of lanes keeps the machine busy."""

    def times(self, examples: int) -> "Work":
        """That of so many examples, one after the other."""
        return replace(self, operations=self.operations * examples, jumps=self.jumps * examples)


class Procedure(Primitive):
    """Fills the results of one example by loops."""

    @abstractmethod
    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        """Put a value at every index of every result; operands are read by calling them: `x(index)`."""

    @abstractmethod
    def work(self, *types: ArrayType) -> Work:
        """What one example with operands of these types takes."""

    def only(self, used: Sequence[int]) -> "Procedure":
        """The procedure that has these of the results alone, or itself, if it computes them all together."""
        return self

    @final
    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        return batch_per_example(self, b, args)


def work_of(primitive: Primitive, types: Sequence[ArrayType]) -> Work | None:
    """The work of a procedure or, for one example of the outermost batch, of a `mapped` one; None for anything else."""
    if isinstance(primitive, Procedure):
        return primitive.work(*types)
    if isinstance(primitive, Mapped) and (work := work_of(primitive.primitive, primitive.example_types(types))):
        return work.times(primitive.size) if isinstance(primitive.size, int) else work
    return None
