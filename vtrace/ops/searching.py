"""Searching sorted rows: the place where a value belongs, by halving."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.emitter import Emitter, Index, Read, Value
from vtrace.ir.primitive import Batched, Batcher, ElementPrimitive, ErrorExample, Example, primitive
from vtrace.ir.types import DTYPES, INT64, Array, ArrayType
from vtrace.ops.samples import EVERY_KIND, array


@final
@primitive("search_sorted")
@dataclass(frozen=True)
class SearchSorted(ElementPrimitive):
    """How many elements of the sorted rows of `a` come before each of `v`, with `right` equal ones too; NaN is last.

    The first `batch_rank` axes of both are paired. In rows that are not sorted it is where halving them leads.
    """

    right: bool = False
    batch_rank: int = 0
    waits: ClassVar[bool] = True

    def infer(self, a: ArrayType, v: ArrayType) -> ArrayType:
        n = self.batch_rank
        if a.dtype != v.dtype:
            raise DTypeError(f"search_sorted needs operands of one dtype, got {a.dtype} and {v.dtype}")
        if a.rank != n + 1 or a.shape[:n] != v.shape[:n] or not isinstance(a.shape[n], int):
            raise ShapeError(f"search_sorted: {a} and {v} are not rows and values that share their first {n} axes")
        return v.with_dtype(INT64)

    def evaluate(self, a: Array, v: Array) -> Array:
        rank, size = self.batch_rank, a.shape[-1]
        rows = a.reshape(*a.shape[:rank], *(1,) * (v.ndim - rank), size)
        rows = np.broadcast_to(rows, (*v.shape, size)) if size else rows

        def element(at: Array) -> Array:
            return np.asarray(np.take_along_axis(rows, at[..., None], -1)[..., 0])

        def before(at: Array) -> Array:
            x = element(at)
            if self.right:
                return np.asarray(~((v < x) | ((x != x) & (v == v))))
            return np.asarray((x < v) | ((v != v) & (x == x)))

        at = np.zeros(v.shape, np.int64)
        for half in halves(size):
            at = at + half * before(at + (half - 1))
        return np.asarray(at + before(at)) if size else at

    def batch(self, b: Batcher, a: Batched, v: Batched) -> Batched:
        n = self.batch_rank
        if a.axis is None:
            assert v.axis is not None
            k = max(v.axis, n)
            return Batched(b.emit(self, a.value, b.move(v, k)), k)
        return Batched(b.emit(SearchSorted(self.right, n + 1), b.move(a, 0), b.move(v, 0)), 0)

    def element(self, e: Emitter, index: Index, a: Read, v: Read) -> Value:
        (size,) = (d for d in a.type.shape[self.batch_rank :] if isinstance(d, int))
        if not size:
            return e.index(0)
        value, paired = v(index), index[: self.batch_rank]
        before = self._before(e, value)
        # small numbers: twice as many fit a vector, and are the addresses of one gather
        dtype = DTYPES["i32"] if size < 1 << 31 else INT64
        at: Value = e.constant(0, dtype)

        def element(further: int) -> Value:
            place = e.convert(e.add(at, e.constant(further, dtype)), INT64)
            return a((*paired, e.bounded_index(place, size)))

        for half in halves(size):
            at = e.select(before(element(half - 1)), e.add(at, e.constant(half, dtype)), at)
        at = e.select(before(element(0)), e.add(at, e.constant(1, dtype)), at)
        if self.right and value.dtype.kind == "f":  # after all others, whatever these are
            at = e.select(e.compare("ne", value, value), e.constant(size, dtype), at)
        return e.convert(at, INT64)

    def _before(self, e: Emitter, value: Value) -> Callable[[Value], Value]:
        """Whether an element of the row comes before `value`; not asked to the right of a NaN."""
        if self.right or value.dtype.kind != "f":
            return lambda x: e.compare("le" if self.right else "lt", x, value)
        return lambda x: e.and_(e.invert(e.compare("ge", x, value)), e.compare("eq", x, x))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls(), (array(dtype, 5), array(dtype, 4)))
        yield Example(cls(True), (array("f32", 37), array("f32", 2, 3)))
        yield Example(cls(True), (array("i32", 1), array("i32")))
        yield Example(cls(), (array("f64", 0), array("f64", 2)))
        yield Example(cls(False, 1), (array("f64", 2, 8), array("f64", 2, 3)))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x = array("f64", 3)
        yield ErrorExample(cls(), (x, array("f32", 3)), DTypeError, "operands of one dtype")
        yield ErrorExample(cls(), (array("f64", 2, 3), x), ShapeError, "are not rows and values")
        yield ErrorExample(cls(False, 1), (array("f64", 2, 3), x), ShapeError, "share their first 1 axes")


def halves(size: int) -> Iterator[int]:
    """How far each step of the search may go, until one element is left."""
    while size > 1:
        yield size // 2
        size -= size // 2
