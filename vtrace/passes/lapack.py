"""Which operations on matrices are done by LAPACK, and which ones in a kernel."""

from collections.abc import Sequence

from vtrace.ir.builder import Builder, replay
from vtrace.ir.graph import Atom, Equation, Graph
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import ArrayType, symbols_of
from vtrace.ops.linalg.lapack import Lapack, procedure_of
from vtrace.ops.mapped import Mapped
from vtrace.ops.procedure import work_of

ALONE = 2000
"""Operations of a matrix that is not one of a batch, up to which it stays in a kernel: a call costs more than that."""


def lapack(graph: Graph) -> Graph:
    """`mapped[solve] a:f64[b,200,200] c  =>  lapack[mapped[solve]] a c`: large matrices, and those without a batch."""
    if not any(map(_is_large, graph.equations)):
        return graph
    return replay(graph, _rule)


def _rule(builder: Builder, equation: Equation, inputs: tuple[Atom, ...]) -> tuple[Atom, ...] | None:
    if not _is_large(equation):
        return None
    return builder.emit_all(Lapack(equation.primitive), *inputs)


def _is_large(equation: Equation) -> bool:
    op: Primitive = equation.primitive
    types: Sequence[ArrayType] = [a.type for a in equation.inputs]
    procedure = procedure_of(op)
    if procedure is None:
        return False
    if any(symbols_of(v.type.shape) for v in equation.outputs):
        while isinstance(op, Mapped):
            types, op = op.example_types(types), op.primitive
        return _extent(types) > procedure.largest(types[0].dtype)
    work = work_of(op, types)
    return work is not None and work.operations > ALONE


def _extent(types: Sequence[ArrayType]) -> int:
    """The largest extent of the matrix, which is the first operand."""
    return max((d for d in types[0].shape if isinstance(d, int)), default=0)
