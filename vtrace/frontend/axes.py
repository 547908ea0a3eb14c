"""`in_axes`, `out_axes` and `axis_size`: checked, matched to the leaves of arguments and results, made non-negative.

Every message says what was asked, what was found and what to do. `what` is how a message names the mapped function,
for example "vmap of custom_dot".
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, cast

import optree

from vtrace.errors import ArgumentError, AxesError
from vtrace.frontend.pytree import PrefixError, Tree, broadcast_prefix, flatten_arguments
from vtrace.ir.types import ArrayType, Dim, Symbol

Axis: TypeAlias = int | None
"""An axis to map over, or None for a value that every example shares."""

Axes: TypeAlias = int | Sequence[Any] | Mapping[Any, Any] | None
"""An axis for everything, or a tree of axes that is a prefix of the arguments or results."""


def check_in_axes(in_axes: Axes) -> Axes:
    """`in_axes` with plain integers; ArgumentError where it is none of what `vmap` takes."""
    if in_axes is not None and isinstance(in_axes, Mapping | str):
        raise ArgumentError(
            "vmap: in_axes must be an int, None, or a tuple or list with one entry per positional argument, "
            f"got {in_axes!r}"
        )
    return _checked("in_axes", in_axes)


def check_out_axes(out_axes: Axes) -> Axes:
    """`out_axes` with plain integers; ArgumentError where it is none of what `vmap` takes."""
    return _checked("out_axes", out_axes)


def check_axis_size(axis_size: int | None) -> int | None:
    """`axis_size` as a plain integer; an error where it is not a size."""
    if axis_size is None:
        return None
    size = _integer(axis_size)
    if size is None:
        raise ArgumentError(f"vmap: axis_size must be an int or None, got {axis_size!r}")
    if size < 0:
        raise AxesError(f"vmap: axis_size must not be negative, got {size}")
    return size


def _integer(x: object) -> int | None:
    if isinstance(x, bool):
        return None
    try:
        return operator.index(x)  # type: ignore[arg-type]  # NumPy integers have __index__ as well
    except TypeError:
        return None


def _checked(name: str, axes: Tree) -> Axes:
    def leaf(x: object) -> Axis:
        if x is None:
            return None
        axis = _integer(x)
        if axis is None:
            raise ArgumentError(f"vmap: {name} must hold integers and None only, got {x!r}")
        return axis

    checked: Tree = optree.tree_map(leaf, axes, none_is_leaf=True)
    return cast(Axes, checked)


def match_in_axes(
    what: str, in_axes: Axes, args: Sequence[Tree], kwargs: Mapping[str, Tree], names: Sequence[str]
) -> list[Axis]:
    """The axis of every leaf of the arguments: positional ones by `in_axes`, keyword arguments along axis 0."""
    if isinstance(in_axes, Sequence):
        if len(in_axes) != len(args):
            hint = "; keyword arguments are always mapped along axis 0 and have no entry" if kwargs else ""
            raise AxesError(
                f"{what}: in_axes has {len(in_axes)} {_plural('entry', 'entries', len(in_axes))}, but the function "
                f"was called with {len(args)} positional {_plural('argument', 'arguments', len(args))}{hint}"
            )
        parts: Sequence[Any] = in_axes
    else:
        parts = [in_axes] * len(args)
    result: list[Axis] = []
    for part, arg, name in zip(parts, args, names, strict=True):
        try:
            result += broadcast_prefix(part, arg, name, number_lists=True)
        except PrefixError as error:
            raise AxesError(f"{what}: in_axes does not have the structure of the arguments: {error}") from None
    return result + [0] * len(flatten_arguments(kwargs)[0])


def match_out_axes(what: str, out_axes: Axes, results: Tree) -> list[Axis]:
    """The axis of every leaf of the results."""
    try:
        return broadcast_prefix(out_axes, results, "the result", number_lists=False)
    except PrefixError as error:
        raise AxesError(f"{what}: out_axes does not have the structure of the results: {error}") from None


def resolve_in_axes(
    what: str, types: Sequence[ArrayType], axes: Sequence[Axis], names: Callable[[], Sequence[str]], positional: int
) -> list[Axis]:
    """`axes` without negative numbers; AxesError where an argument does not have its axis.

    The first `positional` leaves come from positional arguments, which alone have entries in `in_axes`.
    """
    result: list[Axis] = []
    for position, (type, axis) in enumerate(zip(types, axes, strict=True)):
        if axis is None:
            result.append(None)
        elif -type.rank <= axis < type.rank:
            result.append(axis % type.rank)
        else:
            name = names()[position]
            if type.rank == 0:
                remedy = "set its entry of in_axes to None"
                if position >= positional:
                    remedy = "keyword arguments are always mapped: pass it by position, with None in in_axes"
                raise AxesError(
                    f"{what}: argument {name!r} is a scalar ({type}) and has no axis {axis} to map over; "
                    f"{remedy}, or pass an array"
                )
            raise AxesError(
                f"{what}: argument {name!r} is {type} and has no axis {axis}; "
                f"its axes are {-type.rank} to {type.rank - 1}"
            )
    return result


def resolve_out_axes(what: str, types: Sequence[ArrayType], axes: Sequence[Axis], names: Sequence[str]) -> list[Axis]:
    """`axes` without negative numbers; `types` are those of one example's results."""
    result: list[Axis] = []
    for type, axis, name in zip(types, axes, names, strict=True):
        rank = type.rank + 1
        if axis is not None and not -rank <= axis < rank:
            raise AxesError(
                f"{what}: out_axes puts the batch at axis {axis} of {name}, which has {rank} "
                f"{_plural('axis', 'axes', rank)} ({type} for one example and the batch axis)"
            )
        result.append(None if axis is None else axis % rank)
    return result


def batch_size(
    what: str,
    types: Sequence[ArrayType],
    axes: Sequence[Axis],
    axis_size: int | None,
    names: Callable[[], Sequence[str]],
) -> Dim:
    """The extent all mapped axes share; AxesError where they differ, or where there is none and no `axis_size`."""
    sizes: list[Dim] = [t.shape[a] for t, a in zip(types, axes, strict=True) if a is not None]
    if not sizes:
        if axis_size is None:
            if not types:
                raise AxesError(f"{what}: there is no argument to map over; give the batch size as axis_size")
            raise AxesError(
                f"{what}: in_axes is None for every argument, so nothing tells the batch size; "
                "map at least one argument, or give axis_size"
            )
        return axis_size
    if len(set(sizes)) > 1:
        raise AxesError(
            f"{what}: the mapped axes have different sizes\n{_table(types, axes, names())}\n"
            "Mapped axes need one size; set in_axes to None for an argument that every example shares."
        )
    if axis_size is not None and sizes[0] != axis_size and not isinstance(sizes[0], Symbol):
        raise AxesError(f"{what}: axis_size is {axis_size}, but\n{_table(types, axes, names())}")
    return sizes[0]


def _table(types: Sequence[ArrayType], axes: Sequence[Axis], names: Sequence[str]) -> str:
    lines = []
    for type, axis, name in zip(types, axes, names, strict=True):
        if axis is None:
            lines.append(f"  argument {name!r} is {type}, not mapped")
        else:
            lines.append(f"  argument {name!r} is {type}, mapped along axis {axis} of size {type.shape[axis]}")
    return "\n".join(lines)


def _plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many
