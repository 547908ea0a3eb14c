"""Complex numbers in memory: real and imaginary parts in pairs, read and written as whole vectors.

A vector of real parts lies in every other element: a gather. Two vectors of neighbours, sorted out in registers, hold
the imaginary parts as well, which are wanted too as a rule. A pair is a row of two elements.
"""

from collections.abc import Sequence
from typing import Any, cast

from vtrace.backends.singles import Singles
from vtrace.backends.values import Affine, AnyValue, Register, identity, int_constant
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Index
from vtrace.ir.graph import Atom, Graph, Var
from vtrace.ir.types import ArrayType
from vtrace.ops.complex_parts import Interleave, Part


class Pairs(Singles):
    """Loads of one part of a pair; what comes along is remembered."""

    def load_part(self, buffer: Buffer, index: Index, offset: AnyValue) -> Register | None:
        """The element at `index`, if it is one part of neighbouring pairs; None for any other."""
        part = getattr(index[-1], "constant", None) if index else None
        if part is None or buffer.type.shape[-1] != 2 or not isinstance(offset, Affine) or offset.step != 2:
            return None
        key = ("pairs", buffer.pointer.name, *map(identity, index[:-1]))
        vectors: Sequence[Any] | None = self.remembered(key)
        if vectors is None:
            vectors = self.load_rows(buffer, cast("Register", self.sub(offset.base, int_constant(part))), 2)
            self.remember(key, vectors, index)
        return Register(vectors[part], buffer.type.dtype, self.lanes, self.scope.depth)

    def store_pair(self, buffer: Buffer, index: Index, parts: Sequence[AnyValue]) -> bool:
        """Write both parts of a number per lane in use, if the lanes are neighbours; False if they are not."""
        offset = self.offset(buffer, (*index, int_constant(0)))
        if not isinstance(offset, Affine) or offset.step != 2:
            return False
        self.store_rows(buffer, offset.base, [self.vector(part, self.lanes).llvm for part in parts])
        return True


def pair_inputs(graph: Graph) -> set[Var]:
    """Inputs that are complex numbers, of which only parts are read."""
    parts = {a for e in graph.equations if isinstance(e.primitive, Part) for a in e.inputs if isinstance(a, Var)}
    others = {a for e in graph.equations if not isinstance(e.primitive, Part) for a in e.inputs}
    return {v for v in graph.inputs if v in parts and v not in others and v not in graph.outputs}


def pair_outputs(graph: Graph) -> dict[Atom, tuple[Atom, ...]]:
    """Results that are complex numbers and nothing else reads, with their parts."""
    pairs = {e.outputs[0]: e.inputs for e in graph.equations if isinstance(e.primitive, Interleave)}
    read = {a for e in graph.equations for a in e.inputs}
    return {a: pairs[a] for a in graph.outputs if isinstance(a, Var) and a in pairs and a not in read}


def indexed_type(type_: ArrayType, flat: bool, is_pairs: bool) -> ArrayType:
    """How an array is indexed: where the elements form one row, by the number of the element there."""
    if not flat or type_.rank <= is_pairs:
        return type_
    return type_.with_shape((type_.shape[0], 2) if is_pairs else type_.shape[:1])
