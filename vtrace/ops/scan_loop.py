"""Loops over the leading axis of arrays, with values carried from one trip to the next."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Atom, Graph, Literal
from vtrace.ir.interpreter import evaluate
from vtrace.ir.primitive import Batched, Batcher, ErrorExample, Example, Primitive, primitive
from vtrace.ir.types import Array, ArrayType, static_shape
from vtrace.ops.arithmetic import Add, Mul
from vtrace.ops.mapped import batch_per_example
from vtrace.ops.samples import array
from vtrace.ops.subgraph import graph_of, require_types, types_text


@final
@primitive("scan")
@dataclass(frozen=True)
class Scan(Primitive):
    """`length` trips of `carries, y = body(*consts, *carries, *x)`, where x is one slice of each of the xs.

    The operands are the constants, the first carries, and the xs, whose leading axis has extent `length`; the results
    are the last carries and the ys, stacked on a leading axis. With `reverse` the last slice comes first, and each y
    lies where its x was.
    """

    body: Graph
    consts: int
    carries: int
    length: int
    reverse: bool = False

    def infer_all(self, *types: ArrayType) -> tuple[ArrayType, ...]:
        first = self.consts + self.carries
        if len(types) < first:
            raise ShapeError(f"scan: {first} of the operands are constants and carries, got {types_text(types)}")
        for x in types[first:]:
            if not x.rank or x.shape[0] != self.length:
                raise ShapeError(f"scan: {x} has no leading axis of extent {self.length}")
        slices = (x.drop((0,)) for x in types[first:])
        require_types("scan: the body takes", (*types[:first], *slices), self.body.input_types)
        carries = types[self.consts : first]
        require_types("scan: the carry is", self.body.output_types[: self.carries], carries)
        return (*carries, *(y.insert(0, self.length) for y in self.body.output_types[self.carries :]))

    def evaluate_all(self, *arrays: Array) -> tuple[Array, ...]:
        consts, xs = arrays[: self.consts], arrays[self.consts + self.carries :]
        carries = arrays[self.consts : self.consts + self.carries]
        stacks = [
            np.empty((self.length, *static_shape(y.shape)), y.dtype) for y in self.body.output_types[self.carries :]
        ]
        for n in reversed(range(self.length)) if self.reverse else range(self.length):
            results = evaluate(self.body, *consts, *carries, *(x[n] for x in xs))
            carries = results[: self.carries]
            for stack, y in zip(stacks, results[self.carries :], strict=True):
                stack[n] = y
        return (*carries, *stacks)

    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        return batch_per_example(self, b, args)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        number, row, matrix = array("f64"), array("f64", 4), array("f64", 4, 2)

        def running(b: Builder, c: Atom, x: Atom) -> list[Atom]:
            total = b.emit(Add(), c, x)
            return [total, total]

        total = graph_of(running, number, number)
        yield Example(cls(total, 0, 1, 4), (number, row))
        yield Example(cls(total, 0, 1, 4, True), (number, row))
        yield Example(cls(total, 0, 1, 0), (number, array("f64", 0)))
        horner = graph_of(lambda b, x, c, a: [b.emit(Add(), b.emit(Mul(), c, x), a)], *[array("f64", 2)] * 3)
        yield Example(cls(horner, 1, 1, 4), (array("f64", 2), array("f64", 2), matrix))
        repeat = graph_of(lambda b, c: [b.emit(Add(), c, Literal.of(1.0)), c], number)
        yield Example(cls(repeat, 0, 1, 3), (number,))
        each = graph_of(lambda b, x: [b.emit(Mul(), x, x)], array("f64", 2))
        yield Example(cls(each, 0, 0, 4), (matrix,))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        number, row = array("f64"), array("f64", 3)
        body = graph_of(lambda b, c, x: [b.emit(Add(), c, x)], number, number)
        none = graph_of(lambda b, c, x: [], number, number)
        yield ErrorExample(cls(body, 0, 1, 4), (number, row), ShapeError, r"f64\[3\] has no leading axis of extent 4")
        yield ErrorExample(cls(body, 0, 1, 4), (number, number), ShapeError, r"f64\[\] has no leading axis")
        yield ErrorExample(cls(body, 0, 1, 3), (row, row), ShapeError, "the body takes")
        yield ErrorExample(cls(none, 0, 1, 3), (number, row), ShapeError, r"the carry is \(f64\[\]\), got \(\)")
        yield ErrorExample(cls(body, 1, 1, 3), (number,), ShapeError, "2 of the operands are constants and carries")
