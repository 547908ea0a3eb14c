"""Runs a kernel over its parallel axis, on one thread or several.

The pool is a page of hand-written LLVM (`pool.ll`). It is safe to call from several Python threads (one gets the pool,
the others do their work alone) and after a fork (the child makes a new pool when it first needs one).
"""

import ctypes
import functools
import math
import os
import signal
import threading
from pathlib import Path
from typing import Any

from vtrace.backends.jit import Machine
from vtrace.errors import UsageError

POOL_BYTES = 512
MOST_THREADS = 1024
SPINS = 2000
"""How often an idle worker looks for work before it sleeps: some 20 us, about what waking it would cost."""
BLOCKS_PER_THREAD = 8
"""Blocks a thread may take: enough to even out uneven work, few enough to stay cheap."""
ALIGNED = 64
"""Items of a large block, so that blocks begin where lines of the cache do."""
WORTH_SHARING = 20_000.0
"""Estimated nanoseconds from which a kernel is shared between threads."""


@functools.cache
def thread_count() -> int:
    """VTRACE_NUM_THREADS, else the number of CPUs this process may use."""
    asked = os.environ.get("VTRACE_NUM_THREADS", "")
    if asked and not (asked.isdecimal() and 0 <= int(asked) <= MOST_THREADS):
        raise UsageError(f"VTRACE_NUM_THREADS is {asked!r}; it takes a number up to {MOST_THREADS}, 0 for all CPUs")
    return int(asked or 0) or min(len(os.sched_getaffinity(0)), MOST_THREADS)


@functools.cache
def _code() -> Machine:
    text = Path(__file__).with_name("pool.ll").read_text()
    return Machine(text, lambda: text)


class Pool:
    """The worker threads of this process and the memory they share."""

    def __init__(self) -> None:
        code = _code()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(code))  # workers run it until the process ends
        self.memory = ctypes.create_string_buffer(POOL_BYTES)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.memory))
        self.address = ctypes.addressof(self.memory)
        ctypes.cast(self.address, ctypes.POINTER(ctypes.c_int64))[7] = SPINS
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(code.address("vtrace_pool_init"))(self.address)
        prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4, *[ctypes.c_int64] * 2)
        self.run = prototype(code.address("vtrace_pool_run"))
        create = ctypes.CDLL(None).pthread_create
        create.argtypes = [ctypes.c_void_p] * 4
        # signals are Python's: a worker inherits that all are blocked, so that Ctrl-C always reaches the main thread
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            for _ in range(thread_count() - 1):
                handle = ctypes.c_uint64()
                create(ctypes.byref(handle), None, code.address("vtrace_pool_worker"), self.address)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


_pool: Pool | None = None
_LOCK = threading.Lock()


def pool() -> Pool:
    """This process's pool, made when first needed."""
    global _pool
    with _LOCK:
        if _pool is None:
            _pool = Pool()
        return _pool


def _forget() -> None:
    """In a forked child the workers are gone."""
    global _pool, _LOCK
    _pool, _LOCK = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def worth_sharing(length: int, nanoseconds: float) -> bool:
    """Whether so many items that take so long each are to be spread over several threads."""
    return thread_count() > 1 and length >= 2 and length * nanoseconds >= WORTH_SHARING


def run(
    function: Any, address: int, arguments: int, length: int, nanoseconds: float, record: int = 0, lanes: int = 1
) -> None:
    """Call the kernel for all of its parallel axis; `nanoseconds` is the estimated time per item.

    So many `lanes` are done at a time: a block of fewer items takes as long. `record` is the address of the fault
    record, if there is one: while it waits for the others, this thread looks after signals as loops do.
    """
    if length <= lanes or not worth_sharing(length, nanoseconds):
        function(arguments, 0, length)
        return
    grain = max(-(-length // (thread_count() * BLOCKS_PER_THREAD)), int(WORTH_SHARING / 8 / nanoseconds), 1)
    if grain > ALIGNED:
        lanes = math.lcm(lanes, ALIGNED)
    grain = -(-grain // lanes) * lanes
    shared = pool()
    shared.run(shared.address, address, arguments, record, length, grain)
