"""Operations on complex matrices: those on real ones, with numbers that are pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Place, Workspace
from vtrace.ir.primitive import ErrorExample, Example, Primitive, primitive
from vtrace.ir.types import Array, ArrayType, DType, whole_dtype
from vtrace.ops.linalg.cholesky import Cholesky
from vtrace.ops.linalg.complex_numbers import PairPlace, PairRead, complex_workspace
from vtrace.ops.linalg.determinant import Det, SlogDet
from vtrace.ops.linalg.eigh import Eigh, EigvalsH
from vtrace.ops.linalg.inverse import Inverse
from vtrace.ops.linalg.lu import Lu
from vtrace.ops.linalg.matrix import MatrixProcedure
from vtrace.ops.linalg.qr import Qr
from vtrace.ops.linalg.solve import Solve
from vtrace.ops.linalg.svd import Svd, SvdVals
from vtrace.ops.linalg.triangular import TriangularSolve
from vtrace.ops.procedure import Work
from vtrace.ops.samples import array

OPERATIONS = 4.0
"""Real operations for a complex one."""
SHARE, SHARE_OF_FACTORS = 0.7, 0.5
"""How many rows a matrix has that is still done in a kernel, for one of a real one: it takes twice the room, and where
the results are several matrices, more than that."""


def joined(re: Array, im: Array) -> Array:
    """A complex array of its parts; arithmetic would make NaNs of infinities."""
    result = np.empty(np.broadcast_shapes(re.shape, im.shape), whole_dtype(re.dtype))
    result.real, result.imag = re, im
    return result


def _definite(part: Array) -> Array:
    """Real or imaginary parts that make a Hermitian matrix, whichever they are: the lower triangle alone is read."""
    return np.asarray(part / 9 + 3 * np.eye(part.shape[-1]), part.dtype)


@final
@primitive("complex_matrix")
@dataclass(frozen=True)
class ComplexMatrix(MatrixProcedure):
    """`primitive`, an operation on matrices, of complex ones.

    It takes both parts of each operand, and gives both of each complex result.
    """

    primitive: Primitive

    def _operation(self) -> MatrixProcedure:
        if not isinstance(self.primitive, MatrixProcedure) or isinstance(self.primitive, ComplexMatrix):
            raise ShapeError(f"complex_matrix: {self.primitive.name} is not an operation on real matrices")
        return self.primitive

    def is_complex(self, types: Sequence[ArrayType]) -> list[bool]:
        """Of each result of the operation; of the parts of operands."""
        op = self._operation()
        results = op.infer_all(*types[::2])
        return [t.dtype.kind == "f" and n not in op.real for n, t in enumerate(results)]

    def infer_all(self, *types: ArrayType) -> tuple[ArrayType, ...]:
        for re, im in zip(types[::2], types[1::2], strict=True):
            if re != im:
                raise DTypeError(f"complex_matrix takes parts of one type, got {re} and {im}")
        results = self._operation().infer_all(*types[::2])
        return tuple(t for t, two in zip(results, self.is_complex(types), strict=True) for t in (t,) * (1 + two))

    def compute(self, *arrays: Array) -> Sequence[Array]:
        wholes = map(joined, arrays[::2], arrays[1::2])
        results = map(np.asarray, self._operation().compute(*wholes))
        return [part for x in results for part in ((x.real, x.imag) if x.dtype.kind == "c" else (x,))]

    def largest(self, dtype: DType) -> int:
        op = self._operation()
        share = SHARE_OF_FACTORS if isinstance(op, Qr | Svd) else SHARE
        return int(share * op.largest(dtype))

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        operands = [PairRead(re, im) for re, im in zip(reads[::2], reads[1::2], strict=True)]
        rest = iter(results)
        types = [r.type for r in reads]
        places = [PairPlace(next(rest), next(rest), e) if two else next(rest) for two in self.is_complex(types)]
        self._operation().procedure(complex_workspace(e), places, *operands)

    def work(self, *types: ArrayType) -> Work:
        work = self._operation().work(*types[::2])
        return replace(work, operations=OPERATIONS * work.operations, scratch=2 * work.scratch)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        square = (Inverse(), Det(), SlogDet(), Qr("complete"), Qr("r"), Lu(), EigvalsH(), SvdVals())
        for op, (dtype, n) in product(square, (("f64", 1), ("f32", 3), ("f64", 7))):
            yield Example(cls(op), (array(dtype, n, n),) * 2)
        for other, (m, n) in product((Qr(), Lu(), Svd(), Svd(True)), ((5, 3), (2, 4))):
            yield Example(cls(other), (array("f64", m, n),) * 2)
        yield Example(cls(Eigh()), (array("f64", 4, 4),) * 2)
        yield Example(cls(Cholesky()), (array("f64", 5, 5),) * 2, prepared=_definite)
        for solve in (Solve(), TriangularSolve(True), TriangularSolve(False, True)):
            for dtype, n in (("f64", 2), ("f32", 6)):
                yield Example(cls(solve), (array(dtype, n, n),) * 2 + (array(dtype, n, 2),) * 2)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x = array("f64", 2, 2)
        yield ErrorExample(cls(Inverse()), (x, array("f64", 2, 3)), DTypeError, "parts of one type")
        yield ErrorExample(cls(cls(Inverse())), (x, x), ShapeError, "is not an operation on real matrices")
        yield ErrorExample(cls(Inverse()), (array("f64", 2),) * 2, ShapeError, "inverse takes a square matrix")
