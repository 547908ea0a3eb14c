"""Linear algebra on matrices that are too large for a kernel: by NumPy's function, examples shared by threads."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import LinAlgError, ShapeError
from vtrace.ir.primitive import (
    Batched,
    Batcher,
    ErrorExample,
    Example,
    Library,
    LibraryCall,
    Primitive,
    primitive,
)
from vtrace.ir.types import Array, ArrayType
from vtrace.ops.linalg.matrix import MatrixProcedure
from vtrace.ops.linalg.solve import Solve
from vtrace.ops.mapped import Mapped
from vtrace.ops.samples import array

NANOSECONDS = 0.3
"""For one simple operation."""
BLOCK_BYTES = 1 << 18
"""Results of one call, at most: what they are copied from is still in the second-level cache."""


def procedure_of(op: Primitive) -> MatrixProcedure | None:
    """What `op` does with matrices, alone or for each example; None for anything else."""
    while isinstance(op, Mapped):
        op = op.primitive
    return op if isinstance(op, MatrixProcedure) else None


@final
@primitive("lapack")
@dataclass(frozen=True)
class Lapack(LibraryCall):
    """`primitive` (an operation on matrices, or that for each example) by NumPy's function.

    Made by the `lapack` pass, after batching.
    """

    primitive: Primitive

    def infer_all(self, *types: ArrayType) -> tuple[ArrayType, ...]:
        if procedure_of(self.primitive) is None:
            raise ShapeError(f"lapack: {self.primitive.name} is not an operation on matrices")
        return self.primitive.infer_all(*types)

    def evaluate_all(self, *arrays: Array) -> tuple[Array, ...]:
        return self.primitive.evaluate_all(*arrays)

    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        raise AssertionError("calls of LAPACK are made after batching")

    def call_all(self, library: Library, outs: Sequence[Array], *arrays: Any) -> None:
        op = procedure_of(self.primitive)
        assert op is not None
        stacked, operands = _stacked(self.primitive, arrays)
        examples = math.prod(np.broadcast_shapes(*(x.shape[1:stacked] for x in operands)))
        work = op.work(*(ArrayType(x.dtype, x.shape[stacked:]) for x in operands))
        in_blocks(library, op.evaluate_all, outs, operands, stacked > 0, NANOSECONDS * work.operations * examples)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        matrix = array("f64", 3, 3)
        yield Example(cls(Solve()), (matrix, array("f64", 3, 2)))
        yield Example(cls(Mapped(Solve(), (0, None), 4)), (array("f32", 4, 3, 3), array("f32", 3, 2)))
        yield Example(cls(Mapped(Solve(), (2, 1), 4)), (array("f64", 3, 3, 4), array("f64", 3, 4, 2)))
        twice = Mapped(Mapped(Solve(), (0, None), 2), (None, 0), 3)
        yield Example(cls(twice), (array("f64", 2, 3, 3), array("f64", 3, 3, 1)))
        yield Example(cls(Mapped(Solve(), (0, 0), 0)), (array("f64", 0, 2, 2), array("f64", 0, 2, 1)))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x = array("f64", 2, 2)
        yield ErrorExample(cls(Solve()), (x, array("f64", 3, 1)), ShapeError, "is a matrix of 2 rows")


def in_blocks(
    library: Library,
    evaluate: Callable[..., Sequence[Array]],
    outs: Sequence[Array],
    operands: Sequence[Array],
    stacked: bool,
    nanoseconds: float,
) -> None:
    """Put the results of `evaluate` into `outs`, which is a function of stacks of matrices too.

    If there is a stack, axis 0 of everything, of extent 1 in operands that are shared, its examples are shared by
    threads; each takes so many `nanoseconds`.
    """
    length = outs[0].shape[0] if stacked else 1
    if not length:
        return

    def run(start: int, stop: int) -> None:
        parts = [x[start:stop] if stacked and x.shape[0] > 1 else x for x in operands]
        try:
            results = evaluate(*parts)
        except LinAlgError as error:
            failed[start] = _located(evaluate, operands, error, range(start, stop) if stacked else range(0))
            return
        for out, result in zip(outs, results, strict=True):
            (out[start:stop] if stacked else out)[...] = result

    def part(start: int, stop: int) -> None:
        for first in range(start, stop, block):
            run(first, min(first + block, stop))

    failed: dict[int, LinAlgError] = {}
    block = max(1, BLOCK_BYTES * length // max(1, sum(x.nbytes for x in outs)))
    with library.one_thread():
        library.share(part, length, nanoseconds)
    if failed:
        raise failed[min(failed)]


def _stacked(op: Primitive, arrays: Sequence[Array]) -> tuple[int, list[Array]]:
    """How many axes of examples there are, and the operands with all of these in front, of extent 1 where shared."""
    stacked, operands = 0, list(map(np.asarray, arrays))
    while isinstance(op, Mapped):
        for n, axis in enumerate(op.in_axes):
            x = operands[n]
            if axis is None:
                operands[n] = np.expand_dims(x, stacked)
            else:
                operands[n] = np.moveaxis(x, stacked + axis, stacked)
        stacked, op = stacked + 1, op.primitive
    return stacked, operands


def _located(
    evaluate: Callable[..., Sequence[Array]], operands: Sequence[Array], error: LinAlgError, examples: range
) -> LinAlgError:
    """The error, with the number of the first example that has it."""
    for n in examples:
        try:
            evaluate(*(x[n] if x.shape[0] > 1 else x[0] for x in operands))
        except LinAlgError as first:
            return LinAlgError(f"{first}, batch element {n}")
    return error
