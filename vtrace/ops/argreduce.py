"""The positions of extrema."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.emitter import Emitter, Index, Read, Value, Values
from vtrace.ir.primitive import Batched, Batcher, ElementPrimitive, ErrorExample, Example, primitive
from vtrace.ir.types import BOOL, DTYPES, INT64, Array, ArrayType, DType
from vtrace.ops.extrema import greatest, least
from vtrace.ops.kinds import require_axes
from vtrace.ops.samples import EVERY_KIND, array


class ArgReduction(ElementPrimitive):
    """The position along `axis` of the best element, an i64: the first one of equals; a NaN beats every number.

    Lowered as a fold over pairs (element, position). Taking the smaller position of equal elements makes joining two
    pairs independent of their order.
    """

    axis: int
    better: ClassVar[str]
    """The comparison by which one element beats another: `gt` or `lt`."""

    @classmethod
    @abstractmethod
    def along(cls, axis: int) -> "ArgReduction":
        """The reduction along `axis`."""

    @abstractmethod
    def worst(self, dtype: DType) -> float | int:
        """An element that beats no other."""

    @final
    def infer(self, x: ArrayType) -> ArrayType:
        require_axes(self.name, (self.axis,), x)
        if x.shape[self.axis] == 0:
            raise ShapeError(f"attempt to get {self.name} of an empty sequence: axis {self.axis} of {x}")
        return x.drop((self.axis,)).with_dtype(INT64)

    @final
    def batch(self, b: Batcher, x: Batched) -> Batched:
        assert x.axis is not None
        axis = self.axis + (self.axis >= x.axis)
        return Batched(b.emit(self.along(axis), x.value), x.axis - (axis < x.axis))

    @final
    def element(self, e: Emitter, index: Index, x: Read) -> Value:
        dtype = DTYPES["u8"] if x.type.dtype == BOOL else x.type.dtype

        def wins(a: Value, b: Value) -> Value:
            more = e.compare(self.better, a, b)
            if dtype.kind != "f":
                return more
            return e.or_(more, e.and_(e.compare("ne", a, a), e.compare("eq", b, b)))

        def join(a: Values, b: Values) -> Values:
            earlier = e.and_(e.compare("lt", b[1], a[1]), e.invert(wins(a[0], b[0])))
            second = e.or_(wins(b[0], a[0]), earlier)
            return e.select(second, b[0], a[0]), e.select(second, b[1], a[1])

        def body(inner: Index) -> Values:
            value = x((*index[: self.axis], *inner, *index[self.axis :]))
            return (value if value.dtype == dtype else e.convert(value, dtype)), inner[0]

        # every position is smaller than that of the initial pair, so it never wins
        initial = e.constant(self.worst(dtype), dtype), e.index(np.iinfo(np.int64).max)
        return e.fold((x.type.shape[self.axis],), initial, join, join, body)[1]

    @classmethod
    @final
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls.along(0), (array(dtype, 5),))
        yield Example(cls.along(1), (array("f32", 2, 133),))
        yield Example(cls.along(0), (array("f64", 3, 2),))
        yield Example(cls.along(1), (array("u64", 2, 3, 2),))
        yield Example(cls.along(0), (array("f64", 1),))
        yield Example(cls.along(1), (array("f64", 0, 3),))

    @classmethod
    @final
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls.along(0), (array("f64"),), ShapeError, "are not sorted axes")
        yield ErrorExample(cls.along(0), (array("f64", 0),), ShapeError, "attempt to get arg.* of an empty sequence")


@final
@primitive("argmax")
@dataclass(frozen=True)
class ArgMax(ArgReduction):
    """The position of the first greatest element of `x` along `axis`; that of the first NaN if there is one."""

    axis: int
    better = "gt"

    @classmethod
    def along(cls, axis: int) -> "ArgMax":
        return cls(axis)

    def worst(self, dtype: DType) -> float | int:
        return least(dtype)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.argmax(x, axis=self.axis))


@final
@primitive("argmin")
@dataclass(frozen=True)
class ArgMin(ArgReduction):
    """The position of the first smallest element of `x` along `axis`; that of the first NaN if there is one."""

    axis: int
    better = "lt"

    @classmethod
    def along(cls, axis: int) -> "ArgMin":
        return cls(axis)

    def worst(self, dtype: DType) -> float | int:
        return greatest(dtype)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.argmin(x, axis=self.axis))
