"""What an outside harness needs to put vtrace beside other systems.

IMPL maps the name of a workload to build() -> callable, `prep` readies arguments, `sync` waits for results, `trivial`
is the smallest call there is. The programs themselves are in programs.py and loop_programs.py.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))  # a harness puts this folder on the path, not the one around it

import vtrace
from benchmarks.loop_programs import LOOPS
from benchmarks.programs import PROGRAMS


def prep(args: Any) -> Any:
    return args


def sync(out: Any) -> Any:
    return out


def warm() -> None:
    """Load what the first compilation loads."""
    vtrace.vmap(lambda x: x * 2)(np.ones(4, np.float32))


def trivial() -> tuple[Callable[..., Any], list[Any]]:
    return vtrace.vmap(lambda x: x * 2 + 1), [np.ones(4, np.float32)]


IMPL = {name: lambda f=f, axes=axes: vtrace.vmap(f, axes) for name, (f, axes) in (PROGRAMS | LOOPS).items()}
