"""An index by itself, before it becomes part of another: of `x[i, j]` each is checked against its own axis."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import DTypeError, IndexOutOfRangeError
from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import INT64, Array, ArrayType
from vtrace.ops.indexing import as_index, checked
from vtrace.ops.kinds import INTEGERS, Elementwise, require_kind
from vtrace.ops.samples import array


@final
@primitive("check_index")
@dataclass(frozen=True)
class CheckIndex(Elementwise):
    """`x` as an index into an axis of `extent` elements: int64, counted from the start where negative.

    One outside is an IndexError that names `axis`.
    """

    extent: int
    axis: int

    def infer(self, x: ArrayType) -> ArrayType:
        require_kind("check_index", x.dtype, INTEGERS)
        if self.extent == 0 and 0 not in x.shape:
            raise IndexOutOfRangeError(f"check_index: axis {self.axis} is empty, but the index is {x}")
        return x.with_dtype(INT64)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(checked(x, self.extent, self.axis))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.checked_index(as_index(e, x), self.extent, self.axis)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in ("i64", "i8", "i32"):
            yield Example(cls(3, 1), (array(dtype, 7),), -3, 3)
        for dtype in ("u8", "u64"):
            yield Example(cls(4, 0), (array(dtype, 2, 3),), 0, 4)
        yield Example(cls(1 << 40, 0), (array("i64", 3),), -4, 4)
        yield Example(cls(5, 2), (array("i64"),), -5, 5)
        yield Example(cls(0, 0), (array("i64", 0),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls(3, 0), (array("f64", 3),), DTypeError, "check_index does not work on float64")
        yield ErrorExample(cls(0, 2), (array("i64", 3),), IndexOutOfRangeError, "axis 2 is empty")
