"""Which part of a kernel a thread of the GPU does.

    flat      every array has one shape and every equation is elementwise: one thread per element
    thread    one thread per example
    warp      32 threads per example: they divide its long arrays and folds among themselves
    block     256 threads per example, where its arrays are longer still

The choice looks at static extents only, never at the size of the batch, so the bits of a result cannot depend on it.
Without a batch the rows of a result are the examples. VTRACE_CUDA_LAYOUT overrides it for experiments.
"""

import dataclasses
import os

from vtrace.backends.alignment import ROWS, as_batch
from vtrace.backends.cuda.estimate import ALONE, Team, most_elements, steps
from vtrace.backends.cuda.flat import FLAT_THREADS, WIDEST
from vtrace.backends.cuda.shuffles import WARP
from vtrace.backends.layout import Layout, choose
from vtrace.backends.spread import Spread
from vtrace.errors import UsageError
from vtrace.ir.graph import Graph

TEAMS = {"flat": ALONE, "thread": ALONE, "warp": Team(WARP, WARP, 12.0), "block": Team(256, 128, 40.0)}
"""By layout. Joining the parts of a fold takes five shuffles and what joins them; in a block of threads a barrier too,
and as long as a thread would take for a hundred elements in a cache."""
BLOCK_THREADS = {"flat": FLAT_THREADS, "thread": 128, "warp": 128, "block": 256}
LONG = 4 * WARP
"""The fewest elements of an array for which there is a warp: enough for each of its threads to read 16 bytes."""
VERY_LONG = 2048
"""The fewest for which there is a block. That many float32 are two reads of 16 bytes for each of its threads; a warp
would take 16, one after the other, and for what it keeps it would have a quarter of the shared memory."""
FAIR = 6.0
"""How much more work a team may do in all than a thread would alone: what it does not divide, it does as often as it
has threads. A GPU has room for a quarter of a million threads, and batches are seldom that large; and where threads
read arrays of their own, memory waits."""
CLOSE = 4.0
"""How much more a block may do than a warp."""
MOST_NEIGHBOURS = 8
"""Each of them has code of its own."""


def choose_for_device(graph: Graph, mode: str | None = None) -> Layout:
    """The layout of a kernel's graph on a GPU: code is scalar, whatever the CPU's vectors are."""
    mode, reason = mode or os.environ.get("VTRACE_CUDA_LAYOUT") or None, "asked for"
    if mode not in (None, *TEAMS):
        raise UsageError(f"VTRACE_CUDA_LAYOUT is {mode!r}; it takes {', '.join(TEAMS)}")
    layout = choose(graph, "inner" if mode in ("thread", "warp", "block") else None)
    layout = dataclasses.replace(layout, width=1, spread=Spread(1, 2))
    if layout.mode == "flat":
        return layout
    if mode in (None, "flat"):
        mode, reason = _rule(graph, layout)
    return dataclasses.replace(layout, mode=mode, reason=reason)


def teams_per_block(layout: Layout) -> int:
    """How many examples a block of threads does at a time."""
    return BLOCK_THREADS[layout.mode] // TEAMS[layout.mode].threads


def neighbours(graph: Graph) -> int:
    """How many elements of the long rows of a kernel one instruction reads or writes."""
    types = [a.type for a in (*graph.inputs, *graph.outputs)]
    sizes = [t.dtype.itemsize for t in types if t.rank and isinstance(n := t.shape[-1], int) and n >= WARP]
    return min(WIDEST // max(sizes, default=WIDEST // MOST_NEIGHBOURS), MOST_NEIGHBOURS)


def _rule(graph: Graph, layout: Layout) -> tuple[str, str]:
    symbol = layout.symbol
    if symbol is None and layout.extents:
        graph, symbol = as_batch(graph), ROWS
    longest = most_elements(graph, symbol)
    if longest < LONG:
        return "thread", "a thread per example: its arrays are short"
    alone = steps(graph, symbol, ALONE)
    warp, block = (steps(graph, symbol, TEAMS[mode]) for mode in ("warp", "block"))
    counts = f"about {alone:.3g} steps of one thread, {warp:.3g} of a warp, {block:.3g} of a block"
    most = FAIR * alone
    if longest >= VERY_LONG and 256 * block <= min(most, CLOSE * WARP * warp):
        return "block", f"a block of threads per example: {counts}"
    if WARP * warp <= most:
        return "warp", f"a warp per example: {counts}"
    return "thread", f"a thread per example: {counts}"
