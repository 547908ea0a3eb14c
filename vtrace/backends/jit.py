"""From an LLVM module to a function in memory."""

import functools
from typing import Any

import llvmlite.binding as llvm

from vtrace.backends.target import optimise, target_machine


class Machine:
    """Compiled code: the address of its functions, its optimised LLVM text and its assembly."""

    def __init__(self, module: Any) -> None:
        self._module = llvm.parse_assembly(str(module))
        self._module.verify()
        optimise(self._module)
        self._text = str(self._module)
        self._engine = llvm.create_mcjit_compiler(self._module, target_machine())
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        return int(self._engine.get_function_address(name))

    @property
    def llvm(self) -> str:
        return self._text

    @functools.cached_property
    def asm(self) -> str:
        return str(target_machine().emit_assembly(llvm.parse_assembly(self._text)))
