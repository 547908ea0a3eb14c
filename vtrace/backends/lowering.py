"""One kernel's graph to one LLVM function: `void kernel(i64 *arguments, i64 start, i64 stop)`.

The arguments are the addresses of the inputs, of the outputs and of the fault record, then the symbolic extents; the
function does the part [start, stop) of the parallel axis. Code is generated from the results backwards: each element
of an output is asked for, and asks its operands.
"""

import functools
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import product
from typing import Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.ahead import DISTANCE, LINE, row_bytes, rows_to_bring
from vtrace.backends.alignment import aligned
from vtrace.backends.control import Control
from vtrace.backends.estimate import ROOM_FOR_ROWS, UNROLLED
from vtrace.backends.extents import symbols_in
from vtrace.backends.folds import Pending
from vtrace.backends.frame import Frame, Source
from vtrace.backends.layout import LARGE_KERNEL, Layout, mask_dtype, queue_loop
from vtrace.backends.pairs import indexed_type, pair_inputs, pair_outputs
from vtrace.backends.reads import NodeRead
from vtrace.backends.refill import Queue
from vtrace.backends.storage import Storage
from vtrace.backends.values import I64, POINTER, Affine, AnyValue, Register, identity, int_constant
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Index, Value
from vtrace.ir.graph import Atom, Graph, Literal, Var
from vtrace.ir.primitive import ElementPrimitive
from vtrace.ir.types import INT64, Shape, static_shape, symbols_of
from vtrace.ops.control import Mapped
from vtrace.ops.kinds import Elementwise

FOLDED_TOGETHER = 4
"""Elements of a fold along rows that share a loop."""


class Lowering(Control):
    """The emitter at work on one kernel."""

    def __init__(self, module: Any, function: Any, graph: Graph, layout: Layout) -> None:
        super().__init__(module, function, ir.IRBuilder(function.append_basic_block("entry")))
        self.graph, self.layout, self.width, self.equation = graph, layout, layout.width, 0
        if self.width > 1:
            self.mask_dtype = mask_dtype(graph)
        arguments = iter(function.args)
        self.queue = queue_loop(graph, layout.symbol) if layout.mode == "batch" else None
        self.on_heap, self.images = [], {}
        self.room = ROOM_FOR_ROWS if self.queue is None else 0
        complex_results = pair_outputs(graph)
        pairs, flat = pair_inputs(graph) | complex_results.keys(), layout.mode == "flat"
        self.aligned = aligned(graph) if layout.symbol is None and layout.extents else None
        """Without a batch the values that have a parallel axis; with one, its symbol tells them."""
        self.inputs = [Buffer(next(arguments), indexed_type(v.type, flat, v in pairs)) for v in graph.inputs]
        self.results = [Buffer(next(arguments), indexed_type(a.type, flat, a in pairs)) for a in graph.outputs]
        self.record = Register(next(arguments), INT64)
        self.sizes = {s: Register(next(arguments), INT64) for s in symbols_in(graph)}
        self.start, self.stop = (Register(next(arguments), INT64) for _ in range(2))
        lanes = layout.width if layout.mode == "batch" else 1
        self.turned = list(map(self._in_rows, graph.outputs))
        split = [a in complex_results and layout.parallel_axis(a.type.shape) != a.type.rank - 1 for a in graph.outputs]
        self.parts = {k: complex_results[a] for k, a in enumerate(graph.outputs) if split[k]}
        """The real and the imaginary parts of results that are complex: they are computed and written together."""
        sources = list(map(self._input, graph.inputs, self.inputs))
        self.kernel = Frame(graph, sources, self._rest, lanes, self.aligned or () if lanes > 1 else (), self.free_lanes)

    def _input(self, var: Var, buffer: Buffer) -> Source:
        read = self._fetched if self._in_rows(var) else self.load
        return Source(functools.partial(read, buffer), 0, self._axis(var) is not None and self.layout.has_lanes)

    def _in_rows(self, atom: Atom) -> bool:
        """Whether lanes are examples whose rows lie one after the other, and there is room to turn them around."""
        type_ = atom.type
        if self.layout.mode != "batch" or self._axis(atom) != 0 or symbols_of(type_.shape[1:]):
            return False
        size = math.prod(static_shape(type_.shape[1:]))
        needed = size * self.width * type_.dtype.itemsize
        if size < 2 or needed > self.room:
            return False
        self.room -= needed
        return True

    def _fetched(self, buffer: Buffer, index: Index) -> Value:
        """An element of an input whose rows are turned around in scratch, once for each block of lanes."""
        position = cast("Affine", self.position)

        def make() -> Storage:
            storage = self.reserve(buffer.type.dtype, buffer.type.shape[1:], varying=True)
            self.fetch(storage, buffer, self._row(buffer, position))
            return storage

        key = ("rows", buffer.pointer.name, identity(position))
        return self.kept(self._once(self.kernel, key, position.level, make), index[1:])

    def _row(self, buffer: Buffer, position: Affine) -> Register:
        """The offset of the first lane's row."""
        return _register(self.mul(position.base, self.strides(buffer)[0]))

    def _rest(self, var: Var) -> Shape | None:
        """What one example has of a value of the kernel's own graph."""
        axis = self._axis(var)
        if self.layout.mode == "flat" or (axis is None and self.aligned is None):
            return None
        return tuple(d for a, d in enumerate(var.type.shape) if a != axis)

    # -- values -------------------------------------------------------------------------------------------------

    def value(self, frame: Frame, atom: Atom, index: Index) -> Value:
        """The element of `atom` at `index`, computed at most once per scope, in the outermost scope that allows it."""
        if isinstance(atom, Literal):
            return self.constant(atom.item(), atom.type.dtype)
        where = tuple(map(identity, index))
        waiting = [atom]  # elementwise chains are walked without recursion: they can be thousands of equations long
        while waiting:
            var = waiting[-1]
            if self.remembered((id(frame), var.index, where)) is None:
                equation = frame.definition[var][1] if var in frame.definition else None
                if equation is not None and isinstance(equation.primitive, Elementwise):
                    missing = [
                        a for a in equation.inputs
                        if isinstance(a, Var) and self.remembered((id(frame), a.index, where)) is None
                    ]  # fmt: skip
                    if missing:
                        waiting.extend(missing)
                        continue
                self._compute(frame, var, index, where)
            waiting.pop()
        found: Value = self.remembered((id(frame), atom.index, where))
        return found

    def _compute(self, frame: Frame, var: Var, index: Index, where: Any) -> None:
        level = max([frame.levels[var], *(cast("AnyValue", i).level for i in index)])
        with self.at(level):
            value: Any
            if (source := frame.sources.get(var)) is not None:
                value = source.read(index)
            elif not isinstance(frame.definition[var][1].primitive, ElementPrimitive):
                value = self.kept(self._result(frame, var), self._within(frame, var, index))
            elif var in frame.staged:
                value = self.kept(self._stage(frame, var), self._within(frame, var, index))
            else:
                value = self._element(frame, var, index)
            self.remember((id(frame), var.index, where), value, (frame, index))

    def _element(self, frame: Frame, var: Var, index: Index) -> Any:
        number, equation = frame.definition[var]
        assert isinstance(equation.primitive, ElementPrimitive)
        outer, self.equation = self.equation, number if frame is self.kernel else self.equation
        value = equation.primitive.element(self, index, *(NodeRead(self, frame, a) for a in equation.inputs))
        self.equation = outer
        return value

    # -- what is kept for an example ----------------------------------------------------------------------------

    def _within(self, frame: Frame, var: Var, index: Index) -> Index:
        """The index within one example: without the parallel axis, if the value has it."""
        axis = self._parallel_axis(frame, var)
        return tuple(i for a, i in enumerate(index) if a != axis)

    def _whole(self, frame: Frame, var: Atom, rest: Index) -> Index:
        """The index of an element of the present example: `rest`, and its position along the parallel axis."""
        axis = self._parallel_axis(frame, var)
        return rest if axis is None else (*rest[:axis], self.position, *rest[axis:])

    def _parallel_axis(self, frame: Frame, atom: Atom) -> int | None:
        return self._axis(atom) if frame is self.kernel else None

    def _axis(self, atom: Atom) -> int | None:
        """The axis of a value of the kernel's own graph that runs in parallel, if it has one."""
        if self.aligned is not None and atom not in self.aligned:
            return None
        return self.layout.parallel_axis(atom.type.shape)

    def _level(self, frame: Frame, var: Var) -> int:
        """The depth at which one example's part of a value is computed."""
        own = frame.levels[var]
        return own if self._parallel_axis(frame, var) is None else max(own, self.position.level)

    def _once(self, frame: Frame, key: Any, level: int, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once for the present example or block of lanes."""
        if (known := self.remembered(key)) is None:
            with self.at(level, whole=True):
                known = make()
                self.remember(key, known, (key, self.position, frame))
        return known

    def _stage(self, frame: Frame, var: Var) -> Storage:
        """Compute all that the present example has of `var`."""

        def make() -> Storage:
            storage = self.reserve(var.type.dtype, frame.staged[var], frame.varies(var))

            def keep(rest: Index) -> None:
                self.keep(storage, rest, self._element(frame, var, self._whole(frame, var, rest)))

            with self.filling(storage):
                if not (var in frame.joined and self._fold_elements(frame, var, storage)):
                    self.loops(storage.shape, keep)
            return storage

        key = (id(frame), "stage", var, identity(self.position))
        return cast("Storage", self._once(frame, key, self._level(frame, var), make))

    def filling(self, storage: Storage) -> AbstractContextManager[None]:
        """Around code that fills an array, and reads nothing of it meanwhile."""
        return nullcontext()

    def _fold_elements(self, frame: Frame, var: Var, storage: Storage) -> bool:
        """Compute several elements of a long fold in one loop, rather than in a loop each; False if that cannot be."""
        shape = static_shape(storage.shape)
        if math.prod(shape) > UNROLLED:
            self._nest(shape[:-1], (), lambda outer: self._fold_row(frame, var, storage, outer))
            return True
        if self.lanes == 1 and self.layout.spread.lanes(shape) > 1:
            return False  # the lanes are its elements already
        self.fold_at(frame, var, storage, [tuple(map(int_constant, i)) for i in product(*map(range, shape))])
        return True

    def _fold_row(self, frame: Frame, var: Var, storage: Storage, outer: Index) -> None:
        """All elements along the last axis: what they read in common is read once for a few of them."""
        (last,) = static_shape(storage.shape[-1:])
        whole = last - last % FOLDED_TOGETHER
        with self.loop(int_constant(0), int_constant(whole), FOLDED_TOGETHER) as i:
            some = [(*outer, self.add(i, int_constant(k))) for k in range(FOLDED_TOGETHER)]
            self.fold_at(frame, var, storage, some)
        if whole < last:
            self.fold_at(frame, var, storage, [(*outer, int_constant(k)) for k in range(whole, last)])

    def fold_at(self, frame: Frame, var: Var, storage: Storage, indices: Sequence[Index]) -> None:
        """Compute and keep the elements of a fold at these indices, in one loop."""
        with self.recorded() as folds:
            pending = [self._element(frame, var, self._whole(frame, var, i)) for i in indices]
        assert all(isinstance(p, Pending) for p in pending), "a fold is all there is to the elements of a fold"
        results = self.fold_together(folds)
        for index, p in zip(indices, pending, strict=True):
            self.keep(storage, index, results[p.number][p.position])

    def _result(self, frame: Frame, var: Var) -> Storage:
        """Run the loop or branch that computes `var` for the present example."""
        number, equation = frame.definition[var]
        op, axis = equation.primitive, self._parallel_axis(frame, var)

        def make() -> list[Storage]:
            sources = [self.operand(frame, a) for a in equation.inputs]
            types = [a.type for a in equation.inputs]
            if axis is None:
                return self.control(op, sources, types)
            assert isinstance(op, Mapped), op
            lanes = self.layout.mode == "batch"
            inner = [self.example(s, a, self.position, lanes) for s, a in zip(sources, op.in_axes, strict=True)]
            ranks = [a.type.rank - (x is not None) for a, x in zip(equation.inputs, op.in_axes, strict=True)]
            inner = [self._settle(s) if rank == 0 else s for s, rank in zip(inner, ranks, strict=True)]
            return self.control(op.primitive, inner, op.example_types(types))

        outer, self.equation = self.equation, number if frame is self.kernel else self.equation
        kept: list[Storage] = self._once(
            frame, (id(frame), number, identity(self.position)), self._level(frame, var), make
        )
        self.equation = outer
        return kept[equation.outputs.index(var)]

    def known_result(self, number: int, kept: list[Storage]) -> None:
        """The results of equation `number` of the kernel, for the examples at the present position, are kept here."""
        self.remember((id(self.kernel), number, identity(self.position)), kept, self.position)

    def operand(self, frame: Frame, atom: Atom) -> Source:
        """A value of the frame as the operand of a loop or branch; scalars are computed before it."""
        source = Source(lambda index: self.value(frame, atom, index), frame.level(atom), frame.varies(atom))
        return self._settle(source) if atom.type.rank == 0 else source

    def _settle(self, source: Source) -> Source:
        now = cast("AnyValue", source.read(()))
        return Source(lambda index: now, max(source.level, now.level), source.varying)

    # -- the kernel's loops -------------------------------------------------------------------------------------

    def run(self) -> None:
        """Emit the whole function."""
        if self.queue is not None:
            Queue(self, *self.queue).run()
        elif self.layout.mode == "inner":
            with self.loop(self.start, self.stop) as p:
                self._bring_rows(p)
                self._example(p)
        else:
            masked_only = self.layout.mode == "batch" or len(self.graph.equations) > LARGE_KERNEL
            for lane in self.lane_loop(self.start, self.stop, masked_only):
                self._example(lane)
        self.release()
        self.builder.ret_void()

    def _bring_rows(self, position: Register) -> None:
        """Ask for the rows of a later example that are read at traced positions."""
        for number in rows_to_bring(self.graph, self._axis):
            buffer, size = self.inputs[number], row_bytes(self.graph.inputs[number])
            later = self.mul(self.add(position, int_constant(DISTANCE)), int_constant(size))
            with self.loop(int_constant(0), int_constant(size), LINE) as at:
                self.prefetch(buffer.pointer, _register(self.add(later, at)))

    def _example(self, position: AnyValue) -> None:
        """Everything for one example, or for as many as there are lanes. Outputs of one shape share their loops."""
        self.position, self.around = position, self.scope
        groups: dict[Shape, list[int]] = {}
        for k, buffer in enumerate(self.results):
            rest = self.layout.rest(buffer.type.shape)
            groups.setdefault(rest[:-1] if k in self.parts else rest, []).append(k)
        for rest, outputs in groups.items():
            self._outputs(rest, outputs)

    def _outputs(self, rest: Shape, outputs: list[int]) -> None:
        """Compute and store outputs of one shape, in loops that they share."""
        turned = {
            k: self._kept_output(k, self.layout.rest(self.results[k].type.shape)) for k in outputs if self.turned[k]
        }
        fresh = [k for k in outputs if k not in turned or turned[k][1]]

        def element(index: Index) -> None:
            for k in fresh:
                atom = self.graph.outputs[k]
                axis = self.layout.parallel_axis(atom.type.shape)
                whole = index if axis is None else (*index[:axis], self.position, *index[axis:])
                values = [cast("AnyValue", self.value(self.kernel, a, whole)) for a in self.parts.get(k, (atom,))]
                if k in self.parts and k not in turned and self.store_pair(self.results[k], whole, values):
                    continue
                for n, value in enumerate(values):
                    part = (int_constant(n),) if k in self.parts else ()
                    if k in turned:
                        self.keep(turned[k][0], (*index, *part), value)
                    else:
                        self.store(self.results[k], (*whole, *part), value)

        if fresh:
            self.loops(rest, element)
        for k, (storage, _) in turned.items():
            self.deliver(storage, self.results[k], self._row(self.results[k], cast("Affine", self.position)))

    def _kept_output(self, k: int, rest: Shape) -> tuple[Storage, bool]:
        """Where all of an output is kept until its rows are turned around, and whether it must still be put there."""
        atom = self.graph.outputs[k]
        assert isinstance(atom, Var)
        if atom in self.kernel.definition:
            computed = self.kernel.definition[atom][1].primitive
            if not isinstance(computed, ElementPrimitive) and (storage := self._result(self.kernel, atom)).varying:
                return storage, False
            if atom in self.kernel.staged and self.kernel.varies(atom):
                return self._stage(self.kernel, atom), False
        return self.reserve(atom.type.dtype, rest, varying=True), True


def _register(value: AnyValue) -> Register:
    assert isinstance(value, Register)
    return value


def lower(graph: Graph, layout: Layout, name: str) -> Any:
    """A module with the kernel as function `name`."""
    module = ir.Module(name)
    pointers = len(graph.inputs) + len(graph.outputs) + 1
    extents = len(symbols_in(graph))
    types = [POINTER] * pointers + [I64] * (extents + 2)
    body = ir.Function(module, ir.FunctionType(ir.VoidType(), types), f"{name}.body")
    body.linkage = "internal"
    for argument in body.args[: pointers - 1]:
        argument.add_attribute("noalias")
    Lowering(module, body, graph, layout).run()
    entry = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER, I64, I64]), name)
    builder = ir.IRBuilder(entry.append_basic_block("entry"))
    slots = [
        builder.load(builder.gep(entry.args[0], [ir.Constant(I64, k)], source_etype=I64), typ=types[k])
        for k in range(pointers + extents)
    ]
    builder.call(body, [*slots, entry.args[1], entry.args[2]])
    builder.ret_void()
    return module
