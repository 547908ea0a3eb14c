"""Calls like one before: the launch of a program of one kernel, with all that does not depend on addresses ready."""

import math
from collections.abc import Sequence

from vtrace.backends.cuda.array import DeviceArray
from vtrace.backends.cuda.code import load
from vtrace.backends.cuda.device import Device, Memory
from vtrace.backends.cuda.kernel import DeviceKernel
from vtrace.backends.cuda.words import Words


class WarmLaunch:
    """A kernel on one device for one set of sizes. It is not checked that arguments fit."""

    def __init__(
        self, kernel: DeviceKernel, where: Device, sizes: Sequence[int], operands: Sequence[int], results: Sequence[int]
    ) -> None:
        self._where, self._operands, self._order = where, tuple(operands), tuple(results)
        self._results = [
            (shape, dtype, math.prod(shape) * dtype.itemsize) for shape, dtype in kernel.result_types(sizes)
        ]
        length = kernel.length(sizes)
        self._blocks, self._threads = kernel.blocks_for(where, length), kernel.block_threads
        self._words = Words(kernel.words.count, kernel.after_addresses(sizes, length))
        self._function = load(kernel.code.ptx, where)

    @staticmethod
    def serves(kernel: DeviceKernel, sizes: Sequence[int]) -> bool:
        """Whether nothing of a launch but addresses differs from call to call."""
        return not kernel.code.can_fail and not kernel.code.scratch and kernel.length(sizes) > 0

    def __call__(self, stream: int, arrays: Sequence[DeviceArray]) -> list[DeviceArray]:
        """The results, in the order of the program's. To be called within the device."""
        where, at, outputs = self._where, 0, []
        words = self._words.take()
        for n in self._operands:
            words[at] = arrays[n].pointer
            at += 1
        for shape, dtype, size in self._results:
            memory = Memory(where, size, stream)
            words[at] = memory.pointer
            at += 1
            outputs.append(DeviceArray(where, memory, memory.pointer, shape, dtype, stream))
        self._words.launch(self._function, self._blocks, self._threads, words, stream)
        self._words.give(words)
        return [outputs[n] for n in self._order]
