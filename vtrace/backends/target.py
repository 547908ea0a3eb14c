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


VECTOR_BYTES = _vector_bytes()
"""The width of a vector register."""


def target_machine() -> Any:
    """A new target machine: each execution engine owns the one it is made from."""
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=cpu_name(), features=cpu_features(), opt=3, jit=True, reloc="pic", codemodel="default"
    )


def optimise(module: Any) -> None:
    """LLVM's own clean-up, at its first level: our loops are vector code already.

    The second level takes 1.4 times as long, for code that runs as fast.
    """
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = False
    options.slp_vectorization = False
    passes = llvm.create_pass_builder(target_machine(), options)
    passes.getModulePassManager().run(module, passes)
