"""Sorting by position: the order in which elements stand once they are sorted, equal ones in the order they came."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import ShapeError
from vtrace.ir.emitter import Place, Value, Values, Workspace
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import DTYPES, INT64, Array, ArrayType, DType, static_shape
from vtrace.ops.network import Network, network
from vtrace.ops.network_code import run_network
from vtrace.ops.order_keys import signed_key
from vtrace.ops.procedure import Procedure, Work
from vtrace.ops.samples import EVERY_KIND, array
from vtrace.ops.sorting import LOAD, require_row

PACKED, PAIR = 4.0, 10.0
"""Simple operations for an exchange of elements of one value, which are twice as wide as most, or of two."""
FORMATS = (("u32", "f32", 23), ("u64", "f64", 52))
"""An unsigned integer, the float of its width, and how many bits the fraction of that float has."""


def _packing(dtype: DType, size: int) -> tuple[DType, DType, int] | None:
    """How key and position fit into the fraction of one float: its bits, the float, the position's bits.

    Such floats lie between 1 and 2 and are all different. Floats, as CPUs have the minimum and maximum of two of them,
    of any width; those of wide integers are rare.
    """
    position = max(size - 1, 1).bit_length()
    for bits, float_, fraction in FORMATS:
        if 8 * dtype.itemsize + position <= fraction:
            return DTYPES[bits], DTYPES[float_], position
    return None


def _network(dtype: DType, size: int) -> Network:
    return network(size, 8, 3 if _packing(dtype, size) else 2)


@final
@primitive("argsort")
@dataclass(frozen=True)
class ArgSort(Procedure):
    """The positions of a vector's elements in ascending order, NaN last; equal ones keep their order.

    With `positions`, rows may be partitioned rather than sorted, as for `sort`.
    """

    positions: tuple[int, ...] = ()

    def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # one operand
        require_row("argsort", x)
        return (x.with_dtype(INT64),)

    def evaluate_all(self, x: Array) -> tuple[Array, ...]:  # type: ignore[override]  # one operand
        return (np.argsort(x, kind="stable"),)

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out,), (x,) = results, reads
        (size,) = static_shape(out.type.shape)
        net = _network(x.type.dtype, size)
        packing = _packing(x.type.dtype, size)
        if packing is None:
            keys = e.scratch(DTYPES[f"i{8 * x.type.dtype.itemsize}"], (size,))
            run_network(e, net, lambda n: (signed_key(e, x((n,))), n), [keys, out], lambda a, b: _exchange(e, a, b))
            return
        word, float_, bits = packing
        place = e.scratch(float_, (size,))

        def packed(position: Value) -> Values:
            key = signed_key(e, x((position,)))
            width = 8 * key.dtype.itemsize
            unsigned = DTYPES[f"u{width}"]
            key = e.xor(e.bitcast(key, unsigned), e.constant(1 << (width - 1), unsigned))
            key = e.shift_left(e.convert(key, word), e.constant(bits, word))
            one = int(np.ones((), float_).view(word))
            return (e.bitcast(e.or_(e.or_(key, e.convert(position, word)), e.constant(one, word)), float_),)

        def exchange(x: Values, y: Values) -> tuple[Values, Values]:
            smaller = e.compare("lt", x[0], y[0])
            return (e.select(smaller, x[0], y[0]),), (e.select(smaller, y[0], x[0]),)

        run_network(e, net, packed, [place], exchange)
        mask = e.constant((1 << bits) - 1, word)
        e.each((size,), lambda at: out.put(at, e.convert(e.and_(e.bitcast(place(at), word), mask), INT64)))

    def work(self, x: ArrayType) -> Work:  # type: ignore[override]  # one operand
        (size,) = static_shape(x.shape)
        cost = PACKED if _packing(x.dtype, size) else PAIR
        return Work(2 * LOAD * size + cost * _network(x.dtype, size).count, scratch=8 * size, independent=True)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in (*EVERY_KIND, "i32", "u64"):
            yield Example(cls(), (array(dtype, 5),))
        for size in (0, 1, 2, 8, 19, 100):
            yield Example(cls(), (array("f32", size),))
        yield Example(cls(), (array("f64", 37),))
        yield Example(cls(), (array("u8", 300),))
        yield Example(cls((3,)), (array("f32", 9),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls(), (array("f64", 2, 3),), ShapeError, "argsort takes a vector")


def _exchange(e: Workspace, x: Values, y: Values) -> tuple[Values, Values]:
    """Two pairs of key and position in order."""
    same = e.and_(e.compare("eq", y[0], x[0]), e.compare("lt", y[1], x[1]))
    wrong = e.or_(e.compare("lt", y[0], x[0]), same)
    low, high = (tuple(e.select(wrong, b, a) for a, b in zip(p, q, strict=True)) for p, q in ((x, y), (y, x)))
    return low, high
