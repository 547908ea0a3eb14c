"""Branches: one of several graphs is run, the others are not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.graph import Graph, Literal
from vtrace.ir.interpreter import evaluate
from vtrace.ir.primitive import Batched, Batcher, ErrorExample, Example, Primitive, primitive
from vtrace.ir.types import DTYPES, Array, ArrayType
from vtrace.ops.arithmetic import Add, Mul
from vtrace.ops.mapped import batch_per_example
from vtrace.ops.reduction import ReduceSum
from vtrace.ops.samples import array
from vtrace.ops.subgraph import graph_of, require_types


@final
@primitive("cond")
@dataclass(frozen=True)
class Cond(Primitive):
    """The results of `branches[index]`, applied to the operands after the index. An index outside is clamped."""

    branches: tuple[Graph, ...]

    def infer_all(self, *types: ArrayType) -> tuple[ArrayType, ...]:
        if not self.branches:
            raise ShapeError("cond needs at least one branch")
        if not types or types[0].rank:
            raise ShapeError(f"cond takes a 0-d index first, got {types[0] if types else 'nothing'}")
        if types[0].dtype != DTYPES["i32"]:
            raise DTypeError(f"cond takes an i32 index, got {types[0]}")
        first = self.branches[0]
        for number, branch in enumerate(self.branches):
            require_types(f"cond: branch {number} takes", types[1:], branch.input_types)
            require_types("cond: every branch returns", branch.output_types, first.output_types)
        return first.output_types

    def evaluate_all(self, *arrays: Array) -> tuple[Array, ...]:
        index, *operands = arrays
        return evaluate(self.branches[max(0, min(int(index), len(self.branches) - 1))], *operands)

    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        return batch_per_example(self, b, args)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        index, row, number = array("i32"), array("f64", 3), array("f64")
        double = graph_of(lambda b, x: [b.emit(Add(), x, x)], row)
        square = graph_of(lambda b, x: [b.emit(Mul(), x, x)], row)
        same = graph_of(lambda b, x: [x], row)
        yield Example(cls((double, square)), (index, row))
        yield Example(cls((same, square, double)), (index, row))
        yield Example(cls((double,)), (index, row))
        total = graph_of(lambda b, x, s: [b.emit(ReduceSum((0,)), x), s], row, number)
        first = graph_of(lambda b, x, s: [s, Literal.of(1.0)], row, number)
        yield Example(cls((total, first)), (index, row, number))
        yield Example(cls((graph_of(lambda b: [Literal.of(2.0)]), graph_of(lambda b: [Literal.of(3.0)]))), (index,))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        index, row = array("i32"), array("f64", 3)
        same, none = graph_of(lambda b, x: [x], row), graph_of(lambda b, x: [], row)
        yield ErrorExample(cls(()), (index,), ShapeError, "at least one branch")
        yield ErrorExample(cls((same,)), (array("i64"), row), DTypeError, r"an i32 index, got i64\[\]")
        yield ErrorExample(cls((same,)), (array("i32", 2), row), ShapeError, r"a 0-d index first, got i32\[2\]")
        yield ErrorExample(cls((same,)), (index,), ShapeError, r"branch 0 takes \(f64\[3\]\), got \(\)")
        yield ErrorExample(cls((same, none)), (index, row), ShapeError, r"every branch returns \(f64\[3\]\), got \(\)")
