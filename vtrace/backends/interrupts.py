"""Ctrl-C while a loop runs that may never end: the host's side of `interrupts.ll`."""

import ctypes
import functools
import os
import threading
from pathlib import Path
from typing import Any

from vtrace.backends.jit import Machine

_FUNCTIONS = ("PyGILState_Ensure", "PyGILState_Release", "PyErr_CheckSignals", "PyErr_Fetch")
_MAIN, _FIRST_FUNCTION, _NEXT, _EXCEPTION, _WORDS = 0, 1, 5, 6, 9


class Watch:
    """The code that asks Python for signals, and the words that it shares with us."""

    def __init__(self) -> None:
        text = Path(__file__).with_suffix(".ll").read_text()
        self._machine = Machine(text, lambda: text)
        self.poll = self._machine.address("vtrace_poll")
        """The address of the function that loops call."""
        self._words: Any = (ctypes.c_int64 * _WORDS).from_address(self._machine.data("vtrace_watch"))
        for number, name in enumerate(_FUNCTIONS, start=_FIRST_FUNCTION):
            self._words[number] = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0
        self.find_main_thread()
        os.register_at_fork(after_in_child=self.find_main_thread)

    def find_main_thread(self) -> None:
        """Note which thread handles signals; in a forked child it may be another one."""
        ident = threading.main_thread().ident
        assert ident is not None, "it has started"
        self._words[_MAIN] = ident

    def raise_exception(self) -> None:
        """Raise what the signal's handler raised."""
        exception = [self._words[_EXCEPTION + n] or None for n in range(3)]
        self._words[_EXCEPTION : _EXCEPTION + 3] = [0, 0, 0]
        restore = ctypes.pythonapi.PyErr_Restore
        restore.argtypes, restore.restype = [ctypes.c_void_p] * 3, None
        restore(*exception)  # ctypes raises what is set when a function of Python's own returns
        raise AssertionError("a kernel was stopped without a reason")


@functools.cache
def watch() -> Watch:
    """That of this process."""
    return Watch()
