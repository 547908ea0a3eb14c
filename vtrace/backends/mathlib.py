"""Float functions: inlined polynomials where vtrace has them, the C library one lane at a time where it does not."""

from typing import Any

from llvmlite import ir

from vtrace.backends.loops import Loops
from vtrace.backends.values import I32, llvm_type
from vtrace.backends.vecmath import FUNCTIONS
from vtrace.ir.emitter import Value

C_NAMES = {"fmod": "fmod"}
"""Functions taken from the C library, by NumPy's name."""


class Mathlib(Loops):
    """`math`."""

    def math(self, function: str, *args: Value) -> Value:
        if (polynomial := FUNCTIONS.get(function)) is not None:
            return polynomial(self, *args)
        return self._apply(lambda *operands: self._call(C_NAMES[function], args[0], operands), *args)

    def _call(self, name: str, like: Value, operands: tuple[Any, ...]) -> Any:
        """Call a C function for each lane."""
        element = llvm_type(like.dtype)
        suffix = "f" if like.dtype.itemsize == 4 else ""
        callee = self.declare(name + suffix, element, [element] * len(operands))
        if operands[0].type == element:
            return self.builder.call(callee, operands)
        result = ir.Constant(operands[0].type, ir.Undefined)
        for lane in range(operands[0].type.count):
            where = ir.Constant(I32, lane)
            picked = [self.builder.extract_element(o, where) for o in operands]
            result = self.builder.insert_element(result, self.builder.call(callee, picked), where)
        return result
