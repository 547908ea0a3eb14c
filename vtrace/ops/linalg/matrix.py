"""What the operations of linear algebra have in common."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, TypeAlias, final

import numpy as np

from vtrace.errors import DTypeError, LinAlgError, ShapeError
from vtrace.ir.emitter import Place, Read, Value, Workspace
from vtrace.ir.failure import Failure
from vtrace.ir.primitive import ErrorExample, Example
from vtrace.ir.types import Array, ArrayType, DType, static_shape
from vtrace.ops.kinds import FLOATS, require_kind
from vtrace.ops.procedure import Procedure
from vtrace.ops.samples import array

At: TypeAlias = "int | Value"
"""A place in a row or column: known now, or the number of a loop that runs."""

UNROLLED = 3
"""Matrices of up to so many rows become straight code. Loops are as fast from 5 rows on, and compile in a third."""
BUSY = 5
"""From more rows on, the work on one row waits so little for that on another that one vector of lanes is enough."""


class MatrixProcedure(Procedure):
    """An operation on float matrices, all of one dtype; `complex_matrix` makes it one on complex matrices."""

    real: ClassVar[tuple[int, ...]] = ()
    """Which results are real where the operands are complex."""

    def largest(self, dtype: DType) -> int:
        """The most rows or columns of matrices of a batch that are done in a kernel; past it, LAPACK is faster."""
        return 48 if dtype.itemsize == 4 else 40

    @abstractmethod
    def compute(self, *arrays: Array) -> Sequence[Array]:
        """The results by NumPy's or SciPy's function. Operands may have further axes in front, for a stack of them."""

    @final
    def evaluate_all(self, *arrays: Array) -> tuple[Array, ...]:
        try:
            with np.errstate(all="ignore"):
                return tuple(map(np.asarray, self.compute(*arrays)))
        except np.linalg.LinAlgError as error:
            raise LinAlgError(str(error)) from None


def require_matrix(name: str, x: ArrayType, square: bool = True) -> tuple[int, int]:
    """The extents of a float matrix; DTypeError or ShapeError for anything else."""
    require_kind(name, x.dtype, FLOATS)
    if x.rank != 2 or (square and x.shape[0] != x.shape[1]):
        raise ShapeError(f"{name} takes a {'square ' if square else ''}matrix, got {x}")
    rows, columns = static_shape(x.shape)
    return rows, columns


def require_finite(x: Array, failure: Failure) -> None:
    """LinAlgError where an element is infinite or NaN: LAPACK may return NaN, raise, or never come back."""
    if not np.isfinite(x).all():
        raise LinAlgError(failure.value)


def matrix_examples(op: Procedure, prepared: Callable[[Array], Array] | None = None) -> Iterator[Example]:
    """Square matrices of every kind of size: straight code, loops, and more than a vector has lanes."""
    for dtype, n in (("f64", 1), ("f64", 2), ("f64", 3), ("f32", 4), ("f64", 7), ("f32", 6), ("f64", 18), ("f32", 0)):
        yield Example(op, (array(dtype, n, n),), prepared=prepared)


def matrix_errors(op: Procedure) -> Iterator[ErrorExample]:
    """What no square matrix is."""
    yield ErrorExample(op, (array("f64", 3),), ShapeError, "takes a square matrix, got f64.3.")
    yield ErrorExample(op, (array("f64", 3, 2),), ShapeError, "takes a square matrix, got f64.3,2.")
    yield ErrorExample(op, (array("i64", 2, 2),), DTypeError, "does not work on int64")


def at(e: Workspace, k: At) -> Value:
    """`k` as an index."""
    return e.index(k) if isinstance(k, int) else k


def plus(e: Workspace, k: At, more: int) -> At:
    """k + more."""
    return k + more if isinstance(k, int) else e.add(k, e.index(more))


def minus(e: Workspace, total: int, k: At) -> At:
    """total - k."""
    return total - k if isinstance(k, int) else e.sub(e.index(total), k)


def loop(e: Workspace, start: At, stop: At, body: Callable[[At], None], unrolled: bool) -> None:
    """`body` for start, start + 1... below stop: straight code where both are known and it is `unrolled`."""
    if isinstance(start, int) and isinstance(stop, int):
        if stop <= start:
            return
        if unrolled or stop == start + 1:
            for k in range(start, stop):
                body(k)
            return
    e.repeat(at(e, start), at(e, stop), body)


def accumulated(
    e: Workspace, initial: Value, start: At, stop: At, step: Callable[[Value, At], Value], unrolled: bool
) -> Value:
    """`initial` after `x = step(x, k)` for every k from start to stop."""
    if isinstance(start, int) and isinstance(stop, int) and (unrolled or stop <= start + 1):
        for k in range(start, stop):
            initial = step(initial, k)
        return initial
    total = e.scratch(initial.dtype, ())
    total.put((), initial)
    e.repeat(at(e, start), at(e, stop), lambda k: total.put((), step(total(()), k)))
    return total(())


def copy(e: Workspace, out: Place, x: Read) -> None:
    """Put the elements of `x` into `out`, which may have more columns."""
    e.each(static_shape(x.type.shape), lambda index: out.put(index, x(index)))


def minus_product(e: Workspace, z: Value, x: Value, y: Value) -> Value:
    """z - x * y, rounded once."""
    return e.fma(e.neg(x), y, z)


def row_number(dtype: DType) -> DType:
    """The integer dtype for numbers of rows beside numbers of `dtype`: as wide as a part, so that they share masks."""
    return np.dtype(np.int32 if np.finfo(dtype).bits == 32 else np.int64)
