"""Dead code: equations none of whose results are used."""

from vtrace.ir.graph import Atom, Graph, Var
from vtrace.passes.rewrite import renumber


def dce(graph: Graph) -> Graph:
    """`a = f x; b = g x; return b  =>  b = g x; return b`: one backward sweep. Inputs stay, used or not."""
    live: set[int] = set()

    def use(atoms: tuple[Atom, ...]) -> None:
        live.update(a.index for a in atoms if isinstance(a, Var))

    use(graph.outputs)
    kept = []
    for equation in reversed(graph.equations):
        if any(v.index in live for v in equation.outputs):
            kept.append(equation)
            use(equation.inputs)
    if len(kept) == len(graph.equations):
        return graph
    return renumber(graph.inputs, kept[::-1], graph.outputs)
