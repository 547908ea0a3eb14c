"""Runs a kernel over its parallel axis, on one thread or several."""

import ctypes
import os
from typing import Any

from vtrace.backends.layout import Layout
from vtrace.ir.graph import Graph


def thread_count() -> int:
    """VTRACE_NUM_THREADS, else the number of CPUs this process may use."""
    return int(os.environ.get("VTRACE_NUM_THREADS", 0)) or len(os.sched_getaffinity(0))


def work_per_item(graph: Graph, layout: Layout) -> int:
    return 1


def run(address: int, function: Any, arguments: int, length: int, work: int) -> None:
    function(ctypes.c_void_p(arguments), 0, length)
