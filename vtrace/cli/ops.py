"""`vtrace ops`: the primitives there are."""

import dataclasses
from typing import Any

import click

from vtrace.cli.output import print_json, print_table


@click.command(short_help="List every primitive.")
@click.option("--json", "as_json", is_flag=True, help="A list of objects, for other programs.")
def ops(as_json: bool) -> None:
    """List every primitive: its name in IR text, its kind, its parameters and what it does."""
    rows = _rows()
    if as_json:
        print_json(rows)
    else:
        print_table(
            ["name", "kind", "parameters", "what it does"],
            [[r["name"], r["kind"], ", ".join(r["parameters"]), r["summary"]] for r in rows],
        )


def _rows() -> list[dict[str, Any]]:
    import vtrace.ops  # noqa: F401  # fills the registry
    from vtrace.ir.primitive import REGISTRY

    rows = []
    for name, cls in sorted(REGISTRY.items()):
        dataclass: Any = cls  # the registry takes nothing else
        rows.append(
            {
                "name": name,
                "kind": cls.__mro__[1].__name__.lower(),
                "parameters": [f.name for f in dataclasses.fields(dataclass)],
                "summary": (cls.__doc__ or "").strip().partition("\n")[0],
            }
        )
    return rows
