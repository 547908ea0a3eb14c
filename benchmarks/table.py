"""Write measured rows into docs/performance.md and README.md, between their markers, and draw docs/performance.svg.

    python -m benchmarks.run --json > run.jsonl
    python -m benchmarks.table run.jsonl              # and rows of an outside harness, if there are any: peers.jsonl

A table nobody measured this time stays as it is.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import click

from benchmarks.bars import ARRAYS, BARS, LOOPS, REASONS
from benchmarks.picture import draw
from benchmarks.rows import Rows

ROOT = Path(__file__).parents[1]
CONTESTANTS = ("vtrace", "jax", "numba", "numpy", "loop")
SLOW = 1.5
"""Times the time of C from which a reason is given."""


def number(value: float | None) -> str:
    """Three digits."""
    if value is None:
        return ""
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def milliseconds(seconds: float | None) -> str:
    return number(None if seconds is None else seconds * 1e3)


def grid(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    rule = ["---", *["---:" if h and not h.startswith("why") else "---" for h in head[1:]]]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *lines))


def machine(rows: Rows) -> str:
    m = rows.machine
    if not m:
        return ""
    return f"{m['date']}, {m['processor']}, {m['threads']} threads, Python {m['python']}, {m['versions']}."


def bars(rows: Rows) -> str:
    lines = []
    for bar in BARS:
        if (value := bar.found(rows)) is not None:
            sign, unit = "≥" if bar.at_least else "≤", f" {bar.unit}" if bar.unit else ""
            met = bar.met(value)
            why = "" if met else REASONS.get(bar.title, "")
            limit = f"{sign} {number(bar.limit)}{unit}"
            lines.append([bar.title, limit, f"{number(value)}{unit}", "yes" if met else "no", why])
    return grid(["bar", "limit", "reached", "met", "why not"], lines) if lines else ""


def peers(rows: Rows) -> str:
    order = [n for n in (*LOOPS, *ARRAYS) if n in rows.workloads]
    order += [n for n in rows.workloads if n not in order]
    lines = []
    for name in order:
        to_c = rows.ratio(name, "vtrace", "c")
        times = [milliseconds(rows.time(name, p)) for p in ("vtrace", "c", "numba", "jax", "numpy")]
        ratios = [number(to_c), number(rows.ratio(name, "jax", "vtrace"))]
        firsts = [milliseconds(rows.first(name, p)) for p in ("vtrace", "jax")]
        why = REASONS.get(name, "") if to_c is not None and to_c > SLOW else ""
        lines.append([f"`{name}`", *times, *ratios, *firsts, why])
    head = ["ms", "vtrace", "C", "Numba", "JAX", "NumPy", "vtrace / C", "JAX / vtrace"]
    return grid([*head, "first call", "JAX's first call", "why slower than C"], lines) if lines else ""


def runs(rows: Rows) -> str:
    lines = []
    for name, row in rows.runs.items():
        if isinstance(row["results"], list):
            reads = [r["min"] for r in row["results"] if r["name"].startswith("read") and "min" in r]
            ours = rows.own(name, "vtrace")
            share = f"{min(reads) / ours:.0%}" if reads and ours else ""
            peak = next((r.get("peak_bytes") for r in row["results"] if r["name"] == "vtrace"), None)
            megabytes = number(None if peak is None else peak / 1e6)
            lines.append([f"`{name}`", *(milliseconds(rows.own(name, c)) for c in CONTESTANTS), share, megabytes])
    head = ["ms", "vtrace", "JAX", "Numba", "NumPy by hand", "loop in Python", "of the bandwidth", "peak MB"]
    return grid(head, lines) if lines else ""


def first_calls(rows: Rows) -> str:
    results = rows.runs.get("first_calls", {}).get("results")
    if results is None:
        return ""
    lines = [
        [f"`{name}`", milliseconds(row["cache off"]), milliseconds(row["cache on"]), ""]
        for name, row in results["loop programs"].items()
    ]
    lines.append(["median", number(rows.first_call("cache off")), number(rows.first_call("cache on")), ""])
    for program, row in results["straight lines"].items():
        jax = row.get("jax", "")
        shown = jax if isinstance(jax, str) else milliseconds(jax)
        lines.append([f"`{program}`", number(rows.straight(program)), "", shown])
    return grid(["ms", "no code on disk", "code on disk", "JAX"], lines)


def fresh(rows: Rows) -> str:
    results = rows.runs.get("fresh", {}).get("results")
    if results is None:
        return ""
    lines = [
        [program, *(milliseconds(rows.fresh(program, c)) for c in ("vtrace", "jax")), number(rows.over_jax(program))]
        for program in results
    ]
    return grid(["ms", "vtrace", "JAX", "vtrace / JAX"], lines)


def speed(rows: Rows) -> str:
    """The table of the README."""
    shown = {
        "dot1000_f32": "`custom_dot`, 1000 x 1000, f32",
        "dot10000_f32": "`custom_dot`, 10000 x 10000, f32",
        "softmax_1e7_f32": "softmax of 10,000 rows of 1000, f32",
        "divergent_while": "a `while_loop`: 3 trips for 1e5 examples, 5000 for one",
        "rare_branch": "a `cond`: 1 % of 1e6 take a branch 1000 times dearer",
    }
    lines = [
        [title, *(milliseconds(rows.own(name, c)) for c in CONTESTANTS)] for name, title in shown.items()
        if name in rows.runs
    ]  # fmt: skip
    if not lines:
        return ""
    firsts = [milliseconds(rows.fresh("first call", c)) for c in ("vtrace", "jax")]
    lines.append(["first call of `custom_dot`", *firsts, "", "", ""])
    head = [f"milliseconds, {rows.machine.get('threads', '2')} threads", "vtrace", "JAX", "Numba"]
    return grid([*head, "NumPy by hand", "loop in Python"], lines) + "\n\n" + machine(rows)


TABLES = {t.__name__: t for t in (machine, bars, peers, runs, first_calls, fresh)}


def replaced(text: str, name: str, table: str) -> str:
    """`text` with what lies between the markers of `name` replaced."""
    if not table:
        return text
    pattern = re.compile(rf"(<!-- {re.escape(name)}: begin[^>]*-->\n).*?(<!-- {re.escape(name)}: end -->)", re.DOTALL)
    result, count = pattern.subn(lambda m: f"{m[1]}\n{table}\n\n{m[2]}", text)
    if count != 1:
        raise click.ClickException(f"there must be one place for the table {name!r}, found {count}")
    return result


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(files: tuple[Path, ...]) -> None:
    """Write the rows of FILES (JSON lines) into the tables of docs/performance.md and README.md."""
    rows = Rows(files)
    page, readme = ROOT / "docs" / "performance.md", ROOT / "README.md"
    text = page.read_text()
    for name, table in TABLES.items():
        text = replaced(text, name, table(rows))
    page.write_text(text)
    if rows.workloads:
        draw(rows, ROOT / "docs" / "performance.svg")
    readme.write_text(replaced(readme.read_text(), "speed table", speed(rows)))


if __name__ == "__main__":
    main()
