"""The loops around the innermost part of a matrix product, as functions over ranges of tasks for the pool of threads.

A task is a block of rows times a block of columns, of one example. It goes through `inner` in blocks, through its
columns in panels, and through its rows by the functions of `tile.py`:

    for block of k:                     x: the block of rows, perhaps copied
        for panel of columns:           y: where it lies, or packed: before, for all tasks, or here
            for rows, 14, 8, 4, 2, 1:   sums of a block are added to out
"""

from dataclasses import dataclass

from vtrace.backends.gemm.packing import write_copy, write_turn
from vtrace.backends.gemm.tile import write_tile
from vtrace.backends.gemm.writer import Vectors, Writer, constant
from vtrace.backends.llvm_text import Constant, Function, Module, Value, ArrayType
from vtrace.backends.target import VECTOR_BYTES, cpu_features
from vtrace.backends.values import I8, I64, POINTER
from vtrace.ir.types import DType

FIELDS = (
    "x", "y", "out", "packed",  # addresses; `packed` is 0 where y is not packed before
    "x_step", "y_step", "out_step",  # bytes to the next example
    "x_row", "x_next", "y_next", "y_column", "out_row",  # bytes: to the next row, the next k, the next column
    "rows", "columns", "inner",
    "block_rows", "block_columns", "row_blocks", "column_blocks",
    "copy_lines", "x_pitch", "x_bytes", "y_bytes",  # y_bytes: 0 unless tasks pack panels of y
)  # fmt: skip
"""What a product is told, eight bytes each."""

INNER = 256
"""Sums of so many products are added up, in blocks: their order is part of the result."""

MASKED = VECTOR_BYTES == 64
"""With AVX-512 a mask costs nothing. Elsewhere only the columns beyond the last whole panel are read under one."""
ROWS = (14, 8, 4, 2, 1) if MASKED else (6, 4, 2, 1)
"""Rows of the innermost functions: the first fills the registers, with two vectors of columns."""
WIDTH = 2
EDGE = WIDTH if MASKED else 1
"""Vectors of a panel, whole and at the edge."""
_PARAMETERS = (POINTER, I64, I64)


@dataclass(frozen=True)
class Extents:
    """Sizes in elements that code and callers agree on."""

    lanes: int

    @property
    def panel(self) -> int:
        return WIDTH * self.lanes


class _Arguments:
    """The fields of a product, read in `w`."""

    def __init__(self, w: Writer) -> None:
        self._w, self._pointer = w, w.function.args[0]
        self._read = {name: self._load(number, name) for number, name in enumerate(FIELDS)}

    def _load(self, number: int, name: str) -> Value:
        type_ = POINTER if number < 4 else I64
        return self._w.load(self._w.gep(self._pointer, [constant(number)], source_etype=I64), type_)

    def __getattr__(self, name: str) -> Value:
        return self._read[name]


def write_module(dtype: DType) -> Module:
    """`vtrace_gemm` and `vtrace_gemm_pack`."""
    module, vectors = Module(f"matrix products of {dtype}"), Vectors(dtype)
    copy, turn = write_copy(module, vectors), write_turn(module, vectors)
    whole = [(n, write_tile(module, vectors, n, WIDTH, MASKED)) for n in ROWS]
    edge = whole if MASKED else [(n, write_tile(module, vectors, n, EDGE, True)) for n in ROWS]
    _write_pack(module, vectors, copy, turn)
    _Product(module, vectors, copy, turn, whole, edge).write()
    return module


def _panel_of(w: Writer, a: _Arguments, k: Value, depth: Value, column: Value) -> Value:
    """Where a block of k of the panel from `column` lies in `packed`."""
    lanes, panel = w.vectors.lanes, WIDTH * w.vectors.lanes
    room = w.and_(w.add(depth, constant(lanes - 1)), constant(-lanes))
    width = w.mul(w.sdiv(w.add(a.columns, constant(panel - 1)), constant(panel)), constant(panel))
    return w.plus(a.packed, w.mul(w.add(w.mul(k, width), w.mul(column, room)), constant(w.vectors.itemsize)))


def _pack_panel(
    w: Writer, a: _Arguments, copy: Function, turn: Function, to: Value, source: Value, depth: Value, columns: Value
) -> None:
    """`depth` lines of a panel, from `source`."""
    pitch = constant(WIDTH * VECTOR_BYTES)
    turned = w.icmp_signed("!=", a.y_column, constant(w.vectors.itemsize))
    with w.when(turned):
        w.call(turn, [to, pitch, source, a.y_column, columns, depth])
    with w.when(w.not_(turned)):
        w.call(copy, [to, pitch, source, a.y_next, depth, columns])


def _write_pack(module: Module, vectors: Vectors, copy: Function, turn: Function) -> None:
    """A range of panels of y, for all tasks."""
    w = Writer(module, vectors, "vtrace_gemm_pack", _PARAMETERS, linkage="")
    a = _Arguments(w)
    panel = WIDTH * vectors.lanes
    with w.loop(w.function.args[1], w.function.args[2], 1) as number:
        column = w.mul(number, constant(panel))
        columns = w.smaller(w.sub(a.columns, column), constant(panel))
        with w.loop(constant(0), a.inner, INNER) as k:
            depth = w.smaller(w.sub(a.inner, k), constant(INNER))
            source = w.plus(a.y, w.mul(k, a.y_next), w.mul(column, a.y_column))
            _pack_panel(w, a, copy, turn, _panel_of(w, a, k, depth, column), source, depth, columns)
    w.ret_void()


class _Product:
    def __init__(self, module, vectors, copy, turn, whole, edge) -> None:
        self.w = Writer(module, vectors, "vtrace_gemm", _PARAMETERS, linkage="")
        self.a = _Arguments(self.w)
        self.vectors, self.copy, self.turn, self.whole, self.edge = vectors, copy, turn, whole, edge

    def write(self) -> None:
        w, a = self.w, self.a
        self.zeros = w.alloca(I8, WIDTH * VECTOR_BYTES)
        self.zeros.align = VECTOR_BYTES
        for v in range(WIDTH):
            w.store_vector(Constant(self.vectors.type, None), w.plus(self.zeros, constant(v * VECTOR_BYTES)), None)
        self.x_room, self.y_room = self._room(a.x_bytes), self._room(a.y_bytes)
        with w.loop(w.function.args[1], w.function.args[2], 1) as task:
            column_block = w.srem(task, a.column_blocks)
            rest = w.sdiv(task, a.column_blocks)
            example, row_block = w.sdiv(rest, a.row_blocks), w.srem(rest, a.row_blocks)
            row, column = w.mul(row_block, a.block_rows), w.mul(column_block, a.block_columns)
            rows = w.smaller(w.sub(a.rows, row), a.block_rows)
            stop = w.smaller(a.columns, w.add(column, a.block_columns))
            x = w.plus(a.x, w.mul(example, a.x_step), w.mul(row, a.x_row))
            y = w.plus(a.y, w.mul(example, a.y_step))
            out = w.plus(a.out, w.mul(example, a.out_step), w.mul(row, a.out_row))
            with w.loop(constant(0), a.inner, INNER) as k:
                self._depth(k, x, y, out, rows, column, stop)
        w.ret_void()

    def _room(self, count: Value) -> Value:
        ref = self.w._name()
        self.w.block.lines.append(f"  {ref} = alloca i8, i64 {count.ref}, align 64")
        return Value(POINTER, ref)

    def _depth(self, k, x, y, out, rows, column, stop) -> None:
        w, a = self.w, self.a
        itemsize, panel = self.vectors.itemsize, WIDTH * self.vectors.lanes
        depth = w.smaller(w.sub(a.inner, k), constant(INNER))
        x_from = w.plus(x, w.mul(k, a.x_next))
        copies = w.icmp_signed("!=", a.x_bytes, constant(0))
        by_rows = w.icmp_signed("==", a.x_next, constant(itemsize))
        with w.when(copies):
            lines, elements = w.select(by_rows, rows, depth), w.select(by_rows, depth, rows)
            pitch = w.select(by_rows, a.x_row, a.x_next)
            w.call(self.copy, [self.x_room, a.x_pitch, x_from, pitch, lines, elements])
        x_at = w.select(copies, self.x_room, x_from)
        x_row = w.select(w.and_(copies, by_rows), a.x_pitch, a.x_row)
        x_next = w.select(w.and_(copies, w.not_(by_rows)), a.x_pitch, a.x_next)
        is_first = w.icmp_signed("==", k, constant(0))
        before_row = w.select(is_first, constant(0), a.out_row)
        packed = w.icmp_unsigned("!=", a.packed, Constant(POINTER, None))
        here = w.icmp_signed("!=", a.y_bytes, constant(0))
        y_next = w.select(w.or_(packed, here), constant(WIDTH * VECTOR_BYTES), a.y_next)
        with w.loop(column, stop, panel) as j:
            columns = w.smaller(w.sub(stop, j), constant(panel))
            y_from = w.plus(y, w.mul(k, a.y_next), w.mul(j, a.y_column))
            with w.when(here):
                _pack_panel(w, a, self.copy, self.turn, self.y_room, y_from, depth, columns)
            y_at = w.select(here, self.y_room, w.select(packed, _panel_of(w, a, k, depth, j), y_from))
            out_at = w.plus(out, w.mul(j, constant(itemsize)))
            args = (x_at, x_row, x_next, y_at, y_next, depth, out_at, is_first, before_row, rows, columns)
            if self.whole is self.edge:
                self._rows(self.whole, *args)
            else:
                whole = w.icmp_signed("==", columns, constant(panel))
                with w.when(whole):
                    self._rows(self.whole, *args)
                with w.when(w.not_(whole)):
                    with w.loop(constant(0), columns, self.vectors.lanes) as part:
                        o = w.mul(part, constant(itemsize))
                        left = w.smaller(w.sub(columns, part), constant(self.vectors.lanes))
                        self._rows(self.edge, x_at, x_row, x_next, w.plus(y_at, o), y_next, depth,
                            w.plus(out_at, o), is_first, before_row, rows, left)

    def _rows(self, tiles, x, x_row, x_next, y, y_next, depth, out, is_first, before_row, rows, columns) -> None:
        w, a = self.w, self.a
        done: Value = constant(0)
        for number, (size, tile) in enumerate(tiles):
            left = w.sub(rows, done)
            stop = w.add(done, w.sub(left, w.srem(left, constant(size))))
            with w.loop(done, stop, size) as i:
                o = w.plus(out, w.mul(i, a.out_row))
                before = w.select(is_first, self.zeros, o)
                w.call(tile, [w.plus(x, w.mul(i, x_row)), x_row, x_next, y, y_next, depth, o, a.out_row, before, before_row, columns])
            done = stop
