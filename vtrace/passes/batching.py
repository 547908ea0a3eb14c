"""The vmap pass: a graph for one example becomes a graph for a batch of them.

A replay that carries, beside every value, the axis along which it differs from example to example, or None. Equations
with no mapped operand are copied as they are, so what does not depend on the batch is computed once.
"""

from collections.abc import Sequence

from vtrace.errors import AxesError
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Atom, Graph, Literal, Var
from vtrace.ir.primitive import Batched, Primitive
from vtrace.ir.types import Dim
from vtrace.ops.movement import Broadcast, Transpose


class GraphBatcher:
    """What a batching rule works with (see `vtrace.ir.primitive.Batcher`), and the loop that applies the rules."""

    def __init__(self, builder: Builder, size: Dim) -> None:
        self._builder = builder
        self._size = size

    @property
    def size(self) -> Dim:
        """The extent of the batch."""
        return self._size

    def emit(self, primitive: Primitive, *inputs: Atom) -> Var:
        """Append an equation with one result."""
        return self._builder.emit(primitive, *inputs)

    def emit_all(self, primitive: Primitive, *inputs: Atom) -> tuple[Var, ...]:
        """Append an equation with any number of results."""
        return self._builder.emit_all(primitive, *inputs)

    def move(self, x: Batched, axis: int) -> Atom:
        """`x` with its batch axis at `axis`; an unmapped value is broadcast to have one."""
        if x.axis == axis:
            return x.value
        if x.axis is None:
            kept = tuple(a + (a >= axis) for a in range(x.type.rank))
            return self.emit(Broadcast(x.type.insert(axis, self._size).shape, kept), x.value)
        order = [a for a in range(x.type.rank) if a != x.axis]
        order.insert(axis, x.axis)
        return self.emit(Transpose(tuple(order)), x.value)

    def run(self, graph: Graph, args: Sequence[Batched]) -> tuple[Batched, ...]:
        """Emit the batched equations of `graph` applied to `args`; its results and where their batch axes lie."""
        env: dict[Var, Batched] = dict(zip(graph.inputs, args, strict=True))

        def read(atom: Atom) -> Batched:
            return Batched(atom, None) if isinstance(atom, Literal) else env[atom]

        for equation in graph.equations:
            self._builder.source = equation.source
            operands = tuple(map(read, equation.inputs))
            if all(x.axis is None for x in operands):
                copies = self.emit_all(equation.primitive, *(x.value for x in operands))
                results = tuple(Batched(v, None) for v in copies)
            else:
                results = equation.primitive.batch_all(self, *operands)
            env.update(zip(equation.outputs, results, strict=True))
        return tuple(map(read, graph.outputs))


def batch(
    graph: Graph,
    in_axes: Sequence[int | None],
    size: Dim,
    out_axes: Sequence[int | None],
    names: Sequence[str] = (),
) -> Graph:
    """`graph` for `size` examples at once.

    Input i has its batch axis at `in_axes[i]`, or is shared by all examples where that is None; result i gets it at
    `out_axes[i]`. Axes are not negative. Raises AxesError for a None in `out_axes` where the result does differ from
    example to example; `names` are how the message calls the results.
    """
    builder = Builder()
    args: list[Batched] = []
    for var, axis in zip(graph.inputs, in_axes, strict=True):
        type = var.type if axis is None else var.type.insert(axis, size)
        args.append(Batched(builder.input(type, var.name), axis))
    batcher = GraphBatcher(builder, size)
    outputs: list[Atom] = []
    for position, (result, out) in enumerate(zip(batcher.run(graph, args), out_axes, strict=True)):
        if out is not None:
            outputs.append(batcher.move(result, out))
        elif result.axis is None:
            outputs.append(result.value)
        else:
            name = names[position] if names else f"result {position}"
            raise AxesError(
                f"out_axes is None for {name}, but it depends on the mapped arguments ({result.example_type} for each "
                "example); give it an axis, or return something that all examples share"
            )
    return builder.build(outputs)
