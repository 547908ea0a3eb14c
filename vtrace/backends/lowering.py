"""One kernel's graph to one LLVM function: `void kernel(i64 *arguments, i64 start, i64 stop)`.

The arguments are the addresses of the inputs, of the outputs and of the fault record, then the symbolic extents; the
function does the part [start, stop) of the parallel axis. Code is generated from the results backwards: each element
of an output is asked for, and asks its operands.
"""

import functools
import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from llvmlite import ir

from vtrace.backends.access import Buffer
from vtrace.backends.faults import Faults
from vtrace.backends.layout import Layout
from vtrace.backends.loops import UNROLLED
from vtrace.backends.mathlib import Mathlib
from vtrace.backends.staging import staged
from vtrace.backends.values import I64, POINTER, Affine, AnyValue, Register, identity, int_constant, memory_type
from vtrace.ir.emitter import Index, Value
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.primitive import ElementPrimitive
from vtrace.ir.types import INT64, ArrayType, Shape, count, static_shape, symbols_of
from vtrace.ops.kinds import Elementwise

LARGE = 150
"""Kernels of more equations get one masked loop, not one for whole vectors and a masked rest: half the code."""


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
        self.scratch = {v: self._scratch(v, rest) for v, rest in staged(graph, layout).items()}

    def _memory_type(self, type_: ArrayType) -> ArrayType:
        return type_.with_shape(type_.shape[:1]) if self.layout.mode == "flat" and type_.rank else type_

    def _scratch(self, var: Var, rest: Shape) -> Buffer:
        """Stack memory for one example of `var`, or for a block of lanes of them: [element][lane]."""
        shape = (*rest, self.width) if self.layout.mode == "batch" else rest
        type_ = ArrayType(var.type.dtype, shape)
        elements = ir.ArrayType(memory_type(var.type.dtype), math.prod(static_shape(shape)))
        pointer = self.slot(elements)
        pointer.align = 64
        return Buffer(pointer, type_)

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
                    missing = [a for a in equation.inputs if isinstance(a, Var) and self.remembered((a, where)) is None]
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
            if var in self.scratch:
                self._stage(var)
                self.remember((var, where), self.load(*self._scratch_place(var, index)), index)
                return
            self.remember((var, where), self._element(var, index), index)

    def _element(self, var: Var, index: Index) -> Any:
        number, equation = self.definition[var]
        assert isinstance(equation.primitive, ElementPrimitive)
        outer, self.equation = self.equation, number
        value = equation.primitive.element(self, index, *(NodeRead(self, a) for a in equation.inputs))
        self.equation = outer
        return value

    def _stage(self, var: Var) -> None:
        """Compute all of `var` for the present example or block, unless that has been done."""
        key = ("staged", var, identity(self.position))
        if self.remembered(key) is not None:
            return
        with self.at(self.position.level):
            self.remember(key, self.position)
            self._loops(self.scratch_rest(var), lambda rest: self._keep(var, rest))

    def scratch_rest(self, var: Var) -> Shape:
        shape = self.scratch[var].type.shape
        return shape[:-1] if self.layout.mode == "batch" else shape

    def _keep(self, var: Var, rest: Index) -> None:
        index = self._whole(var.type.shape, rest)
        self.store(*self._scratch_place(var, index), self._element(var, index))

    def _scratch_place(self, var: Var, index: Index) -> tuple[Buffer, Index]:
        """Where the element at `index` of the present example lies in scratch."""
        axis = self.layout.parallel_axis(var.type.shape)
        rest = tuple(i for a, i in enumerate(index) if a != axis)
        if self.layout.mode == "batch":
            rest = (*rest, Affine(int_constant(0), 1, self.width, self.scope.depth))
        return self.scratch[var], rest

    def _whole(self, shape: Shape, rest: Index) -> Index:
        """The index of an element of the present example: `rest`, and its position along the parallel axis."""
        axis = self.layout.parallel_axis(shape)
        return rest if axis is None else (*rest[:axis], self.position, *rest[axis:])

    # -- loop nests ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Emit the whole function."""
        if self.layout.mode == "inner":
            with self.loop(self.start, self.stop) as p:
                self._examples(p)
        else:
            for lane in self.lane_loop(self.start, self.stop, len(self.graph.equations) > LARGE):
                self._examples(lane)
        self.builder.ret_void()

    def _examples(self, position: AnyValue) -> None:
        """Everything for one example, or for as many as there are lanes. Outputs of one shape share their loops."""
        self.position = position
        groups: dict[Shape, list[int]] = {}
        for k, buffer in enumerate(self.results):
            axis = self.layout.parallel_axis(buffer.type.shape)
            groups.setdefault(tuple(d for a, d in enumerate(buffer.type.shape) if a != axis), []).append(k)
        for rest, outputs in groups.items():
            self._loops(rest, functools.partial(self._output, outputs))

    def _output(self, outputs: list[int], rest: Index) -> None:
        """Compute and store one element of each output."""
        for k in outputs:
            index = self._whole(self.results[k].type.shape, rest)
            self.store(self.results[k], index, self.value(self.graph.outputs[k], index))

    def lane_loop(self, start: Register, stop: Register, masked_only: bool) -> Iterator[AnyValue]:
        """Lane indices that cover [start, stop): whole vectors first, then the rest under a mask."""
        width, whole = self.width, start
        if not masked_only:
            rest = self.int_rem(self.sub(stop, start), self.constant(width, INT64))
            whole = _register(self.sub(stop, rest))
            with self.loop(start, whole, width) as i, self.lane_block(i, width, None) as lane:
                yield lane
        with self.loop(whole, stop, width) as i:
            mask = self.prefix_mask(_register(self.sub(stop, i)), width)
            with self.lane_block(i, width, mask) as lane:
                yield lane

    def _loops(self, shape: Shape, innermost: Callable[[Index], None]) -> None:
        """Loops over the elements of one example: unrolled where it is small, the last axis spread over free lanes."""
        static, dynamic = count(shape)
        last = shape[-1] if shape else 1
        if self.lanes == 1 and isinstance(last, int) and last >= self.width // 2:

            def row(index: Index) -> None:
                for lane in self.lane_loop(int_constant(0), int_constant(last), masked_only=last < self.width):
                    innermost((*index, lane))

            self._nest(shape[:-1], (), row)
        elif not dynamic and static <= UNROLLED:
            for index in product(*(range(d) for d in shape if isinstance(d, int))):
                innermost(tuple(map(int_constant, index)))
        else:
            self._nest(shape, (), innermost)

    def _nest(self, shape: Shape, index: Index, innermost: Callable[[Index], None]) -> None:
        if not shape:
            innermost(index)
            return
        with self.loop(int_constant(0), self.dim(shape[0])) as i:
            self._nest(shape[1:], (*index, i), innermost)


def _register(value: AnyValue) -> Register:
    assert isinstance(value, Register)
    return value


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
