"""Exact sums in cells of several words (see `exact_sum`)."""

from vtrace.backends import llvm_text as ir
from vtrace.backends.cuda.cells import Cells
from vtrace.backends.cuda.exact_sum import DIGIT, DIGIT_BITS, Window, put_together, taken_apart, with_specials
from vtrace.backends.values import I1, I64, Register, int_constant
from vtrace.backends.vecmath.number import Number
from vtrace.ir.emitter import Index, Value, Values
from vtrace.ir.types import INT64
from vtrace.ops.arithmetic import Sub


class ExactSums(Cells):
    """Adding to sums, and rounding them."""

    def _addend(self, value: Value) -> Value:
        return self.neg(value) if isinstance(self._combine, Sub) else value

    def _deposit(self, start: Value, value: Value) -> None:
        """Add a number to the sum whose words begin at `start`."""
        first, digits, flags = taken_apart(Number(self, value))
        place = self.add(start, first.value)
        for k, digit in enumerate(digits):
            at = self.add(place, int_constant(k))
            self.guarded(digit.differs(0).value, lambda at=at, d=digit: self._change(at, d.value))  # type: ignore[misc]
        last = self.add(start, int_constant(self.plan.words - 1))
        self.guarded(flags.differs(0).value, lambda: self._change(last, flags.value, "or"))

    def _exact_sum(self, item: Value) -> Value:
        """The sum of an element, rounded."""
        form, digits, zero = Number(self, self._old(item)).format, self.plan.words - 1, int_constant(0)

        def carried(word: Register, carry: Value) -> tuple[Number, Value]:
            total = Number(self, self.add(self._of_all_arrays(item, word), carry))
            return total & DIGIT, (total >> DIGIT_BITS).value

        (slot,) = slots = self.accumulators((zero,), 1)
        with self.loop(zero, int_constant(digits)) as n:
            self.store_slots(slots, (carried(n, *self.load_slots([slot], 1))[1],), 1)
        negative = Number(self, self.load_slots(slots, 1)[0]) < 0
        mask, one = (
            negative.select(Number(self, int_constant(DIGIT)), 0),
            negative.select(Number(self, int_constant(1)), 0),
        )
        state = self.accumulators((zero, one.value, *[zero] * 8), 1)
        with self.loop(zero, int_constant(digits)) as n:
            carry, one_more, *window, before, earlier, below = (Number(self, v) for v in self.load_slots(state, 1))
            digit, carry_value = carried(n, carry.value)
            absolute = (digit ^ mask) + one_more  # without its sign
            digit = absolute & DIGIT
            found = digit.differs(0)
            seen = [digit, before, earlier, below, Number(self, n)]
            window = [found.select(new, old) for new, old in zip(seen, window, strict=True)]
            following = [absolute >> DIGIT_BITS, *window, digit, before, below | earlier]
            self.store_slots(state, (carry_value, *(v.value for v in following)), 1)
        _, _, *window, _, _, _ = (Number(self, v) for v in self.load_slots(state, 1))
        seen_last = Window(*window)
        total = put_together(form, seen_last, self._leading_zeros(seen_last.high), negative)
        flags = Number(self, self._flags(item))
        return with_specials(total, flags, seen_last.high.equals(0), Number(self, self._old(item))).value

    def _leading_zeros(self, digit: Number) -> Number:
        count = self.declare("llvm.ctlz.i64", I64, [I64, I1])
        zeros = self.builder.call(count, [self.vector(digit.value).llvm, ir.Constant(I1, 0)])
        return Number(self, Register(zeros, INT64, 1, self.scope.depth)) - DIGIT_BITS

    def _flags(self, item: Value) -> Value:
        """Those of all arrays."""
        word = int_constant(self.plan.words - 1)

        def flags(index: Index) -> Values:
            place = self.add(self.mul(index[0], int_constant(self._whole_size)), item)
            return (self._cell(self.add(self.mul(place, int_constant(self.plan.words)), word)),)

        def step(x: Values, y: Values) -> Values:
            return (self.or_(x[0], y[0]),)

        return self.fold((self.plan.parts,), (int_constant(0),), step, step, flags)[0]
