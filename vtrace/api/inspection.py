"""What a function becomes for given arguments, stage by stage."""

from collections.abc import Callable

from vtrace.api.device import CPU
from vtrace.api.forecast import MemoryForecast
from vtrace.api.program import Program
from vtrace.ir.graph import Graph


class Inspection:
    """Every stage of one function for one signature. Stages are made when they are asked for; nothing is run."""

    def __init__(
        self, program: Program, title: str, memory: Callable[[], MemoryForecast], device: str | None = None
    ) -> None:
        self._program = program
        self._title = title
        self._memory = memory
        self._device = device

    @property
    def traced(self) -> Graph:
        """The function for one example, as it was written."""
        return self._program.traced

    @property
    def batched(self) -> Graph:
        """The same for a batch of examples. For `jit` it is `traced`."""
        return self._program.batched

    @property
    def optimized(self) -> Graph:
        """After simplification."""
        return self._program.optimized

    @property
    def kernels(self) -> Graph:
        """After fusion: each `kernel` equation becomes one loop nest."""
        return self._program.kernels

    @property
    def llvm(self) -> str:
        """The LLVM IR of the kernels."""
        return self._program.executable.llvm

    @property
    def asm(self) -> str:
        """The machine code of the kernels, as assembly."""
        return self._program.executable.asm

    @property
    def ptx(self) -> str:
        """The kernels for a GPU, as PTX. No GPU is needed for it, nor anything of CUDA."""
        return self._program.on_device.executable.ptx

    @property
    def sass(self) -> str:
        """The machine code for a GPU, as NVIDIA's tools ptxas and nvdisasm, or cuobjdump, show it."""
        from vtrace.backends.cuda.tools import sass

        return sass(self.ptx)

    @property
    def report(self) -> str:
        """What the code generator decided, and why."""
        if (self._device or CPU) != CPU:
            return self._program.on_device.executable.report
        return self._program.executable.report

    @property
    def memory(self) -> MemoryForecast:
        """How much memory a call with these arguments takes; the size of the batch must be known: `"f64[1000,3]"`.

        >>> import numpy as np, vtrace
        >>> print(vtrace.vmap(np.sum).inspect("f64[1000000,8]").memory)
        arguments                   64 MB
        copies of arguments           0 B
        constants                     0 B
        between kernels               0 B
        results                      8 MB
        all together                72 MB
        """
        return self._memory()

    def __str__(self) -> str:
        if self._program.prints:
            return "\n\n".join([self._title, f"traced:\n{self.traced}", "report:\ninterpreted, as it prints"])
        stages = ("traced", "batched", "optimized", "kernels")
        parts = [f"{name}:\n{getattr(self, name)}" for name in stages]
        return "\n\n".join([self._title, *parts, f"report:\n{self.report}"])

    def __repr__(self) -> str:
        return f"<vtrace.Inspection of {self._title}>"
