"""A program for GPUs: its kernels and library calls in order, on one stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vtrace.backends.cuda.array import DeviceArray
from vtrace.backends.cuda.cublas import LibraryLaunch
from vtrace.backends.cuda.device import Device
from vtrace.backends.cuda.kernel import DeviceKernel
from vtrace.backends.cuda.update_kernel import UpdateKernel
from vtrace.backends.cuda.updates import plan_of
from vtrace.backends.cuda.warm import WarmStep, warm_step
from vtrace.backends.executable import LOCK, Executable
from vtrace.backends.extents import Extents
from vtrace.errors import UnsupportedError
from vtrace.ir.graph import Equation, Graph
from vtrace.ir.types import DType
from vtrace.ops.kernel import Kernel
from vtrace.ops.matmul import BatchedMatmul, Matmul
from vtrace.ops.movement import Reshape


@dataclass(frozen=True)
class View:
    """A kernel that would only copy, into another shape: the same memory serves."""

    extents: Extents
    dtype: DType
    launches: tuple[DeviceKernel, ...] = ()
    report: str = "the same memory, in another shape"

    def __call__(
        self, where: Device, stream: int, arrays: Sequence[DeviceArray], sizes: Sequence[int]
    ) -> list[DeviceArray]:
        return [arrays[0].viewed(self.extents.shape(sizes), self.dtype)]


class DeviceExecutable(Executable):
    """A compiled program. Nothing of it needs a GPU until it is launched; launching it is thread-safe."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._uploaded: dict[int, list[DeviceArray]] = {}
        """The constants, on each device where the program has run."""

    def _prepared(self, number: int, equation: Equation) -> Any:
        op = equation.primitive
        if isinstance(op, Kernel):
            if self._can_be_view(equation):
                (out,) = equation.outputs
                return View(Extents.of(out.type.shape, self.symbols), out.type.dtype)
            plan = plan_of(op.graph)
            return DeviceKernel(op.graph, self.symbols) if plan is None else UpdateKernel(op.graph, plan)
        if isinstance(op, Matmul | BatchedMatmul):
            (out,) = equation.outputs
            return LibraryLaunch(op, Extents.of(out.type.shape, self.symbols), out.type.dtype)
        line = f" ({equation.source})" if equation.source is not None else ""
        raise UnsupportedError(f"{op.name} has no code for a GPU{line}; leave device out to run on the CPU")

    def _can_be_view(self, equation: Equation) -> bool:
        """Whether a kernel is a reshape of what nobody else can have: results are arrays of their own."""
        if not _reshapes(equation):
            return False
        (x,) = equation.inputs
        reshaped = sum(x in e.inputs and _reshapes(e) for e in self.graph.equations)
        computed = any(x in e.outputs for e in self.graph.equations)
        return computed and x not in self.graph.outputs and reshaped == 1

    def launch(self, where: Device, stream: int, arrays: Sequence[DeviceArray]) -> list[DeviceArray]:
        """The results for arrays of the graph's input types that lie on `where`; the work is put on `stream`.

        To be called within `where`.
        """
        sizes = [arrays[position].shape[axis] for position, axis in self._sizes]
        slots: list[DeviceArray | None] = [*arrays, *self._constants_on(where, stream)]
        for step in self.steps:
            slots += step.run(where, stream, [slots[n] for n in step.operands], sizes)
            for n in step.dead:
                slots[n] = None
        return [slots[n] for n in self._results]  # type: ignore[misc]  # results are not dead

    def warm(self, where: Device, arrays: Sequence[DeviceArray]) -> WarmStep:
        """`launch` for later calls with arrays of these types on this device."""
        sizes = [arrays[position].shape[axis] for position, axis in self._sizes]
        steps = [(warm_step(step.run, where, sizes), step.operands, step.dead) for step in self.steps]

        def launch(stream: int, given: Sequence[DeviceArray]) -> list[DeviceArray]:
            slots: list[Any] = [*given, *self._constants_on(where, stream)]
            for run, operands, dead in steps:
                slots += run(stream, [slots[n] for n in operands])
                for n in dead:
                    slots[n] = None
            return [slots[n] for n in self._results]

        return launch

    def _constants_on(self, where: Device, stream: int) -> list[DeviceArray]:
        if not self._constants:
            return []
        known = self._uploaded.get(where.number)
        if known is None:
            known = self._uploaded[where.number] = [DeviceArray.copy_of(c, where, stream) for c in self._constants]
        return known

    def _enter(self) -> None:
        """There is no native way into a program on a GPU."""

    @property
    def device_kernels(self) -> list[DeviceKernel]:
        return [k for s in self.steps if not isinstance(s.run, LibraryLaunch) for k in s.run.launches]

    @property
    def ptx(self) -> str:
        """The PTX of all kernels."""
        return "\n".join(k.code.ptx for k in self.device_kernels)

    @property
    def report(self) -> str:
        """How each kernel runs."""
        kernels = (s.run for s in self.steps if not isinstance(s.run, LibraryLaunch))
        return "\n".join(f"kernel {n}: {k.report}" for n, k in enumerate(kernels))


def _reshapes(equation: Equation) -> bool:
    """Whether this is a kernel that only gives its operand another shape."""
    op = equation.primitive
    return isinstance(op, Kernel) and [type(e.primitive) for e in op.graph.equations] == [Reshape]


def compile_for_device(graph: Graph) -> DeviceExecutable:
    """PTX for a graph of kernel and library equations (the result of the `fuse` pass); no GPU is needed.

    Raises UnsupportedError for an equation that only the CPU can run.
    """
    with LOCK:
        return DeviceExecutable(graph)
