"""Eigenvalues of any square matrix: always complex, whatever their values, so that the dtype is known beforehand."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import DTypeError, LinAlgError, ShapeError
from vtrace.ir.failure import Failure
from vtrace.ir.primitive import Batched, Batcher, ErrorExample, Example, Library, LibraryCall, primitive
from vtrace.ir.types import Array, ArrayType
from vtrace.ops.kinds import FLOATS, require_kind, require_same
from vtrace.ops.linalg.complex_matrix import joined
from vtrace.ops.linalg.lapack import in_blocks
from vtrace.ops.linalg.matrix import require_finite
from vtrace.ops.samples import array

NANOSECONDS = 8.0
"""For each element of a matrix times the number of its rows."""


@final
@primitive("eig")
@dataclass(frozen=True)
class Eig(LibraryCall):
    """The eigenvalues of square matrices and, with `vectors`, eigenvectors as columns: both parts of each.

    Takes a stack of matrices, or real and imaginary parts of them. LinAlgError where an element is not finite.
    """

    vectors: bool = True

    def infer_all(self, *parts: ArrayType) -> tuple[ArrayType, ...]:
        if len(parts) not in (1, 2):
            raise ShapeError(f"eig takes matrices, or both parts of them, got {len(parts)} operands")
        require_same("eig", parts)
        x = parts[0]
        require_kind("eig", x.dtype, FLOATS)
        if x.rank < 2 or x.shape[-1] != x.shape[-2]:
            raise ShapeError(f"eig takes square matrices, got {x}")
        values = x.with_shape(x.shape[:-1])
        return (values, values, x, x) if self.vectors else (values, values)

    def evaluate_all(self, *parts: Array) -> tuple[Array, ...]:
        for part in parts:
            require_finite(part, Failure.EIGENVALUES)
        x = joined(*parts) if len(parts) == 2 else parts[0]
        try:
            results = np.linalg.eig(x) if self.vectors else (np.linalg.eigvals(x),)
        except np.linalg.LinAlgError as error:
            raise LinAlgError(str(error)) from None
        return tuple(np.asarray(part, parts[0].dtype) for r in results for part in (np.real(r), np.imag(r)))

    def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
        return tuple(Batched(value, 0) for value in b.emit_all(self, *(b.move(x, 0) for x in args)))

    def call_all(self, library: Library, outs: Sequence[Array], *arrays: Any) -> None:
        shape = arrays[0].shape
        nanoseconds = NANOSECONDS * math.prod(shape[1:-2]) * shape[-1] ** 3
        in_blocks(library, self.evaluate_all, outs, arrays, len(shape) > 2, nanoseconds)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype, shape in (("f64", (3, 3)), ("f32", (2, 2)), ("f64", (2, 3, 3)), ("f64", (0, 0))):
            yield Example(cls(False), (array(dtype, *shape),))
            yield Example(cls(), (array(dtype, *shape),))
            yield Example(cls(), (array(dtype, *shape),) * 2)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls(), (array("f64", 3),), ShapeError, "takes square matrices")
        yield ErrorExample(cls(), (array("f64", 3, 2),), ShapeError, "takes square matrices")
        yield ErrorExample(cls(), (array("i64", 2, 2),), DTypeError, "does not work on int64")
        yield ErrorExample(cls(), (array("f64", 2, 2),) * 3, ShapeError, "both parts of them, got 3 operands")
