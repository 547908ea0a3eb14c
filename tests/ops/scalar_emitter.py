"""An emitter that computes at once, on NumPy scalars, and is strict where machine code would be silent.

Reads are checked against the operand's bounds, `when` calls its branch only where the condition holds, and a fold goes
through the elements in a shuffled order and in several accumulators.
"""

import random

import numpy as np

from vtrace.ir.types import INT64, type_of

COMPARE = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}


class CheckedRead:
    """An operand that refuses an index outside it."""

    def __init__(self, array):
        self.array = array
        self.type = type_of(array)
        self.indices = []

    def __call__(self, index):
        assert len(index) == self.array.ndim
        assert all(i.dtype == INT64 for i in index)
        assert all(0 <= i < n for i, n in zip(index, self.array.shape, strict=True)), (index, self.array.shape)
        self.indices.append(index)
        return self.array[tuple(int(i) for i in index)]


class ScalarEmitter:
    """The part of `vtrace.ir.emitter.Emitter` that movement, indexing and reductions use."""

    def __init__(self, seed=0):
        self.random = random.Random(seed)
        self.divisions = 0

    def constant(self, value, dtype):
        return np.array(value, dtype)[()]

    def index(self, value):
        return np.int64(value)

    def dim(self, extent):
        return np.int64(extent)

    def _same(self, x, y):
        assert x.dtype == y.dtype

    def add(self, x, y):
        self._same(x, y)
        return x + y

    def sub(self, x, y):
        self._same(x, y)
        return x - y

    def mul(self, x, y):
        self._same(x, y)
        return x * y

    def int_div(self, x, y):
        assert x >= 0, "the quotient of a negative index is not what it seems"
        assert y > 1, "a division by 1 is a wasted instruction"
        self.divisions += 1
        return x // y

    def int_rem(self, x, y):
        assert x >= 0
        assert y > 1
        self.divisions += 1
        return x % y

    def compare(self, op, x, y):
        self._same(x, y)
        return COMPARE[op](x, y)

    def select(self, condition, x, y):
        self._same(x, y)
        return x if condition else y

    def when(self, condition, then, otherwise):
        return then() if condition else otherwise

    def and_(self, x, y):
        self._same(x, y)
        return x & y

    def or_(self, x, y):
        self._same(x, y)
        return x | y

    def invert(self, x):
        return ~x

    def convert(self, x, dtype):
        return x.astype(dtype)

    def fold(self, extents, initial, step, merge, body):
        places = list(np.ndindex(*extents))
        self.random.shuffle(places)
        accumulators = [initial] * 3
        for turn, place in enumerate(places):
            k = turn % 3
            accumulators[k] = step(accumulators[k], body(tuple(map(np.int64, place))))
        self.random.shuffle(accumulators)
        first, *rest = accumulators
        for more in rest:
            first = merge(first, more)
        return first

    def bounded_index(self, value, extent):
        assert 0 <= value < extent
        return value

    def checked_index(self, value, extent, axis):
        assert value.dtype == INT64
        assert -extent <= value < extent
        return value + extent if value < 0 else value


def compute(primitive, *arrays, seed=0):
    """The result of `primitive` through its `element` rule alone."""
    types = [type_of(a) for a in arrays]
    wanted = primitive.infer(*types)
    result = np.empty(wanted.shape, wanted.dtype)
    emitter = ScalarEmitter(seed)
    with np.errstate(all="ignore"):
        for index in np.ndindex(*wanted.shape):
            value = primitive.element(emitter, tuple(map(np.int64, index)), *map(CheckedRead, arrays))
            assert value.dtype == wanted.dtype
            result[index] = value
    return result
