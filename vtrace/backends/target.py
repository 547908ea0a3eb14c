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


SMALL, LONG = 300, 800
"""Modules of more instructions than the one, and no more than the other, get all of LLVM's first level."""

VECTOR_BYTES = _vector_bytes()
"""The width of a vector register."""


def target_machine() -> Any:
    """A new target machine: each execution engine owns the one it is made from."""
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=cpu_name(), features=cpu_features(), opt=3, jit=True, reloc="pic", codemodel="default"
    )


def optimise(module: Any) -> None:
    """LLVM's own clean-up, at its first level: our loops are vector code already.

    The second level takes 1.4 times as long, for code that runs as fast. Small kernels have nothing to gain from the
    first (a row dot compiles in 27 ms rather than 42 without it), and in a straight line of 5,000 operations it takes
    seconds; what is between, softmax or a stencil, runs up to 1.5 times as fast with it.
    """
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = False
    options.slp_vectorization = False
    passes = llvm.create_pass_builder(target_machine(), options)
    functions = [f for f in module.functions if not f.is_declaration]
    if SMALL < sum(map(_length, functions)) <= LONG:
        passes.getModulePassManager().run(module, passes)
        return
    short = llvm.create_new_function_pass_manager()
    short.add_sroa_pass()
    short.add_new_gvn_pass()
    short.add_simplify_cfg_pass()
    short.add_aggressive_dce_pass()
    for function in functions:
        short.run(function, passes)


def _length(function: Any) -> int:
    """The number of instructions."""
    return sum(1 for block in function.blocks for _ in block.instructions)
