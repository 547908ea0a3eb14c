"""The machine code is made for: this one."""

import functools
from typing import Any

import llvmlite.binding as llvm

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()


@functools.cache
def cpu_name() -> str:
    return str(llvm.get_host_cpu_name())


@functools.cache
def cpu_features() -> str:
    return str(llvm.get_host_cpu_features().flatten())


def _vector_bytes() -> int:
    features = set(cpu_features().split(","))
    if "+avx512f" in features:
        return 64
    return 32 if "+avx2" in features else 16


LONG = 2000
"""Texts of more lines are looked at before they are cleaned up."""

VECTOR_BYTES = _vector_bytes()
"""The width of a vector register."""
VECTOR_REGISTERS = 32 if VECTOR_BYTES == 64 else 16
MASK_REGISTERS = VECTOR_BYTES == 64
"""Whether there are registers for a bool of each lane."""
EXPANDS = VECTOR_BYTES == 64
"""Whether there is an instruction that reads consecutive elements into some of the lanes, in order."""


def target_machine() -> Any:
    """A new target machine: each execution engine owns the one it is made from."""
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=cpu_name(), features=cpu_features(), opt=3, jit=True, reloc="pic", codemodel="default"
    )


@functools.cache
def code_generator() -> Any:
    """The target machine for everything that needs none of its own: llvmlite lets one thread at a time into LLVM."""
    return target_machine()


def optimise(module: Any, text: str) -> None:
    """The clean-up that our code needs: the text of a kernel is vector code already, with everything in its place.

    Scratch becomes registers, instructions are simplified, loops test at their end, and what is computed twice is
    computed once. LLVM's first level (without its vectorisers) takes four to seven times as long, for code that runs as
    fast; without the turn of the loops a stencil and a log-sum-exp lose a fifth. To simplify first matters where a
    program is long: finding equal instructions takes ten times as long on the text as it is. In a long straight line of
    operations that use no scratch there is nothing to be found.
    """
    plain = text.count("\n") > LONG and " alloca " not in text
    # made anew for each module: it remembers what it found out about functions by their addresses
    builder = llvm.create_pass_builder(code_generator(), llvm.create_pipeline_tuning_options(speed_level=1))
    for function in module.functions:
        if not function.is_declaration:
            _passes(plain).run(function, builder)


def _passes(plain: bool) -> Any:
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    if not plain:
        passes.add_instruction_combine_pass()
        passes.add_loop_rotate_pass()
        passes.add_new_gvn_pass()
    passes.add_simplify_cfg_pass()
    return passes
