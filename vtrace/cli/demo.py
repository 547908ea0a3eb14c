"""`vtrace demo`: the tour."""

from pathlib import Path

import click

from vtrace.cli.output import print_ir


@click.command(short_help="Give the tour.")
@click.option("--quick", is_flag=True, help="Small arrays only.")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    default=Path("out/demo.svg"),
    show_default=True,
    help="Where the timing chart goes.",
)
def demo(quick: bool, picture: Path) -> None:
    """Give the tour: an error, the IR before and after batching, in_axes, nesting, and the timing chart."""
    from vtrace.demo import tour

    tour(print_ir, picture, quick)
