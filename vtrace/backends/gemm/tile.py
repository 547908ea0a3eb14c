"""The innermost part of a matrix product: a few rows times a panel of columns, summed in registers.

    out[i, j] = before[i, j] + sum(x[i, k] * y[k, j] for k in range(inner))

for i < rows, a number that is fixed here, and j < columns, at most those of the panel. Every such function adds in the
same order, beginning with zero, and rounds a product and its addition once: so which of them computes an element makes
no difference to its bits.
"""

from vtrace.backends.gemm.writer import Vectors, Writer, constant
from vtrace.backends.llvm_text import Constant, Function, Module
from vtrace.backends.values import I64, POINTER

PARAMETERS = (POINTER, I64, I64, POINTER, I64, I64, POINTER, I64, POINTER, I64, I64, POINTER, I64)
"""x, bytes to the next row of x, to its next k; y, bytes to its next k; how many k; out, bytes to its next row; before,
bytes to its next row; columns; what will be read next, and bytes to more of that for each k."""


def write_tile(module: Module, vectors: Vectors, rows: int, width: int, masked: bool) -> Function:
    """The function for so many rows, and columns of `width` vectors."""
    w = Writer(module, vectors, f"tile_{rows}x{width}", PARAMETERS)
    x, x_row, x_next, y, y_next, inner, out, out_row, before, before_row, columns, ahead, ahead_next = w.function.args
    masks = [w.first(columns, v * vectors.lanes) if masked else None for v in range(width)]
    offsets = [constant(v * vectors.lanes * vectors.itemsize) for v in range(width)]
    zero = Constant(vectors.type, None)

    for i in range(rows):  # to have it near when the sums are done
        for offset in offsets:
            w.prefetch(w.plus(out, w.mul(out_row, constant(i)), offset))
    entry = w.block
    body, done = (w.function.append_basic_block(name) for name in ("sum", "done"))
    w.branch(body)
    w.position_at_end(body)
    left, x_at, y_at, ahead_at = w.phi(I64), w.phi(POINTER), w.phi(POINTER), w.phi(POINTER)
    sums = [[w.phi(zero.type) for _ in range(width)] for _ in range(rows)]
    line = [w.load_vector(w.plus(y_at, o), m) for o, m in zip(offsets, masks, strict=True)]
    totals = []
    for i, row in enumerate(sums):
        element = w.load(w.plus(x_at, w.mul(x_row, constant(i))), vectors.element, vectors.itemsize)
        factor = w.splat(element)
        totals.append([w.fma(factor, y_part, s) for y_part, s in zip(line, row, strict=True)])
    w.prefetch(ahead_at)
    left_next = w.sub(left, constant(1))
    for phi, start, following in (
        (left, inner, left_next),
        (x_at, x, w.plus(x_at, x_next)),
        (y_at, y, w.plus(y_at, y_next)),
        (ahead_at, ahead, w.plus(ahead_at, ahead_next)),
        *((s, zero, t) for row, total in zip(sums, totals, strict=True) for s, t in zip(row, total, strict=True)),
    ):
        phi.add_incoming(start, entry)
        phi.add_incoming(following, w.block)
    w.cbranch(w.icmp_signed(">", left_next, constant(0)), body, done)

    w.position_at_end(done)
    for i, total in enumerate(totals):
        before_at, out_at = w.plus(before, w.mul(before_row, constant(i))), w.plus(out, w.mul(out_row, constant(i)))
        for value, offset, mask in zip(total, offsets, masks, strict=True):
            known = w.load_vector(w.plus(before_at, offset), mask)
            w.store_vector(w.fadd(known, value), w.plus(out_at, offset), mask)
    w.ret_void()
    return w.function
