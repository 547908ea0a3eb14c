"""A program on a GPU: what its kernels compute, made the results of a call."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from vtrace.api.outputs import Outputs

if TYPE_CHECKING:
    from vtrace.backends.cuda import DeviceExecutable

Warm = Callable[[int, Sequence[Any]], Any]
"""(stream, arrays) -> what the function returns."""


class DeviceProgram:
    """One program, compiled for GPUs."""

    def __init__(self, outputs: Outputs) -> None:
        from vtrace.backends.cuda import compile_for_device

        self._outputs = outputs
        self.executable: DeviceExecutable = compile_for_device(outputs.graph)

    def launch(self, where: Any, stream: int, arrays: Sequence[Any]) -> Sequence[Any]:
        """The results for arrays on the GPU `where`, one after the other; constants among them are NumPy arrays."""
        return self._outputs.leaves(arrays, self.executable.launch(where, stream, arrays))

    def warm(self, where: Any, arrays: Sequence[Any]) -> Warm | None:
        """What serves later calls with arrays like these, whose results are arrays on the GPU; None if nothing does."""
        launch = self.executable.warm(where, arrays)
        if launch is None:
            return None
        assemble = self._outputs.assemble
        return lambda stream, args: assemble(args, launch(stream, args))
