"""Dead code: equations none of whose results are used, and the unused part of branches and loops. What prints stays."""

from vtrace.ir.graph import Atom, Graph, Var
from vtrace.ops.control import is_control
from vtrace.ops.debug_print import prints
from vtrace.passes.prune import prune
from vtrace.passes.rewrite import renumber


def dce(graph: Graph) -> Graph:
    """`a = f x; b = g x; return b  =>  b = g x; return b`: one backward sweep. Inputs stay, used or not."""
    live: set[int] = set()

    def use(atoms: tuple[Atom, ...]) -> None:
        live.update(a.index for a in atoms if isinstance(a, Var))

    use(graph.outputs)
    kept, changed = [], False
    for equation in reversed(graph.equations):
        effect = prints(equation.primitive)
        if not effect and not any(v.index in live for v in equation.outputs):
            changed = True
            continue
        whole = equation
        if is_control(equation.primitive) and not effect:
            equation = prune(equation, live, dce)
        changed |= equation is not whole
        kept.append(equation)
        use(equation.inputs)
    return renumber(graph.inputs, kept[::-1], graph.outputs) if changed else graph
