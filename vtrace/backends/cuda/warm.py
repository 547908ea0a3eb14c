"""Calls like one before: launches with all that does not depend on addresses ready."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from vtrace.backends.cuda.array import DeviceArray
from vtrace.backends.cuda.code import load
from vtrace.backends.cuda.device import Device, Memory
from vtrace.backends.cuda.kernel import DeviceKernel
from vtrace.backends.cuda.words import Words

WarmStep = Callable[[int, Sequence[DeviceArray]], list[DeviceArray]]
"""(stream, arrays) -> results, of a program or of one of its steps. It is not checked that arguments fit."""


class WarmLaunch:
    """A kernel on one device for one set of sizes."""

    def __init__(self, kernel: DeviceKernel, where: Device, sizes: Sequence[int]) -> None:
        self._where = where
        self._results = [
            (shape, dtype, math.prod(shape) * dtype.itemsize) for shape, dtype in kernel.result_types(sizes)
        ]
        length = kernel.length(sizes)
        self._blocks, self._threads = kernel.blocks_for(where, length), kernel.block_threads
        self._words = Words(kernel.words.count, kernel.after_addresses(sizes, length))
        self._function = load(kernel.code.ptx, where)

    def __call__(self, stream: int, arrays: Sequence[DeviceArray]) -> list[DeviceArray]:
        """To be called within the device."""
        where, outputs = self._where, []
        words, at = self._words.take(), 0
        for array in arrays:
            words[at] = array.pointer
            at += 1
        for shape, dtype, size in self._results:
            memory = Memory(where, size, stream)
            words[at] = memory.pointer
            at += 1
            outputs.append(DeviceArray(where, memory, memory.pointer, shape, dtype, stream))
        self._words.launch(self._function, self._blocks, self._threads, words, stream)
        self._words.give(words)
        return outputs


def warm_step(run: Any, where: Device, sizes: Sequence[int]) -> WarmStep:
    """A step of a program; where more than addresses differs from call to call, or there is nothing to do, as it is."""
    if isinstance(run, DeviceKernel):
        code, length = run.code, run.length(sizes)
        if not code.can_fail and not code.scratch and length > 0:
            return WarmLaunch(run, where, sizes)
    return lambda stream, arrays: run(where, stream, arrays, sizes)
