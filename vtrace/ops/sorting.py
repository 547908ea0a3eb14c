"""Sorting a row: the elements in order, or those at some places of that order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.emitter import Place, Read, Value, Values, Workspace
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import BOOL, DTYPES, Array, ArrayType, DType, static_shape
from vtrace.ops.network import Network, network
from vtrace.ops.network_code import counted, run_network
from vtrace.ops.procedure import Procedure, Work
from vtrace.ops.samples import EVERY_KIND, array

LOAD, EXCHANGE = 4.0, 2.0
"""Simple operations for reading an element and putting it back, and for an exchange."""


def require_row(name: str, x: ArrayType) -> int:
    """The extent of a vector; ShapeError for anything else."""
    if x.rank != 1:
        raise ShapeError(f"{name} takes a vector, got {x}")
    return static_shape(x.shape)[0]


def network_for(dtype: DType, size: int, wanted: tuple[int, ...] | None = None) -> Network:
    """The network for rows of `size` elements that are sorted as they are: rows of 1000 take 10 % longer in blocks of
    eight of float32, and in blocks of sixteen of float64 or uint8."""
    return network(size, 16 if dtype.itemsize == 4 else 8, 3, wanted)


class _Sorted:
    """A sorted copy of `x` in a place of its own, NaN last.

    Floats are sorted as floats: each NaN counts as infinity, and is put behind the infinities at the end. Of two equal
    elements neither is lost, so 0.0 and -0.0 come in some order, as with NumPy.
    """

    def __init__(self, e: Workspace, x: Read, net: Network, place: Place) -> None:
        self.e, self.place, self.size = e, place, static_shape(x.type.shape)[0]
        self.is_float = x.type.dtype.kind == "f"
        self.nans: Place | None = None
        if self.is_float:
            self.nans = e.scratch(DTYPES[f"i{8 * x.type.dtype.itemsize}"], ())
            self.nans.put((), e.constant(0, self.nans.type.dtype))
        run_network(e, net, lambda index: (self._key(x((index,))),), [place], self._exchange)

    def _key(self, value: Value) -> Value:
        e, nans = self.e, self.nans
        if nans is None:
            return e.convert(value, self.place.type.dtype)
        is_nan, kind = e.compare("ne", value, value), nans.type.dtype
        nans.put((), e.add(nans(()), e.select(is_nan, e.constant(1, kind), e.constant(0, kind))))
        return e.select(is_nan, e.constant(np.inf, value.dtype), value)

    def _exchange(self, x: Values, y: Values) -> tuple[Values, Values]:
        """Where neither is smaller, they change places: as CPUs take the second operand of min and max then."""
        e, (a,), (b,) = self.e, x, y
        smaller = e.compare("lt", a, b)
        return (e.select(smaller, a, b),), (e.select(smaller, b, a),)

    def repair(self, write: Callable[[Value, Value], None], places: Sequence[int] | None = None) -> None:
        """`write(position, NaN)` where NaN belongs at that position, among all of them or those in `places`."""
        e, nans = self.e, self.nans
        if nans is None:
            return
        count, kind = nans(()), nans.type.dtype
        nan = e.constant(np.nan, self.place.type.dtype)

        def one(position: Value, target: Value) -> None:
            first = e.sub(e.constant(self.size, kind), nans(()))
            e.guarded(e.compare("ge", e.convert(position, kind), first), lambda: write(target, nan))

        def all_of_them() -> None:
            if places is None:
                counted(e, self.size, lambda n: one(n, n))
            for k, position in enumerate(places or ()):
                one(e.index(position), e.index(k))

        e.guarded(e.compare("gt", count, e.constant(0, kind)), all_of_them)


def _place_for(e: Workspace, dtype: DType, size: int) -> Place:
    """Scratch for `size` elements; bools are sorted as bytes."""
    return e.scratch(DTYPES["u8"] if dtype == BOOL else dtype, (size,))


def _work(net: Network, size: int, scratch: int) -> Work:
    return Work(LOAD * size + EXCHANGE * net.count, scratch=scratch, independent=True)


@final
@primitive("sort")
@dataclass(frozen=True)
class Sort(Procedure):
    """The elements of a vector in ascending order, NaN last.

    -0.0 and 0.0 are equal and come in any order; every NaN comes out as the one NaN of `np.nan`. With `positions`, what
    stands elsewhere need only be on the right side of them: rows may be partitioned rather than sorted.
    """

    positions: tuple[int, ...] = ()

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        require_row("sort", x)
        return (x,)

    def evaluate_all(self, x: Array) -> tuple[Array, ...]:  # type: ignore[override]  # one operand
        return (np.sort(x),)

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out,), (x,) = results, reads
        (size,) = static_shape(out.type.shape)
        net = network_for(out.type.dtype, size)
        if out.type.dtype == BOOL:
            place = _place_for(e, BOOL, size)
            _Sorted(e, x, net, place)
            e.each((size,), lambda at: out.put(at, e.convert(place(at), BOOL)))
        else:
            _Sorted(e, x, net, out).repair(lambda n, value: out.put((n,), value))

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        (size,) = static_shape(x.shape)
        return _work(network_for(x.dtype, size), size, 0)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls(), (array(dtype, 5),))
        for size in (0, 1, 2, 16, 17, 24, 33, 100):
            yield Example(cls(), (array("f32", size),))
        yield Example(cls(), (array("bool", 20),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls(), (array("f64", 2, 3),), ShapeError, r"sort takes a vector, got f64\[2, ?3\]")
        yield ErrorExample(cls(), (array("f64"),), ShapeError, "sort takes a vector")


@final
@primitive("order_statistics")
@dataclass(frozen=True)
class OrderStatistics(Procedure):
    """What stands at `positions`, which count from 0, once the vector is sorted, NaN last."""

    positions: tuple[int, ...]

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        size = require_row("order_statistics", x)
        if not all(0 <= p < size for p in self.positions):
            raise ShapeError(f"order_statistics: {x} has no positions {self.positions}")
        return (x.with_shape((len(self.positions),)),)

    def evaluate_all(self, x: Array) -> tuple[Array, ...]:  # type: ignore[override]  # one operand
        return (np.sort(x)[list(self.positions)],)

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out,), (x,) = results, reads
        (size,) = static_shape(x.type.shape)
        dtype = out.type.dtype
        place = _place_for(e, dtype, size)
        sorted_ = _Sorted(e, x, self._network(x.type), place)
        for n, position in enumerate(self.positions):
            out.put((e.index(n),), e.convert(place((e.index(position),)), dtype))
        sorted_.repair(lambda n, value: out.put((n,), value), self.positions)

    def _network(self, x: ArrayType) -> Network:
        return network_for(x.dtype, static_shape(x.shape)[0], tuple(sorted(set(self.positions))))

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        (size,) = static_shape(x.shape)
        return _work(self._network(x), size, size * x.dtype.itemsize)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls((2,)), (array(dtype, 5),))
        yield Example(cls((49, 50)), (array("f32", 100),))
        yield Example(cls((0, 36, 5, 36)), (array("f64", 37),))
        yield Example(cls(()), (array("f32", 0),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((3,)), (array("f64", 3),), ShapeError, "has no positions")
        yield ErrorExample(cls((0,)), (array("f64"),), ShapeError, "order_statistics takes a vector")
