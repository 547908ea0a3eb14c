"""Reductions: sum, product, extrema and their positions, all and any."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import Example, primitive
from vtrace.ir.types import DTYPES, Array, ArrayType, DType
from vtrace.ops.kinds import NUMBERS, Reduction


@final
@primitive("reduce_sum")
@dataclass(frozen=True)
class ReduceSum(Reduction):
    """Sum of the elements of `x` along `axes`, in the dtype of `x`; 0 for no elements."""

    axes: tuple[int, ...]
    kinds = NUMBERS

    def rebuilt(self, axes: tuple[int, ...]) -> "ReduceSum":
        return ReduceSum(axes)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.sum(x, axis=self.axes, dtype=x.dtype))

    def initial(self, e: Emitter, dtype: DType) -> Value:
        return e.constant(0, dtype)

    def combine(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.add(x, y)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in ("f64", "f32", "i64", "u8"):
            yield Example(cls((0,)), (ArrayType(DTYPES[dtype], (3,)),))
            yield Example(cls((0, 2)), (ArrayType(DTYPES[dtype], (2, 3, 4)),))
        yield Example(cls((1,)), (ArrayType(DTYPES["f32"], (2, 133)),))
        yield Example(cls(()), (ArrayType(DTYPES["f64"], (3,)),))
        yield Example(cls((0,)), (ArrayType(DTYPES["f64"], (0, 2)),))
