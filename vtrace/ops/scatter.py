"""Scattering: updates of the rows of an array at places that data decides, one after the other."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from vtrace.errors import DTypeError, IndexOutOfRangeError, ShapeError
from vtrace.ir.emitter import Index, Place, Read, Value, Workspace
from vtrace.ir.primitive import ErrorExample, Example, primitive
from vtrace.ir.types import Array, ArrayType, Dim, static_shape
from vtrace.ops.arithmetic import Add, Maximum, Mul
from vtrace.ops.indexing import as_index, checked, out_of_bounds
from vtrace.ops.kinds import INTEGERS, Binary, require_kind
from vtrace.ops.procedure import Procedure, Work
from vtrace.ops.samples import EVERY_KIND, array


@final
@primitive("scatter")
@dataclass(frozen=True)
class Scatter(Procedure):
    """`x` after `x[index[n]] = combine(x[index[n]], updates[n])` for n = 0, 1...; without `combine`, the update itself.

    `index` has one axis; negative ones count from the end if `wrap` is set. One outside of axis 0 of `x` is an
    IndexError or, with `drop`, leaves its update out.
    """

    combine: Binary | None
    drop: bool = False
    wrap: bool = True

    def infer_all(self, x: ArrayType, index: ArrayType, updates: ArrayType) -> tuple[ArrayType, ...]:  # type: ignore[override]  # three operands
        require_kind("scatter: the index", index.dtype, INTEGERS)
        if x.dtype != updates.dtype:
            raise DTypeError(f"scatter needs an array and updates of one dtype, got {x.dtype} and {updates.dtype}")
        if not x.rank or index.rank != 1 or updates.shape != index.shape + x.shape[1:]:
            raise ShapeError(f"scatter needs one row of {x} for each element of a vector, got {index} and {updates}")
        if x.shape[0] == 0 and index.shape[0] != 0 and not self.drop:
            raise IndexOutOfRangeError(f"scatter: axis 0 of {x} is empty, but the index is {index}")
        if self.combine is not None and self.combine.infer(x, x) != x:
            raise DTypeError(f"scatter: {self.combine.name} of two {x.dtype} is not {x.dtype}")
        return (x,)

    def evaluate_all(self, x: Array, index: Array, updates: Array) -> tuple[Array, ...]:  # type: ignore[override]  # three operands
        result, extent = x.copy(), len(x)
        least = -extent if self.wrap else 0
        if self.drop:
            inside = (index >= least) & (index < extent)
            index, updates = index[inside], updates[inside]
        elif (index < least).any():
            raise out_of_bounds(index[index < least][0], extent, 0)
        for row, update in zip(checked(index, extent, 0), updates, strict=True):
            result[row] = update if self.combine is None else self.combine.evaluate(result[row], update)
        return (result,)

    def procedure(self, e: Workspace, results: Sequence[Place], *reads: Any) -> None:
        (out,), (x, index, updates) = results, reads
        e.each(static_shape(x.type.shape), lambda at: out.put(at, x(at)))
        self.update(e, out, index, updates)

    def update(self, e: Workspace, out: Place, index: Read, updates: Read) -> None:
        """Apply the updates to `out`."""
        extent, rest = out.type.shape[0], static_shape(out.type.shape[1:])

        def apply(n: Value) -> None:
            def row_at(row: Value) -> None:
                def element(inner: Index) -> None:
                    update = updates((n, *inner))
                    at = (row, *inner)
                    out.put(at, update if self.combine is None else self.combine.scalar(e, out(at), update))

                e.each(rest, element)

            self.at_row(e, extent, as_index(e, index((n,))), row_at)

        if index.type.shape == (1,):
            apply(e.index(0))
        else:
            e.repeat(e.index(0), e.dim(index.type.shape[0]), apply)

    def at_row(self, e: Workspace, extent: Dim, wanted: Value, then: Callable[[Value], None]) -> None:
        """Run `then` for the row that an element of the index means, if it is not left out."""
        if not self.drop:
            then(e.checked_index(wanted, extent, 0, self.wrap))
            return
        size, zero = e.dim(extent), e.index(0)
        row = e.select(e.compare("lt", wanted, zero), e.add(wanted, size), wanted) if self.wrap else wanted
        inside = e.and_(e.compare("ge", row, zero), e.compare("lt", row, size))
        e.guarded(inside, lambda: then(row))

    def work(self, x: ArrayType, index: ArrayType, updates: ArrayType) -> Work:  # type: ignore[override]  # three operands
        rows, row = math.prod(static_shape(index.shape)), math.prod(static_shape(x.shape[1:]))
        return Work(math.prod(static_shape(x.shape)) + 2.0 * rows * row, jumps=2.0 * rows * row)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for dtype in EVERY_KIND:
            yield Example(cls(None), (array(dtype, 4), array("i64", 5), array(dtype, 5)), -4, 3)
        for dtype in ("f64", "f32", "i64", "u8"):
            yield Example(cls(Add()), (array(dtype, 3), array("i64", 7), array(dtype, 7)), -3, 3)
        yield Example(cls(Maximum()), (array("f64", 3, 2), array("i32", 4), array("f64", 4, 2)), -3, 3)
        yield Example(cls(Mul()), (array("f32", 2, 20), array("i8", 3), array("f32", 3, 20)), -2, 2)
        yield Example(cls(Add(), drop=True), (array("f64", 3), array("i64", 6), array("f64", 6)), -6, 6)
        yield Example(cls(None, drop=True), (array("f32", 0, 2), array("i64", 2), array("f32", 2, 2)))
        yield Example(cls(Add(), wrap=False), (array("i64", 3), array("i32", 5), array("i64", 5)), 0, 3)
        yield Example(cls(None, drop=True, wrap=False), (array("i8", 3), array("i8", 5), array("i8", 5)), -6, 6)
        yield Example(cls(Add()), (array("f64", 3), array("u8", 1), array("f64", 1)), 0, 3)
        yield Example(cls(Add()), (array("f64", 3), array("i64", 0), array("f64", 0)))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        x, index = array("f64", 3), array("i64", 2)
        yield ErrorExample(cls(None), (x, x, x), DTypeError, "the index does not work on float64")
        yield ErrorExample(cls(None), (x, index, array("f32", 2)), DTypeError, "updates of one dtype")
        yield ErrorExample(cls(None), (x, index, x), ShapeError, "one row of .* for each element of a vector")
        yield ErrorExample(cls(None), (array("f64"), index, x), ShapeError, "one row of")
        yield ErrorExample(
            cls(None), (array("f64", 0), index, array("f64", 2)), IndexOutOfRangeError, "axis 0 of .* is empty"
        )
        yield ErrorExample(
            cls(Add()), (array("bool", 3), index, array("bool", 2)), DTypeError, "add does not work on bool"
        )
