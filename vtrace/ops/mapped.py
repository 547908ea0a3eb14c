"""Control flow for a batch: every example runs its own.

This is the batching rule of branches and loops, and all of it. The sub-graphs stay those of one example: nothing is
rewritten to compute every branch and select, and no loop runs until the last example is done.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.primitive import Batched, Batcher, ErrorExample, Example, Primitive, primitive
from vtrace.ir.types import Array, ArrayType, Dim, static_shape
from vtrace.ops.example import running_example
from vtrace.ops.samples import array


@final
@primitive("mapped")
@dataclass(frozen=True)
class Mapped(Primitive):
    """The results of `primitive` for each of `size` examples, stacked along axis 0.

    Operand i differs from example to example along axis `in_axes[i]`; where that is None, all share it.
    """

    primitive: Primitive
    in_axes: tuple[int | None, ...]
    size: Dim

    def example_types(self, types: Sequence[ArrayType]) -> tuple[ArrayType, ...]:
        """The types of one example's operands."""
        if len(types) != len(self.in_axes):
            raise ShapeError(f"mapped takes {len(self.in_axes)} operands, got {len(types)}")
        examples = []
        for type, axis in zip(types, self.in_axes, strict=True):
            if axis is not None and (not 0 <= axis < type.rank or type.shape[axis] != self.size):
                raise ShapeError(f"mapped: {type} has no axis {axis} of extent {self.size}")
            examples.append(type if axis is None else type.drop((axis,)))
        return tuple(examples)

    def infer_all(self, *types: ArrayType) -> tuple[ArrayType, ...]:
        return tuple(t.insert(0, self.size) for t in self.primitive.infer_all(*self.example_types(types)))

    def evaluate_all(self, *arrays: Array) -> tuple[Array, ...]:
        types = self.infer_all(*(ArrayType(a.dtype, a.shape) for a in arrays))
        results = tuple(np.empty(static_shape(t.shape), t.dtype) for t in types)  # no example is run to learn the types
        operands = [
            a if axis is None else np.moveaxis(a, axis, 0) for a, axis in zip(arrays, self.in_axes, strict=True)
        ]
        (size,) = static_shape((self.size,))
        for n in range(size):
            example = (np.asarray(a if axis is None else a[n]) for a, axis in zip(operands, self.in_axes, strict=True))
            with running_example(n):
                values = self.primitive.evaluate_all(*example)
            for result, value in zip(results, values, strict=True):
                result[n] = value
        return results

    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        return batch_per_example(self, b, args)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        from vtrace.ops.while_loop import While  # which needs this module for its batching rule

        count, add = (e.primitive for e in islice(While.examples(), 2))
        yield Example(cls(count, (None, 0), 2), (array("i8"), array("i8", 2)))
        yield Example(cls(count, (0, 0), 3), (array("i8", 3), array("i8", 3)))
        yield Example(
            cls(add, (0, None, 0, 1), 2), (array("i8", 2), array("f64", 3), array("i8", 2), array("f64", 3, 2))
        )
        yield Example(cls(cls(count, (None, 0), 2), (0, 1), 3), (array("i8", 3), array("i8", 2, 3)))
        yield Example(cls(count, (0, 0), 0), (array("i8", 0), array("i8", 0)))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        from vtrace.ops.while_loop import While

        count, one, two = next(While.examples()).primitive, array("i8"), array("i8", 2)
        yield ErrorExample(cls(count, (0, 0), 3), (two, two), ShapeError, r"i8\[2\] has no axis 0 of extent 3")
        yield ErrorExample(cls(count, (None, 1), 2), (one, two), ShapeError, "has no axis 1")
        yield ErrorExample(cls(count, (None, 0), 2), (two, two), ShapeError, "the condition takes")
        yield ErrorExample(cls(count, (0,), 2), (), ShapeError, "takes 1 operands, got 0")


def batch_per_example(primitive: Primitive, b: Batcher, args: Sequence[Batched]) -> tuple[Batched, ...]:
    """The batching rule of control flow: run `primitive` for every example."""
    mapped = Mapped(primitive, tuple(a.axis for a in args), b.size)
    return tuple(Batched(v, 0) for v in b.emit_all(mapped, *(a.value for a in args)))
