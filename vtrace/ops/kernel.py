"""The `kernel` equation: a sub-graph that is compiled as one loop nest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Graph
from vtrace.ir.interpreter import evaluate
from vtrace.ir.primitive import Batched, Batcher, Example, Primitive, primitive
from vtrace.ir.types import Array, ArrayType
from vtrace.ops.arithmetic import Add


@final
@primitive("kernel")
@dataclass(frozen=True)
class Kernel(Primitive):
    """The results of `graph`, computed together: the unit of code generation, made by the `fuse` pass."""

    graph: Graph

    def infer_all(self, *types: ArrayType) -> tuple[ArrayType, ...]:
        if types != self.graph.input_types:
            wanted, got = (", ".join(map(str, ts)) for ts in (self.graph.input_types, types))
            raise ShapeError(f"kernel takes ({wanted}), got ({got})")
        return self.graph.output_types

    def evaluate_all(self, *arrays: Array) -> tuple[Array, ...]:
        return tuple(np.asarray(a) for a in evaluate(self.graph, *arrays))

    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        raise AssertionError("kernels are made after batching")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        builder = Builder()
        t = ArrayType(np.dtype(np.float64), (3,))
        x = builder.input(t, "x")
        yield Example(cls(builder.build([builder.emit(Add(), x, x)])), (t,))
