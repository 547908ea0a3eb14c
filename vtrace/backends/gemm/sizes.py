"""The sizes of the parts that a matrix product is taken to. Those that decide bits are here, and look at no batch."""

from vtrace.backends.target import MASK_REGISTERS, VECTOR_BYTES

INNER = {4: 384, 8: 512}
"""Products that are summed in registers, by the bytes of an element. Such sums are then added one after the other: the
order of all additions is that of k, whatever computes them."""
DEPTH = {4: 3 * INNER[4], 8: INNER[8]}
"""How much of `inner` a task goes through, a multiple of that: its rows of x stay in the second cache meanwhile."""

MASKED = MASK_REGISTERS
"""With AVX-512 a mask costs nothing. Elsewhere only what is left of the last panel is read under one."""
TILE_ROWS = (14, 4, 2, 1) if MASKED else (6, 4, 2, 1)
"""Rows that are summed together: the first fills the registers, the others take what it leaves."""
PANEL_BYTES = 2 * VECTOR_BYTES
"""The width of a panel of columns: 28 of 32 registers hold sums, with AVX2 12 of 16."""
LINE_BYTES = (16 if MASKED else 8) * VECTOR_BYTES
"""Columns that are summed together where there is one row: memory is read in longer pieces."""

CACHE_LINE = 64
"""Bytes."""


def panel(itemsize: int) -> int:
    """Columns of a panel."""
    return PANEL_BYTES // itemsize


def panels_bytes(columns: int, depth: int, itemsize: int) -> int:
    """The memory of so many columns as panels."""
    return -(-columns // panel(itemsize)) * PANEL_BYTES * lines(depth, itemsize)


def lines(depth: int, itemsize: int) -> int:
    """`depth` rounded up to whole vectors, as panels are turned in squares."""
    lanes = VECTOR_BYTES // itemsize
    return -(-depth // lanes) * lanes
