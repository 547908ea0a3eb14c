"""Functions of one float variable, computed by the emitter's math table."""

from dataclasses import dataclass
from typing import final

import numpy as np

from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import primitive
from vtrace.ir.types import Array
from vtrace.ops.kinds import FLOATS, Unary


@final
@primitive("sin")
@dataclass(frozen=True)
class Sin(Unary):
    """Sine of `x`, in radians."""

    kinds = FLOATS

    def evaluate(self, x: Array) -> Array:
        return np.asarray(np.sin(x))

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.math("sin", x)
