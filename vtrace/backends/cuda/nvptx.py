"""LLVM text to PTX, by LLVM's own NVPTX target: no part of CUDA is needed for it.

The PTX is of ISA 8.3 for sm_75, which every driver from CUDA 12.3 on takes for every device from Turing on: one text
per kernel, whatever the machine. LLVM ends the process where the target cannot do what a module asks for; so every
function that a module declares is looked up in a list first.
"""

import functools
from typing import Any

import llvmlite.binding as llvm

TRIPLE, ARCHITECTURE, ISA = "nvptx64-nvidia-cuda", "sm_75", "ptx83"
LONG = 2500
"""Modules of more instructions get a few passes only: LLVM's second level would take them seconds."""

_OVERLOADED = frozenset(
    {
        "llvm.abs",
        "llvm.bitreverse",
        "llvm.bswap",
        "llvm.ceil",
        "llvm.copysign",
        "llvm.ctlz",
        "llvm.ctpop",
        "llvm.cttz",
        "llvm.fabs",
        "llvm.floor",
        "llvm.fma",
        "llvm.fshl",
        "llvm.fshr",
        "llvm.is.fpclass",
        "llvm.maxnum",
        "llvm.minnum",
        "llvm.rint",
        "llvm.roundeven",
        "llvm.sadd.sat",
        "llvm.sadd.with.overflow",
        "llvm.scmp",
        "llvm.smax",
        "llvm.smin",
        "llvm.smul.with.overflow",
        "llvm.sqrt",
        "llvm.ssub.sat",
        "llvm.ssub.with.overflow",
        "llvm.trunc",
        "llvm.uadd.sat",
        "llvm.uadd.with.overflow",
        "llvm.ucmp",
        "llvm.umax",
        "llvm.umin",
        "llvm.umul.with.overflow",
        "llvm.usub.sat",
        "llvm.usub.with.overflow",
    }
)
"""Intrinsics that the target has for every scalar integer or float type that they are for."""
_EXACT = frozenset(
    {
        "llvm.nvvm.barrier.cta.sync.aligned.all",
        "llvm.nvvm.bar.warp.sync",
        "llvm.nvvm.read.ptx.sreg.ctaid.x",
        "llvm.nvvm.read.ptx.sreg.nctaid.x",
        "llvm.nvvm.read.ptx.sreg.ntid.x",
        "llvm.nvvm.read.ptx.sreg.tid.x",
        "llvm.nvvm.shfl.sync.bfly.i32",
        "llvm.nvvm.shfl.sync.idx.i32",
    }
)
_PREFIXES = ("llvm.assume", "llvm.experimental.noalias.scope.decl", "llvm.lifetime.", "llvm.memcpy.", "llvm.memset.")
_ELEMENTS = frozenset({"i8", "i16", "i32", "i64", "f32", "f64"})
ANY_WIDTH = frozenset({"llvm.abs", "llvm.smax", "llvm.smin", "llvm.umax", "llvm.umin"})
"""Those that the target has for integers of all widths up to 64 bits: LLVM makes some of two bits, where it sees that a
number is small."""


class UnsupportedCodeError(AssertionError):
    """A module declares what the target does not have: a fault of the code generator, told before LLVM dies of it."""


def ptx(module: Any, is_straight: bool = False) -> str:
    """The PTX of a module that the code generator has written; `is_straight` says that it has no loops or arrays.

    Raises UnsupportedCodeError where it declares a function that is not known to work on this target.
    """
    return str(_machine().emit_assembly(optimised(module, is_straight)))


def optimised(module: Any, is_straight: bool = False) -> Any:
    """The module as the target gets it, in LLVM's hands."""
    # known before LLVM reads the text, which says nothing about the alignment of most loads and stores
    header = f'target triple = "{TRIPLE}"\ntarget datalayout = "{_machine().target_data}"\n'
    parsed = llvm.parse_assembly(header + str(module))
    parsed.verify()
    check(parsed)
    _optimise(parsed, is_straight)
    check(parsed)  # LLVM's passes make intrinsics, too
    return parsed


def check(module: Any) -> None:
    """UnsupportedCodeError unless every function that `module` declares is in the list."""
    unknown = sorted(f.name for f in module.functions if f.is_declaration and not is_known(f.name))
    if unknown:
        raise UnsupportedCodeError(f"not known to work on {TRIPLE}: {', '.join(unknown)}")


def is_known(name: str) -> bool:
    """Whether the target has the function `name`, so that its use does not end the process."""
    if name in _EXACT or name.startswith(_PREFIXES):
        return True
    base = name.rstrip("0123456789if.")
    element = name[len(base) + 1 :]
    if base in ANY_WIDTH and element[:1] == "i" and element[1:].isdecimal():
        return int(element[1:]) <= 64
    return base in _OVERLOADED and set(element.split(".")) <= _ELEMENTS


@functools.cache
def _machine() -> Any:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(TRIPLE)
    return target.create_target_machine(cpu=ARCHITECTURE, features=f"+{ISA}", opt=3)


def _optimise(module: Any, is_straight: bool) -> None:
    """LLVM's second level, without vectors across lanes; a few passes for what is long, or has no loops."""
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = False
    options.slp_vectorization = False
    passes = llvm.create_pass_builder(_machine(), options)
    functions = [f for f in module.functions if not f.is_declaration]
    is_long = sum(1 for f in functions for block in f.blocks for _ in block.instructions) > LONG
    if not is_long and not is_straight:
        passes.getModulePassManager().run(module, passes)
        return
    few = llvm.create_new_function_pass_manager()
    if is_long:
        few.add_sroa_pass()
    else:
        few.add_instruction_combine_pass()
    few.add_new_gvn_pass()
    few.add_simplify_cfg_pass()
    few.add_aggressive_dce_pass()
    for function in functions:
        few.run(function, passes)
