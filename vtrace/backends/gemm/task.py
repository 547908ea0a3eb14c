"""The loops around `tile.py`, as functions over ranges of tasks for the pool of threads.

A task is a block of rows times a block of columns, of one example:

    x, perhaps copied to where its rows are not all in one set of the cache
    for each panel of columns:      y where it lies, packed for all tasks before, or packed here
        for 14, 4, 2, 1 rows:
            for each block of k:    the sums of a tile, added to out

So a panel of y is read by all rows of the block before the next one, and stays in the cache.
"""

from dataclasses import dataclass

from vtrace.backends.gemm.packing import PARAMETERS as PACKING
from vtrace.backends.gemm.packing import write_copy, write_turn
from vtrace.backends.gemm.sizes import CACHE_LINE, INNER, LINE_BYTES, MASKED, PANEL_BYTES, TILE_ROWS
from vtrace.backends.gemm.tile import write_tile
from vtrace.backends.gemm.writer import Vectors, Writer, constant
from vtrace.backends.llvm_text import Constant, Function, FunctionType, Module, Value, VoidType
from vtrace.backends.target import VECTOR_BYTES
from vtrace.backends.values import I64, POINTER
from vtrace.ir.types import DType

ADDRESSES = ("x", "y", "out", "packed", "turn")
"""`packed` is where panels of y lie, or 0; `turn` is the function of `packing.py`, needed where y is transposed."""
FIELDS = (
    *ADDRESSES, "adds", "rows", "columns", "inner",  # adds: whether sums are added to what is in out
    "x_step", "y_step", "out_step",  # bytes to the next example
    "x_row", "x_next", "y_next", "y_column", "out_row",  # bytes to the next row, the next k, the next column
    "block_rows", "block_columns", "row_blocks", "column_blocks",
    "x_pitch", "x_bytes", "y_bytes",  # memory for copying x and for packing y within a task, 0 for neither
)  # fmt: skip
"""What a product is told, eight bytes each."""

_PARAMETERS = (POINTER, I64, I64)
_TURN = FunctionType(VoidType(), PACKING)


def gemm_text(dtype: DType) -> str:
    """The functions `vtrace_gemm`, tasks, and `vtrace_gemm_pack`, panels of y."""
    module, vectors = Module(f"matrix products of {dtype}"), Vectors(dtype)
    copy = write_copy(module, vectors)
    _Pack(module, vectors, copy).write()
    _Task(module, vectors, copy).write()
    return str(module)


def turn_text(dtype: DType) -> str:
    """The function `vtrace_turn`: it takes a while to compile, and not every program transposes."""
    module = Module(f"transposition of {dtype}")
    write_turn(module, Vectors(dtype))
    return str(module)


class _Loops(Writer):
    """A function over a range of items of a product, whose fields are attributes."""

    def __init__(self, module: Module, vectors: Vectors, name: str, copy: Function) -> None:
        super().__init__(module, vectors, name, _PARAMETERS, linkage="")
        self.function.attributes |= {"noinline": None, "optnone": None}  # 25 ms to optimise what takes no time
        self.copy, self.panel = copy, constant(PANEL_BYTES // vectors.itemsize)
        self.product, self.start, self.stop = self.function.args

    def field(self, name: str) -> Value:
        """A field of the product."""
        at = self.gep(self.product, [constant(FIELDS.index(name))], source_etype=I64)
        return self.load(at, POINTER if name in ADDRESSES else I64)

    def is_set(self, name: str) -> Value:
        """Whether a field is not 0."""
        value = self.field(name)
        return self.icmp_unsigned("!=", value, Constant(value.type, None))

    def bytes(self, elements: Value) -> Value:
        return self.mul(elements, constant(self.vectors.itemsize))

    def packed_at(self, column: Value) -> Value:
        """Where the panel from this column lies in `packed`: its lines are rounded up to whole vectors."""
        lanes = self.vectors.lanes
        lines = self.and_(self.add(self.field("inner"), constant(lanes - 1)), constant(-lanes))
        return self.plus(self.field("packed"), self.bytes(self.mul(column, lines)))

    def pack(self, to: Value, y: Value, columns: Value) -> None:
        """A panel of y."""
        pitch, inner, y_column = constant(PANEL_BYTES), self.field("inner"), self.field("y_column")
        turned = self.icmp_signed("!=", y_column, constant(self.vectors.itemsize))
        with self.when(turned):
            self.call(self.field("turn"), [to, pitch, y, y_column, columns, inner], signature=_TURN)
        with self.when(self.not_(turned)):
            self.call(self.copy, [to, pitch, y, self.field("y_next"), inner, columns])


@dataclass(frozen=True)
class _Block:
    """What a task multiplies: rows of x, where they lie, and those of out; what the next example will read."""

    x: Value
    x_row: Value
    x_next: Value
    out: Value
    rows: Value
    x_ahead: Value
    y_ahead: Value


@dataclass(frozen=True)
class _Part:
    """Some columns of it: where they begin in y and in out."""

    y: Value
    y_next: Value
    out: Value
    columns: Value


class _Pack(_Loops):
    def __init__(self, module: Module, vectors: Vectors, copy: Function) -> None:
        super().__init__(module, vectors, "vtrace_gemm_pack", copy)

    def write(self) -> None:
        """Items are panels."""
        with self.loop(self.start, self.stop, 1) as number:
            column = self.mul(number, self.panel)
            columns = self.smaller(self.sub(self.field("columns"), column), self.panel)
            y = self.plus(self.field("y"), self.mul(column, self.field("y_column")))
            self.pack(self.packed_at(column), y, columns)
        self.ret_void()


class _Task(_Loops):
    def __init__(self, module: Module, vectors: Vectors, copy: Function) -> None:
        width = PANEL_BYTES // VECTOR_BYTES
        self.tiles = [(rows, write_tile(module, vectors, rows, width, MASKED)) for rows in TILE_ROWS]
        narrow = TILE_ROWS[:1] if MASKED else TILE_ROWS  # for the few rows left of a panel the other tiles do as well
        self.edge = [(rows, write_tile(module, vectors, rows, 1, True)) for rows in narrow] + self.tiles[len(narrow) :]
        self.line = write_tile(module, vectors, 1, LINE_BYTES // VECTOR_BYTES, False)
        super().__init__(module, vectors, "vtrace_gemm", copy)

    def write(self) -> None:
        """Items are tasks."""
        self.zeros = self.room(constant(LINE_BYTES))
        for at in range(0, LINE_BYTES, VECTOR_BYTES):
            self.store_vector(Constant(self.vectors.type, None), self.plus(self.zeros, constant(at)), None)
        self.x_room, self.y_room = self.room(self.field("x_bytes")), self.room(self.field("y_bytes"))
        with self.loop(self.start, self.stop, 1) as task:
            column_blocks, row_blocks = self.field("column_blocks"), self.field("row_blocks")
            block_rows, block_columns = self.field("block_rows"), self.field("block_columns")
            rest = self.sdiv(task, column_blocks)
            example, row = self.sdiv(rest, row_blocks), self.mul(self.srem(rest, row_blocks), block_rows)
            column = self.mul(self.srem(task, column_blocks), block_columns)
            rows = self.smaller(self.sub(self.field("rows"), row), block_rows)
            stop = self.smaller(self.field("columns"), self.add(column, block_columns))
            x, y, out = (self._example(name, example) for name in ("x", "y", "out"))
            self._block(
                _Block(
                    *self._rows_of_x(self.plus(x, self.mul(row, self.field("x_row"))), rows),
                    self.plus(out, self.mul(row, self.field("out_row"))), rows,
                    self._example("x", self.add(example, constant(1))),
                    self._example("y", self.add(example, constant(1))),
                ), y, column, stop,
            )  # fmt: skip
        self.ret_void()

    def _example(self, name: str, number: Value) -> Value:
        return self.plus(self.field(name), self.mul(number, self.field(f"{name}_step")))

    def _rows_of_x(self, x: Value, rows: Value) -> tuple[Value, Value, Value]:
        """Where to read a block of x, copied if it is to be: the address, bytes to the next row, to the next k."""
        x_row, x_next, pitch = self.field("x_row"), self.field("x_next"), self.field("x_pitch")
        copies, inner = self.is_set("x_bytes"), self.field("inner")
        by_rows = self.icmp_signed("==", x_next, constant(self.vectors.itemsize))
        with self.when(copies):
            lines, elements = self.select(by_rows, rows, inner), self.select(by_rows, inner, rows)
            self.call(self.copy, [self.x_room, pitch, x, self.select(by_rows, x_row, x_next), lines, elements])
        return (
            self.select(copies, self.x_room, x),
            self.select(self.and_(copies, by_rows), pitch, x_row),
            self.select(self.and_(copies, self.not_(by_rows)), pitch, x_next),
        )

    def _block(self, block: _Block, y: Value, column: Value, stop: Value) -> None:
        packs, is_packed = self.is_set("y_bytes"), self.is_set("packed")
        in_panels = self.or_(packs, is_packed)
        y_next = self.select(in_panels, constant(PANEL_BYTES), self.field("y_next"))
        width = LINE_BYTES // self.vectors.itemsize
        is_line = self.and_(self.icmp_signed("==", block.rows, constant(1)), self.not_(in_panels))
        columns = self.sub(stop, column)
        lines = self.select(is_line, self.sub(columns, self.srem(columns, constant(width))), constant(0))
        start = self.add(column, lines)
        with self.loop(column, start, width) as j:
            part = _Part(self.plus(y, self.bytes(j)), y_next, self.plus(block.out, self.bytes(j)), constant(width))
            self._sums(self.line, block, block.x, part, (block.x, constant(0)))
        with self.loop(start, stop, PANEL_BYTES // self.vectors.itemsize) as j:
            columns = self.smaller(self.sub(stop, j), self.panel)
            lies_at = self.plus(y, self.mul(j, self.field("y_column")))
            with self.when(packs):
                self.pack(self.y_room, lies_at, columns)
            y_at = self.select(packs, self.y_room, self.select(is_packed, self.packed_at(j), lies_at))
            self._panel(block, _Part(y_at, y_next, self.plus(block.out, self.bytes(j)), columns), j)

    def _panel(self, block: _Block, part: _Part, column: Value) -> None:
        if MASKED:
            is_narrow = self.icmp_signed("<=", part.columns, constant(self.vectors.lanes))
            with self.when(is_narrow):
                self._tiles(self.edge, block, part, column)
            with self.when(self.not_(is_narrow)):
                self._tiles(self.tiles, block, part, column)
            return
        is_whole = self.icmp_signed("==", part.columns, self.panel)
        with self.when(is_whole):
            self._tiles(self.tiles, block, part, column)
        lanes = self.vectors.lanes
        with self.when(self.not_(is_whole)), self.loop(constant(0), part.columns, lanes) as at:
            left = self.smaller(self.sub(part.columns, at), constant(lanes))
            y, out = self.plus(part.y, self.bytes(at)), self.plus(part.out, self.bytes(at))
            self._tiles(self.edge, block, _Part(y, part.y_next, out, left), column)

    def _tiles(self, tiles: list[tuple[int, Function]], block: _Block, part: _Part, column: Value) -> None:
        done: Value = constant(0)
        for size, tile in tiles:
            left = self.sub(block.rows, done)
            stop = self.add(done, self.sub(left, self.srem(left, constant(size))))
            with self.loop(done, stop, size) as i:
                x = self.plus(block.x, self.mul(i, block.x_row))
                out = self.plus(part.out, self.mul(i, self.field("out_row")))
                moved = _Part(part.y, part.y_next, out, part.columns)
                self._sums(tile, block, x, moved, self._ahead(block, part, i, column))
            done = stop

    def _ahead(self, block: _Block, part: _Part, row: Value, column: Value) -> tuple[Value, Value]:
        """What to have read meanwhile, a line for each k of each tile: of the next panel, or the next example."""
        most = constant(TILE_ROWS[0])
        tiles = self.sdiv(self.add(block.rows, constant(TILE_ROWS[0] - 1)), most)
        inner, x_step, is_packed = self.field("inner"), self.field("x_step"), self.is_set("packed")
        lines = self.mul(inner, constant(CACHE_LINE))
        number = self.sdiv(row, most)
        panel = self.plus(part.y, self.mul(inner, constant(PANEL_BYTES)), self.mul(number, lines))
        number = self.add(self.mul(self.sdiv(column, self.panel), tiles), number)
        offset = self.mul(number, lines)
        of_x, of_y = self.plus(block.x_ahead, offset), self.plus(block.y_ahead, self.sub(offset, x_step))
        example = self.select(self.icmp_signed("<", offset, x_step), of_x, of_y)
        any_more = self.or_(is_packed, self.is_set("y_step"))
        return self.select(is_packed, panel, example), self.select(any_more, constant(CACHE_LINE), constant(0))

    def _sums(self, tile: Function, block: _Block, x: Value, part: _Part, ahead: tuple[Value, Value]) -> None:
        inner, out_row, step = self.field("inner"), self.field("out_row"), INNER[self.vectors.itemsize]
        with self.loop(constant(0), inner, step) as k:
            many = self.smaller(self.sub(inner, k), constant(step))
            adds = self.icmp_signed("!=", self.or_(self.field("adds"), k), constant(0))
            before, before_row = self.select(adds, part.out, self.zeros), self.select(adds, out_row, constant(0))
            x_k, y_k = self.plus(x, self.mul(k, block.x_next)), self.plus(part.y, self.mul(k, part.y_next))
            self.call(
                tile,
                [
                    x_k, block.x_row, block.x_next, y_k, part.y_next, many, part.out, out_row, before, before_row,
                    part.columns, *ahead,
                ],
            )  # fmt: skip
