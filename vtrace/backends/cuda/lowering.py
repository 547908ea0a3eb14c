"""One kernel's graph to one kernel of the GPU: scalar code, run by a thread for each element or example.

The parameters are the addresses of inputs, results and the fault record, the symbolic extents, the part [start, stop)
of the parallel axis, and the address of scratch memory. Threads take every n-th item of the part, n being their number,
so a grid of any size does all of the work.
"""

from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from vtrace.backends.extents import symbols_in
from vtrace.backends.layout import Layout
from vtrace.backends.lowering import Lowering
from vtrace.backends.storage import Storage
from vtrace.backends.values import I8, I32, I64, POINTER, Register, memory_type
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Index
from vtrace.ir.graph import Graph
from vtrace.ir.types import INT64, ArrayType, DType, Shape, Symbol, static_shape

LOCAL_BYTES = 2048
"""The most scratch of a thread that is local memory, which a driver reserves for every thread that can be resident."""
ALIGNED = 16
"""Bytes: what lies at the addresses of arrays may be read by the widest instructions, of 16 bytes."""
THREADS = Symbol("%threads")
"""The number of threads of the grid, as the last extent of scratch memory: neighbours' elements lie side by side."""


class DeviceLowering(Lowering):
    """The emitter at work on one kernel for a GPU."""

    scratch_bytes = 0
    """Of scratch memory beside local memory, for each thread."""
    can_fail = False

    def __init__(self, module: Any, function: Any, graph: Graph, layout: Layout) -> None:
        super().__init__(module, function, graph, layout)
        self._scratch = function.args[-1]
        number, count = self._special("ctaid"), self._special("nctaid")
        size, within = self._special("ntid"), self._special("tid")
        self.thread = Register(self.builder.add(self.builder.mul(number, size), within), INT64)
        self.sizes[THREADS] = Register(self.builder.mul(count, size), INT64)

    def _special(self, name: str) -> Any:
        """A special register, as a 64-bit number."""
        read = self.declare(f"llvm.nvvm.read.ptx.sreg.{name}.x", I32, [])
        return self.builder.zext(self.builder.call(read, []), I64)

    def run(self) -> None:
        first = self.add(self.start, self.thread)
        assert isinstance(first, Register)
        with self.loop(first, self.stop, self.sizes[THREADS]) as position:
            self._example(position)
        self.builder.ret_void()

    def spreads(self, extent: int | None) -> bool:
        return False

    def _field(self, number: int) -> Any:
        self.can_fail = True
        return super()._field(number)

    def stop_if_asked(self, work: int, leave: Any) -> None:
        """A kernel on the GPU runs to its end."""

    def reserve(self, dtype: DType, shape: Shape, varying: bool) -> Storage:
        size = _bytes(dtype, shape)
        if self.on_stack + size <= LOCAL_BYTES:
            return super().reserve(dtype, shape, False)
        first = ir.Constant(I64, self.scratch_bytes)
        self.scratch_bytes += -(-size // ALIGNED) * ALIGNED
        with self.builder.goto_entry_block():
            offset = self.builder.mul(first, self.sizes[THREADS].llvm)
            pointer = self.builder.gep(self._scratch, [offset], source_etype=I8)
        return Storage(Buffer(pointer, ArrayType(dtype, (*shape, THREADS))), shape, False)

    def _place(self, storage: Storage, index: Index) -> Index:
        return (*index, self.thread) if storage.buffer.type.shape[-1:] == (THREADS,) else index


def _bytes(dtype: DType, shape: Shape) -> int:
    size = memory_type(dtype).width // 8 if dtype.kind in "biu" else dtype.itemsize
    for extent in static_shape(shape):
        size *= extent
    return int(size)


@dataclass(frozen=True)
class Lowered:
    """A kernel in LLVM's language, and what its launches must know."""

    module: Any
    scratch_bytes: int
    """Of scratch memory, for each thread, or team of threads."""
    can_fail: bool
    """Whether it writes to the fault record."""


def lower(graph: Graph, layout: Layout, name: str) -> Lowered:
    """A module with the kernel `name`."""
    module = ir.Module(name)
    pointers = len(graph.inputs) + len(graph.outputs)
    extents = len(symbols_in(graph))
    types = [POINTER] * (pointers + 1) + [I64] * (extents + 2) + [POINTER]
    kernel = ir.Function(module, ir.FunctionType(ir.VoidType(), types), name)
    kernel.calling_convention = "ptx_kernel"
    for argument in (*kernel.args[:pointers], kernel.args[-1]):
        argument.add_attribute("noalias")
        argument.attributes.align = ALIGNED
    lowering = DeviceLowering(module, kernel, graph, layout)
    lowering.run()
    return Lowered(module, lowering.scratch_bytes, lowering.can_fail)
