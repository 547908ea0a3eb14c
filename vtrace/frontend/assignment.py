"""Assignment in place: `x[i] = v`, `x += v`, and what they do to other names of the same memory.

Graphs have no mutation. A tracer is a variable that holds an array; assigning gives it another array. A view is written
through: its base gets the new elements, and every view of that base is computed anew.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.errors import DTypeError, ShapeError, UnsupportedError
from vtrace.frontend.complex_tracer import ComplexTracer
from vtrace.frontend.core import (
    BOOL,
    INT64,
    alias,
    broadcast_shapes,
    broadcast_to,
    convert,
    fitted,
    full,
    layout,
    reshape,
    shape_of,
    strong,
)
from vtrace.frontend.dispatch import implements, qualified_name
from vtrace.frontend.indexing import Item, checked, is_basic, is_static, mirror_index, parse
from vtrace.frontend.numpy_elementwise import operator, select
from vtrace.frontend.scatter import check_element, updated
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import current_frame, emit, lift, literal
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import Array, DType
from vtrace.ops.indexing import DynamicUpdateSlice, Gather


def inplace(x: Any, ufunc: np.ufunc, other: Any) -> Any:
    """`x += other` and its like. A scalar is immutable to NumPy, so the name is bound to a new one."""
    result = operator(ufunc, x, other)
    if result is NotImplemented or x.ndim == 0:
        return result
    return put_out(ufunc, x, result)


def put_out(ufunc: np.ufunc, out: Any, result: Any, where: Any = True) -> Tracer:
    """What `out=` and `where=` of a ufunc mean: `out`, with its result assigned to it where the condition holds."""
    name = qualified_name(ufunc)
    _check_out(name, out)
    mask = lift(where)
    if mask.dtype != BOOL:
        raise DTypeError(
            f"{at_user_line()}: {name}: Cannot cast array data of where= from {mask.dtype!r} to {BOOL!r} according to "
            "the rule 'safe'"
        )
    if not np.can_cast(result.dtype, out.dtype, "same_kind"):
        raise DTypeError(
            f"{at_user_line()}: Cannot cast ufunc '{ufunc.__name__}' output from {result.dtype!r} to {out.dtype!r} "
            f"with casting rule 'same_kind'; write `x = {name}(x, y)` for a new array"
        )
    shape = broadcast_shapes(name, out, result, mask)
    if shape != out.shape:
        raise ShapeError(
            f"{at_user_line()}: non-broadcastable output operand with shape {shape_of(out.shape)} doesn't match the "
            f"broadcast shape {shape_of(shape)}"
        )
    new = broadcast_to(convert(result, out.dtype), shape)
    assign(out, new if where is True else select(broadcast_to(mask, shape), new, out))
    return out  # type: ignore[no-any-return]  # checked


def put_whole(name: str, out: Any, result: Any) -> Tracer:
    """What `out=` of other functions means. NumPy has rules of its own for each; of one type all say the same."""
    _check_out(name, out)
    if (result.shape, result.dtype) != (out.shape, out.dtype):
        raise UnsupportedError(
            f"{at_user_line()}: {name} with out= of another type, {out.type}, than that of its result, {result.type}, "
            f"is not supported on traced arrays; write `x = {name}(...)`"
        )
    assign(out, strong(result))
    return out  # type: ignore[no-any-return]  # checked


def _check_out(name: str, out: Any) -> None:
    if not isinstance(out, Tracer):
        raise UnsupportedError(
            f"{at_user_line()}: {name} with out= cannot write a traced value into a plain NumPy array; write "
            f"`x = {name}(...)`, or make the array with vtrace.numpy (zeros, empty, full), which can hold traced values"
        )


def assign(target: Tracer, value: Tracer) -> None:
    """Give `target` another value, of its shape and dtype, and its base and views with it."""
    if isinstance(target, ComplexTracer):
        assert isinstance(value, ComplexTracer)
        assign(target.re, value.re)
        assign(target.im, value.im)
        return
    if target.frame is not current_frame():
        raise UnsupportedError(
            f"{at_user_line()}: assignment in place to a traced array {target.type} of an enclosing function; "
            "return the new value, or assign to x.copy()"
        )
    if target.origin is not None:
        if target.origin.mirror is None:
            assert target.origin.write is not None
            assign(target.origin.base, target.origin.write(target.origin.base, value))
            return
        if _shares_memory(target):
            if not layout(target).flags.writeable:
                raise ShapeError(f"{at_user_line()}: assignment destination is read-only")
            assign(target.origin.base, replaced(target.origin.base, target.origin.mirror, value))
            return
        target.origin = None
    target.atom = alias(value).atom
    _refresh(target)


def _refresh(base: Tracer) -> None:
    """Compute the views of `base` anew."""
    alive = []
    for reference in base.followers:
        follower = reference()
        if follower is None or follower.origin is None or follower.origin.base is not base:
            continue
        if follower.origin.mirror is not None and not _shares_memory(follower):
            follower.origin = None
            continue
        alive.append(reference)
        if follower.frame is base.frame:
            follower.atom = follower.origin.compute(base).atom
            _refresh(follower)
    base.followers = alive


def _shares_memory(x: Tracer) -> bool:
    """Whether NumPy would make `x` a view of its base."""
    assert x.origin is not None
    assert x.origin.mirror is not None
    base = layout(x.origin.base)
    return x.size > 0 and np.may_share_memory(base, x.origin.mirror(base))


def replaced(base: Tracer, mirror: Any, value: Tracer) -> Tracer:
    """`base` with the elements that `mirror` shows replaced by those of `value`."""
    positions = mirror(np.arange(base.size).reshape(base.shape))
    if positions.size == 0:
        return base
    if (box := _box(base.shape, positions)) is not None:
        starts, sizes = box
        if sizes == base.shape:
            return reshape(value, base.shape)
        return emit(DynamicUpdateSlice(), base, reshape(value, sizes), *(literal(np.int64(s)) for s in starts))
    source = np.full(base.size, -1)
    source[positions.ravel()] = np.arange(positions.size)  # the last one wins, as in NumPy
    rows = literal(np.maximum(source, 0))
    new = reshape(emit(Gather(0), reshape(value, (value.size,)), rows), base.shape)
    return select(literal((source >= 0).reshape(base.shape)), new, base)


def _box(shape: tuple[int, ...], positions: Array) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Start and size along each axis, if the positions are a box of neighbours in order."""
    first, last = (np.unravel_index(p, shape) for p in (positions.flat[0], positions.flat[-1]))
    starts, sizes = tuple(map(int, first)), tuple(int(b - a) + 1 for a, b in zip(first, last, strict=True))
    if any(s <= 0 for s in sizes) or np.prod(sizes) != positions.size:
        return None
    box = np.arange(np.prod(shape)).reshape(shape)[tuple(slice(a, a + n) for a, n in zip(starts, sizes, strict=True))]
    return (starts, sizes) if np.array_equal(box.ravel(), positions.ravel()) else None


def _fitted(value: Any, x: Tracer, shape: tuple[int, ...]) -> Tracer:
    """The value as it is stored: cast to the dtype of `x`, and broadcast to `shape`."""
    complaint = "could not broadcast input array from shape {given} into shape {wanted}"
    return fitted(_stored(value, x), shape, complaint)


def _stored(value: Any, x: Tracer) -> Tracer:
    """The value in the dtype of `x`; DTypeError for a complex Python number that is to be a real one."""
    value = lift(value)
    if value.weak and value.dtype.kind == "c" != x.dtype.kind:
        raise DTypeError(
            f"{at_user_line()}: a complex number cannot be written into an array {x.type}; make it x.astype(complex)"
        )
    return convert(value, x.dtype)


def setitem(x: Tracer, index: Any, value: Any) -> None:
    """`x[index] = value`."""
    if isinstance(value, Tracer) and _is_part_of(value, x, index):
        return  # the end of `x[index] += v`: the view has been written through already
    if isinstance(index, Tracer) and index.dtype == BOOL and not index.is_constant:
        assign(x, _masked(x, index, value))
        return
    items = parse(x, index)
    check_element(x, index, items, lift(value))
    if is_static(items):
        mirror = mirror_index(items)
        shape = np.broadcast_to(np.int8(0), x.shape)[mirror].shape
        assign(x, replaced(x, lambda n: n[mirror], _fitted(value, x, shape)))
    elif is_basic(items):
        assign(x, write_row(x, items, value))
    else:
        assign(x, updated(x, index, value))


def update_in_place(ufunc: np.ufunc, x: Any, index: Any, value: Any) -> None:
    """`ufunc.at(x, index, value)`."""
    if not isinstance(x, Tracer):
        raise UnsupportedError(
            f"{at_user_line()}: {qualified_name(ufunc)}.at cannot put a traced value into a plain NumPy array; make "
            "the array with vtrace.numpy (zeros, empty, full), which can hold traced values"
        )
    assign(x, updated(x, index, value, ufunc))


def _is_part_of(value: Tracer, x: Tracer, index: Any) -> bool:
    """Whether `value` is the very view that `x[index]` gave."""
    if isinstance(value, ComplexTracer):
        return isinstance(x, ComplexTracer) and all(
            _is_part_of(v, part, index) for v, part in ((value.re, x.re), (value.im, x.im))
        )
    return value.origin is not None and value.origin.base is x and value.origin.index is index


def _masked(x: Tracer, mask: Tracer, value: Any) -> Tracer:
    value = _stored(value, x)
    if value.ndim:
        raise UnsupportedError(
            f"{at_user_line()}: x[mask] = v with a traced mask takes a single number as v; use np.where(mask, v, x)"
        )
    if mask.shape != x.shape[: mask.ndim]:
        raise ShapeError(f"{at_user_line()}: a mask of shape {mask.shape} does not fit an array of shape {x.shape}")
    mask = broadcast_to(reshape(mask, mask.shape + (1,) * (x.ndim - mask.ndim)), x.shape)
    return select(mask, full(x.shape, value, x.dtype), x)


def write_row(x: Tracer, items: Sequence[Item], value: Any) -> Tracer:
    """`x` after `x[items] = value`, where the items are integers, some of them traced, slices and new axes."""
    starts: list[Tracer] = []
    box: list[int] = []
    shape: list[int] = []
    axis = 0
    for item in items:
        if item is None:
            shape.append(1)
            continue
        if isinstance(item, slice):
            if item.step != 1:
                raise UnsupportedError(
                    f"{at_user_line()}: assignment to a traced index together with a strided slice is not supported"
                )
            starts.append(literal(np.int64(item.start)))
            box.append(item.stop - item.start)
            shape.append(item.stop - item.start)
        else:
            starts.append(
                checked(item, x.shape[axis], axis) if isinstance(item, Tracer) else literal(np.asarray(item, INT64))
            )
            box.append(1)
        axis += 1
    return emit(DynamicUpdateSlice(), x, reshape(_fitted(value, x, tuple(shape)), box), *starts)


@implements(np.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    if not isinstance(dst, Tracer):
        raise UnsupportedError(
            f"{at_user_line()}: a traced value cannot be written into a plain NumPy array; make the array with "
            "vtrace.numpy (zeros, empty, full), which can hold traced values"
        )
    if not _can_cast(lift(src), dst.dtype, casting):
        raise DTypeError(
            f"{at_user_line()}: Cannot cast from {lift(src).dtype} to {dst.dtype} according to the rule {casting!r}"
        )
    new = _fitted(src, dst, dst.shape)
    assign(dst, new if where is True else select(_fitted_mask(where, dst.shape), new, dst))


def _can_cast(x: Tracer, dtype: DType, casting: str) -> bool:
    """Whether NumPy casts so; of a Python number the kind alone matters."""
    if x.weak:
        kinds = "buifc"
        return kinds.index(x.dtype.kind.replace("i", "u")) <= kinds.index(dtype.kind)
    return np.can_cast(x.dtype, dtype, casting)  # type: ignore[arg-type]  # a str


def _fitted_mask(where: Any, shape: tuple[int, ...]) -> Tracer:
    return fitted(convert(where, BOOL), shape, "could not broadcast where mask from shape {given} into shape {wanted}")
