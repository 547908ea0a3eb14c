"""What vtrace is meant to reach, and why it does not where it does not: the text of docs/performance.md that outlives
a measurement."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.rows import Rows, geometric_mean

LOOPS = ("mandel", "newton", "bisect", "rk_adaptive", "iir", "kalman", "lorenz", "gru")
ARRAYS = ("inv3", "mm4", "quatrot", "mlp", "mlp_ps", "nbody", "pdist3", "pdist64", "jacobi")

REASONS = {
    "loop programs, time over C: geometric mean": "`bisect` and its sine; without it the mean is below the limit.",
    "loop programs, time over C: worst": "`bisect`: see its reason.",
    "the better of JAX and NumPy over vtrace: worst": "`matmul1024`, 0.83 to 0.92; `blackscholes`, 0.80 to 0.97.",
    "first call of loop programs and small arrays, over JAX's: medians": "0.24 on another machine.",
    "first call of all workloads, over JAX's: medians": "Half of it is LLVM's code generator: see below.",
    "1,000 equations in a straight line, first call": "Most of it is Python: see below.",
    "5,000 equations in a straight line, first call": "Most of it is Python: see below.",
    "mandel": "The masks of 64 examples are joined for the queue and split again; C keeps four masks.",
    "mlp": "C computes four hidden units side by side, and a hyperbolic tangent that is less exact.",
    "newton": "The C code divides by an estimate of the reciprocal and one Newton step; vtrace rounds correctly.",
    "bisect": "The C code has a sine for 0 to pi only; vtrace's is right to an ULP for every argument.",
    "rk_adaptive": "Divisions by constants, which C multiplies by reciprocals; a cube root right to half an ULP.",
    "nbody": "The C code takes a rough square root and a division for the power; vtrace's is right to half an ULP.",
    "pdist3": "C turns the points that all share around once; vtrace turns the rows of distances of 16 examples.",
    "hist": "C counts in four tables by turns; vtrace in one, where equal values wait for each other.",
}
"""Why a workload takes longer than its bar allows, by name; or why a bar is missed, by its title."""


@dataclass(frozen=True)
class Bar:
    """A limit and how to find out what was reached; None where it was not measured."""

    title: str
    limit: float
    unit: str
    found: Callable[[Rows], float | None]
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


def _to_c(names: Sequence[str] | None, choose: Callable[[Sequence[float]], float]) -> Callable[[Rows], float | None]:
    def found(rows: Rows) -> float | None:
        chosen = rows.workloads if names is None else names
        ratios = [r for n in chosen if (r := rows.ratio(n, "vtrace", "c")) is not None]
        return choose(ratios) if ratios else None

    return found


def _jax_over_vtrace(rows: Rows) -> float | None:
    ratios = [r for n in rows.workloads if (r := rows.ratio(n, "jax", "vtrace")) is not None]
    return geometric_mean(ratios) if ratios else None


def _to_best_easy(rows: Rows) -> float | None:
    """The worst ratio of the better of JAX and NumPy over vtrace."""
    ratios = []
    for name in rows.workloads:
        others = [r for peer in ("jax", "numpy") if (r := rows.ratio(name, peer, "vtrace")) is not None]
        ratios += [min(others)] if others else []
    return min(ratios) if ratios else None


def _first_calls(names: Sequence[str] | None) -> Callable[[Rows], float | None]:
    """The median first call of vtrace over JAX's."""

    def found(rows: Rows) -> float | None:
        chosen = rows.workloads if names is None else names
        ours, jax = ([t for n in chosen if (t := rows.first(n, peer)) is not None] for peer in ("vtrace", "jax"))
        return median(ours) / median(jax) if ours and jax else None

    return found


def _milliseconds(workload: str) -> Callable[[Rows], float | None]:
    return lambda rows: None if (t := rows.own(workload, "vtrace")) is None else t * 1e3


def _rare_branch(rows: Rows) -> float | None:
    ours, numba = rows.own("rare_branch", "vtrace"), rows.own("rare_branch", "numba")
    return None if ours is None or numba is None else ours / numba


BARS = (
    Bar("loop programs, time over C: geometric mean", 1.3, "", _to_c(LOOPS, geometric_mean)),
    Bar("loop programs, time over C: worst", 2, "", _to_c(LOOPS, max)),
    Bar("small arrays, time over C: geometric mean", 1.3, "", _to_c(ARRAYS, geometric_mean)),
    Bar("small arrays, time over C: worst", 2, "", _to_c(ARRAYS, max)),
    Bar("all workloads, time over C: geometric mean", 1.2, "", _to_c(None, geometric_mean)),
    Bar("all workloads, time over C: worst", 2.5, "", _to_c(None, max)),
    Bar("all workloads, JAX's time over vtrace's: geometric mean", 7, "", _jax_over_vtrace, at_least=True),
    Bar("the better of JAX and NumPy over vtrace: worst", 0.97, "", _to_best_easy, at_least=True),
    Bar("`divergent_while`", 10, "ms", _milliseconds("divergent_while")),
    Bar("`rare_branch`, time over Numba", 1.5, "", _rare_branch),
    Bar("first call of loop programs and small arrays, over JAX's: medians", 0.3, "", _first_calls((*LOOPS, *ARRAYS))),
    Bar("first call of all workloads, over JAX's: medians", 0.3, "", _first_calls(None)),
    Bar(
        "loop programs and small arrays with machine code on disk: median", 30, "ms", lambda r: r.first_call("cache on")
    ),
    Bar("1,000 equations in a straight line, first call", 200, "ms", lambda r: r.straight("straight_1000")),
    Bar("5,000 equations in a straight line, first call", 1000, "ms", lambda r: r.straight("straight_5000")),
    Bar("first call of `custom_dot`, over JAX's", 0.7, "", lambda r: r.over_jax("first call")),
    Bar("warm call on four elements", 3, "us", lambda r: r.fresh_microseconds("small call")),
)
