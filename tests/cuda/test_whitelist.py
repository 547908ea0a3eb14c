"""No module reaches LLVM's NVPTX back end that would end the process."""

import subprocess
import sys

import pytest
from llvmlite import ir

from vtrace.backends.cuda import nvptx

SHAPES = {
    "llvm.abs": "T(T,i1)", "llvm.bitreverse": "T(T)", "llvm.bswap": "T(T)", "llvm.ceil": "T(T)",
    "llvm.copysign": "T(T,T)", "llvm.ctlz": "T(T,i1)", "llvm.ctpop": "T(T)", "llvm.cttz": "T(T,i1)",
    "llvm.fabs": "T(T)", "llvm.floor": "T(T)", "llvm.fma": "T(T,T,T)", "llvm.fshl": "T(T,T,T)",
    "llvm.fshr": "T(T,T,T)", "llvm.is.fpclass": "i1(T,i32)", "llvm.maxnum": "T(T,T)", "llvm.minnum": "T(T,T)",
    "llvm.rint": "T(T)", "llvm.roundeven": "T(T)", "llvm.sadd.sat": "T(T,T)", "llvm.sadd.with.overflow": "O(T,T)",
    "llvm.scmp": "T(T,T)", "llvm.smax": "T(T,T)", "llvm.smin": "T(T,T)", "llvm.smul.with.overflow": "O(T,T)",
    "llvm.sqrt": "T(T)", "llvm.ssub.sat": "T(T,T)", "llvm.ssub.with.overflow": "O(T,T)", "llvm.trunc": "T(T)",
    "llvm.uadd.sat": "T(T,T)", "llvm.uadd.with.overflow": "O(T,T)", "llvm.ucmp": "T(T,T)", "llvm.umax": "T(T,T)",
    "llvm.umin": "T(T,T)", "llvm.umul.with.overflow": "O(T,T)", "llvm.usub.sat": "T(T,T)",
    "llvm.usub.with.overflow": "O(T,T)",
}  # fmt: skip
"""The type of every intrinsic in the list: T is the element, O a pair of it and a bit."""
FLOATS = {
    "ceil",
    "copysign",
    "fabs",
    "floor",
    "fma",
    "fpclass",
    "maxnum",
    "minnum",
    "rint",
    "roundeven",
    "sqrt",
    "trunc",
}

PROBE = """
import sys
import llvmlite.binding as llvm
from vtrace.backends.cuda import nvptx
machine = nvptx._machine()
for text in sys.stdin.read().split(";;;"):
    module = llvm.parse_assembly(text)
    nvptx.check(module)
    assert ".entry" in machine.emit_assembly(module)
print("all passed")
"""


def _uses(name: str) -> list[str]:
    """Modules that call the intrinsic, one for each type it is for."""
    texts = []
    types = {"f32": "float", "f64": "double"} if name.rpartition(".")[2] in FLOATS else {}
    widths = (8, 16, 32, 64, *((2, 3, 5, 7, 9, 17, 33, 63) if name in nvptx.ANY_WIDTH else ()))
    for suffix, type_ in (types or {f"i{n}": f"i{n}" for n in widths}).items():
        if name == "llvm.bswap" and suffix == "i8":
            continue  # there is nothing to swap
        result, _, arguments = SHAPES[name][:-1].partition("(")
        result = {"T": type_, "O": f"{{ {type_}, i1 }}"}.get(result, result)
        kinds = [type_ if a == "T" else a for a in arguments.split(",")]
        operands = ["%x" if a == "T" else {"i1": "false", "i32": "3"}[a] for a in arguments.split(",")]
        full = f"{name}.{type_}.{type_}" if name in ("llvm.scmp", "llvm.ucmp") else f"{name}.{suffix}"
        call = f"call {result} @{full}({', '.join(f'{k} {o}' for k, o in zip(kinds, operands, strict=True))})"
        texts.append(
            f"declare {result} @{full}({', '.join(kinds)})\n"
            f"define ptx_kernel void @k(ptr %p, ptr %q) {{\n  %x = load {type_}, ptr %p\n  %y = {call}\n"
            f"  store {result} %y, ptr %q\n  ret void\n}}"
        )
    return texts


def test_everything_in_the_list_works() -> None:
    """In a process of its own, which an intrinsic that does not work would end."""
    assert set(SHAPES) == nvptx._OVERLOADED
    texts = [text for name in SHAPES for text in _uses(name)]
    done = subprocess.run(
        [sys.executable, "-c", PROBE], input=";;;".join(texts), capture_output=True, text=True, check=False
    )
    assert done.stdout == "all passed\n", done.stderr


@pytest.mark.parametrize(
    "name",
    [
        "llvm.exp.f32", "llvm.log.f64", "llvm.sin.f32", "llvm.pow.f64", "llvm.masked.load.v4f32.p0", "aligned_alloc",
        "llvm.vector.reduce.or.v4i1", "llvm.umin.v4i64", "llvm.exp2.f64", "llvm.tanh.f32", "llvm.umax.i65",
        "llvm.ctpop.i2",
    ],
)  # fmt: skip
def test_what_is_not_in_the_list_is_told(name: str) -> None:
    module = ir.Module("m")
    ir.Function(module, ir.FunctionType(ir.VoidType(), []), name)
    kept = str(module)
    assert not nvptx.is_known(name)
    with pytest.raises(nvptx.UnsupportedCodeError, match=name.replace(".", r"\.")):
        nvptx.check(nvptx.llvm.parse_assembly(kept) if not name.startswith("llvm.") else _Declares(name))


class _Declares:
    """A module, as far as the check looks at it. (LLVM refuses to read an intrinsic with a wrong type.)"""

    def __init__(self, name: str) -> None:
        self.functions = [self]
        self.name, self.is_declaration = name, True
