"""Rows that are read at traced positions, brought into the cache before their turn.

A processor guesses what is read next where reads follow each other, but not where positions are data. Where an example
reads most lines of its row anyway, all of them are asked for two examples ahead: gathers of 100 elements out of 1000
take half the time.
"""

import math
from collections.abc import Callable, Iterator

from vtrace.ir.graph import Atom, Graph, Var
from vtrace.ir.types import static_shape, symbols_of
from vtrace.ops.indexing import Gather, TakeAlong

LINE = 64
"""Bytes of a line of the cache."""
ROW_BYTES = range(512, 1 << 14)
"""Shorter rows are met by what the processor reads beside a line; longer ones would drive each other out."""
DISTANCE = 2
"""Examples. One is too close where rows are short."""


def rows_to_bring(graph: Graph, axis_of: Callable[[Atom], int | None]) -> Iterator[int]:
    """The numbers of a kernel's inputs whose rows should be asked for; `axis_of` tells the parallel axis of a value."""
    read: dict[Atom, int] = {}
    for equation in graph.equations:
        if isinstance(equation.primitive, Gather | TakeAlong):
            source, found = equation.inputs[0], equation.outputs[0]
            read[source] = read.get(source, 0) + _elements(found, axis_of(found))
    for number, var in enumerate(graph.inputs):
        bytes_ = row_bytes(var) if axis_of(var) == 0 else 0
        if bytes_ in ROW_BYTES and 2 * read.get(var, 0) * LINE >= bytes_:
            yield number


def row_bytes(var: Var) -> int:
    """The bytes of an example of an input whose first axis is the parallel one; 0 if they are not known."""
    rest = var.type.shape[1:]
    return 0 if symbols_of(rest) else math.prod(static_shape(rest)) * var.type.dtype.itemsize


def _elements(atom: Atom, axis: int | None) -> int:
    """How many elements an example has, as far as they are known."""
    return math.prod(d for a, d in enumerate(atom.type.shape) if a != axis and isinstance(d, int))
