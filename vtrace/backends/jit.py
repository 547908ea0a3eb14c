"""From an LLVM module to functions in memory."""

import functools
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm

from vtrace.backends import cache
from vtrace.backends.target import code_generator, optimise, target_machine


class Machine:
    """Compiled code: the addresses of what is in it, its LLVM text and its assembly.

    `what` says in full what is compiled. If an earlier process has kept the code for it, `generate`, which gives the
    LLVM text, is called only if somebody wants to read that. `clean` says whether to run LLVM's passes on it.
    """

    def __init__(self, what: str, generate: Callable[[], str], clean: bool = True) -> None:
        self._generate, self._clean = generate, clean
        store = cache.default()
        key = cache.key_of(what)
        code = None if store is None else store.load(key)
        if code is None:
            code = code_generator().emit_object(self._module())
            if store is not None:
                store.store(key, code)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """The address of the function `name`; 0 if there is none."""
        return int(self._engine.get_function_address(name))

    def data(self, name: str) -> int:
        """The address of the global variable `name`; 0 if there is none."""
        return int(self._engine.get_global_value_address(name))

    @functools.cached_property
    def llvm(self) -> str:
        """The optimised LLVM text."""
        return str(self._module())

    @functools.cached_property
    def asm(self) -> str:
        """The assembly of the machine code."""
        return str(code_generator().emit_assembly(self._module()))

    def _module(self) -> Any:
        text = self._generate()
        module = llvm.parse_assembly(text)
        module.verify()
        if self._clean:
            optimise(module, text)
        return module
