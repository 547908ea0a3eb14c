"""Which part of a kernel a thread of the GPU does.

    flat      every array has one shape and every equation is elementwise: one thread per element
    thread    one thread per example

The choice looks at static extents only, never at the size of the batch, so the bits of a result cannot depend on it.
"""

import dataclasses

from vtrace.backends.layout import Layout, choose
from vtrace.backends.spread import Spread
from vtrace.ir.graph import Graph


def choose_for_device(graph: Graph) -> Layout:
    """The layout of a kernel's graph on a GPU: code is scalar, whatever the CPU's vectors are."""
    layout = dataclasses.replace(choose(graph), width=1, spread=Spread(1, 2))
    if layout.mode == "flat":
        return layout
    return dataclasses.replace(layout, mode="thread", reason="a thread per example")


def threads_per_item(layout: Layout) -> int:
    """How many threads do one item of the parallel axis together."""
    return 1
