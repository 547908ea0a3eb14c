"""Fusion: the last pass. Its result has `kernel` equations and library calls only; a backend compiles each kernel.

`partition` decides what is stored; here kernels are built from the decision, and `explain` puts it into words.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.primitive import LibraryCall, Primitive
from vtrace.ir.printer import variable_names
from vtrace.ops.kernel import Kernel
from vtrace.passes.cost import bytes_per_example, is_array_constant, is_batched
from vtrace.passes.partition import Partition, Step, equations_of, stored_vars
from vtrace.passes.rewrite import all_vars, renumber

Names: TypeAlias = Mapping[Var, str]


def is_fused(primitive: Primitive) -> bool:
    """What may remain after this pass: `verify(graph, allowed=is_fused)`."""
    return isinstance(primitive, Kernel | LibraryCall)


def fuse(graph: Graph) -> Graph:
    """Group equations into kernels: `a = sin x; b = mul a a; return b  =>  b = kernel[graph=...] x; return b`."""
    if all(isinstance(e.primitive, Kernel | LibraryCall) for e in graph.equations):
        return graph
    partition = Partition(graph)
    steps = [_equation(partition, step) for step in partition.steps]
    return renumber(graph.inputs, steps, graph.outputs)


def _equation(partition: Partition, step: Step) -> Equation:
    if step.is_library:
        return partition.equations[step.stored[0]]
    inputs, graph = _kernel_graph(partition, step)
    outputs = tuple(stored_vars(partition, step))
    source = partition.equations[step.stored[-1]].source
    return Equation(Kernel(graph), tuple(inputs), outputs, source)


def _kernel_graph(partition: Partition, step: Step) -> tuple[Sequence[Atom], Graph]:
    """What a kernel is called with, and its graph. Array constants are operands, so that no code depends on them."""
    equations = equations_of(partition, step)
    inside = {v.index for e in equations for v in e.outputs}
    inputs: dict[Atom, Var] = {}
    names: set[str] = {v.name for v in partition.graph.inputs}
    fresh = 1 + max(v.index for v in all_vars(partition.graph))

    def unique(prefix: str) -> str:
        name = next(n for i in range(len(names) + 1) if (n := f"{prefix}{i}") not in names)
        names.add(name)
        return name

    def read(atom: Atom) -> Atom:
        if isinstance(atom, Var) and atom.index in inside:
            return atom
        if atom in inputs:
            return inputs[atom]
        if isinstance(atom, Var):
            inputs[atom] = Var(atom.index, atom.type, atom.name or unique("t"))
        elif is_array_constant(atom):
            inputs[atom] = Var(fresh + len(inputs), atom.type, unique("c"))
        else:
            return atom
        return inputs[atom]

    body = [Equation(e.primitive, tuple(map(read, e.inputs)), e.outputs, e.source) for e in equations]
    return list(inputs), renumber(list(inputs.values()), body, stored_vars(partition, step))


def explain(graph: Graph) -> str:
    """The kernels `fuse` makes of a graph, what each stores, and why: one paragraph for each kernel or library call."""
    partition = Partition(graph)
    batched = any(map(is_batched, graph.equations))
    names = variable_names(graph)
    lines = []
    for number, step in enumerate(partition.steps):
        equations = equations_of(partition, step)
        if step.is_library:
            lines.append(f"step {number}: {equations[0].primitive.name}, a library call")
        else:
            plural = "s" if len(equations) > 1 else ""
            hoisted = batched and not is_batched(equations[-1])
            note = ", hoisted out of the batch" if hoisted else ""
            lines.append(f"step {number}: kernel of {len(equations)} equation{plural}{note}")
        lines.extend(_reads(names, equations))
        lines.extend(_stores(names, partition, step))
    return "\n".join(lines)


def _reads(names: Names, equations: Sequence[Equation]) -> list[str]:
    inside = {v.index for e in equations for v in e.outputs}
    outside: dict[Atom, None] = {}
    for equation in equations:
        for atom in equation.inputs:
            if is_array_constant(atom) or (isinstance(atom, Var) and atom.index not in inside):
                outside[atom] = None
    size = sum(bytes_per_example(a.type) for a in outside)
    return [f"  reads {', '.join(_text(names, a) for a in outside)}; {size} bytes"] if outside else []


def _stores(names: Names, partition: Partition, step: Step) -> list[str]:
    lines = []
    for position in step.stored:
        for var in partition.stored_results(position):
            why = "; ".join(partition.reasons.get(position, ["result of a library call"]))
            text = f"  stores {_text(names, var)}, {bytes_per_example(var.type)} bytes: {why}"
            source = partition.equations[position].source
            lines.append(f"{text} ({source})" if source else text)
    return lines


def _text(names: Names, atom: Atom) -> str:
    """A value as the IR text of the unfused graph names it."""
    if isinstance(atom, Literal):
        return f"#{atom.digest}:{atom.type}"
    return f"{names[atom]}:{atom.type}"
