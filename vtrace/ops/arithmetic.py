"""Arithmetic: the operators of Python on numbers, NumPy's meaning of each."""

from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import primitive
from vtrace.ir.types import Array
from vtrace.ops.kinds import NUMBERS, Binary


@final
@primitive("add")
@dataclass(frozen=True)
class Add(Binary):
    """x + y; integers wrap around."""

    kinds = NUMBERS

    def evaluate(self, x: Array, y: Array) -> Array:
        return np.asarray(np.add(x, y))

    def scalar(self, e: Emitter, x: Value, y: Value) -> Value:
        return e.add(x, y)
