"""Code for updates by many threads (see `updates`): three kernels, one after the other.

begin     put into each cell what is there before the first update
update    make the updates, each thread its own
end       make the result of the cells, where they are not the result
"""

import math
from collections.abc import Callable
from typing import Any, cast

from vtrace.backends.cuda.layout import choose_for_device
from vtrace.backends.cuda.lowering import DeviceLowering, Lowered, filled, signature
from vtrace.backends.cuda.updates import Plan, scatter_of
from vtrace.backends.layout import Layout
from vtrace.backends.values import Register, int_constant, memory_type
from vtrace.ir.emitter import Index, Value, Values
from vtrace.ir.graph import Graph
from vtrace.ir.types import static_shape
from vtrace.ops.arithmetic import Minimum, Mul
from vtrace.ops.indexing import as_index
from vtrace.ops.order_keys import from_signed_key, signed_key
from vtrace.ops.scatter import Scatter

ORDERING = 'syncscope("device") monotonic'
"""Of an atomic: nothing else is ordered by it."""
NOBODY = -1
"""In place of the number of an update."""


class UpdateLowering(DeviceLowering):
    """The emitter at work on one phase. The cells lie where other kernels have scratch memory."""

    def __init__(self, module: Any, function: Any, graph: Graph, layout: Layout, plan: Plan, phase: str) -> None:
        super().__init__(module, function, graph, layout)
        found = scatter_of(graph)
        assert found is not None
        number, equation = found
        assert isinstance(equation.primitive, Scatter)
        self.plan, self.phase, self._scatter = plan, phase, equation.primitive
        self.equation, self._combine = number, equation.primitive.combine
        self._x, self._index, self._updates = equation.inputs
        (self._count,), self._shape = static_shape(self._index.type.shape), static_shape(self._x.type.shape)
        self._inner = math.prod(self._shape[1:])

    def run(self) -> None:
        item_work = {"begin": self.begin_item, "update": self.update_item, "end": self.end_item}[self.phase]
        first = cast("Register", self.add(self.start, self.number))
        with self.loop(first, self.stop, self.teams) as item:
            self.position, self.around = item, self.scope
            item_work(item)
        self.builder.ret_void()
        assert not self.scratch_bytes, "operands of updates are computed where they are read"

    # -- the phases ---------------------------------------------------------------------------------------------

    def begin_item(self, item: Register) -> None:
        if self.plan.kind == "last":
            self._set_cell(item, int_constant(NOBODY))
        elif self.plan.parts > 1:
            first = self.compare("lt", item, int_constant(math.prod(self._shape)))
            self._set_cell(item, self.when(first, lambda: self._old(item), self._neutral()))
        else:
            self._set_cell(item, self._to_cell(self._old(item)))

    def update_item(self, item: Register) -> None:
        if self.plan.kind == "last":
            self._at_row(item, lambda row: self._change(row, item))
            return
        number, within = self._row_and_rest(item)
        if self.plan.kind != "parts":
            self._at_row(number, lambda row: self._change(self._place_in_row(row, within), self._new(number, within)))
            return
        first = cast("Register", self.mul(number, int_constant(self.plan.length)))
        beyond, count = self.add(first, int_constant(self.plan.length)), int_constant(self._count)
        start = self.mul(number, int_constant(math.prod(self._shape)))
        with self.loop(first, self.intrinsic("llvm.smin", beyond, count)) as n:

            def in_part(row: Value) -> None:
                assert self._combine is not None
                place = self.add(start, self._place_in_row(row, within))
                self._set_cell(place, self._combine.scalar(self, self._cell(place), self._new(n, within)))

            self._at_row(n, in_part)

    def end_item(self, item: Register) -> None:
        if self.plan.kind == "last":
            row, within = self._row_and_rest(item)
            last = self._cell(row)
            some = self.compare("ge", last, int_constant(0))
            result: Value = self.when(some, lambda: self._new(last, within), self._old(item))
        elif self.plan.kind == "parts":
            result = self._all_parts(item)
        else:
            result = self._from_cell(self._cell(item))
        self.store(self.results[0], self._unravelled(item, self._shape), result)

    # -- operands -----------------------------------------------------------------------------------------------

    def _at_row(self, n: Value, then: Callable[[Value], None]) -> None:
        """Run `then` for the row of update `n`, if it has one."""
        wanted = as_index(self, self.value(self.kernel, self._index, (n,)))
        self._scatter.at_row(self, self._shape[0], wanted, then)

    def _new(self, n: Value, within: Value) -> Value:
        """The element `within` its row of update `n`."""
        return self.value(self.kernel, self._updates, (n, *self._unravelled(within, self._shape[1:])))

    def _old(self, item: Value) -> Value:
        return self.value(self.kernel, self._x, self._unravelled(item, self._shape))

    def _row_and_rest(self, item: Value) -> tuple[Value, Value]:
        """The number of a row, and of the element within it."""
        inner = int_constant(self._inner)
        return self.int_div(item, inner), self.int_rem(item, inner)

    def _place_in_row(self, row: Value, within: Value) -> Value:
        return self.add(self.mul(row, int_constant(self._inner)), within)

    def _unravelled(self, number: Value, shape: tuple[int, ...]) -> Index:
        """The index of an element, by its number."""
        index: list[Value] = []
        for axis in reversed(range(len(shape))):
            index.append(self.int_rem(number, int_constant(shape[axis])) if axis else number)
            number = self.int_div(number, int_constant(shape[axis]))
        return tuple(reversed(index))

    # -- cells --------------------------------------------------------------------------------------------------

    def _address_of_cell(self, place: Value) -> Any:
        offset = self.vector(place).llvm
        return self.builder.gep(self._scratch, [offset], source_etype=memory_type(self.plan.cell))

    def _cell(self, place: Value) -> Register:
        llvm = self.builder.load(self._address_of_cell(place), typ=memory_type(self.plan.cell))
        return Register(llvm, self.plan.cell, 1, self.scope.depth)

    def _set_cell(self, place: Value, value: Value) -> None:
        self.builder.store(self.to_memory(value, 1), self._address_of_cell(place))

    def _change(self, place: Value, value: Value) -> None:
        """An atomic, whatever other threads do to the cell."""
        llvm = self.vector(self._to_cell(value)).llvm
        self.builder.atomic_rmw(self.plan.operation, self._address_of_cell(place), llvm, ORDERING)

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
        """What changes nothing: a zero that leaves -0.0 as it is, or 1."""
        return self.constant(1.0 if isinstance(self._combine, Mul) else -0.0, self.plan.cell)

    def _all_parts(self, item: Value) -> Value:
        """An element of all parts, joined in order. The first part began with what was there."""
        join = self.mul if isinstance(self._combine, Mul) else self.add  # a difference is a sum of parts, too

        def step(x: Values, y: Values) -> Values:
            return (join(x[0], y[0]),)

        def cell(index: Index) -> Values:
            return (self._cell(self.add(self.mul(index[0], int_constant(math.prod(self._shape))), item)),)

        return self.fold((self.plan.parts,), (self._neutral(),), step, step, cell)[0]


def lower_phase(graph: Graph, plan: Plan, phase: str, name: str) -> Lowered:
    """A module with one phase as the kernel `name`."""
    layout = choose_for_device(graph)
    return filled(UpdateLowering(*signature(graph, layout, name), graph, layout, plan, phase))
