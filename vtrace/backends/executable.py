"""A compiled program: its kernels and library calls in order, and the arrays that go between them."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vtrace.backends import memory
from vtrace.backends.entry import Entry
from vtrace.backends.extents import Extents
from vtrace.backends.kernel import CompiledKernel, Given
from vtrace.backends.library import LIBRARY
from vtrace.errors import LinAlgError, UnsupportedError
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Source, Var
from vtrace.ir.primitive import LibraryCall
from vtrace.ir.types import Array, DType, Symbol
from vtrace.ops.kernel import Kernel


@dataclass(frozen=True)
class PreparedCall:
    """One library equation, ready to be called with arrays."""

    primitive: LibraryCall
    results: tuple[tuple[Extents, DType], ...]
    source: Source | None

    def __call__(self, arrays: Sequence[Array], sizes: Sequence[int], given: Given = ()) -> list[Array]:
        places = given or (None,) * len(self.results)
        outs = [
            memory.empty(extents.shape(sizes), dtype) if place is None else place
            for place, (extents, dtype) in zip(places, self.results, strict=True)
        ]
        try:
            self.primitive.call_all(LIBRARY, outs, *arrays)
        except LinAlgError as error:
            if 0 in sizes:  # what examples share is not wrong where there are none
                return outs
            line = f" ({self.source})" if self.source is not None else ""
            raise LinAlgError(f"{error}{line}") from None
        return outs


@dataclass(frozen=True)
class Step:
    """One equation of the program. Values live in numbered slots, the arguments in the first ones."""

    run: Any
    """A CompiledKernel or a PreparedCall, or what another target has in their place."""
    operands: tuple[int, ...]
    places: tuple[int | None, ...]
    """For each result, which one of the program's it is, if it is one."""
    dead: tuple[int, ...]
    """Slots that nothing reads any more: their memory can serve the next step."""


class Executable:
    """A compiled program. Calling it is thread-safe.

    It takes C-contiguous, aligned, native arrays of the graph's input types. That is not checked here.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        found = {d: (n, a) for n, v in enumerate(graph.inputs) for a, d in enumerate(v.type.shape)}
        self.symbols: list[Symbol] = [d for d in found if isinstance(d, Symbol)]
        self._sizes = [found[s] for s in self.symbols]
        self._slots: dict[Atom, int] = {v: n for n, v in enumerate(graph.inputs)}
        self._constants: list[Array] = []
        self.steps: list[Step] = []
        for atom in (*(a for e in graph.equations for a in e.inputs), *graph.outputs):
            if isinstance(atom, Literal) and atom not in self._slots:
                assert atom.data is not None, "a program that is compiled has the values of its constants"
                self._slots[atom] = len(self._slots)
                self._constants.append(atom.data)
        self._compile()
        self.entry = self._enter()
        """The native way in: `entry(tuple of arrays)` gives the result, the tuple of results, or None (see `entry`)."""
        self._results = tuple(self._slots[a] for a in graph.outputs)

    def _compile(self) -> None:
        place: dict[Atom, int] = {a: n for n, a in enumerate(self.graph.outputs)}
        last: dict[Atom, int] = {a: n for n, e in enumerate(self.graph.equations) for a in (*e.inputs, *e.outputs)}
        for number, equation in enumerate(self.graph.equations):
            run = self._prepared(number, equation)
            for var in equation.outputs:
                self._slots[var] = len(self._slots)
            dead = [a for a, n in last.items() if n == number and isinstance(a, Var) and a not in self.graph.outputs]
            operands = tuple(self._slots[a] for a in equation.inputs)
            places = tuple(place.get(v) for v in equation.outputs)
            self.steps.append(Step(run, operands, places, tuple(self._slots[a] for a in dead)))

    def _enter(self) -> Entry | None:
        return self.kernels[0].entry() if len(self.steps) == len(self.kernels) == 1 else None

    def _prepared(self, number: int, equation: Equation) -> Any:
        """What runs one equation."""
        op = equation.primitive
        if isinstance(op, Kernel):
            return CompiledKernel(op.graph, f"kernel_{number}", self.graph, self.symbols)
        if isinstance(op, LibraryCall):
            results = tuple((Extents.of(v.type.shape, self.symbols), v.type.dtype) for v in equation.outputs)
            return PreparedCall(op, results, equation.source)
        raise UnsupportedError(f"{op.name} has no lowering on the CPU")

    def __call__(self, *arrays: Array) -> Sequence[Array]:
        return self.run(arrays)

    def run(self, arrays: Sequence[Array], given: Given = ()) -> Sequence[Array]:
        """The results, in the arrays of `given` where there is one: C-contiguous, and apart from the arguments."""
        sizes = [arrays[position].shape[axis] for position, axis in self._sizes]
        slots: list[Array | None] = [*arrays, *self._constants]
        results: Sequence[Array] = ()
        for step in self.steps:
            into = [None if n is None else given[n] for n in step.places] if given else ()
            results = step.run([slots[n] for n in step.operands], sizes, into)
            slots += results
            for n in step.dead:
                slots[n] = None
        return [slots[n] for n in self._results]  # type: ignore[misc]  # nor returned

    @property
    def kernels(self) -> list[CompiledKernel]:
        return [s.run for s in self.steps if isinstance(s.run, CompiledKernel)]

    @property
    def llvm(self) -> str:
        """The optimised LLVM code of all kernels."""
        return "\n".join(k.machine.llvm for k in self.kernels)

    @property
    def asm(self) -> str:
        """The machine code of all kernels, as text."""
        return "\n".join(k.machine.asm for k in self.kernels)

    @property
    def report(self) -> str:
        """How each kernel runs: what is parallel, what the lanes are, and why."""
        return "\n".join(
            f"kernel {n}: {k.layout.mode} layout, {k.layout.width} lanes: {k.layout.reason}"
            for n, k in enumerate(self.kernels)
        )


LOCK = threading.RLock()
"""Held while anything is compiled."""
# A fork waits for the compilation under way, else the child would inherit a lock that nobody ever releases.
os.register_at_fork(before=LOCK.acquire, after_in_parent=LOCK.release, after_in_child=LOCK.release)


def compile(graph: Graph) -> Executable:
    """Machine code for a graph of kernel and library equations (the result of the `fuse` pass)."""
    with LOCK:  # LLVM's code generator is not re-entrant through llvmlite
        return Executable(graph)
