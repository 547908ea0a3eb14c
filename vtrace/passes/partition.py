"""Which equations share a kernel: the decision behind `fuse`, with the reason for everything that is stored.

Lowering is in pull form, so that equations in one kernel fuse by themselves; all there is to decide is which values are
*stored*. A kernel is a set of stored values computed by one loop nest; whatever they need that is not stored is
computed inside it. Whatever is chosen here is therefore correct, as long as no two kernels wait for each other:

1. Stored to begin with: outputs, operands of library calls, unbatched values that batched code reads, and costly values
   that a larger loop would compute again and again.
2. Every stored value gets a level: one more than the kernels and library calls it waits for, or the level of the kernel
   it can share. Values of one level and one space (the batch, or the shape stored) are one kernel.
3. What several kernels compute is stored as well, unless it takes next to nothing; levels are then assigned anew.
4. Kernels of one space that do not wait for each other are joined (networkx).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from vtrace.ir.graph import Atom, Equation, Graph, Var
from vtrace.ir.types import Symbol
from vtrace.ops.control import is_control
from vtrace.ops.kinds import Elementwise
from vtrace.passes.cost import (
    Alone,
    Space,
    ends_kernel,
    is_batched,
    is_costly,
    is_free,
    is_large_fold,
    is_library,
    reads_often,
    space_of,
)

MAX_ROUNDS = 8
"""After so many rounds of step 3, what several kernels still share is computed in each of them."""


FEW_OPERATIONS = 2
"""A value that takes no more than that is computed in all kernels that read it: to store and read it takes longer."""


@dataclass
class Step:
    """One kernel, or one library call: the positions of the equations whose results it stores."""

    level: int
    stored: list[int]
    space: Space | None
    """None for a library call."""

    @property
    def is_library(self) -> bool:
        return self.space is None


@dataclass
class _Wait:
    """What the value of an equation waits for: levels it must not precede, and kernels it could be part of."""

    level: int = 0
    beside: dict[Space, int] = field(default_factory=dict)
    """The level of kernels whose stored values are read at the same index, by space."""

    def include(self, other: "_Wait", same_index: bool) -> None:
        self.level = max(self.level, other.level)
        for space, level in other.beside.items():
            if same_index:
                self.beside[space] = max(self.beside.get(space, 0), level)
            else:
                self.level = max(self.level, level + 1)

    def in_space(self, space: Space) -> int:
        """The level of a value that is stored in a kernel of `space`."""
        others = (level + 1 for s, level in self.beside.items() if s != space)
        return max(self.level, self.beside.get(space, 0), *others)

    def in_library(self) -> int:
        """The level of a library call: kernels of a level run before its library calls."""
        return max(self.level, *self.beside.values(), 0)


class Partition:
    """The steps of a graph, in an order in which they can run, and why each stored value is stored."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.equations = graph.equations
        self.producer = {v.index: i for i, e in enumerate(graph.equations) for v in e.outputs}
        self.reasons: dict[int, list[str]] = {}
        """Position of an equation -> why its result is stored."""
        self._library = list(map(is_library, graph.equations))
        self._free = list(map(is_free, graph.equations))
        self._batched = list(map(is_batched, graph.equations))
        self._alone = [is_control(e.primitive) and not b for e, b in zip(graph.equations, self._batched, strict=True)]
        self._readers: list[list[tuple[int, int]]] = [[] for _ in graph.equations]
        for position, equation in enumerate(graph.equations):
            for operand, atom in enumerate(equation.inputs):
                if (made := self.made_by(atom)) is not None:
                    self._readers[made].append((position, operand))
        self._store_what_must_be()
        self._levels: dict[int, int] = {}
        for round_left in reversed(range(MAX_ROUNDS)):
            self._assign_levels()
            if not self._store_shared(allowed=round_left > 0):
                break
        self.steps = self._join(self._collect())
        self._read_outside = self._find_read_outside()

    def made_by(self, atom: Atom) -> int | None:
        """The position of the equation that makes `atom`."""
        return self.producer.get(atom.index) if isinstance(atom, Var) else None

    def is_stored(self, position: int) -> bool:
        """Whether the result lies in memory after its step."""
        return position in self.reasons or self._library[position]

    def _store(self, position: int | None, reason: str) -> None:
        if position is not None and not self._library[position]:
            reasons = self.reasons.setdefault(position, [])
            if reason not in reasons:
                reasons.append(reason)

    # Step 1

    def _store_what_must_be(self) -> None:
        for atom in self.graph.outputs:
            self._store(self.made_by(atom), "output")
        for equation, library in zip(self.equations, self._library, strict=True):
            if library:
                for atom in equation.inputs:
                    self._store(self.made_by(atom), f"operand of {equation.primitive.name}, a library call")
        self._store_around_control()
        read_often, read_by_batch = self._demand()
        costly: list[bool] = []
        for position, equation in enumerate(self.equations):
            makers = [m for a in equation.inputs if (m := self.made_by(a)) is not None]
            costly.append(is_costly(equation) or any(costly[m] and not self.is_stored(m) for m in makers))
            if self._free[position] or self._batched[position]:
                continue
            if read_by_batch[position]:
                self._store(position, "the same for every example, computed once")
            elif read_often[position] and costly[position]:
                self._store(position, f"{equation.primitive.name} read by a larger loop")
            elif is_large_fold(equation):
                self._store(position, "a long fold, which threads share")

    def _store_around_control(self) -> None:
        """What branches and loops make that all examples share, or that is large; the arrays that such loops read."""
        for position, equation in enumerate(self.equations):
            if self._alone[position]:
                self._store(position, "control flow that all examples share")
                for atom in equation.inputs:
                    self._store_source(atom, f"read by {equation.primitive.name}, which runs once")
            elif self._readers[position] and ends_kernel(equation):
                self._store(position, "a large result of control flow, read after it")

    def _store_source(self, atom: Atom, reason: str) -> None:
        """Store an array, or what it is made of by movement alone."""
        position = self.made_by(atom)
        if position is None or atom.type.rank == 0:
            return
        if not self._free[position]:
            self._store(position, reason)
            return
        for source in self.equations[position].inputs:
            self._store_source(source, reason)

    def _demand(self) -> tuple[list[bool], list[bool]]:
        """For each equation whether its result is read often for one element, and whether batched code reads it."""
        often = [False] * len(self.equations)
        batch = [False] * len(self.equations)
        for position in reversed(range(len(self.equations))):
            for reader, operand in self._readers[position]:
                if self._library[reader]:
                    continue
                through = self._free[reader]
                often[position] |= reads_often(self.equations[reader], operand) or (through and often[reader])
                batch[position] |= self._batched[reader] or (through and batch[reader])
        return often, batch

    # Step 2

    def _assign_levels(self) -> None:
        waits: list[_Wait] = []
        self._levels.clear()
        for position, equation in enumerate(self.equations):
            wait = _Wait()
            for atom in equation.inputs:
                if (made := self.made_by(atom)) is not None:
                    batched = isinstance(space_of(atom.type), Symbol)
                    wait.include(waits[made], batched or isinstance(equation.primitive, Elementwise))
            if self._library[position]:
                self._levels[position] = wait.in_library()
                wait = _Wait(self._levels[position] + 1)
            elif position in self.reasons:
                space = self._space(position)
                self._levels[position] = wait.in_space(space)
                wait = _Wait(0, {space: self._levels[position]})
                if ends_kernel(equation):
                    wait = _Wait(self._levels[position] + 1)
            waits.append(wait)

    def _space(self, position: int) -> Space:
        if self._alone[position]:
            return Alone(position)
        return space_of(self.equations[position].outputs[0].type)

    # Step 3

    def _store_shared(self, allowed: bool) -> bool:
        """Store what more than one kernel computes; whether there was any."""
        kernels: dict[int, frozenset[tuple[int, str]]] = {}
        operations = self._operations()
        found = False
        for position in reversed(range(len(self.equations))):
            if position in self.reasons:
                kernels[position] = frozenset({(self._levels[position], str(self._space(position)))})
                continue
            readers = {reader for reader, _ in self._readers[position] if not self._library[reader]}
            users = frozenset().union(*(kernels[r] for r in readers))
            stays = self._free[position] or self._library[position] or operations[position] <= FEW_OPERATIONS
            if len(users) > 1 and allowed and not stays:
                self._store(position, f"{self.equations[position].primitive.name} read by several kernels")
                users = frozenset({min(users)})  # from now on the first of them computes it
                found = True
            kernels[position] = users
        return found

    def _operations(self) -> list[float]:
        """How many simple operations compute an element of each value from what is stored; infinite for all others."""
        found: list[float] = []
        for position, equation in enumerate(self.equations):
            makers = {m for a in equation.inputs if (m := self.made_by(a)) is not None and not self.is_stored(m)}
            below = sum(found[m] for m in makers)
            is_simple = self._free[position] or (
                isinstance(equation.primitive, Elementwise) and not is_costly(equation)
            )
            found.append((0 if self._free[position] else 1) + below if is_simple else math.inf)
        return found

    # Step 4

    def _collect(self) -> list[Step]:
        """The steps by level, in each level kernels first."""
        steps: dict[object, Step] = {}
        for position, level in self._levels.items():
            if self._library[position]:
                steps[position] = Step(level, [position], None)
            else:
                space = self._space(position)
                steps.setdefault((level, space), Step(level, [], space)).stored.append(position)
        return sorted(steps.values(), key=lambda s: (s.level, s.is_library, s.stored[0]))

    def _join(self, steps: list[Step]) -> list[Step]:
        """Join kernels of one space neither of which waits for the other."""
        spaces = [s.space for s in steps if not s.is_library]
        if len(spaces) == len(set(spaces)):
            return steps
        import networkx as nx  # takes 0.15 s to import, and most programs need one kernel for each space

        def connected(n: int, m: int) -> bool:
            return bool(nx.has_path(waits, n, m) or nx.has_path(waits, m, n))

        waits = nx.DiGraph()
        waits.add_nodes_from(range(len(steps)))
        home = {position: n for n, step in enumerate(steps) for position in step.stored}
        waits.add_edges_from((home[p], n) for n, step in enumerate(steps) for p in self.reads(step))
        for n, step in enumerate(steps):
            for later in range(n + 1, len(steps)):
                other = steps[later]
                if step.is_library or step.space != other.space or connected(n, later):
                    continue
                other.stored = sorted(step.stored + other.stored)
                nx.contracted_nodes(waits, later, n, self_loops=False, copy=False)
                break
        order = nx.lexicographical_topological_sort(waits, key=lambda n: (steps[n].level, steps[n].is_library, n))
        return [steps[n] for n in order]

    # The result

    def members(self, step: Step) -> list[int]:
        """The positions of all equations a step computes, stored or not, in order."""
        found = set(step.stored)
        if step.is_library:
            return step.stored
        pending = list(step.stored)
        while pending:
            for made in self._makers(pending.pop()):
                if made not in found and not self.is_stored(made):
                    found.add(made)
                    pending.append(made)
        return sorted(found)

    def reads(self, step: Step) -> set[int]:
        """The positions of equations of other steps whose results a step reads."""
        own = set(self.members(step))
        return {made for position in own for made in self._makers(position) if made not in own}

    def stored_results(self, position: int) -> tuple[Var, ...]:
        """The results of a stored equation that are outputs, or that other steps read; all if there is none."""
        results = self.equations[position].outputs
        if len(results) == 1:
            return results
        return tuple(v for v in results if v.index in self._read_outside) or results

    def _find_read_outside(self) -> set[int]:
        """The variables that are outputs, or that another step reads than the one that makes them."""
        found = {a.index for a in self.graph.outputs if isinstance(a, Var)}
        for step in self.steps:
            own = set(self.members(step))
            for position in own:
                for atom in self.equations[position].inputs:
                    if isinstance(atom, Var) and self.made_by(atom) not in own:
                        found.add(atom.index)
        return found

    def _makers(self, position: int) -> Iterable[int]:
        return (m for a in self.equations[position].inputs if (m := self.made_by(a)) is not None)


def stored_vars(partition: Partition, step: Step) -> list[Var]:
    """The variables a step stores. Of the results of a loop, these are the ones that are read elsewhere."""
    return [v for position in step.stored for v in partition.stored_results(position)]


def equations_of(partition: Partition, step: Step) -> list[Equation]:
    """The equations a step computes."""
    return [partition.equations[position] for position in partition.members(step)]
