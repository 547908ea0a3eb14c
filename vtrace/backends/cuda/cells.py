"""Where updates by many threads happen (see `updates`): cells, one or several arrays of them."""

import math
from typing import Any

from vtrace.backends.cuda.lowering import DeviceLowering
from vtrace.backends.cuda.updates import Plan, scatter_of
from vtrace.backends.layout import Layout
from vtrace.backends.values import Register, int_constant, memory_type
from vtrace.ir.emitter import Index, Value, Values
from vtrace.ir.graph import Graph
from vtrace.ir.types import static_shape
from vtrace.ops.arithmetic import Minimum, Mul, Sub
from vtrace.ops.extrema import greatest, least
from vtrace.ops.order_keys import from_signed_key, signed_key
from vtrace.ops.scatter import Scatter

ORDERING = 'syncscope("device") monotonic'
"""Of an atomic: nothing else is ordered by it."""


class Cells(DeviceLowering):
    """Reading and changing cells. They lie where other kernels have scratch memory."""

    def __init__(self, module: Any, function: Any, graph: Graph, layout: Layout, plan: Plan) -> None:
        super().__init__(module, function, graph, layout)
        self._memory = function.args[-1]
        found = scatter_of(graph)
        assert found is not None
        number, equation = found
        assert isinstance(equation.primitive, Scatter)
        self.plan, self._scatter = plan, equation.primitive
        self.equation, self._combine = number, equation.primitive.combine
        self._x, self._index, self._updates = equation.inputs
        (self._count,), self._shape = static_shape(self._index.type.shape), static_shape(self._x.type.shape)
        self._inner, self._whole_size = math.prod(self._shape[1:]), math.prod(self._shape)

    def _old(self, item: Value) -> Value:
        return self.value(self.kernel, self._x, self._unravelled(item, self._shape))

    def _unravelled(self, number: Value, shape: tuple[int, ...]) -> Index:
        """The index of an element, by its number."""
        index: list[Value] = []
        for axis in reversed(range(len(shape))):
            index.append(self.int_rem(number, int_constant(shape[axis])) if axis else number)
            number = self.int_div(number, int_constant(shape[axis]))
        return tuple(reversed(index))

    def _address_of_cell(self, place: Value) -> Any:
        offset = self.vector(place).llvm
        return self.builder.gep(self._memory, [offset], source_etype=memory_type(self.plan.cell))

    def _cell(self, place: Value) -> Register:
        llvm = self.builder.load(self._address_of_cell(place), typ=memory_type(self.plan.cell))
        return Register(llvm, self.plan.cell, 1, self.scope.depth)

    def _set_cell(self, place: Value, value: Value) -> None:
        self.builder.store(self.to_memory(value, 1), self._address_of_cell(place))

    def _change(self, place: Value, value: Value, operation: str | None = None) -> None:
        """An atomic, whatever other threads do to the cell."""
        operation = self.plan.operation if operation is None else operation
        self.builder.atomic_rmw(operation, self._address_of_cell(place), self.vector(value).llvm, ORDERING)

    def _to_cell(self, value: Value) -> Value:
        if self.plan.kind != "keys":
            return self.convert(value, self.plan.cell)
        return signed_key(self, self.neg(value) if self._is_minimum else value, zeros_differ=True)

    def _from_cell(self, cell: Value) -> Value:
        dtype = self._x.type.dtype
        if self.plan.kind != "keys":
            return self.convert(cell, dtype)
        value = from_signed_key(self, cell, dtype)
        return self.neg(value) if self._is_minimum else value

    @property
    def _is_minimum(self) -> bool:
        return isinstance(self._combine, Minimum)

    def _neutral(self) -> Register:
        """What changes nothing where it is joined with something else."""
        cell, operation = self.plan.cell, self.plan.operation
        if operation.endswith(("min", "max")):
            return self.constant(greatest(cell) if operation.endswith("min") else least(cell), cell)
        if cell.kind == "f":
            return self.constant(1.0 if isinstance(self._combine, Mul) else -0.0, cell)
        return self.constant(-1 if operation == "and" else int(isinstance(self._combine, Mul)), cell)

    def _join(self, x: Value, y: Value) -> Value:
        """Of the cells of two arrays. What was subtracted is a sum in all but the first."""
        if isinstance(self._combine, Sub):
            return self.add(x, y)
        if self.plan.kind == "keys":
            return self.select(self.compare("gt", x, y), x, y)
        assert self._combine is not None
        return self._combine.scalar(self, x, y)

    def _of_all_arrays(self, place: Value, word: Value | None = None) -> Value:
        """The cells of all arrays, joined in order. The first array began with what was there."""

        def cell(index: Index) -> Values:
            number = self.add(self.mul(index[0], int_constant(self._whole_size)), place)
            if word is not None:
                number = self.add(self.mul(number, int_constant(self.plan.words)), word)
            return (self._cell(number),)

        def step(x: Values, y: Values) -> Values:
            return (self._join(x[0], y[0]),)

        if self.plan.parts == 1:
            return cell((int_constant(0),))[0]
        return self.fold((self.plan.parts,), (self._neutral(),), step, step, cell)[0]
