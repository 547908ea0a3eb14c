"""A compiled program: its kernels and library calls in order, and the arrays that go between them."""

import ctypes
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from vtrace.backends import blas, threads
from vtrace.backends.cost import nanoseconds_per_item
from vtrace.backends.faults import NONE, RECORD_LENGTH
from vtrace.backends.jit import Machine
from vtrace.backends.layout import Layout, choose
from vtrace.backends.lowering import lower, symbols
from vtrace.errors import IndexOutOfRangeError, UnsupportedError
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.interpreter import bind_sizes
from vtrace.ir.primitive import LibraryPrimitive
from vtrace.ir.types import Array, Shape, Sizes, Symbol, static_shape
from vtrace.ops.kernel import Kernel


def allocate(shape: Shape, dtype: Any, sizes: Sizes) -> Array:
    """A new uninitialised array."""
    return np.empty(tuple(sizes[d] if isinstance(d, Symbol) else d for d in shape), dtype)


class CompiledKernel:
    """One `kernel` equation as machine code."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.layout: Layout = choose(graph)
        self.machine = Machine(lower(graph, self.layout, name))
        self.symbols = symbols(graph)
        self.address = self.machine.address(name)
        self.run_part = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(self.address)
        self.checks = "umin" in self.machine.llvm
        self.nanoseconds = nanoseconds_per_item(graph, self.layout)

    def __call__(self, arrays: Sequence[Array], sizes: Sizes) -> tuple[Array, ...]:
        outputs = tuple(allocate(a.type.shape, a.type.dtype, sizes) for a in self.graph.outputs)
        pointers = [a.ctypes.data for a in (*arrays, *outputs)]
        record = np.full(RECORD_LENGTH, NONE, np.int64)
        record[1] = 0
        arguments = np.array([*pointers, record.ctypes.data, *(sizes[s] for s in self.symbols)], np.int64)
        length = int(np.prod([sizes[d] if isinstance(d, Symbol) else d for d in self.layout.extents], dtype=np.int64))
        threads.run(self.run_part, self.address, arguments.ctypes.data, length, self.nanoseconds)
        if self.checks and record[0] != NONE:
            self._raise(record, arguments)
        return outputs

    def _raise(self, record: Array, arguments: Array) -> None:
        """Run the first failing example again, alone, to learn what it did; then tell."""
        first = int(record[0])
        record[0], record[1] = NONE, 0
        self.run_part(arguments.ctypes.data, first, first + 1)
        index, extent, axis, number = (int(n) for n in record[2:6])
        source = self.graph.equations[number].source
        where = f", batch element {first}" if self.layout.symbol is not None else ""
        line = f" ({source})" if source is not None else ""
        raise IndexOutOfRangeError(f"index {index} is out of bounds for axis {axis} with size {extent}{where}{line}")


@dataclass(frozen=True)
class Step:
    """One equation of the program, ready to run."""

    equation: Equation
    kernel: CompiledKernel | None


class Executable:
    """A compiled program. Calling it is thread-safe; the arrays it takes are C-contiguous and of the graph's types."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.steps: list[Step] = []
        for number, equation in enumerate(graph.equations):
            op = equation.primitive
            if isinstance(op, Kernel):
                self.steps.append(Step(equation, CompiledKernel(op.graph, f"kernel_{number}")))
            elif isinstance(op, LibraryPrimitive):
                self.steps.append(Step(equation, None))
            else:
                raise UnsupportedError(f"{op.name} has no lowering on the CPU")

    def __call__(self, *arrays: Array) -> tuple[Array, ...]:
        sizes = bind_sizes(self.graph.input_types, arrays)
        env: dict[Var, Array] = dict(zip(self.graph.inputs, arrays, strict=True))

        def read(atom: Atom) -> Array:
            return env[atom] if isinstance(atom, Var) else _literal(atom)

        for step in self.steps:
            operands = [read(a) for a in step.equation.inputs]
            if step.kernel is not None:
                results = step.kernel(operands, sizes)
            else:
                (var,) = step.equation.outputs
                results = (allocate(var.type.shape, var.type.dtype, sizes),)
                cast("LibraryPrimitive", step.equation.primitive).call(blas.LIBRARY, results[0], *operands)
            env.update(zip(step.equation.outputs, results, strict=True))
        return tuple(read(a) for a in self.graph.outputs)

    @property
    def kernels(self) -> list[CompiledKernel]:
        return [s.kernel for s in self.steps if s.kernel is not None]

    @property
    def llvm(self) -> str:
        return "\n".join(k.machine.llvm for k in self.kernels)

    @property
    def asm(self) -> str:
        return "\n".join(k.machine.asm for k in self.kernels)

    @property
    def report(self) -> str:
        """How each kernel runs: what is parallel, what the lanes are, and why."""
        return "\n".join(
            f"kernel {n}: {k.layout.mode} layout, {k.layout.width} lanes: {k.layout.reason}"
            for n, k in enumerate(self.kernels)
        )


def _literal(atom: Literal) -> Array:
    assert atom.data is not None
    static_shape(atom.type.shape)
    return atom.data


_LOCK = threading.Lock()


def compile(graph: Graph) -> Executable:
    """Machine code for a graph of kernel and library equations (the result of the `fuse` pass)."""
    with _LOCK:  # LLVM's code generator is not re-entrant through llvmlite
        return Executable(graph)
