"""Parts of matrices copied to where they can be read fast: near each other, and not all in one set of the cache."""

from vtrace.backends.gemm.writer import Vectors, Writer, constant
from vtrace.backends.llvm_text import Constant, Function, Module, Value, VectorType
from vtrace.backends.values import I32, I64, POINTER

PARAMETERS = (POINTER, I64, POINTER, I64, I64, I64)


def write_copy(module: Module, vectors: Vectors) -> Function:
    """Lines to lines. The last vector of each is written as a whole.

    Parameters: to, bytes to its next line; from, bytes to its next line; lines; elements of a line.
    """
    w = Writer(module, vectors, "copy", PARAMETERS)
    to, to_next, source, source_next, lines, elements = w.function.args
    with w.loop(constant(0), lines, 1) as line:
        to_at, from_at = w.plus(to, w.mul(line, to_next)), w.plus(source, w.mul(line, source_next))
        with w.loop(constant(0), elements, vectors.lanes) as at:
            mask, offset = w.first(w.sub(elements, at)), w.mul(at, constant(vectors.itemsize))
            w.store_vector(w.load_vector(w.plus(from_at, offset), mask), w.plus(to_at, offset), None)
    w.ret_void()
    return w.function


def write_turn(module: Module, vectors: Vectors) -> Function:
    """Lines to columns: element e of line l becomes element l of line e.

    Parameters: to, bytes to its next line; from, bytes to its next line; lines; elements of a line. What is written is
    a multiple of the lanes, both ways.
    """
    w = Writer(module, vectors, "vtrace_turn", PARAMETERS, linkage="")
    to, to_next, source, source_next, lines, elements = w.function.args
    last = w.sub(lines, constant(1))
    with w.loop(constant(0), lines, vectors.lanes) as line:
        to_line = w.plus(to, w.mul(line, constant(vectors.itemsize)))
        numbers = [w.smaller(w.add(line, constant(n)), last) for n in range(vectors.lanes)]
        starts = [w.plus(source, w.mul(n, source_next)) for n in numbers]
        with w.loop(constant(0), elements, vectors.lanes) as at:
            mask, offset = w.first(w.sub(elements, at)), w.mul(at, constant(vectors.itemsize))
            block = [w.load_vector(w.plus(start, offset), mask) for start in starts]
            for n, vector in enumerate(_transposed(w, block)):
                w.store_vector(vector, w.plus(to_line, w.mul(w.add(at, constant(n)), to_next)), None)
    w.ret_void()
    return w.function


def _transposed(w: Writer, block: list[Value]) -> list[Value]:
    """Of a square: blocks of half the size change places, then within them blocks of a quarter, and so on."""
    size = len(block)
    half = size // 2
    picks = VectorType(I32, size)
    while half:
        low = [n if n & half == 0 else n - half + size for n in range(size)]
        high = [n + half if n & half == 0 else n + size for n in range(size)]
        block = [
            w.shuffle_vector(block[n], block[n + half], Constant(picks, low))
            if n & half == 0
            else w.shuffle_vector(block[n - half], block[n], Constant(picks, high))
            for n in range(size)
        ]
        half //= 2
    return block
