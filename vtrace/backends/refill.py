"""A kernel that is one divergent `while` per example: lanes that are done take the next example from the queue.

A block of lanes that waits for its slowest example wastes the others: with trip counts spread as in an adaptive solver,
most of them. Here a lane is not tied to an example. A block starts on neighbouring examples, which are read and written
as vectors. Idle lanes are counted trip by trip; once they have wasted what a refill costs (its results and arguments
are scattered and fetched one by one), the finished examples are written, their lanes start on the next ones, and the
loop goes on. Where neighbours take about as long, that never happens. What an example computes does not depend on its
lane or on its neighbours, so the bits of the results stay what they were.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.estimate import operations
from vtrace.backends.frame import Source
from vtrace.backends.layout import lane_count
from vtrace.backends.placement import Mask, Scope
from vtrace.backends.stopping import work
from vtrace.backends.target import EXPANDS
from vtrace.backends.values import I32, I64, Affine, Queued, Register, int_constant, llvm_type
from vtrace.ir.graph import Equation
from vtrace.ir.types import BOOL, INT64
from vtrace.ops.control import Mapped, While

if TYPE_CHECKING:
    from vtrace.backends.lowering import Lowering

REFILL = 150.0 if EXPANDS else 250.0
"""What refilling costs at least, in vector instructions: finding places, and a detour of the loop."""
PER_LANE = 2.0 if EXPANDS else 16.0
"""What it costs for each lane, as results go to places of their own and, without EXPANDS, arguments come from there:
on such a processor bisection takes 27.7 ms with these numbers, 39.8 with the others."""
FOREVER = 1 << 62
"""The patience with idle lanes when the queue is empty."""


class Queue:
    """The code of such a kernel."""

    def __init__(self, e: "Lowering", number: int, equation: Equation) -> None:
        assert isinstance(equation.primitive, Mapped)
        assert isinstance(equation.primitive.primitive, While)
        self.e, self.number, self.equation = e, number, equation
        self.mapped, self.loop = equation.primitive, equation.primitive.primitive
        self.lanes = e.width
        work = max(operations(self.loop.cond) + operations(self.loop.body), 1.0)
        trips = (REFILL + PER_LANE * self.lanes) / work
        self.allowance = int_constant(max(int(trips * lane_count(e.graph)), 1))
        """How many lane-trips may be wasted before lanes are refilled: at least one, or busy lanes would never move."""

    def run(self) -> None:
        """Refill, iterate, and so on until the queue is empty and every lane is done."""
        e, b = self.e, self.e.builder
        places, nobody = llvm_type(INT64, self.lanes), e.vector(e.constant(False, BOOL), self.lanes)
        self.active, self.held, self.place = e.mask_slot(self.lanes), e.mask_slot(self.lanes), e.slot(places)
        self.next, self.base, self.patience, self.scattered = (e.slot(I64) for _ in range(4))
        e.set_mask(self.active, nobody)
        e.set_mask(self.held, nobody)
        b.store(ir.Constant(places, None), self.place)
        b.store(e.start.llvm, self.next)
        self._set(self.scattered, 0)
        with e.inside(Scope(0, is_loop=False, lanes=self.lanes)):
            self.operands = [e.reserve(a.type.dtype, (), varying=True) for a in self.equation.inputs]
        refill, iterate, body, done = (e.block(n) for n in ("refill", "iterate", "body", "finished"))
        b.branch(refill)
        b.position_at_end(refill)
        with e.inside(Scope(1, is_loop=False, lanes=self.lanes)):
            self._finish()
            self._start()
            any_ = e.any_lane(self._bits(self.active))
            b.cbranch(any_, iterate, done)
        b.position_at_end(iterate)
        self._iterate(iterate, body, refill, done)
        b.position_at_end(done)

    def _bits(self, slot: Any) -> Register:
        return self.e.get_mask(slot, self.lanes, self.e.scope.depth)

    def _places(self) -> Register:
        e = self.e
        return Register(e.builder.load(self.place, typ=llvm_type(INT64, self.lanes)), INT64, self.lanes, e.scope.depth)

    def _finish(self) -> None:
        """Write the results of the lanes that hold an example and are done with it."""
        e = self.e
        finished = e.and_(self._bits(self.held), e.invert(self._bits(self.active)))

        def write() -> None:
            consts = len(self.operands) - len(self.equation.outputs)
            e.known_result(self.number, self.operands[consts:])
            for buffer, atom in zip(e.results, e.graph.outputs, strict=True):
                e.store(buffer, (e.position,), e.value(e.kernel, atom, (e.position,)))

        self._at(self._places(), lambda: e.guarded(finished, write))
        e.set_mask(self.held, self._bits(self.active))

    def _start(self) -> None:
        """Give the idle lanes the next examples, as far as there are any."""
        e, b = self.e, self.e.builder
        idle, first = e.invert(self._bits(self.active)), self._get(self.next)
        scattered = e.compare("lt", self._count(idle), int_constant(self.lanes))
        places = self._next_places(first, idle)
        new = e.and_(idle, e.compare("lt", places, e.stop))
        b.store(b.zext(scattered.llvm, I64), self.scattered)
        b.store(e.vector(e.select(scattered, self._get(self.base), first)).llvm, self.base)
        places = e.vector(e.select(new, places, self._places()), self.lanes)
        b.store(places.llvm, self.place)
        if EXPANDS:
            places = Queued(places.llvm, INT64, self.lanes, e.scope.depth, first=first, taken=new)

        def begin() -> None:
            for source, storage in zip(self._sources(), self.operands, strict=True):
                e.keep(storage, (), source.read(()))

        self._at(places, lambda: e.guarded(new, begin))
        taken = e.add(first, self._count(new))
        b.store(e.vector(taken).llvm, self.next)
        patience = e.select(e.compare("lt", taken, e.stop), self.allowance, int_constant(FOREVER))
        b.store(e.vector(patience).llvm, self.patience)
        e.set_mask(self.active, e.or_(self._bits(self.active), new))
        e.set_mask(self.held, self._bits(self.active))

    def _at(self, places: Register, emit: Callable[[], None]) -> None:
        """`emit` with the position of the lanes: neighbouring examples, or wherever each of them is."""
        e, scattered = self.e, self._get(self.scattered)

        def neighbours() -> None:
            base = self._get(self.base)
            e.position = Affine(base, 1, self.lanes, e.scope.depth)
            inside = e.prefix_mask(cast("Register", e.sub(e.stop, base)), self.lanes)
            with e.inside(Scope(e.scope.depth, is_loop=False, lanes=self.lanes, mask=inside)):
                emit()

        def anywhere() -> None:
            e.position = places
            emit()

        e.guarded(e.compare("eq", scattered, int_constant(0)), neighbours)
        e.guarded(e.compare("ne", scattered, int_constant(0)), anywhere)

    def _get(self, slot: Any) -> Register:
        return Register(self.e.builder.load(slot, typ=I64), INT64, 1, self.e.scope.depth)

    def _set(self, slot: Any, value: int) -> None:
        self.e.builder.store(ir.Constant(I64, value), slot)

    def _sources(self) -> list[Source]:
        """The operands of the loop, as the examples at the present places see them."""
        e = self.e
        atoms = zip(self.equation.inputs, self.mapped.in_axes, strict=True)
        return [e.example(e.operand(e.kernel, a), axis, e.position, varying=True) for a, axis in atoms]

    def _next_places(self, first: Register, idle: Register) -> Register:
        """Of each idle lane, the example that it would take."""
        e = self.e
        if EXPANDS:
            return e.spread_out(e.vector(Affine(first, 1, self.lanes, e.scope.depth)), idle, self._places())
        return e.vector(e.add(first, self._ranks(idle)))

    def _ranks(self, bits: Register) -> Register:
        """For each lane, how many of the lanes before it are set."""
        e, b = self.e, self.e.builder
        zeros = ir.Constant(ir.VectorType(I32, self.lanes), None)
        total = b.zext(bits.llvm, zeros.type)
        shift = 1
        while shift < self.lanes:  # sums of 1, 2, 4 ... lanes before
            picks = [lane - shift if lane >= shift else self.lanes for lane in range(self.lanes)]
            moved = b.shuffle_vector(total, zeros, ir.Constant(ir.VectorType(I32, self.lanes), picks))
            total = b.add(total, moved)
            shift *= 2
        before = b.sub(total, b.zext(bits.llvm, zeros.type))
        return Register(b.zext(before, llvm_type(INT64, self.lanes)), INT64, self.lanes, e.scope.depth)

    def _count(self, bits: Register) -> Register:
        """How many lanes are set."""
        e, b = self.e, self.e.builder
        whole = ir.IntType(self.lanes)
        packed = b.bitcast(bits.llvm, whole)
        count = b.call(e.declare(f"llvm.ctpop.i{self.lanes}", whole, [whole]), [packed])
        wide = count if self.lanes == 64 else b.zext(count, I64) if self.lanes < 64 else b.trunc(count, I64)
        return Register(wide, INT64, 1, e.scope.depth)

    def _iterate(self, iterate: Any, body: Any, refill: Any, done: Any) -> None:
        """The loop itself, until idle lanes have wasted what a refill costs, or until all are done."""
        e, b = self.e, self.e.builder
        live = e.get_mask(self.active, self.lanes, 2)
        split = self.loop.cond_consts + self.loop.body_consts
        with e.inside(Scope(2, is_loop=False, lanes=self.lanes, mask=Mask(live, None, narrowed=True))):
            now = [e.carried(s) for s in self.operands]
            cond_consts, body_consts = now[: self.loop.cond_consts], now[self.loop.cond_consts : split]
            carries = now[split:]
            test = e.graph_frame(self.loop.cond, [*cond_consts, *carries])
            goes_on = e.and_(live, e.vector(e.value(test, self.loop.cond.outputs[0], ()), self.lanes))
            e.set_mask(self.active, goes_on)
            working = self._count(goes_on)
            left = e.sub(self._get(self.patience), e.sub(int_constant(self.lanes), working))
            b.store(e.vector(left).llvm, self.patience)
            busy = e.and_(e.compare("gt", working, int_constant(0)), e.compare("gt", left, int_constant(0)))
            b.cbranch(busy.llvm, body, refill)
            b.position_at_end(body)
            with e.inside(Scope(2, is_loop=False, lanes=self.lanes, mask=Mask(goes_on, None, narrowed=True))):
                frame = e.graph_frame(self.loop.body, [*body_consts, *carries])
                e.assign(frame, self.loop.body.outputs, self.operands[split:])
            e.stop_if_asked(work(self.loop.cond) + work(self.loop.body), done)
            b.branch(iterate)
