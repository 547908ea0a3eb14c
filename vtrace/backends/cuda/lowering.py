"""One kernel's graph to one kernel of the GPU: scalar code, run by a thread, or a team of them, for each element or
example.

The parameters are the addresses of inputs, results and the fault record, the symbolic extents, the part [start, stop)
of the parallel axis, and the address of scratch memory. Threads, or teams of threads, take every n-th item of the part,
n being their number, so a grid of any size does all of the work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vtrace.backends import llvm_text as ir
from vtrace.backends.cuda.estimate import folded_by, folds_together
from vtrace.backends.cuda.layout import TEAMS, neighbours, teams_per_block
from vtrace.backends.cuda.running import Running
from vtrace.backends.cuda.scratch import ALIGNED, THREADS
from vtrace.backends.estimate import UNROLLED
from vtrace.backends.extents import symbols_in
from vtrace.backends.frame import Frame, Source
from vtrace.backends.layout import Layout
from vtrace.backends.storage import Storage
from vtrace.backends.values import I32, I64, POINTER, Register, int_constant
from vtrace.ir.graph import Equation, Graph, Var
from vtrace.ir.types import INT64, count, static_shape

RESULTS = 8
"""How many results of a long fold a team computes at once: what they read in common is read once, and while the parts
of one are joined, those of another are on their way."""
STAGED = 1 << 13
"""The most results of a fold that are kept before they are read."""


class DeviceLowering(Running):
    """The emitter at work on one kernel for a GPU."""

    def __init__(self, module: Any, function: Any, graph: Graph, layout: Layout) -> None:
        super().__init__(module, function, graph, layout)
        team = TEAMS[layout.mode]
        self.memory, self.grain = function.args[-1], neighbours(graph)
        self.team, self.shortest, self.block_teams = team.threads, team.shortest, teams_per_block(layout)
        self._filling, self._places = [], {}
        self._by_all: set[Equation] = set()
        """Folds each of whose results is computed by all threads."""
        block, blocks, size, thread = map(self._special, ("ctaid", "nctaid", "ntid", "tid"))
        numbers = self.builder.add(self.builder.mul(block, size), thread), self.builder.mul(blocks, size)
        self.thread, self.sizes[THREADS] = (Register(n, INT64) for n in numbers)
        threads, teams = ir.Constant(I64, self.team), ir.Constant(I64, self.block_teams)
        self.lane = Register(self.builder.urem(thread, threads), INT64)
        self.within = Register(self.builder.udiv(thread, threads), INT64)
        self.number = Register(self.builder.add(self.builder.mul(block, teams), self.within.llvm), INT64)
        self.teams = Register(self.builder.mul(blocks, teams), INT64)
        self._stage_folds(self.kernel)

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

    # -- folds of a team ----------------------------------------------------------------------------------------

    def graph_frame(self, graph: Graph, sources: Sequence[Source]) -> Frame:
        frame = super().graph_frame(graph, sources)
        self._stage_folds(frame)
        return frame

    def _stage_folds(self, frame: Frame) -> None:
        """Folds with many results are computed before these are read: several at once, by all threads or by each."""
        if self.team == 1:
            return
        symbol = self.layout.symbol if frame is self.kernel else None
        for var, (_, equation) in frame.definition.items():
            shape, folded = frame.rest(var), folded_by(equation)
            if shape is None or folded is None or not 1 < count(shape)[0] <= STAGED:
                continue
            together = folds_together(equation, symbol, self.shortest)
            if together or (folded > UNROLLED and count(shape)[0] >= self.shortest):
                frame.staged[var] = shape
                frame.joined.add(var)
            if together:
                self._by_all.add(equation)

    def _fold_elements(self, frame: Frame, var: Var, storage: Storage) -> bool:
        elements, _ = count(storage.shape)
        if elements <= UNROLLED:
            return super()._fold_elements(frame, var, storage)
        if not self.together:
            return False
        shape = static_shape(storage.shape)
        if frame.definition[var][1] in self._by_all:
            self._fold_by_all(frame, var, storage, elements, shape)
            return True

        def fold_run(_: int, run: list[Register]) -> None:
            self.fold_at(frame, var, storage, [self.unravelled(n, shape) for n in run])

        self.share_runs(elements, 1, fold_run, shape[-1])
        return True

    def _fold_by_all(self, frame: Frame, var: Var, storage: Storage, elements: int, shape: tuple[int, ...]) -> None:
        whole = elements - elements % RESULTS
        with self.loop(int_constant(0), int_constant(whole), RESULTS) as first:
            numbers = [self.add(first, int_constant(k)) for k in range(RESULTS)]
            self.fold_at(frame, var, storage, [self.unravelled(n, shape) for n in numbers])
        if whole < elements:
            rest = map(int_constant, range(whole, elements))
            self.fold_at(frame, var, storage, [self.unravelled(n, shape) for n in rest])


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
        if argument is not kernel.args[-1] or TEAMS[layout.mode].threads == 1:
            argument.add_attribute("noalias")  # not scratch memory that other threads write, too
        argument.add_attribute(f"align {ALIGNED}")
    for argument in kernel.args[: len(graph.inputs)]:
        argument.add_attribute("readonly")  # so that it is read through the cache for what nobody writes
    return module, kernel
