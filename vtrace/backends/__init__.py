"""From a fused graph to machine code: the only place that knows llvmlite."""

from vtrace.backends.executable import Executable as Executable
from vtrace.backends.executable import compile as compile
from vtrace.backends.memory import clear_pool as clear_pool
from vtrace.backends.memory import pool_bytes as pool_bytes
