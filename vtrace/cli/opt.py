"""`vtrace opt`: passes over IR text."""

import sys
from typing import TextIO

import click

from vtrace.cli.output import print_ir
from vtrace.errors import ParseError, UsageError


@click.command(short_help="Run passes over IR text.")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option("--passes", default="", help="Passes to run, in order, separated by commas. None: parse and verify only.")
@click.option("--print-after", default="", help="`all`, or the names of passes after which to print the graph.")
def opt(file: TextIO, passes: str, print_after: str) -> None:
    """Run passes over the IR text in FILE (- for standard input) and print the result.

    The graph is verified before the first pass and after every pass.
    """
    import vtrace.ops  # noqa: F401  # the parser finds primitives in the registry
    from vtrace.ir import parse, verify
    from vtrace.passes.pipeline import PASSES, Dump, Observer, Pipeline, verify_after

    names, shown = _names(passes), _names(print_after)
    for name in [*names, *(n for n in shown if n != "all")]:
        if name not in PASSES:
            raise UsageError(f"there is no pass {name!r}; there are {', '.join(PASSES)}")
    try:
        graph = parse(file.read())
    except ParseError as error:
        raise UsageError(f"{file.name}: {str(error).partition(chr(10))[0]}") from error
    verify(graph)
    observers: list[Observer] = [verify_after]
    if shown:
        observers.append(Dump(sys.stdout, None if "all" in shown else frozenset(shown)))
    print_ir(str(Pipeline([PASSES[name] for name in names]).run(graph, observers)))


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
