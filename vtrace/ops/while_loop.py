"""Loops that go on as long as a condition holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.graph import Graph, Literal
from vtrace.ir.interpreter import evaluate
from vtrace.ir.primitive import Batched, Batcher, ErrorExample, Example, Primitive, primitive
from vtrace.ir.types import BOOL, Array, ArrayType
from vtrace.ops.arithmetic import Add
from vtrace.ops.comparison import Less
from vtrace.ops.mapped import batch_per_example
from vtrace.ops.samples import array
from vtrace.ops.subgraph import graph_of, require_types, types_text


@final
@primitive("while")
@dataclass(frozen=True)
class While(Primitive):
    """`while cond(*cond_consts, *carries): carries = body(*body_consts, *carries)`.

    The operands are the constants of the condition, those of the body, and the first carries, as many as the counts
    say; the results are the last carries.
    """

    cond: Graph
    body: Graph
    cond_consts: int
    body_consts: int

    def infer_all(self, *types: ArrayType) -> tuple[ArrayType, ...]:
        cond_consts, body_consts, carries = self.split(types)
        require_types("while: the condition takes", (*cond_consts, *carries), self.cond.input_types)
        require_types("while: the body takes", (*body_consts, *carries), self.body.input_types)
        require_types("while: the carry is", self.body.output_types, carries)
        if self.cond.output_types != (ArrayType(BOOL),):
            raise DTypeError(f"while: the condition returns one bool[], got {types_text(self.cond.output_types)}")
        return carries

    def split(self, operands: tuple[ArrayType, ...]) -> tuple[tuple[ArrayType, ...], ...]:
        """Operands, or their types, as (constants of the condition, constants of the body, carries)."""
        n, m = self.cond_consts, self.cond_consts + self.body_consts
        if len(operands) < m:
            raise ShapeError(f"while: {m} of the operands are constants, got {types_text(operands)}")
        return operands[:n], operands[n:m], operands[m:]

    def evaluate_all(self, *arrays: Array) -> tuple[Array, ...]:
        n, m = self.cond_consts, self.cond_consts + self.body_consts
        cond_consts, body_consts, carries = arrays[:n], arrays[n:m], arrays[m:]
        while evaluate(self.cond, *cond_consts, *carries)[0]:
            carries = evaluate(self.body, *body_consts, *carries)
        return carries

    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        return batch_per_example(self, b, args)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        # i8 counters: at most 255 trips, whatever the operands
        number, row = array("i8"), array("f64", 3)
        one = Literal.of(1, number.dtype)
        below = graph_of(lambda b, n, i: [b.emit(Less(), i, n)], number, number)
        count = graph_of(lambda b, i: [b.emit(Add(), i, one)], number)
        yield Example(cls(below, count, 1, 0), (number, number))
        pair_below = graph_of(lambda b, n, i, x: [b.emit(Less(), i, n)], number, number, row)
        add = graph_of(lambda b, d, i, x: [b.emit(Add(), i, one), b.emit(Add(), x, d)], row, number, row)
        yield Example(cls(pair_below, add, 1, 1), (number, row, number, row))
        never = graph_of(lambda b, x: [Literal.of(False)], row)
        yield Example(cls(never, graph_of(lambda b, x: [b.emit(Add(), x, x)], row), 0, 0), (row,))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        number, row = array("f64"), array("f64", 3)
        below = graph_of(lambda b, x: [b.emit(Less(), x, x)], number)
        same, none = graph_of(lambda b, x: [x], number), graph_of(lambda b, x: [], number)
        yield ErrorExample(
            cls(below, same, 0, 0), (row,), ShapeError, r"the condition takes \(f64\[\]\), got \(f64\[3\]"
        )
        yield ErrorExample(cls(below, same, 0, 1), (number, number), ShapeError, "the body takes")
        yield ErrorExample(cls(below, none, 0, 0), (number,), ShapeError, r"the carry is \(f64\[\]\), got \(\)")
        yield ErrorExample(cls(same, same, 0, 0), (number,), DTypeError, r"one bool\[\], got \(f64\[\]\)")
        yield ErrorExample(cls(below, same, 1, 1), (number,), ShapeError, "2 of the operands are constants")
