"""The largest elements of a row, in descending order, and where they are."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.emitter import Place, Read, Value, Workspace
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import BOOL, DTYPES, INT64, Array, ArrayType, static_shape
from vtrace.ops.order_keys import from_signed_key, signed_key
from vtrace.ops.procedure import Procedure, Work
from vtrace.ops.samples import EVERY_KIND, array
from vtrace.ops.sorting import require_row

LANES = 8
"""About as many examples are looked at together: one that takes an element in costs all of them the time."""
AT_ONCE = 8
"""Elements that are compared with the smallest one found so far before any is looked at more closely."""


@final
@primitive("top_k")
@dataclass(frozen=True)
class TopK(Procedure):
    """The `k` largest elements of a vector in descending order, NaN first, and their positions; for a small `k`.

    Of equal elements the first comes first. With `values` or `positions` False that result is left out.
    """

    k: int
    values: bool = True
    positions: bool = True

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        size = require_row("top_k", x)
        if not 1 <= self.k <= size:
            raise ShapeError(f"top_k: k is {self.k}, and must be between 1 and the length of {x}")
        row = x.with_shape((self.k,))
        return self._chosen(row, row.with_dtype(INT64))

    def only(self, used: Sequence[int]) -> "TopK":
        named = self._chosen("values", "positions")
        chosen = {named[n] for n in used}
        return TopK(self.k, "values" in chosen, "positions" in chosen)

    def _chosen(self, values: Any, positions: Any) -> tuple[Any, ...]:
        return ((values,) if self.values else ()) + ((positions,) if self.positions else ())

    def evaluate_all(self, x: Array) -> tuple[Array, ...]:  # type: ignore[override]  # one operand
        order = x.size - 1 - np.argsort(x[::-1], kind="stable")[::-1][: self.k]
        return self._chosen(x[order], order)

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (x,) = reads
        (size,) = static_shape(x.type.shape)
        found = _Found(e, x, self.k, self.positions)
        e.repeat(e.index(0), e.index(self.k), lambda n: found.insert(n, filled=n))
        found.raise_bar()
        blocks, rest = divmod(size - self.k, AT_ONCE)
        if blocks:
            first = e.index(self.k)
            step = e.index(AT_ONCE)
            e.repeat(e.index(0), e.index(blocks), lambda b: found.look(e.add(first, e.mul(b, step)), AT_ONCE))
        if rest:
            found.look(e.index(size - rest), rest)
        for place, read in zip(results, self._chosen(found.value, found.position), strict=True):
            for n in range(self.k):
                place.put((e.index(n),), read(n))

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        (size,) = static_shape(x.shape)
        inserted = self.k * (1 + np.log(size / self.k))  # of elements in random order
        cost = 5.0 if self.positions else 3.0
        return Work(2.0 * size + cost * self.k * min(LANES * inserted, size), independent=True)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls(2), (array(dtype, 5),))
        yield Example(cls(1), (array("i32", 1),))
        yield Example(cls(3), (array("i16", 40),))
        yield Example(cls(4, positions=False), (array("f32", 100),))
        yield Example(cls(4, values=False), (array("f32", 37),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls(0), (array("f64", 3),), ShapeError, "k is 0, and must be between 1 and")
        yield ErrorExample(cls(4), (array("f64", 3),), ShapeError, "k is 4, and must be between 1 and")
        yield ErrorExample(cls(1), (array("f64", 2, 3),), ShapeError, "top_k takes a vector")


class _Found:
    """The largest elements so far, in descending order: their keys, and their positions if these are wanted."""

    def __init__(self, e: Workspace, x: Read, k: int, positions: bool) -> None:
        self.e, self.x, self.k = e, x, k
        dtype = x.type.dtype
        self.keys = e.scratch(DTYPES["i8" if dtype == BOOL else f"i{8 * dtype.itemsize}"], (k,))
        self.at = e.scratch(DTYPES["i64" if dtype.itemsize == 8 else "i32"], (k,)) if positions else None
        self.bar = e.scratch(dtype, ())

    def value(self, n: int) -> Value:
        """By its position, if that is known, as then both zeros have one key."""
        return self._by_key(n) if self.at is None else self.x((self.position(n),))

    def _by_key(self, n: int) -> Value:
        return from_signed_key(self.e, self.keys((self.e.index(n),)), self.x.type.dtype)

    def position(self, n: int) -> Value:
        assert self.at is not None
        return self.e.convert(self.at((self.e.index(n),)), INT64)

    def raise_bar(self) -> None:
        """Remember the smallest element found, in its own dtype."""
        self.bar.put((), self._by_key(self.k - 1))

    def look(self, first: Value, count: int) -> None:
        """Take the next `count` elements in, as far as they are large enough."""
        e, offsets = self.e, range(count)
        some = functools.reduce(e.or_, (self._passes(e.add(first, e.index(n))) for n in offsets))

        def closely() -> None:
            e.repeat(first, e.add(first, e.index(count)), one)
            self.raise_bar()

        def one(n: Value) -> None:
            e.guarded(self._passes(n), lambda: self.insert(n), harmless=True)

        e.guarded(some, closely, harmless=True)

    def _passes(self, n: Value) -> Value:
        """Whether the element at `n` may be larger than the smallest one found: NaN is."""
        return self.e.invert(self.e.compare("le", self.x((n,)), self.bar(())))

    def insert(self, n: Value, filled: Value | None = None) -> None:
        """Take the element at `n` in, before all that are smaller; `filled` says how many there are, if not k."""
        e = self.e
        columns = [self.keys] if self.at is None else [self.keys, self.at]
        new = [signed_key(e, self.x((n,)), zeros_differ=self.at is None)]
        if self.at is not None:
            new.append(e.convert(n, self.at.type.dtype))
        old = [[c((e.index(j),)) for c in columns] for j in range(self.k)]
        smaller = [e.compare("lt", o[0], new[0]) for o in old]
        if filled is not None:
            smaller = [e.or_(s, e.compare("le", filled, e.index(j))) for j, s in enumerate(smaller)]
        for j, column_values in enumerate(old):
            for c, column in enumerate(columns):
                entering = new[c] if j == 0 else e.select(smaller[j - 1], old[j - 1][c], new[c])
                column.put((e.index(j),), e.select(smaller[j], entering, column_values[c]))
