"""Passes by name, pipelines of them, and observers that look on between: verify, dump, time, count.

    optimize(graph)                                    what every compiled function goes through
    Pipeline([PASSES["cse"]]).run(graph, observe=[Dump(sys.stderr)])

An observer is any callable (pass name, graph before, graph after, seconds) -> None; passes know nothing of them.
Setting VTRACE_VERIFY=1 verifies the graph after every pass of every pipeline.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TextIO, TypeAlias

from vtrace.errors import VerificationError
from vtrace.ir.graph import Graph
from vtrace.ir.verifier import verify
from vtrace.passes.contract import contract
from vtrace.passes.counters import counters
from vtrace.passes.cse import cse
from vtrace.passes.dce import dce
from vtrace.passes.fold import fold
from vtrace.passes.fuse import fuse
from vtrace.passes.lapack import lapack
from vtrace.passes.nested import nested
from vtrace.passes.parts import parts
from vtrace.passes.running import running
from vtrace.passes.simplify import simplify
from vtrace.passes.sorting import sorting
from vtrace.passes.sums import sums

Observer: TypeAlias = Callable[[str, Graph, Graph, float], None]


@dataclass(frozen=True)
class Pass:
    """A named function from graph to graph that keeps the meaning."""

    name: str
    function: Callable[[Graph], Graph]

    def __call__(self, graph: Graph) -> Graph:
        return self.function(graph)

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


@dataclass(frozen=True)
class Pipeline:
    """Passes run one after the other."""

    passes: Sequence[Pass]

    def run(self, graph: Graph, observe: Iterable[Observer] = ()) -> Graph:
        """The graph after all passes; every observer is called after each of them."""
        observers = [*observe, *_observers_from_environment()]
        for step in self.passes:
            before, start = graph, time.perf_counter()
            graph = step(before)
            seconds = time.perf_counter() - start
            for observer in observers:
                observer(step.name, before, graph, seconds)
        return graph


def verify_after(name: str, before: Graph, after: Graph, seconds: float) -> None:
    """Observer: raise VerificationError, naming the pass, where it broke the graph."""
    try:
        verify(after)
    except VerificationError as error:
        raise VerificationError(f"after pass {name}: {error}") from error


@dataclass
class Dump:
    """Observer: print the graph after each pass that changed it, or after those in `only`."""

    stream: TextIO
    only: frozenset[str] | None = None

    def __call__(self, name: str, before: Graph, after: Graph, seconds: float) -> None:
        if self.only is None:
            note = " (no change)" if after == before else ""
            self.stream.write(f"# after {name}{note}\n")
            if not note:
                self.stream.write(f"{after}\n")
        elif name in self.only:
            self.stream.write(f"# after {name}\n{after}\n")


@dataclass
class Times:
    """Observer: how long each pass took, in the order they ran."""

    seconds: list[tuple[str, float]] = field(default_factory=list)

    def __call__(self, name: str, before: Graph, after: Graph, seconds: float) -> None:
        self.seconds.append((name, seconds))


@dataclass
class Counts:
    """Observer: the number of equations after each pass, in the order they ran."""

    equations: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, name: str, before: Graph, after: Graph, seconds: float) -> None:
        self.equations.append((name, len(after.equations)))


def _observers_from_environment() -> list[Observer]:
    """The one place in the passes that reads the environment."""
    return [verify_after] if os.environ.get("VTRACE_VERIFY", "0") not in ("", "0") else []


PASSES: dict[str, Pass] = {
    f.__name__: Pass(f.__name__, f)
    for f in (simplify, fold, running, sorting, nested, counters, cse, sums, contract, parts, lapack, dce, fuse)
}
"""Every pass by name: what `vtrace opt --passes` and the golden tests understand."""

DEFAULT = Pipeline(
    [
        PASSES[name]
        for name in (
            *("simplify", "fold", "running", "sorting", "nested", "counters"),
            *("cse", "sums", "contract", "parts", "lapack", "simplify", "dce"),
        )
    ]
)
"""What every program goes through before it is fused."""


def optimize(graph: Graph) -> Graph:
    """`graph` after the default passes: the same meaning, fewer equations, matrix products recognised."""
    return DEFAULT.run(graph)
