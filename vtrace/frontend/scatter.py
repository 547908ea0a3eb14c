"""Updates of an array at positions that data decides: `x[i] = v`, `np.add.at`, and what `.at[]` does.

The axes that are indexed by arrays are brought to the front and merged, and their indices into one; then everything is
rows of one array, updated one after the other in the order of the index, as NumPy does.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from vtrace.errors import DTypeError, IndexOutOfRangeError, ShapeError, UnsupportedError, UsageError
from vtrace.frontend.core import BOOL, INT64, broadcast_to, convert, count, fitted, reshape, shape_of, transpose
from vtrace.frontend.dispatch import UFUNC_HANDLERS, qualified_name
from vtrace.frontend.indexing import Item, checked, is_static, mirror_index, parse, taken
from vtrace.frontend.promotion import resolve
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, lift, literal
from vtrace.frontend.tracer import Tracer
from vtrace.ops import arithmetic, division, logic, power
from vtrace.ops.kinds import Binary
from vtrace.ops.scatter import Scatter

MODES = ("raise", "promise_in_bounds", "clip", "drop", "fill", "wrap")
"""What becomes of an index outside of its axis. The first two raise, and so do NumPy and, by its promise, JAX."""
BOUNDED = ("raise", "promise_in_bounds")
"""Those in which such an index is an error."""

_COMPLAINT = "shape mismatch: value array of shape {given} could not be broadcast to indexing result of shape {wanted}"

_COMBINE: dict[np.ufunc, Binary] = {
    np.add: arithmetic.Add(),
    np.subtract: arithmetic.Sub(),
    np.multiply: arithmetic.Mul(),
    np.true_divide: arithmetic.Div(),
    np.floor_divide: division.FloorDiv(),
    np.remainder: division.Mod(),
    np.power: power.Pow(),
    np.maximum: arithmetic.Maximum(),
    np.minimum: arithmetic.Minimum(),
    np.bitwise_and: logic.And(),
    np.bitwise_or: logic.Or(),
    np.bitwise_xor: logic.Xor(),
    np.left_shift: logic.ShiftLeft(),
    np.right_shift: logic.ShiftRight(),
}
_ON_BOOLS: dict[np.ufunc, Binary] = {
    np.add: logic.Or(),
    np.maximum: logic.Or(),
    np.logical_or: logic.Or(),
    np.multiply: logic.And(),
    np.minimum: logic.And(),
    np.logical_and: logic.And(),
    np.logical_xor: logic.Xor(),
    np.bitwise_and: logic.And(),
    np.bitwise_or: logic.Or(),
    np.bitwise_xor: logic.Xor(),
}


class _Join(NamedTuple):
    """What joins an old element and a new one: the ufunc, and its primitive."""

    ufunc: np.ufunc
    primitive: Binary


def check_mode(mode: str | None) -> str:
    """The mode, `raise` where none is given; UsageError for one there is not."""
    if mode is None:
        return "raise"
    if mode not in MODES:
        raise UsageError(f"{at_user_line()}: mode {mode!r} is not one of {', '.join(MODES)}")
    return mode


def updated(x: Tracer, index: Any, value: Any, ufunc: np.ufunc | None = None, mode: str | None = None) -> Tracer:
    """`x` after `x[index] = value` or, with a ufunc, `ufunc.at(x, index, value)`."""
    mode = check_mode(mode)
    if isinstance(index, Tracer) and index.dtype == BOOL and not index.is_constant:
        raise UnsupportedError(
            f"{at_user_line()}: an update at a traced mask has a shape that depends on the values; "
            "use np.where(mask, new, x)"
        )
    items = parse(x, index, bounded=mode in BOUNDED)
    if ufunc is None:
        check_element(x, index, items, lift(value))
        return _update(x, items, convert(value, x.dtype), None, mode)
    join = _Join(ufunc, _combine(ufunc, x, value))
    wide = resolve(ufunc, (x, lift(value)), None)[0]
    return convert(_update(convert(x, wide), items, convert(value, wide), join, mode), x.dtype)


def check_element(x: Tracer, index: Any, items: Sequence[Item], value: Tracer) -> None:
    """ShapeError, a ValueError, for an array with axes that is to be one element of `x`.

    NumPy asks it for a number, which only bool() gives of an array of one. Of `x[0, ...]`, an array without axes, the
    value may have axes of one element.
    """
    has_dots = any(i is ... for i in (index if isinstance(index, tuple) else (index,)))
    is_one = not has_dots and all(
        isinstance(i, int) or (isinstance(i, np.ndarray | Tracer) and not i.ndim) for i in items
    )
    if is_one and value.ndim and not (x.dtype == BOOL and value.size == 1):
        raise ShapeError(
            f"{at_user_line()}: setting an array element with a sequence: the value has shape {shape_of(value.shape)}; "
            "of an array of one element v.reshape(()) is a number"
        )


def _combine(ufunc: np.ufunc, x: Tracer, value: Any) -> Binary:
    """The primitive that joins the old and the new element, in the dtype NumPy computes in."""
    if ufunc.nin != 2 or ufunc.nout != 1:
        raise UnsupportedError(f"{at_user_line()}: {qualified_name(ufunc)}.at is not supported on traced arrays")
    dtypes = resolve(ufunc, (x, lift(value)), None)
    found = (_ON_BOOLS if dtypes[0] == BOOL else _COMBINE).get(ufunc)
    if found is None:
        raise UnsupportedError(
            f"{at_user_line()}: {qualified_name(ufunc)}.at on {x.dtype} is not supported on traced arrays"
        )
    if not np.can_cast(dtypes[-1], x.dtype, "same_kind"):
        raise DTypeError(
            f"{at_user_line()}: Cannot cast ufunc '{ufunc.__name__}' output from {dtypes[-1]!r} to {x.dtype!r} with "
            "casting rule 'same_kind'"
        )
    return found


def _update(x: Tracer, items: Sequence[Item], value: Tracer, join: _Join | None, mode: str) -> Tracer:
    from vtrace.frontend.assignment import replaced  # which sends its assignments at traced positions here

    if not any(map(is_array, items)) and (mode in BOUNDED or not any(isinstance(i, int) for i in items)):
        old, mirror = taken(x, items), mirror_index(items)
        new = fitted(value, old.shape, _COMPLAINT)
        whole = new if join is None else UFUNC_HANDLERS[join.ufunc](old, new)  # complex numbers have no primitives
        return replaced(x, lambda positions: positions[mirror], whole)
    items = [np.asarray(i, dtype=np.int64) if isinstance(i, int) else i for i in items]
    part = taken(x, items)  # slices and new axes done: what is left is index arrays, and axes that are taken whole
    new = _rows_updated(part, items, value, None if join is None else join.primitive, mode)
    if is_whole(items, x):
        return reshape(new, x.shape)
    static = [slice(0, x.shape[a], 1) if isinstance(i, np.ndarray | Tracer) else i for a, i in numbered(items)]
    assert is_static(static)
    mirror = mirror_index(static)
    return replaced(x, lambda positions: positions[mirror], new)


def numbered(items: Sequence[Item]) -> list[tuple[int, Item]]:
    """Each item with the number of the axis it is for."""
    axis, result = 0, []
    for item in items:
        result.append((axis, item))
        axis += item is not None
    return result


def is_array(item: Item) -> bool:
    """Whether this is an index array, traced or not, of any rank."""
    return isinstance(item, np.ndarray | Tracer)


def front_of(items: Sequence[Item]) -> int:
    """The axis of the result at which those of the index arrays begin: where they stand, or first if they are apart."""
    places = [n for n, i in enumerate(items) if isinstance(i, int | np.ndarray | Tracer)]
    adjacent = bool(places) and places == list(range(places[0], places[-1] + 1))
    return places[0] if adjacent else 0


def is_whole(items: Sequence[Item], x: Tracer) -> bool:
    """Whether every slice takes all of its axis."""
    return all(not isinstance(i, slice) or i == slice(0, x.shape[a], 1) for a, i in numbered(items))


def _rows_updated(part: Tracer, items: Sequence[Item], value: Tracer, combine: Binary | None, mode: str) -> Tracer:
    """`part` updated, where the items that are index arrays say, one for each axis."""
    places = [n for n, i in enumerate(items) if isinstance(i, np.ndarray | Tracer)]
    values = [i for i in items if isinstance(i, np.ndarray | Tracer)]
    front = front_of(items)
    try:
        shape = np.broadcast_shapes(*(np.shape(v) for v in values))
    except ValueError:
        shapes = " ".join(shape_of(np.shape(v)) for v in values)
        raise IndexOutOfRangeError(
            f"{at_user_line()}: shape mismatch: indexing arrays could not be broadcast together with shapes {shapes}"
        ) from None
    rest = [a for a in range(part.ndim) if a not in places]
    extents = [part.shape[a] for a in places]
    rows = reshape(transpose(part, [*places, *rest]), (count(extents), *(part.shape[a] for a in rest)))
    outer = [part.shape[a] for a in rest]
    wanted = (*outer[:front], *shape, *outer[front:])
    wide = fitted(value, wanted, _COMPLAINT)
    order = [*range(front, front + len(shape)), *range(front), *range(front + len(shape), len(wanted))]
    updates = reshape(transpose(wide, order), (count(shape), *outer))
    index = reshape(broadcast_to(_merged(values, extents, places, mode), shape), (count(shape),))
    new = emit(Scatter(combine, drop=mode in ("drop", "fill")), rows, index, updates)
    axes = [*places, *rest]
    return transpose(reshape(new, tuple(part.shape[a] for a in axes)), np.argsort(axes).tolist())


def _merged(values: Sequence[Any], extents: Sequence[int], axes: Sequence[int], mode: str) -> Tracer:
    """One index into the merged axes; where an index is to be dropped, one past their end."""
    if not values:
        return literal(np.int64(0))
    total: Any = 0
    inside: Any = True
    for n, (value, extent, axis) in enumerate(zip(values, extents, axes, strict=True)):
        at: Any = lift(value)
        if mode == "clip":
            at = np.clip(np.where(at < 0, at + extent, at), 0, extent - 1)
        elif mode == "wrap":
            at = at % extent
        elif mode in ("drop", "fill"):
            at = np.where(at < 0, at + extent, at)
            inside = inside & (at >= 0) & (at < extent)
        elif len(values) > 1 and not at.is_constant:
            at = checked(at, extent, axis)
        total = total + at * count(extents[n + 1 :])
    if mode in ("drop", "fill"):
        total = np.where(inside, total, count(extents))
    return convert(total, INT64)
