"""Printing from a program."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.graph import Graph
from vtrace.ir.primitive import Batched, Batcher, ErrorExample, Example, Primitive, primitive
from vtrace.ir.types import BOOL, Array, ArrayType, whole_dtype
from vtrace.ir.verifier import subgraphs
from vtrace.ops.control import Mapped, is_control
from vtrace.ops.example import example_name
from vtrace.ops.mapped import batch_per_example
from vtrace.ops.samples import array


@final
@primitive("debug_print")
@dataclass(frozen=True)
class DebugPrint(Primitive):
    """Prints `format.format(*operands)`, the last operands by the `names`; the result, True, is of no use.

    Passes keep it, wherever it stands. It has no machine code: programs that print are interpreted.
    """

    format: str
    names: tuple[str, ...] = ()
    pairs: tuple[int, ...] = ()
    """Which operands are complex numbers, in pairs along their last axis."""

    def infer_all(self, *types: ArrayType) -> tuple[ArrayType, ...]:
        if len(types) < len(self.names):
            raise ShapeError(f"debug_print: {len(self.names)} operands have names, but there are {len(types)}")
        return (ArrayType(BOOL),)

    def evaluate_all(self, *arrays: Array) -> tuple[Array, ...]:
        text = self.text(*arrays)
        print(f"[{name}] {text}" if (name := example_name()) else text)
        return (np.array(True),)

    def text(self, *arrays: Array) -> str:
        """What is printed for these operands."""
        # scalars, which take format specifications, in place of 0-d arrays
        values: list[Any] = [(_complex(a) if n in self.pairs else a)[()] for n, a in enumerate(arrays)]
        first = len(values) - len(self.names)
        return self.format.format(*values[:first], **dict(zip(self.names, values[first:], strict=True)))

    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        return batch_per_example(self, b, args)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls("x = {}"), (array("f64"),))
        yield Example(cls("{0} of {total}", ("total",)), (array("i64", 3), array("f32")))
        yield Example(cls("{z}", ("z",), (0,)), (array("f64", 3, 2),))
        yield Example(cls("here"), ())

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls("{x} {y}", ("x", "y")), (array("f64"),), ShapeError, "2 operands have names, .* are 1")


def _complex(pairs: Array) -> Array:
    return np.ascontiguousarray(pairs).view(whole_dtype(pairs.dtype))[..., 0]


def prints(primitive: Primitive) -> bool:
    """Whether this prints, or holds a graph that does: it is not to be dropped, moved or run ahead of time."""
    if isinstance(primitive, Mapped):
        return prints(primitive.primitive)
    if isinstance(primitive, DebugPrint):
        return True
    return is_control(primitive) and any(map(graph_prints, subgraphs(primitive)))


def graph_prints(graph: Graph) -> bool:
    """Whether running this graph may print."""
    return any(prints(e.primitive) for e in graph.equations)
