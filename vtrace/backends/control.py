"""Loops and branches that a program asks for: each example runs its own.

Lanes run together, under a mask. A `while` goes on until its last lane is done, a branch is skipped where no lane
takes it, and what is not in use is neither computed nor read. A condition that is the same for all lanes costs no mask.
"""

from collections.abc import Callable, Sequence
from typing import Any

from vtrace.backends.assignment import Assignment, updates_of
from vtrace.backends.frame import Frame, Source
from vtrace.backends.placement import Mask, Scope
from vtrace.backends.stopping import work
from vtrace.backends.storage import Storage
from vtrace.backends.turns import Turns, is_large
from vtrace.backends.values import int_constant
from vtrace.ir.emitter import Index, Value
from vtrace.ir.graph import Graph, Var
from vtrace.ir.types import BOOL, INT64, ArrayType
from vtrace.ops.control import Cond, Mapped, Procedure, Scan, While


class Control(Assignment):
    """Lowering of `cond`, `while`, `scan` and `mapped`, given the sources of their operands."""

    def control(self, op: Any, operands: Sequence[Source], types: Sequence[ArrayType]) -> list[Storage]:
        """Run `op` here; `types` are those of its operands. Returns where the results are kept."""
        if isinstance(op, Procedure):
            return self.run_procedure(op, operands, types)
        if isinstance(op, Mapped):
            return self._mapped(op, operands, types)
        results = op.infer_all(*types)
        if isinstance(op, Cond):
            return self._cond(op, operands, results)
        if isinstance(op, While):
            return self._while(op, operands, results)
        assert isinstance(op, Scan), op
        return self._scan(op, operands, results)

    # -- helpers ------------------------------------------------------------------------------------------------

    def graph_frame(self, graph: Graph, sources: Sequence[Source]) -> Frame:
        """The graph of a loop or a branch, with these inputs."""
        return Frame(graph, sources, lambda var: var.type.shape, self.lanes, spread=self.free_lanes)

    def _storages(self, types: Sequence[ArrayType], varying: Sequence[bool]) -> list[Storage]:
        return [self.reserve(t.dtype, t.shape, v) for t, v in zip(types, varying, strict=True)]

    def _copy(self, storage: Storage, read: Callable[[Index], Value]) -> None:
        self.loops(storage.shape, lambda index: self.keep(storage, index, read(index)))

    def carried(self, storage: Storage) -> Source:
        """What is kept, as it is at this point of the program: scalars are read now, arrays when asked."""
        level = self.scope.depth
        if not storage.shape:
            now = self.kept(storage, ())
            return Source(lambda index: now, level, storage.varying)
        return Source(lambda index: self.kept(storage, index), level, storage.varying)

    # -- each of them -----------------------------------------------------------------------------------------------

    def _cond(self, op: Cond, operands: Sequence[Source], types: Sequence[ArrayType]) -> list[Storage]:
        choice, rest = operands[0], operands[1:]
        index = self.convert(choice.read(()), INT64)
        varying = [
            any(self.graph_frame(g, rest).varies(g.outputs[k]) for g in op.branches) or choice.varying
            for k in range(len(types))
        ]
        results = self._storages(types, varying)
        last = len(op.branches) - 1
        for number, graph in enumerate(op.branches):
            chosen = self._is_chosen(index, number, last)
            if chosen.constant is False:
                continue

            def branch(graph: Graph = graph) -> None:
                self.assign(self.graph_frame(graph, rest), graph.outputs, results)

            self.guarded(chosen, branch)
        return results

    def _is_chosen(self, index: Value, number: int, last: int) -> Any:
        """Whether this is the branch of a clamped index: the first and the last one have all that is outside."""
        if last == 0:
            return self.constant(True, BOOL)
        relation = "le" if number == 0 else "ge" if number == last else "eq"
        return self.compare(relation, index, int_constant(number))

    def _while(self, op: While, operands: Sequence[Source], types: Sequence[ArrayType]) -> list[Storage]:
        split = op.cond_consts + op.body_consts
        cond_consts, body_consts, initial = (
            operands[: op.cond_consts],
            operands[op.cond_consts : split],
            operands[split:],
        )
        varying, divergent = self._while_varying(op, cond_consts, body_consts, initial)
        carries = self._storages(types, varying)
        for storage, source in zip(carries, initial, strict=True):
            self._copy(storage, source.read)
        outer = self.scope
        active = self.mask_slot(self.lanes)
        if divergent:
            everyone = self.vector(self.constant(True, BOOL), self.lanes) if outer.mask is None else outer.mask.vector
            self.set_mask(active, everyone)
        header, body, done = self.block("while"), self.block("iterate"), self.block("finished")
        self.builder.branch(header)
        self.builder.position_at_end(header)
        depth = outer.depth + 1
        mask = outer.mask
        if divergent:
            live = self.get_mask(active, self.lanes, depth)
            mask = Mask(live, None if outer.mask is None else outer.mask.count, narrowed=True)
        with self.inside(Scope(depth, is_loop=False, lanes=outer.lanes, mask=mask)):
            sources = [self.carried(c) for c in carries]
            test = self.graph_frame(op.cond, [*cond_consts, *sources])
            goes_on = self.vector(self.value(test, op.cond.outputs[0], ()), self.lanes if divergent else 1)
            if divergent and mask is not None:
                goes_on = self.and_(mask.vector, goes_on)
                self.set_mask(active, goes_on)
                mask = Mask(goes_on, mask.count, narrowed=True)
            self.builder.cbranch(self.any_lane(goes_on), body, done)
            self.builder.position_at_end(body)
            with self.inside(Scope(depth, is_loop=False, lanes=outer.lanes, mask=mask)):
                frame = self.graph_frame(op.body, [*body_consts, *sources])
                self.assign(frame, op.body.outputs, carries, op.body.inputs[op.body_consts :])
            self.stop_if_asked(work(op.cond) + work(op.body), done)
            self.builder.branch(header)
        self.builder.position_at_end(done)
        return carries

    def _while_varying(
        self, op: While, cond_consts: Sequence[Source], body_consts: Sequence[Source], initial: Sequence[Source]
    ) -> tuple[list[bool], bool]:
        """Which carries may differ between lanes, and whether the trip count may: the smallest solution."""
        varying = [s.varying for s in initial]
        while True:
            flags = [Source(s.read, s.level, v) for s, v in zip(initial, varying, strict=True)]
            divergent = self.graph_frame(op.cond, [*cond_consts, *flags]).varies(op.cond.outputs[0])
            body = self.graph_frame(op.body, [*body_consts, *flags])
            more = [v or divergent or body.varies(a) for v, a in zip(varying, op.body.outputs, strict=True)]
            if more == varying:
                return varying, divergent
            varying = more

    def _scan(self, op: Scan, operands: Sequence[Source], types: Sequence[ArrayType]) -> list[Storage]:
        consts, initial = operands[: op.consts], operands[op.consts : op.consts + op.carries]
        xs = operands[op.consts + op.carries :]
        varying = self._scan_varying(op, consts, initial, xs)
        results = self._storages(types, varying)
        carries, stacks = results[: op.carries], results[op.carries :]
        for storage, source in zip(carries, initial, strict=True):
            self._copy(storage, source.read)
        if op.length == 0:
            return results
        carried = op.body.inputs[op.consts : op.consts + op.carries]
        turns = {k: Turns(self, c) for k, c in enumerate(carries) if self._takes_turns(op.body, k, carried[k], c)}
        with self.loop(int_constant(0), int_constant(op.length)) as step:
            position = self.sub(int_constant(op.length - 1), step) if op.reverse else step
            level = self.scope.depth

            def slice_of(source: Source) -> Source:
                return Source(lambda index: source.read((position, *index)), max(source.level, level), source.varying)

            places = {k: t.now() for k, t in turns.items()}
            current = [places[k][0] if k in places else c for k, c in enumerate(carries)]
            sources = [*consts, *map(self.carried, current), *map(slice_of, xs)]
            body = self.graph_frame(op.body, sources)
            for stack, atom in zip(stacks, op.body.outputs[op.carries :], strict=True):
                self.loops(
                    stack.shape[1:],
                    lambda i, s=stack, a=atom: self.keep(s, (position, *i), self.value(body, a, i)),  # type: ignore[misc]
                )
            spare = {k: there for k, (_, there) in places.items()}
            self.assign(body, op.body.outputs[: op.carries], current, carried, spare)
            for k, (here, there) in places.items():
                turns[k].turn(here, there)
        return [turns[k].now()[0] if k in turns else r for k, r in enumerate(results)]

    def _takes_turns(self, body: Graph, number: int, carry: Var, storage: Storage) -> bool:
        """Whether a carry is a large array that each trip makes anew."""
        if not is_large(storage):
            return False
        definition = {v: (k, e) for k, e in enumerate(body.equations) for v in e.outputs}
        return body.outputs[number] != carry and updates_of(definition, body.outputs[number], carry) is None

    def _scan_varying(
        self, op: Scan, consts: Sequence[Source], initial: Sequence[Source], xs: Sequence[Source]
    ) -> list[bool]:
        varying = [s.varying for s in initial]
        while True:
            flags = [Source(s.read, s.level, v) for s, v in zip(initial, varying, strict=True)]
            body = self.graph_frame(op.body, [*consts, *flags, *xs])
            outputs = [body.varies(a) for a in op.body.outputs]
            more = [v or o for v, o in zip(varying, outputs[: op.carries], strict=True)]
            if more == varying:
                return varying + outputs[op.carries :]
            varying = more

    def _mapped(self, op: Mapped, operands: Sequence[Source], types: Sequence[ArrayType]) -> list[Storage]:
        """An inner batch of static size: its examples one after the other."""
        stacked = op.infer_all(*types)
        results = self._storages(stacked, [any(s.varying for s in operands)] * len(stacked))
        with self.loop(int_constant(0), self.dim(op.size)) as k:
            inner = [self.example(s, a, k) for s, a in zip(operands, op.in_axes, strict=True)]
            parts = self.control(op.primitive, inner, op.example_types(types))
            for result, part in zip(results, parts, strict=True):
                self.loops(
                    part.shape,
                    lambda i, r=result, p=part: self.keep(r, (k, *i), self.kept(p, i)),  # type: ignore[misc]
                )
        return results

    def example(self, source: Source, axis: int | None, position: Any, varying: bool = False) -> Source:
        """An operand as one example sees it: its batch axis, if it has one, stands at `position`."""
        if axis is None:
            return source
        return Source(
            lambda index: source.read((*index[:axis], position, *index[axis:])),
            max(source.level, position.level),
            source.varying or varying,
        )
