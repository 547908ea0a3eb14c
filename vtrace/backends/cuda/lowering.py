"""One kernel's graph to one kernel of the GPU: scalar code, run by a thread for each element or example.

The parameters are the addresses of inputs, results and the fault record, the symbolic extents, the part [start, stop)
of the parallel axis, and the address of scratch memory. Threads, or teams of threads, take every n-th item of the part,
n being their number, so a grid of any size does all of the work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.cuda.flat import Flat
from vtrace.backends.cuda.layout import threads_per_item
from vtrace.backends.cuda.warps import WARP, Warps
from vtrace.backends.extents import symbols_in
from vtrace.backends.layout import Layout
from vtrace.backends.storage import Storage
from vtrace.backends.values import I8, I32, I64, POINTER, Register, memory_type
from vtrace.backends.vector_memory import Buffer
from vtrace.ir.emitter import Index
from vtrace.ir.graph import Graph
from vtrace.ir.types import INT64, ArrayType, DType, Shape, Symbol, static_shape

LOCAL_BYTES = 2048
"""The most scratch of a thread that is local memory, which a driver reserves for every thread that can be resident."""
THREADS = Symbol("%threads")
"""The number of threads of the grid, as the last extent of scratch memory: neighbours' elements lie side by side."""
ALIGNED = 16
"""Bytes: what lies at the addresses of arrays may be read by the widest instructions, of 16 bytes."""


class DeviceLowering(Warps, Flat):
    """The emitter at work on one kernel for a GPU."""

    scratch_bytes = 0
    """Of scratch memory beside local memory, for each thread."""
    can_fail = False
    teams: Register
    """How many teams there are."""

    def __init__(self, module: Any, function: Any, graph: Graph, layout: Layout) -> None:
        super().__init__(module, function, graph, layout)
        self._scratch = function.args[-1]
        self._shared: list[Storage] = []
        """What is kept once for all threads of a team."""
        number, count = self._special("ctaid"), self._special("nctaid")
        size, within = self._special("ntid"), self._special("tid")
        thread, threads = self.builder.add(self.builder.mul(number, size), within), self.builder.mul(count, size)
        self.thread, self.sizes[THREADS] = Register(thread, INT64), Register(threads, INT64)
        self.number = Register(self.thread_numbers(thread, threads_per_item(layout)), INT64)
        """That of the thread's team."""
        self.teams = Register(self.builder.udiv(threads, ir.Constant(I64, self.team)), INT64)

    def _special(self, name: str) -> Any:
        """A special register, as a 64-bit number."""
        read = self.declare(f"llvm.nvvm.read.ptx.sreg.{name}.x", I32, [])
        return self.builder.zext(self.builder.call(read, []), I64)

    def run(self) -> None:
        if self.layout.mode == "flat":
            self.run_flat(self._special("ctaid"), self._special("tid"))
            self.builder.ret_void()
            return
        first = self.add(self.start, self.number)
        assert isinstance(first, Register)
        with self.loop(first, self.stop, self.teams) as position:
            self._example(position)
        self.builder.ret_void()

    def loops(self, shape: Shape, innermost: Callable[[Index], None]) -> None:
        last = shape[-1] if shape else 1
        if not isinstance(last, int) or not self.spreads(last):
            super().loops(shape, innermost)
            return

        def row(outer: Index) -> None:
            with self.divided(0, last, WARP) as i:
                innermost((*outer, i))

        self._nest(shape[:-1], (), row)

    def _field(self, number: int) -> Any:
        self.can_fail = True
        return super()._field(number)

    def stop_if_asked(self, work: int, leave: Any) -> None:
        """A kernel on the GPU runs to its end."""

    def reserve(self, dtype: DType, shape: Shape, varying: bool) -> Storage:
        size = _bytes(dtype, shape)
        if self.on_stack + size <= LOCAL_BYTES:
            return super().reserve(dtype, shape, False)
        pointer = self._room(size * self.team)
        return Storage(Buffer(pointer, ArrayType(dtype, (*shape, THREADS))), shape, False)

    def _room(self, size: int) -> Any:
        """The beginning of scratch memory of `size` bytes for each team."""
        first = ir.Constant(I64, self.scratch_bytes)
        self.scratch_bytes += _whole(size)
        with self.builder.goto_entry_block():
            offset = self.builder.mul(first, self.teams.llvm)
            return self.builder.gep(self._scratch, [offset], source_etype=I8)

    def room_for_stage(self, dtype: DType, shape: Shape, varying: bool) -> Storage:
        last = shape[-1] if shape else 1
        if not isinstance(last, int) or not self.spreads(last):
            return super().room_for_stage(dtype, shape, varying)
        size = _whole(_bytes(dtype, shape))
        pointer = self._room(size)
        with self.builder.goto_entry_block():
            offset = self.builder.mul(self.number.llvm, ir.Constant(I64, size))
            pointer = self.builder.gep(pointer, [offset], source_etype=I8)
        storage = Storage(Buffer(pointer, ArrayType(dtype, shape)), shape, False)
        self._shared.append(storage)
        return storage

    @contextmanager
    def filling(self, storage: Storage) -> Iterator[None]:
        if not any(storage is s for s in self._shared):
            yield
            return
        self.wait_for_warp()
        yield
        self.wait_for_warp()

    def _place(self, storage: Storage, index: Index) -> Index:
        return (*index, self.thread) if storage.buffer.type.shape[-1:] == (THREADS,) else index


def _whole(size: int) -> int:
    """Bytes for `size` of them, so that what follows is aligned."""
    return -(-size // ALIGNED) * ALIGNED


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
    is_straight: bool
    """Whether it has no loops."""


def lower(graph: Graph, layout: Layout, name: str) -> Lowered:
    """A module with the kernel `name`."""
    return filled(DeviceLowering(*signature(graph, layout, name), graph, layout), layout.mode == "flat")


def filled(lowering: DeviceLowering, is_straight: bool = False) -> Lowered:
    """What the emitter makes."""
    lowering.run()
    return Lowered(lowering.module, lowering.scratch_bytes, lowering.can_fail, is_straight)


def signature(graph: Graph, layout: Layout, name: str) -> tuple[Any, Any]:
    """A module with the kernel `name`, which is empty, and the kernel."""
    module = ir.Module(name)
    pointers = len(graph.inputs) + len(graph.outputs)
    extents = len(symbols_in(graph))
    types = [POINTER] * (pointers + 1) + [I64] * (extents + 2) + [POINTER]
    kernel = ir.Function(module, ir.FunctionType(ir.VoidType(), types), name)
    kernel.linkage = "ptx_kernel"  # a calling convention stands in the same place
    for argument in (*kernel.args[:pointers], kernel.args[-1]):
        if argument is not kernel.args[-1] or threads_per_item(layout) == 1:
            argument.add_attribute("noalias")  # not scratch memory that other threads write, too
        argument.add_attribute(f"align {ALIGNED}")
    for argument in kernel.args[: len(graph.inputs)]:
        argument.add_attribute("readonly")  # so that it is read through the cache for what nobody writes
    return module, kernel
