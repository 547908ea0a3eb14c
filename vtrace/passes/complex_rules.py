"""Simplification rules about complex numbers: pairs that are taken apart and put together again."""

from vtrace.ir.graph import Atom, Equation
from vtrace.ops.complex_parts import Interleave, Part
from vtrace.passes.rewrite import Rewriter
from vtrace.passes.rules import made_by, rule


@rule(Part)
def part_of_interleave(r: Rewriter, equation: Equation, op: Part) -> Atom | None:
    """part[which="real"] (interleave x y)  =>  x;  part[which="imag"] (interleave x y)  =>  y"""
    pair = made_by(r, equation.inputs[0], Interleave)
    return pair[1][op.which == "imag"] if pair else None


@rule(Interleave)
def interleave_of_parts(r: Rewriter, equation: Equation, op: Interleave) -> Atom | None:
    """interleave (part[which="real"] x) (part[which="imag"] x)  =>  x"""
    re, im = (made_by(r, x, Part) for x in equation.inputs)
    if re is None or im is None or re[1] != im[1] or (re[0].which, im[0].which) != ("real", "imag"):
        return None
    return re[1][0]
