"""The command line: `vtrace dump | opt | ops | info | demo`, also as `python -m vtrace`.

Argument parsing and printing, no logic. One file per command; what a command needs is imported when it runs.
Errors are one line on standard error and exit status 2.
"""

import sys
from collections.abc import Sequence

import click

from vtrace import __version__
from vtrace.cli.demo import demo
from vtrace.cli.dump import dump
from vtrace.cli.info import info
from vtrace.cli.ops import ops
from vtrace.cli.opt import opt
from vtrace.cli.output import one_line
from vtrace.errors import VTraceError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__)
def cli() -> None:
    """vmap for plain NumPy functions: look at every stage, from trace to machine code."""


for _command in (dump, opt, ops, info, demo):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    try:
        status = cli.main(arguments, prog_name="vtrace", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return 2
    except click.ClickException as error:
        return _fail(error.format_message())
    except VTraceError as error:
        return _fail(one_line(error))
    except click.Abort:
        return 130
    except BrokenPipeError:
        # the reader, `head` for example, has seen enough; keep the interpreter from flushing into the closed pipe
        sys.stdout = None
        return 0
    return status if isinstance(status, int) else 0


def _fail(message: str) -> int:
    print(f"vtrace: error: {' '.join(message.split())}", file=sys.stderr)
    return 2
