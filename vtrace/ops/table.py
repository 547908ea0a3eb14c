"""docs/ops.md: a table of all primitives, made from their classes.

python -m vtrace.ops.table > docs/ops.md
"""

import re
from itertools import groupby

import vtrace.ops  # noqa: F401  (fills the registry)
from vtrace.ir.builder import Builder
from vtrace.ir.primitive import REGISTRY, Example, Primitive
from vtrace.ir.printer import print_equation

HEAD = """# The primitives

Made by `python -m vtrace.ops.table > docs/ops.md`; do not edit. Every primitive is one class, in the file of
`vtrace/ops` that its section is named after. The examples show parameters, operand types and result types in the
notation of the IR (`docs/ir.md`). How to add one: `docs/adding-an-op.md`.
"""


def ops_table() -> str:
    """The whole page, as Markdown."""
    classes = sorted(REGISTRY.values(), key=lambda cls: (cls.__module__, cls.name))
    sections = (_section(module, list(members)) for module, members in groupby(classes, lambda cls: cls.__module__))
    return "\n".join([HEAD, *sections])


def _section(module: str, classes: list[type[Primitive]]) -> str:
    rows = []
    for cls in classes:
        example = next(cls.examples())
        rows.append(f"| `{cls.name}` | `{example_text(example)} -> {_results(example)}` | {_summary(cls)} |")
    title = module.rpartition(".")[2]
    return "\n".join([f"## {title}", "", "| name | example | what it does |", "|---|---|---|", *rows, ""])


def _summary(cls: type[Primitive]) -> str:
    """The first paragraph of the docstring on one line."""
    paragraph = (cls.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.split()).replace("|", r"\|")


def example_text(example: Example) -> str:
    """An example as an equation prints, types in place of names: `integer_pow[exponent=2] i8[3]`."""
    builder = Builder()
    inputs = [builder.input(t, "x") for t in example.types]
    graph = builder.build(builder.emit_all(example.primitive, *inputs))
    names = {v: str(v.type) for v in graph.inputs}
    operation = print_equation(graph.equations[0], names).partition(" = ")[2]
    return re.sub(r"\{.*\}", "{...}", operation, flags=re.DOTALL)  # a sub-graph is too long for a line


def _results(example: Example) -> str:
    return " ".join(map(str, example.primitive.infer_all(*example.types)))


if __name__ == "__main__":
    print(ops_table(), end="")
