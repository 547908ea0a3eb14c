"""How a matrix product is cut into tasks, and what is copied for them. Nothing here can change a bit of the result."""

import functools
from dataclasses import dataclass

from vtrace.backends import threads
from vtrace.backends.gemm.sizes import DEPTH, TILE_ROWS, panel, panels_bytes
from vtrace.backends.target import VECTOR_BYTES

NANOSECONDS = {4: 0.019, 8: 0.038}
"""For one multiplication, by the bytes of an element."""
MOST_TILES, FEWEST_TILES = 96 // TILE_ROWS[0] + 1, 4
"""Of rows, in a task: their part of x takes half of the second cache, and each panel of y there serves them all."""
BLOCK_COLUMNS = 1024
"""Columns that are packed at a time: they are still in a cache when they are read."""
SHORT_ROWS = 32
"""With fewer for each thread, threads share the columns instead."""
FEW_ROWS = 48
NEAR_BYTES = 1 << 19
"""To pack y for all tasks is worth it for more rows than that, if it is larger than this."""
FAR_BYTES = 2048
"""Rows of x so far apart are copied, as they may share few sets of the first cache."""
EVEN = 8
"""Tasks for each thread from which on it does not matter whether all threads have as many."""
LARGE = 1 << 23
"""From so many multiplications on, each example is shared by all threads."""


MOST_PACKED_BYTES = max(panels_bytes(BLOCK_COLUMNS, DEPTH[itemsize], itemsize) for itemsize in (4, 8))
"""The most memory that a product takes beside its operands and its result."""


@dataclass(frozen=True)
class Plan:
    """Plan(...): `columns` and `inner` are taken so many at a time, each time by so many tasks."""

    columns: int
    inner: int
    packed_bytes: int
    """Memory for panels of y that all tasks read; 0 where they are not packed before."""
    tasks: int
    nanoseconds: float
    strides: tuple[int, int, int, int]
    """Bytes to the next row and k of x, to the next k and column of y."""
    blocks: tuple[int, int, int, int, int, int, int]
    """The fields of a product from `block_rows` on (`task.py`)."""


def is_taken_apart(rows: int, columns: int, inner: int, itemsize: int) -> bool:
    """Whether examples with matrices y of their own are so large that they are done one after the other."""
    packs = rows > FEW_ROWS and inner * columns * itemsize > NEAR_BYTES
    return packs or rows * columns * inner >= LARGE


@functools.lru_cache(1024)
def plan(
    shape: tuple[int, int, int], inner: int, itemsize: int, transpose: tuple[bool, bool], one_y: bool, count: int
) -> Plan:
    """For a result of this shape, by `count` threads; `one_y` says whether all examples share y."""
    examples, rows, columns = shape
    row_bytes = itemsize, (rows if transpose[0] else inner) * itemsize
    line_bytes = itemsize, (inner if transpose[1] else columns) * itemsize
    depth, width = min(inner, DEPTH[itemsize]), columns
    packed_bytes = y_bytes = x_pitch = x_lines = 0
    if one_y and examples * rows > FEW_ROWS and (transpose[1] or inner * columns * itemsize > NEAR_BYTES):
        width = min(columns, BLOCK_COLUMNS)
        packed_bytes = panels_bytes(width, depth, itemsize)
    elif transpose[1]:
        y_bytes = panels_bytes(1, depth, itemsize)
    block_rows, block_columns = _block(examples, rows, width, depth, itemsize, packed_bytes > 0, count)
    row_blocks, column_blocks = -(-rows // block_rows), -(-width // block_columns)
    if row_bytes[1] >= FAR_BYTES and rows > 1 and columns > panel(itemsize):
        x_lines, length = (depth, block_rows) if transpose[0] else (block_rows, depth)
        x_pitch = (-(-length * itemsize // VECTOR_BYTES) | 1) * VECTOR_BYTES  # odd, so that rows share no set
    return Plan(
        width,
        depth,
        packed_bytes,
        examples * row_blocks * column_blocks,
        NANOSECONDS[itemsize] * block_rows * block_columns * depth,
        (*(row_bytes if transpose[0] else row_bytes[::-1]), *(line_bytes[::-1] if not transpose[1] else line_bytes)),
        (block_rows, block_columns, row_blocks, column_blocks, x_pitch, x_lines * x_pitch, y_bytes),
    )


def _block(
    examples: int, rows: int, columns: int, inner: int, itemsize: int, by_rows: bool, count: int
) -> tuple[int, int]:
    """Rows and columns of a task: whole tiles. Where there are few tasks, all threads get about as many rows."""
    tile = TILE_ROWS[0]
    most = MOST_TILES * tile
    if rows <= tile or examples * -(-rows // most) >= EVEN * count:
        return min(most, rows), columns
    if NANOSECONDS[itemsize] * rows * columns * inner * examples < threads.WORTH_SHARING:
        return min(most, rows), columns
    if not by_rows and examples * rows < count * SHORT_ROWS:
        panels = -(-columns // panel(itemsize))
        return min(most, rows), -(-panels // count) * panel(itemsize)
    sizes = [n * tile for n in range(MOST_TILES, 0, -1) if n >= FEWEST_TILES or examples * rows < count * n * tile]
    return min(sizes, key=lambda size: _longest(examples, rows, size, count)), columns


def _longest(examples: int, rows: int, size: int, count: int) -> int:
    """The rows that one of `count` threads has in the end, which take tasks of `size` rows one by one."""
    done = [0] * count
    for _ in range(examples):
        for start in range(0, rows, size):
            first = done.index(min(done))
            done[first] += min(size, rows - start)
    return max(done)
