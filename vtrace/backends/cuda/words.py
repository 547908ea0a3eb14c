"""The parameters of a launch: one block of words, of eight bytes each, that is used again.

Making one takes longer than a launch, so those that no launch uses now are kept.
"""

import ctypes
from collections import deque
from collections.abc import Sequence
from typing import Any

from vtrace.backends.cuda import headers
from vtrace.backends.cuda.driver import driver

_WORD = 8


class Words:
    """Blocks of `count` words, of which the last are known before. Behind them stands what tells the driver of them."""

    def __init__(self, count: int, last: Sequence[int] = ()) -> None:
        self.count, self._last = count, list(last)
        self._idle: deque[Any] = deque()

    def take(self) -> Any:
        """A block for one launch."""
        try:
            return self._idle.pop()
        except IndexError:
            words: Any = (ctypes.c_int64 * (self.count + 6))()
            words[self.count - len(self._last) : self.count] = self._last
            address = ctypes.addressof(words)
            words[self.count] = self.count * _WORD
            size = address + self.count * _WORD
            words[self.count + 1 :] = [
                headers.CU_LAUNCH_PARAM_BUFFER_POINTER, address, headers.CU_LAUNCH_PARAM_BUFFER_SIZE, size,
                headers.CU_LAUNCH_PARAM_END,
            ]  # fmt: skip
            return words

    def give(self, words: Any) -> None:
        """The launch is under way: the driver has read them."""
        self._idle.append(words)

    def launch(self, function: int, blocks: int, threads: int, words: Any, stream: int) -> None:
        """Put `blocks` of `threads` on a stream."""
        extra = ctypes.addressof(words) + (self.count + 1) * _WORD
        used = driver()
        status = used.launch(function, blocks, 1, 1, threads, 1, 1, 0, stream, None, extra)
        if status:
            used.check(status, "cuLaunchKernel")
