"""The timings as a picture: SVG through matplotlib, bars of text without it."""

import math
from collections.abc import Sequence
from pathlib import Path

from vtrace.demo.timing import Timing, duration

WIDTH = 50
"""Of the longest bar, in characters."""


def text_chart(timings: Sequence[Timing]) -> str:
    """Bars on a logarithmic scale, one step of the same length for each factor of ten."""
    seconds = [s for t in timings for s in (t.loop, t.vmap)]
    if not seconds:
        return ""
    low = math.floor(math.log10(min(seconds)))
    high = max(math.log10(max(seconds)), low + 1)
    lines = [f"(each bar starts at {duration(10.0**low)}; the scale is logarithmic)"]
    for t in timings:
        for name, s in (("loop", t.loop), ("vmap", t.vmap)):
            bar = "#" * round(WIDTH * (math.log10(s) - low) / (high - low))
            lines.append(f"{t.n:>6} {name} |{bar} {duration(s)}")
    return "\n".join(lines)


def save_svg(timings: Sequence[Timing], path: Path) -> bool:
    """Write the chart to `path`; False where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    sizes = [t.n for t in timings]
    axes.loglog(sizes, [t.loop for t in timings], "o-", label="loop in Python")
    axes.loglog(sizes, [t.vmap for t in timings], "o-", label="vtrace.vmap")
    axes.set(title="custom_dot on [n, n] arrays", xlabel="n", ylabel="seconds")
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return True
