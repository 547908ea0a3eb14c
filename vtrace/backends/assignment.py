"""Assignment to what a loop carries: new values for all carries at once, arrays that are updated in place.

A body that sets a few elements of an array gives, in a graph without mutation, a new array. Copying it on every trip
would make a histogram quadratic. So where a carry becomes itself with windows or rows replaced, only these are written,
after everything else that the trip computes from the old values.
"""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from vtrace.backends.frame import Frame, Source
from vtrace.backends.procedures import Procedures, StoragePlace
from vtrace.backends.reads import SourceRead
from vtrace.backends.storage import Storage
from vtrace.ir.emitter import Index, Read, Value
from vtrace.ir.graph import Atom, Equation, Var
from vtrace.ir.types import static_shape
from vtrace.ops.indexing import DynamicUpdateSlice, first_index
from vtrace.ops.scatter import Scatter


class Assignment(Procedures):
    """`assign`."""

    @abstractmethod
    def value(self, frame: Frame, atom: Atom, index: Index) -> Value:
        """The element of a value of a frame."""

    def assign(
        self,
        frame: Frame,
        atoms: Sequence[Atom],
        targets: Sequence[Storage],
        carries: Sequence[Var] = (),
        spare: Mapping[int, Storage] = MappingProxyType({}),
    ) -> None:
        """Compute values of `frame` and only then overwrite the targets, on which they may depend.

        `carries` are the inputs of the frame that the targets hold, if they hold any. The targets that have a `spare`
        place, by number, stay as they are: their values go there.
        """
        updates = {k: u for k, c in enumerate(carries) if (u := updates_of(frame.definition, atoms[k], c)) is not None}
        changing = {carries[k] for k in updates}
        writes = [(k, e, self._settled(frame, e, changing)) for k, found in updates.items() for e in found]
        scalars = [self.value(frame, a, ()) if not s.shape else None for a, s in zip(atoms, targets, strict=True)]
        arrays = []
        for k, (atom, target) in enumerate(zip(atoms, targets, strict=True)):
            if k in spare:
                self._fill(spare[k], frame, atom)
            elif target.shape and k not in updates:
                arrays.append((target, self._filled(frame, atom, target.varying)))
        for k, equation, reads in writes:
            self._update(equation, StoragePlace(self, targets[k], carries[k].type), reads)
        for target, scalar in zip(targets, scalars, strict=True):
            if scalar is not None:
                self.keep(target, (), scalar)
        for target, new in arrays:
            self.loops(target.shape, lambda i, t=target, n=new: self.keep(t, i, self.kept(n, i)))  # type: ignore[misc]

    def _filled(self, frame: Frame, atom: Atom, varying: bool) -> Storage:
        """All of a value, computed now."""
        new = self.reserve(atom.type.dtype, atom.type.shape, varying)
        self._fill(new, frame, atom)
        return new

    def _fill(self, storage: Storage, frame: Frame, atom: Atom) -> None:
        self.loops(storage.shape, lambda index: self.keep(storage, index, self.value(frame, atom, index)))

    def _settled(self, frame: Frame, equation: Equation, changing: Collection[Var]) -> list[Read]:
        """The operands of an update after the first, such that reading them later gives what they are now."""
        reads: list[Read] = []
        for atom in equation.inputs[1:]:
            if atom.type.rank == 0:
                now = self.value(frame, atom, ())
                source = Source(lambda index, now=now: now, self.scope.depth, frame.varies(atom))  # type: ignore[misc]
                reads.append(SourceRead(source, atom.type))
            elif _depends(frame, atom, changing):
                reads.append(StoragePlace(self, self._filled(frame, atom, frame.varies(atom)), atom.type))
            else:
                source = Source(
                    lambda index, atom=atom: self.value(frame, atom, index),  # type: ignore[misc]
                    frame.level(atom),
                    frame.varies(atom),
                )
                reads.append(SourceRead(source, atom.type))
        return reads

    def _update(self, equation: Equation, target: StoragePlace, reads: Sequence[Read]) -> None:
        op = equation.primitive
        if isinstance(op, Scatter):
            op.update(self, target, reads[0], reads[1])
            return
        update, *starts = reads
        first = first_index(self, target.type.shape, update.type.shape, starts, ())

        def element(within: Index) -> None:
            target.put(tuple(map(self.add, first, within)), update(within))

        self.each(static_shape(update.type.shape), element)


def updates_of(definition: Mapping[Var, tuple[int, Equation]], atom: Atom, carry: Var) -> list[Equation] | None:
    """The updates that make `atom` of `carry`, first to last; None if it is made in another way, or is the carry."""
    found: list[Equation] = []
    while atom != carry:
        if not isinstance(atom, Var) or atom not in definition:
            return None
        equation = definition[atom][1]
        op = equation.primitive
        if not (isinstance(op, Scatter) or (isinstance(op, DynamicUpdateSlice) and not op.batch_rank)):
            return None
        found.append(equation)
        atom = equation.inputs[0]
    return found[::-1] or None


def _depends(frame: Frame, atom: Atom, on: Collection[Var]) -> bool:
    """Whether a value is computed from one of some inputs of the frame."""
    waiting, seen = [atom], set[Var]()
    while waiting:
        a = waiting.pop()
        if not isinstance(a, Var) or a in seen:
            continue
        if a in on:
            return True
        seen.add(a)
        if a in frame.definition:
            waiting.extend(frame.definition[a][1].inputs)
    return False
