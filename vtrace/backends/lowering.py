"""One kernel's graph to one LLVM function: `void kernel(i64 *arguments, i64 start, i64 stop)`.

The arguments are the addresses of the inputs, of the outputs and of the fault record, then the symbolic extents; the
function does the part [start, stop) of the parallel axis. Code is generated from the results backwards: each element
of an output is asked for, and asks its operands.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from llvmlite import ir

from vtrace.backends.access import Buffer
from vtrace.backends.faults import Faults
from vtrace.backends.layout import Layout
from vtrace.backends.loops import UNROLLED
from vtrace.backends.mathlib import Mathlib
from vtrace.backends.values import I64, POINTER, AnyValue, Register, identity, int_constant
from vtrace.ir.emitter import Index, Value
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.primitive import ElementPrimitive
from vtrace.ir.types import INT64, ArrayType, Shape, count, symbols_of
from vtrace.ops.kinds import Elementwise

LARGE = 150
"""Kernels of more equations get one masked loop instead of a loop for whole vectors and a masked rest: half the code."""


class NodeRead:
    """An operand of an equation, as its element rule sees it."""

    def __init__(self, lowering: "Lowering", atom: Atom) -> None:
        self._lowering, self._atom = lowering, atom

    @property
    def type(self) -> ArrayType:
        return self._atom.type

    def __call__(self, index: Index) -> Value:
        return self._lowering.value(self._atom, index)


class Lowering(Mathlib, Faults):
    """The emitter at work on one graph."""

    def __init__(self, module: Any, function: Any, graph: Graph, layout: Layout) -> None:
        super().__init__(module, function, ir.IRBuilder(function.append_basic_block("entry")))
        self.graph, self.layout, self.width = graph, layout, layout.width
        self.definition: dict[Var, tuple[int, Equation]] = {
            v: (k, e) for k, e in enumerate(graph.equations) for v in e.outputs
        }
        arguments = iter(function.args)
        self.buffers = {v: Buffer(next(arguments), self._memory_type(v.type)) for v in graph.inputs}
        self.results = [Buffer(next(arguments), self._memory_type(a.type)) for a in graph.outputs]
        self.record = Register(next(arguments), INT64)
        self.sizes = {s: Register(next(arguments), INT64) for s in symbols(graph)}
        self.start, self.stop = (Register(next(arguments), INT64) for _ in range(2))
        self.equation = 0

    def _memory_type(self, type_: ArrayType) -> ArrayType:
        return type_.with_shape(type_.shape[:1]) if self.layout.mode == "flat" and type_.rank else type_

    # -- values -------------------------------------------------------------------------------------------------

    def value(self, atom: Atom, index: Index) -> Value:
        """The element of `atom` at `index`, computed at most once per scope, in the outermost scope that allows it."""
        if isinstance(atom, Literal):
            return self.constant(atom.item(), atom.type.dtype)
        where = tuple(map(identity, index))
        waiting = [atom]  # elementwise chains are walked without recursion: they can be thousands of equations long
        while waiting:
            var = waiting[-1]
            if self.remembered((var, where)) is None:
                equation = self.definition[var][1] if var in self.definition else None
                if equation is not None and isinstance(equation.primitive, Elementwise):
                    missing = [
                        a for a in equation.inputs if isinstance(a, Var) and self.remembered((a, where)) is None
                    ]
                    if missing:
                        waiting.extend(missing)
                        continue
                self._compute(var, index, where)
            waiting.pop()
        found = self.remembered((atom, where))
        assert found is not None
        return found

    def _compute(self, var: Var, index: Index, where: Any) -> None:
        level = max((i.level for i in index), default=0)  # type: ignore[attr-defined]  # our own values have levels
        with self.at(level):
            if var in self.buffers:
                self.remember((var, where), self.load(self.buffers[var], index), index)
                return
            number, equation = self.definition[var]
            assert isinstance(equation.primitive, ElementPrimitive)
            outer, self.equation = self.equation, number
            value: Any = equation.primitive.element(self, index, *(NodeRead(self, a) for a in equation.inputs))
            self.equation = outer
            self.remember((var, where), value, index)

    # -- loop nests ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Emit the whole function."""
        if self.layout.mode == "inner":
            with self.loop(self.start, self.stop) as p:
                self.position = p
                for shape, outputs in self._groups():
                    self._rows(shape, outputs, p)
        else:
            for lane in self.lane_loop(self.start, self.stop, len(self.graph.equations) > LARGE):
                self.position = lane
                for shape, outputs in self._groups():
                    self._examples(shape, outputs, lane)
        self.builder.ret_void()

    def _groups(self) -> list[tuple[Shape, list[int]]]:
        """The outputs by what remains of their shape without the parallel axis: those that can share loops."""
        groups: dict[Shape, list[int]] = {}
        for k, buffer in enumerate(self.results):
            axis = self.layout.parallel_axis(buffer.type.shape)
            rest = tuple(d for a, d in enumerate(buffer.type.shape) if a != axis)
            groups.setdefault(rest, []).append(k)
        return list(groups.items())

    def lane_loop(self, start: Register, stop: Register, masked_only: bool) -> Iterator[AnyValue]:
        """Lane indices that cover [start, stop): whole vectors first, then the rest under a mask."""
        width = self.width
        whole = start
        if not masked_only:
            length = self.sub(stop, start)
            whole = self._plain(self.sub(stop, self.int_rem(length, self.constant(width, INT64))))
            with self.loop(start, whole, width) as i, self.lane_block(i, width, None) as lane:
                yield lane
        with self.loop(whole, stop, width) as i:
            mask = self.prefix_mask(self._plain(self.sub(stop, i)), width)
            with self.lane_block(i, width, mask) as lane:
                yield lane

    @staticmethod
    def _plain(value: AnyValue) -> Register:
        assert isinstance(value, Register)
        return value

    def _examples(self, rest: Shape, outputs: list[int], lane: AnyValue) -> None:
        """Lanes are examples: the loops inside are scalar, and unrolled where an example is small."""
        static, dynamic = count(rest)
        if not dynamic and static <= UNROLLED:
            for index in product(*(range(d) for d in rest if isinstance(d, int))):
                self._emit(outputs, tuple(map(int_constant, index)), lane)
            return
        self._nest(rest, (), lambda index: self._emit(outputs, index, lane))

    def _rows(self, rest: Shape, outputs: list[int], p: Register) -> None:
        """One example at a time: the lanes are the elements of its last axis."""
        last = rest[-1] if rest else 1
        if not isinstance(last, int) or last < self.width // 2:
            self._nest(rest, (), lambda index: self._emit(outputs, index, p))
            return

        def row(index: Index) -> None:
            for lane in self.lane_loop(int_constant(0), int_constant(last), masked_only=last < self.width):
                self._emit(outputs, (*index, lane), p)

        self._nest(rest[:-1], (), row)

    def _nest(self, shape: Shape, index: Index, innermost: Callable[[Index], None]) -> None:
        if not shape:
            innermost(index)
            return
        with self.loop(int_constant(0), self.dim(shape[0])) as i:
            self._nest(shape[1:], (*index, i), innermost)

    def _emit(self, outputs: list[int], rest: Index, parallel: AnyValue) -> None:
        """Compute and store one element of each output."""
        for k in outputs:
            buffer, atom = self.results[k], self.graph.outputs[k]
            axis = self.layout.parallel_axis(buffer.type.shape)
            index = rest if axis is None else (*rest[:axis], parallel, *rest[axis:])
            self.store(buffer, index, self.value(atom, index))


def symbols(graph: Graph) -> list[Any]:
    """The symbolic extents a kernel needs, in a fixed order."""
    atoms = [*graph.inputs, *graph.outputs, *(o for e in graph.equations for o in e.outputs)]
    return sorted({s for a in atoms for s in symbols_of(a.type.shape)}, key=lambda s: str(s.name))


def lower(graph: Graph, layout: Layout, name: str) -> Any:
    """A module with the kernel as function `name`."""
    module = ir.Module(name)
    pointers = len(graph.inputs) + len(graph.outputs) + 1
    extents = len(symbols(graph))
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


