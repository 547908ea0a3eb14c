"""The bits of numbers, read as numbers of another dtype."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.errors import DTypeError
from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import DTYPES, Array, ArrayType, DType, short_name
from vtrace.ops.kinds import NUMBERS, Elementwise, require_kind


@final
@primitive("bitcast")
@dataclass(frozen=True)
class Bitcast(Elementwise):
    """The bits of `x` as another dtype of the same width, as `ndarray.view` gives them."""

    dtype: DType

    def infer(self, x: ArrayType) -> ArrayType:
        require_kind("bitcast", x.dtype, NUMBERS)
        require_kind("bitcast", self.dtype, NUMBERS)
        short_name(self.dtype)
        if x.dtype.itemsize != self.dtype.itemsize:
            raise DTypeError(f"bitcast needs dtypes of one width, got {x.dtype} and {self.dtype}")
        return x.with_dtype(self.dtype)

    def evaluate(self, x: Array) -> Array:
        return np.asarray(x, order="C").view(self.dtype)

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.bitcast(x, self.dtype)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for source in DTYPES.values():
            for target in DTYPES.values():
                if source.itemsize == target.itemsize and {source.kind, target.kind} <= set(NUMBERS):
                    yield Example(cls(target), (ArrayType(source, (3,)),))
        yield Example(cls(DTYPES["u64"]), (ArrayType(DTYPES["f64"]),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x = (ArrayType(DTYPES["f64"], (3,)),)
        yield ErrorExample(cls(DTYPES["i32"]), x, DTypeError, "dtypes of one width, got float64 and int32")
        yield ErrorExample(cls(DTYPES["bool"]), x, DTypeError, "bitcast does not work on bool")
