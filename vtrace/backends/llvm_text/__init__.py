"""LLVM text, written down instruction by instruction.

It has what our code generator needs of llvmlite.ir, under the same names. That module keeps an object for every
instruction, and its text is put together from objects in the end: this took half of the time of generating code, and a
fifth of that of a first call. Here an instruction is one formatted string.
"""

from vtrace.backends.llvm_text.builder import IRBuilder
from vtrace.backends.llvm_text.module import Block, Function, GlobalVariable, Later, Module
from vtrace.backends.llvm_text.types import (
    ArrayType,
    DoubleType,
    FloatType,
    FunctionType,
    IntType,
    PointerType,
    Type,
    VectorType,
    VoidType,
)
from vtrace.backends.llvm_text.values import Constant, Undefined, Value

__all__ = [
    "ArrayType", "Block", "Constant", "DoubleType", "FloatType", "Function", "FunctionType", "GlobalVariable",
    "IRBuilder", "IntType", "Later", "Module", "PointerType", "Type", "Undefined", "Value", "VectorType", "VoidType",
]  # fmt: skip
