"""Running sums, products and extrema of long rows, which the threads of a team compute together.

In a program they are a `scan` whose body joins what is carried with one element. A stretch of the row is computed at a
time: each thread joins a few neighbours, then the threads of a warp join what they have in five rounds, each time with
the thread that is 1, 2, 4... before, and last come the warps before and what the stretches before gave. The order of
the elements is kept, but they are not joined from left to right.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from vtrace.backends import llvm_text as ir
from vtrace.backends.cuda.estimate import running_join
from vtrace.backends.cuda.faults import DeviceFaults
from vtrace.backends.cuda.shuffles import WARP
from vtrace.backends.frame import Source
from vtrace.backends.placement import Scope
from vtrace.backends.storage import Storage
from vtrace.backends.values import I32, Register, int_constant
from vtrace.ir.emitter import Value
from vtrace.ir.types import ArrayType
from vtrace.ops.control import Scan

Join = Callable[[Value, Value], Value]


class Running(DeviceFaults):
    """`scan` where it is such a loop."""

    def _scan(self, op: Scan, operands: Sequence[Source], types: Sequence[ArrayType]) -> list[Storage]:
        joining = running_join(op)
        if joining is None or not self.spreads(op.length):
            return super()._scan(op, operands, types)
        initial, x = operands
        carry, stack = self._storages(types, [False, False])
        self.keep(carry, (), initial.read(()))

        def join(a: Value, b: Value) -> Value:
            return joining.scalar(self, a, b)

        def position(number: Value) -> Value:
            return self.sub(int_constant(op.length - 1), number) if op.reverse else number

        with self.filling(stack):
            chunk = self.team * self.wide(op.length)
            with self.loop(int_constant(0), int_constant(op.length), chunk) as start:
                self._next_stretch(start, op.length, join, lambda n: x.read((position(n),)), carry, stack, position)
        self.keep(carry, (), self.kept(stack, (position(int_constant(op.length - 1)),)))
        return [carry, stack]

    def _next_stretch(
        self,
        start: Register,
        length: int,
        join: Join,
        read: Callable[[Value], Value],
        carry: Storage,
        stack: Storage,
        position: Callable[[Value], Value],
    ) -> None:
        wide, last = self.wide(length), int_constant(length - 1)
        first = cast("Register", self.add(start, self.mul(self.lane, int_constant(wide))))
        own: list[Value] = []
        for k in range(wide):
            number = cast("Register", self.add(first, int_constant(k)))
            inside = cast("Register", self.select(self.compare("lt", number, last), number, last))
            with self._apart(inside):  # past the end something is read that no result needs
                value = read(inside)
            own.append(self._here(value if not own else join(own[-1], value)))
        before, everything = self._before(join, self.kept(carry, ()), own[-1])
        results = [join(before, value) for value in own]
        self.keep(carry, (), everything)

        def put() -> None:
            for k, result in enumerate(results):
                self.keep(stack, (position(self.add(first, int_constant(k))),), result)

        with self._apart(first):
            self.guarded(self.compare("le", first, last), put)

    def _before(self, join: Join, carried: Value, own: Value) -> tuple[Value, Value]:
        """All before this thread's elements joined, and all there is, given what `own` are when joined."""
        lane = self.int_rem(self.lane, int_constant(WARP))

        def neighbour(value: Value, distance: int) -> tuple[Register, Value]:
            """Whether there is a thread so many before this one in the warp, and what it has."""
            exists = self.compare("ge", lane, int_constant(distance))
            other = self.vector(self.select(exists, self.sub(lane, int_constant(distance)), int_constant(0)))
            return exists, self.from_lane(value, self.builder.trunc(other.llvm, I32))

        upto, distance = own, 1
        while distance < WARP:
            exists, other = neighbour(upto, distance)
            upto, distance = self.select(exists, join(other, upto), upto), 2 * distance
        warps = [(self.from_lane(upto, ir.Constant(I32, WARP - 1)),)]
        if self.team > WARP:
            warps = cast("list[tuple[Register]]", self.from_warps(warps[0]))
        number, start = self.int_div(self.lane, int_constant(WARP)), carried
        for k, (value,) in enumerate(warps):
            start = self.select(self.compare("gt", number, int_constant(k)), carried := join(carried, value), start)
        exists, other = neighbour(upto, 1)
        return self.select(exists, join(start, other), start), carried

    @contextmanager
    def _apart(self, index: Register) -> Iterator[None]:
        """Code that each thread runs for an index of its own."""
        outer = self.scope
        body = self.block("apart")
        scope = Scope(outer.depth + 1, is_loop=True, lanes=outer.lanes, before=self.builder.block, divided=index)
        self.builder.position_at_end(body)
        with self.inside(scope):
            yield
        last = self.builder.block
        self.builder.position_at_end(scope.before)
        self.builder.branch(body)
        self.builder.position_at_end(last)

    def _here(self, value: Value) -> Register:
        """A value of the straight code before, as one of this scope."""
        register = self.vector(value)
        return Register(register.llvm, register.dtype, 1, self.scope.depth)
