"""Operands, as the rules of primitives see them: called with an index, they give an element."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vtrace.backends.frame import Frame, Source
from vtrace.ir.emitter import Index, Value
from vtrace.ir.graph import Atom
from vtrace.ir.types import ArrayType

if TYPE_CHECKING:
    from vtrace.backends.lowering import Lowering


class NodeRead:
    """An operand of an equation, as its element rule sees it."""

    def __init__(self, lowering: "Lowering", frame: Frame, atom: Atom) -> None:
        self._lowering, self._frame, self._atom = lowering, frame, atom

    @property
    def type(self) -> ArrayType:
        return self._atom.type

    def __call__(self, index: Index) -> Value:
        return self._lowering.value(self._frame, self._atom, index)


@dataclass(frozen=True)
class SourceRead:
    """An operand of a procedure."""

    source: Source
    type: ArrayType

    def __call__(self, index: Index) -> Value:
        return self.source.read(index)
