"""Matrix products that a library computes: one large one, or one for each example. The `contract` pass makes them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.graph import Atom
from vtrace.ir.primitive import Batched, Batcher, ErrorExample, Example, Library, LibraryPrimitive, primitive
from vtrace.ir.types import DTYPES, FLOAT64, Array, ArrayType, Dim
from vtrace.ops.kinds import FLOATS, require_kind
from vtrace.ops.movement import Broadcast


@final
@primitive("matmul")
@dataclass(frozen=True)
class Matmul(LibraryPrimitive):
    """Matrix product of two float matrices, each transposed first where `transpose` says so; a library call.

    `x` may have further leading axes where it is not transposed: they all count as rows. Made by the `contract` pass,
    after batching.
    """

    transpose: tuple[bool, bool] = (False, False)

    def infer(self, x: ArrayType, y: ArrayType) -> ArrayType:
        if x.dtype != y.dtype:
            raise DTypeError(f"matmul needs operands of one dtype, got {x.dtype} and {y.dtype}")
        require_kind("matmul", x.dtype, FLOATS)
        if y.rank != 2 or x.rank < 2 or (self.transpose[0] and x.rank != 2):
            raise ShapeError(f"matmul needs matrices, got {x} and {y}")
        rows = (x.shape[1],) if self.transpose[0] else x.shape[:-1]
        inner = x.shape[0] if self.transpose[0] else x.shape[-1]
        other, columns = reversed(y.shape) if self.transpose[1] else y.shape
        if inner != other:
            raise ShapeError(f"matmul: the inner extents {inner} and {other} of {x} and {y} differ")
        return x.with_shape((*rows, columns))

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.matmul(x.T if self.transpose[0] else x, y.T if self.transpose[1] else y))

    def batch(self, b: Batcher, x: Batched, y: Batched) -> Batched:
        raise AssertionError("matrix products are recognised after batching")

    def call(self, library: Library, out: Array, x: Array, y: Array) -> None:
        library.gemm(out.reshape(-1, out.shape[-1]), x.reshape(-1, x.shape[-1]), y, self.transpose)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        f64, f32 = FLOAT64, DTYPES["f32"]
        yield Example(cls(), (ArrayType(f64, (2, 3)), ArrayType(f64, (3, 4))))
        yield Example(cls((True, False)), (ArrayType(f32, (3, 2)), ArrayType(f32, (3, 4))))
        yield Example(cls((False, True)), (ArrayType(f64, (2, 3)), ArrayType(f64, (4, 3))))
        yield Example(cls((True, True)), (ArrayType(f32, (3, 2)), ArrayType(f32, (4, 3))))
        yield Example(cls(), (ArrayType(f64, (5, 2, 3)), ArrayType(f64, (3, 4))))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        f64, i32 = FLOAT64, DTYPES["i32"]
        yield ErrorExample(
            cls(), (ArrayType(f64, (2, 3)), ArrayType(f64, (4, 3))), ShapeError, "inner extents 3 and 4 .* differ"
        )
        yield ErrorExample(cls(), (ArrayType(f64, (3,)), ArrayType(f64, (3, 2))), ShapeError, "needs matrices")
        yield ErrorExample(
            cls(), (ArrayType(i32, (2, 3)), ArrayType(i32, (3, 2))), DTypeError, "does not work on int32"
        )
        yield ErrorExample(
            cls(), (ArrayType(f64, (2, 3)), ArrayType(DTYPES["f32"], (3, 2))), DTypeError, "of one dtype"
        )


@final
@primitive("batched_matmul")
@dataclass(frozen=True)
class BatchedMatmul(LibraryPrimitive):
    """A matrix product for each index of the leading axes, of floats; one operand may be a single matrix for all.

    Its bits do not depend on how many there are. `transpose` says which matrices are transposed first. Made by the
    `contract` pass, after batching.
    """

    transpose: tuple[bool, bool] = (False, False)

    def infer(self, x: ArrayType, y: ArrayType) -> ArrayType:
        if x.dtype != y.dtype:
            raise DTypeError(f"batched_matmul needs operands of one dtype, got {x.dtype} and {y.dtype}")
        require_kind("batched_matmul", x.dtype, FLOATS)
        outer = x.shape[:-2] or y.shape[:-2]
        if min(x.rank, y.rank) < 2 or not outer or any(t.shape[:-2] not in ((), outer) for t in (x, y)):
            raise ShapeError(f"batched_matmul needs stacks of matrices, or a stack and a matrix; got {x} and {y}")
        (rows, inner), (other, columns) = (self._matrix(side, t) for side, t in enumerate((x, y)))
        if inner != other:
            raise ShapeError(f"batched_matmul: the inner extents {inner} and {other} of {x} and {y} differ")
        return x.with_shape((*outer, rows, columns))

    def _matrix(self, side: int, t: ArrayType) -> tuple[Dim, Dim]:
        rows, columns = t.shape[-2:]
        return (columns, rows) if self.transpose[side] else (rows, columns)

    def evaluate(self, x: Array, y: Array) -> Array:
        x, y = (np.swapaxes(a, -1, -2) if t else a for a, t in zip((x, y), self.transpose, strict=True))
        return np.asarray(np.matmul(x, y))

    def batch(self, b: Batcher, x: Batched, y: Batched) -> Batched:
        outer = x.example_type.shape[:-2] or y.example_type.shape[:-2]

        def stacked(t: Batched) -> Atom:
            if t.axis is None and t.type.rank == 2:
                return t.value  # a single matrix for all
            value, n = b.move(t, 0), len(outer)
            if value.type.rank == 3 and n:
                return b.emit(Broadcast((b.size, *outer, *value.type.shape[1:]), (0, n + 1, n + 2)), value)
            return value

        return Batched(b.emit(self, stacked(x), stacked(y)), 0)

    def call(self, library: Library, out: Array, x: Array, y: Array) -> None:
        library.gemm_each(_stack(out), _stack(x), _stack(y), self.transpose)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        f64, f32 = FLOAT64, DTYPES["f32"]
        yield Example(cls(), (ArrayType(f64, (5, 2, 3)), ArrayType(f64, (5, 3, 4))))
        yield Example(cls((True, False)), (ArrayType(f32, (5, 3, 2)), ArrayType(f32, (5, 3, 4))))
        yield Example(cls((False, True)), (ArrayType(f64, (5, 2, 3)), ArrayType(f64, (5, 4, 3))))
        yield Example(cls((True, True)), (ArrayType(f32, (5, 3, 2)), ArrayType(f32, (5, 4, 3))))
        yield Example(cls(), (ArrayType(f64, (2, 3)), ArrayType(f64, (5, 3, 4))))
        yield Example(cls((False, True)), (ArrayType(f32, (5, 6, 2, 3)), ArrayType(f32, (4, 3))))
        yield Example(cls(), (ArrayType(f64, (0, 2, 3)), ArrayType(f64, (0, 3, 4))))
        yield Example(cls(), (ArrayType(f64, (5, 2, 0)), ArrayType(f64, (5, 0, 4))))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        f64, i32, stack = FLOAT64, DTYPES["i32"], ArrayType(FLOAT64, (5, 2, 3))
        yield ErrorExample(cls(), (stack, ArrayType(f64, (5, 4, 3))), ShapeError, "inner extents 3 and 4 .* differ")
        yield ErrorExample(cls(), (stack, ArrayType(f64, (6, 3, 4))), ShapeError, "needs stacks of matrices")
        yield ErrorExample(cls(), (ArrayType(f64, (2, 3)),) * 2, ShapeError, "needs stacks of matrices")
        yield ErrorExample(cls(), (ArrayType(i32, (5, 2, 2)),) * 2, DTypeError, "does not work on int32")
        yield ErrorExample(cls(), (stack, ArrayType(DTYPES["f32"], (5, 3, 2))), DTypeError, "of one dtype")


def _stack(x: Array) -> Array:
    """A matrix as it is; any stack of them with one axis in front."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-2]), *x.shape[-2:])
