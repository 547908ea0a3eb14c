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

    @property
    def has_constants(self) -> bool:
        """Whether `launch` has NumPy arrays among its results."""
        return self._outputs.has_constants

    def warm(self, where: Any, arrays: Sequence[Any]) -> Warm:
        """What serves later calls with arrays like these."""
        launch, assemble = self.executable.warm(where, arrays), self._outputs.assemble
        return lambda stream, args: assemble(args, launch(stream, args))
