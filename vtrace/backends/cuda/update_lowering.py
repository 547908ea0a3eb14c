"""Code for updates by many threads (see `updates`): three kernels, one after the other.

- begin: put into each cell what is there before the first update;
- update: make the updates, each thread its own;
- end: make the result of the cells, where they are not the result.
"""

from collections.abc import Callable
from typing import Any, cast

from vtrace.backends.cuda.exact_lowering import ExactSums
from vtrace.backends.cuda.lowering import Lowered, filled, signature
from vtrace.backends.cuda.updates import Plan, thread_layout
from vtrace.backends.layout import Layout
from vtrace.backends.values import Register, int_constant
from vtrace.ir.emitter import Value
from vtrace.ir.graph import Graph
from vtrace.ops.indexing import as_index

NOBODY = -1
"""In place of the number of an update."""


class UpdateLowering(ExactSums):
    """The emitter at work on one phase."""

    def __init__(self, module: Any, function: Any, graph: Graph, layout: Layout, plan: Plan, phase: str) -> None:
        super().__init__(module, function, graph, layout, plan)
        self.phase = phase

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
        elif self.plan.kind == "exact":
            start = self.mul(item, int_constant(self.plan.words))
            with self.loop(int_constant(0), int_constant(self.plan.words)) as n:
                self._set_cell(self.add(start, n), int_constant(0))
            self.guarded(self._is_of_first_array(item), lambda: self._deposit(start, self._old(item)))
        elif self.plan.parts > 1:
            first = self._is_of_first_array(item)
            self._set_cell(item, self.when(first, lambda: self._to_cell(self._old(item)), self._neutral()))
        else:
            self._set_cell(item, self._to_cell(self._old(item)))

    def _is_of_first_array(self, item: Register) -> Register:
        return self.compare("lt", item, int_constant(self._whole_size))

    def update_item(self, item: Register) -> None:
        if self.plan.kind == "last":
            self._at_row(item, lambda row: self._change(row, item))
        elif self.plan.kind == "parts":
            self._part(*self._row_and_rest(item))
        else:
            n, within = self._row_and_rest(item)
            array = self.int_rem(n, int_constant(self.plan.parts))
            start = self.mul(array, int_constant(self._whole_size))

            def at(row: Value) -> None:
                place, new = self.add(start, self._place_in_row(row, within)), self._new(n, within)
                if self.plan.kind == "exact":
                    self._deposit(self.mul(place, int_constant(self.plan.words)), self._addend(new))
                else:
                    self._change(place, self._to_cell(new))

            self._at_row(n, at)

    def _part(self, number: Value, within: Value) -> None:
        """The updates of one part, one after the other."""
        first = cast("Register", self.mul(number, int_constant(self.plan.length)))
        beyond, count = self.add(first, int_constant(self.plan.length)), int_constant(self._count)
        start = self.mul(number, int_constant(self._whole_size))
        with self.loop(first, self.intrinsic("llvm.smin", beyond, count)) as n:

            def at(row: Value) -> None:
                assert self._combine is not None
                place = self.add(start, self._place_in_row(row, within))
                self._set_cell(place, self._combine.scalar(self, self._cell(place), self._new(n, within)))

            self._at_row(n, at)

    def end_item(self, item: Register) -> None:
        if self.plan.kind == "last":
            row, within = self._row_and_rest(item)
            last = self._cell(row)
            some = self.compare("ge", last, int_constant(0))
            result: Value = self.when(some, lambda: self._new(last, within), self._old(item))
        elif self.plan.kind == "exact":
            result = self._exact_sum(item)
        else:
            result = self._from_cell(self._of_all_arrays(item))
        self.store(self.results[0], self._unravelled(item, self._shape), result)

    # -- operands -----------------------------------------------------------------------------------------------

    def _at_row(self, n: Value, then: Callable[[Value], None]) -> None:
        """Run `then` for the row of update `n`, if it has one."""
        wanted = as_index(self, self.value(self.kernel, self._index, (n,)))
        self._scatter.at_row(self, self._shape[0], wanted, then)

    def _new(self, n: Value, within: Value) -> Value:
        """The element `within` its row of update `n`."""
        return self.value(self.kernel, self._updates, (n, *self._unravelled(within, self._shape[1:])))

    def _row_and_rest(self, item: Value) -> tuple[Value, Value]:
        """The number of a row, and of the element within it."""
        inner = int_constant(self._inner)
        return self.int_div(item, inner), self.int_rem(item, inner)

    def _place_in_row(self, row: Value, within: Value) -> Value:
        return self.add(self.mul(row, int_constant(self._inner)), within)


def lower_phase(graph: Graph, plan: Plan, phase: str, name: str) -> Lowered:
    """A module with one phase as the kernel `name`."""
    layout = thread_layout(graph)
    return filled(UpdateLowering(*signature(graph, layout, name), graph, layout, plan, phase))
