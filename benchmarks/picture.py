"""The workloads as a picture: how long others take, in times of vtrace."""

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from benchmarks.rows import Rows

MARKS = {"jax": ("JAX", "o", "#d1495b"), "numpy": ("NumPy", "s", "#edae49"), "c": ("C with AVX-512", "|", "#222222")}
"""Title, sign and colour of those that are compared."""


def draw(rows: Rows, path: Path) -> None:
    """Write the chart to `path`, an SVG: a line for each workload, sorted by what JAX takes."""
    names = sorted(rows.workloads, key=lambda n: rows.ratio(n, "jax", "vtrace") or 0.0)
    with matplotlib.rc_context({"svg.hashsalt": "vtrace", "font.size": 8}):  # the same rows give the same file
        figure = Figure(figsize=(8, 9), layout="constrained")
        axes = figure.subplots()
        axes.axvline(1, color="#00798c", linewidth=2, label="vtrace")
        for peer, (title, sign, colour) in MARKS.items():
            found = [(r, k) for k, n in enumerate(names) if (r := rows.ratio(n, peer, "vtrace")) is not None]
            axes.scatter(*zip(*found, strict=True), marker=sign, color=colour, label=title, s=28, zorder=3)
        axes.set_xscale("log")
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(-1, len(names))
        axes.set_xlabel("time, in times of vtrace: right of the line vtrace is faster")
        axes.grid(axis="both", linewidth=0.3)
        axes.legend(loc="lower right")
        figure.savefig(path, metadata={"Date": None})
