"""Scans: the running sum, product and extrema along an axis.

Each result needs the one before it, so a scan has no pull form that is not quadratic. Without a batch it runs as a
library call, NumPy's own `accumulate`; with one, the `running` pass makes it a loop of every example. It goes
from left to right either way, hence with the same bits.
"""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.primitive import Batched, Batcher, ErrorExample, Example, Library, LibraryPrimitive, primitive
from vtrace.ir.types import DTYPES, Array, ArrayType
from vtrace.ops.kinds import ANY, NUMBERS, require_axes, require_kind
from vtrace.ops.samples import array


class Scan(LibraryPrimitive):
    """Element i along `axis` joins elements 0 to i of `x`."""

    axis: int
    kinds: ClassVar[str]
    function: ClassVar[np.ufunc]
    """What joins two elements."""

    @classmethod
    @abstractmethod
    def along(cls, axis: int) -> "Scan":
        """The scan along `axis`."""

    @final
    def infer(self, x: ArrayType) -> ArrayType:
        require_kind(self.name, x.dtype, self.kinds)
        require_axes(self.name, (self.axis,), x)
        return x

    @final
    def evaluate(self, x: Array) -> Array:
        return np.asarray(self.function.accumulate(x, self.axis, x.dtype))

    @final
    def call(self, library: Library, out: Array, x: Array) -> None:
        with np.errstate(all="ignore"):
            self.function.accumulate(x, self.axis, x.dtype, out)

    @final
    def batch(self, b: Batcher, x: Batched) -> Batched:
        assert x.axis is not None
        return Batched(b.emit(self.along(self.axis + (self.axis >= x.axis)), x.value), x.axis)

    @classmethod
    @final
    def examples(cls) -> Iterator[Example]:
        for name in ("f64", "f32", "i64", "i8", "u8", "bool"):
            if DTYPES[name].kind in cls.kinds:
                yield Example(cls.along(0), (array(name, 5),))
        yield Example(cls.along(1), (array("f32", 2, 3, 2),))
        yield Example(cls.along(0), (array("f64", 1),))
        yield Example(cls.along(0), (array("f64", 0, 2),))

    @classmethod
    @final
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls.along(0), (array("f64"),), ShapeError, "are not sorted axes")
        if "b" not in cls.kinds:
            yield ErrorExample(cls.along(0), (array("bool", 3),), DTypeError, "does not work on bool")


@final
@primitive("cumsum")
@dataclass(frozen=True)
class CumSum(Scan):
    """The running sum of `x` along `axis`, in the dtype of `x`."""

    axis: int
    kinds = NUMBERS
    function = np.add

    @classmethod
    def along(cls, axis: int) -> "CumSum":
        return cls(axis)


@final
@primitive("cumprod")
@dataclass(frozen=True)
class CumProd(Scan):
    """The running product of `x` along `axis`, in the dtype of `x`."""

    axis: int
    kinds = NUMBERS
    function = np.multiply

    @classmethod
    def along(cls, axis: int) -> "CumProd":
        return cls(axis)


@final
@primitive("cummax")
@dataclass(frozen=True)
class CumMax(Scan):
    """The running maximum of `x` along `axis`; NaN from the first one on."""

    axis: int
    kinds = ANY
    function = np.maximum

    @classmethod
    def along(cls, axis: int) -> "CumMax":
        return cls(axis)


@final
@primitive("cummin")
@dataclass(frozen=True)
class CumMin(Scan):
    """The running minimum of `x` along `axis`; NaN from the first one on."""

    axis: int
    kinds = ANY
    function = np.minimum

    @classmethod
    def along(cls, axis: int) -> "CumMin":
        return cls(axis)
