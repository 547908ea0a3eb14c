"""A program on a GPU: what its kernels compute, made the results of a call."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vtrace.api.outputs import Outputs

if TYPE_CHECKING:
    from vtrace.backends.cuda import DeviceExecutable


class DeviceProgram:
    """One program, compiled for GPUs."""

    def __init__(self, outputs: Outputs) -> None:
        from vtrace.backends.cuda import compile_for_device

        self._outputs = outputs
        self.executable: DeviceExecutable = compile_for_device(outputs.graph)

    def launch(self, where: Any, stream: int, arrays: Sequence[Any]) -> Sequence[Any]:
        """The results for arrays on the GPU `where`, one after the other; constants among them are NumPy arrays."""
        return self._outputs.leaves(arrays, self.executable.launch(where, stream, arrays))
