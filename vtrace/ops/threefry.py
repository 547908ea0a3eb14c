"""Random bits by counting: a block cipher made small, from which `vtrace.random` is built."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError, UsageError
from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import DTYPES, Array, ArrayType
from vtrace.ops.kinds import Elementwise, require_same

UINT32, UINT64 = DTYPES["u32"], DTYPES["u64"]
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
"""By how many bits the second word turns in each round, for groups of four rounds in turn."""
GROUPS = 5
PARITY = 0x1BD11BDA
"""What the third word of the key has beside the exclusive or of the others."""


@final
@primitive("threefry2x32")
@dataclass(frozen=True)
class Threefry2x32(Elementwise):
    """Two 32-bit words, scrambled by 20 rounds with a key of two words; `part` says what of the two is the result.

    The operands are key, key, counter, counter. Threefry-2x32-20 of Salmon, Moraes, Dror and Shaw, "Parallel random
    numbers: as easy as 1, 2, 3" (2011).
    """

    part: str
    """`first` or `second` word, their exclusive or (`mixed`), or `both` as one uint64, the first one on top."""

    parts: ClassVar = ("first", "second", "mixed", "both")
    work: ClassVar = 80.0

    def infer(self, *types: ArrayType) -> ArrayType:
        if self.part not in self.parts:
            raise UsageError(f"threefry2x32: part is one of {', '.join(self.parts)}, not {self.part!r}")
        if len(types) != 4:
            raise ShapeError(f"threefry2x32 takes 4 operands, got {len(types)}")
        require_same("threefry2x32", types)
        if types[0].dtype != UINT32:
            raise DTypeError(f"threefry2x32 does not work on {types[0].dtype}; it takes uint32")
        return types[0].with_dtype(UINT64) if self.part == "both" else types[0]

    def evaluate(self, k0: Array, k1: Array, x0: Array, x1: Array) -> Array:
        keys = (k0, k1, k0 ^ k1 ^ np.uint32(PARITY))
        with np.errstate(over="ignore"):
            x0, x1 = x0 + keys[0], x1 + keys[1]
            for group in range(GROUPS):
                for turn in ROTATIONS[group % 2]:
                    x0 = x0 + x1
                    x1 = (x1 << np.uint32(turn) | x1 >> np.uint32(32 - turn)) ^ x0
                x0 = x0 + keys[(group + 1) % 3]
                x1 = x1 + keys[(group + 2) % 3] + np.uint32(group + 1)
        if self.part == "both":
            return np.asarray(x0.astype(np.uint64) << np.uint64(32) | x1)
        return np.asarray({"first": x0, "second": x1, "mixed": x0 ^ x1}[self.part])

    def scalar(self, e: Emitter, k0: Value, k1: Value, x0: Value, x1: Value) -> Value:
        keys = (k0, k1, e.xor(e.xor(k0, k1), e.constant(PARITY, UINT32)))
        x0, x1 = e.add(x0, keys[0]), e.add(x1, keys[1])
        for group in range(GROUPS):
            for turn in ROTATIONS[group % 2]:
                x0 = e.add(x0, x1)
                x1 = e.xor(_turned(e, x1, turn), x0)
            x0 = e.add(x0, keys[(group + 1) % 3])
            # the key's word and the number depend on no counter, so this sum is made outside of the loop over counters
            x1 = e.add(x1, e.add(keys[(group + 2) % 3], e.constant(group + 1, UINT32)))
        if self.part == "both":
            top = e.shift_left(e.convert(x0, UINT64), e.constant(32, UINT64))
            return e.or_(top, e.convert(x1, UINT64))
        if self.part == "mixed":
            return e.xor(x0, x1)
        return x0 if self.part == "first" else x1

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for part in cls.parts:
            yield Example(cls(part), (ArrayType(UINT32, (3,)),) * 4, 0, 2**32)
        yield Example(cls("mixed"), (ArrayType(UINT32, ()),) * 4, 0, 2**32)
        yield Example(cls("both"), (ArrayType(UINT32, (2, 40)),) * 4, 0, 2**32)

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        words, longs = ArrayType(UINT32, (3,)), ArrayType(UINT64, (3,))
        yield ErrorExample(cls("third"), (words,) * 4, UsageError, "part is one of first, .*, not 'third'")
        yield ErrorExample(cls("both"), (words,) * 3, ShapeError, "takes 4 operands, got 3")
        yield ErrorExample(cls("both"), (longs,) * 4, DTypeError, "does not work on uint64; it takes uint32")
        yield ErrorExample(cls("both"), (words, words, words, longs), DTypeError, "operands of one dtype")


def _turned(e: Emitter, x: Value, bits: int) -> Value:
    """The bits of a word moved up, in a circle."""
    return e.or_(e.shift_left(x, e.constant(bits, UINT32)), e.shift_right(x, e.constant(32 - bits, UINT32)))
