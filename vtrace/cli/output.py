"""How the command line prints: text through rich, data as JSON, every error on one line."""

import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.markup import escape
from rich.table import Table
from rich.theme import Theme


class _Highlighter(RegexHighlighter):
    """Colours for IR text."""

    base_style = "ir."
    highlights = (
        r"(?P<comment>^# .*$)",
        r"(?P<keyword>\b(lambda|let|in)\b)",
        r"(?P<type>\b(bool|[iuf](8|16|32|64))\[[^\]]*\])",
        r"= (?P<primitive>[a-z]\w*)",
        r"(?P<removed>^-.*$)",
        r"(?P<added>^\+.*$)",
    )


_THEME = Theme(
    {
        "ir.comment": "dim",
        "ir.keyword": "bold",
        "ir.type": "cyan",
        "ir.primitive": "magenta",
        "ir.removed": "red",
        "ir.added": "green",
    }
)


_UNLIMITED = 10_000
"""Columns of a file or pipe."""


def console() -> Console:
    """Standard output; colours only on a terminal, and never where NO_COLOR is set."""
    width = None if sys.stdout.isatty() else _UNLIMITED
    return Console(file=sys.stdout, theme=_THEME, highlight=False, width=width)


def print_ir(text: str) -> None:
    """IR text, a diff of it, or assembly: verbatim but for colours."""
    console().print(_Highlighter()(text), soft_wrap=True)


def print_json(data: Any) -> None:
    """`data` for other programs."""
    print(json.dumps(data, indent=2))


def print_table(columns: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> None:
    """A table, with or without a header; in a pipe no cell is cut or wrapped."""
    table = Table(*(columns or [""] * len(rows[0])), box=None, pad_edge=False, show_header=columns is not None)
    for row in rows:
        table.add_row(*map(escape, row))
    out = console()
    with out.capture() as captured:
        out.print(table)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def one_line(error: BaseException) -> str:
    """The message of `error`, its lines joined."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line) or type(error).__name__
