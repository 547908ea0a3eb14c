"""`scan` and `map`: loops over the leading axis of arrays."""

from builtins import map as each
from collections.abc import Callable, Sequence
from operator import index as as_index
from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, ShapeError
from vtrace.frontend import control
from vtrace.frontend.control.body import trace_body
from vtrace.frontend.control.carry import first_carry
from vtrace.frontend.control.leaf import LeafType, as_tracer, flatten, leaf_paths, leaf_type
from vtrace.frontend.control.loops import SCAN, check_pair
from vtrace.frontend.pytree import Tree, unflatten
from vtrace.frontend.source import at_user_line
from vtrace.lax.arguments import arrays, fresh, initial, is_tracing, next_carry, require_callable, row, stack


def scan(
    f: Callable[[Tree, Tree], Tree],
    init: Tree,
    xs: Tree = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Tree, Tree]:
    """`carry, y = f(carry, x)` for each slice x of `xs` along axis 0, beginning with `carry = init`.

    Returns the last carry, and all y stacked along a new axis 0. The loop is compiled as a loop, however long it is.

    Args:
        f: From (carry, x) to a pair (carry, y). The carry keeps its structure, shapes and dtypes; a Python number in
            `init` takes the dtype that `f` returns for it. y may have any structure; None means nothing to stack.
        init: The first carry: arrays, numbers, and tuples, lists and dicts of them.
        xs: Arrays with one extent of axis 0, in any structure; None where `length` alone says how often.
        length: The number of trips, needed only without `xs`.
        reverse: Begin with the last slice. Each y lies where its x was.
        unroll: Accepted for the sake of JAX's users. It changes nothing: the code generator unrolls short loops.

    >>> import numpy as np
    >>> total, running = scan(lambda c, x: (c + x, c + x), 0.0, np.array([1.0, 2.0, 3.0]))
    >>> total, running
    (array(6.), array([1., 3., 6.]))
    """
    require_callable("scan", f=f)
    _check_unroll(unroll)
    leaves, spec = flatten(xs)
    trips = _length(leaves, leaf_paths(xs, "xs"), length, "scan")
    if is_tracing():
        tracers = [as_tracer(v, "scan", p) for v, p in zip(leaves, leaf_paths(xs, "xs"), strict=True)]
        return control.scan(f, init, unflatten(spec, tracers), trips, reverse)
    if not trips:
        return _no_trips(f, init, xs)
    carry, ys, slices = initial(init), [], unflatten(spec, each(np.asarray, leaves))
    for n in reversed(range(trips)) if reverse else range(trips):
        result = f(carry, row(slices, n))
        check_pair(result)
        carry = next_carry(carry, result[0], SCAN)
        ys.append(fresh(result[1]))
    return arrays(carry, "scan", "carry"), stack(ys[::-1] if reverse else ys)


def _length(leaves: Sequence[Any], paths: Sequence[str], length: int | None, what: str) -> int:
    """The number of trips that all of `xs` and `length` agree on."""
    found: dict[str, int] = {} if length is None else {"length": as_index(length)}
    for leaf, path in zip(leaves, paths, strict=True):
        shape = np.shape(leaf)
        if not shape:
            raise ShapeError(
                f"{at_user_line()}: {what}: {path} is a scalar, which has no axis to loop over; "
                "a list of numbers is made an array by np.array"
            )
        found[path] = shape[0]
    if not found:
        raise ArgumentError(f"{at_user_line()}: {what}: give xs, or the number of trips as length")
    if len(set(found.values())) > 1:
        lines = "".join(f"\n  {path}: {extent}" for path, extent in found.items())
        raise ShapeError(f"{at_user_line()}: {what}: the extents of axis 0 differ:{lines}")
    (trips,) = set(found.values())
    if trips < 0:
        raise ShapeError(f"{at_user_line()}: {what}: length must not be negative, got {trips}")
    return trips


def _check_unroll(unroll: int | bool) -> None:
    if as_index(unroll) < 0:
        raise ArgumentError(f"{at_user_line()}: scan: unroll must not be negative, got {unroll}")


def _no_trips(f: Callable[[Tree, Tree], Tree], init: Tree, xs: Tree) -> tuple[Tree, Tree]:
    """The result outside of a trace where there is no slice to show the types of the ys: they are traced."""
    carries, carry_spec, paths = first_carry(init, SCAN)
    slices, spec = flatten(xs)
    types = [*each(leaf_type, carries), *(LeafType(leaf_type(x).type.drop((0,)), False) for x in slices)]

    def pair(*flat: Any) -> Any:
        result = f(unflatten(carry_spec, flat[: len(carries)]), unflatten(spec, flat[len(carries) :]))
        check_pair(result)
        return tuple(result)

    names = [*paths, *leaf_paths(xs, "x")]
    body = trace_body(pair, types, names, "scan", "the result of f")
    ys, y_spec = flatten(body.results[1])
    empty = [np.zeros((0, *y.shape), y.dtype) for y in ys]
    return arrays(init, "scan", "carry"), unflatten(y_spec, empty)


def map(f: Callable[[Tree], Tree], xs: Tree, *, batch_size: int | None = None) -> Tree:
    """`np.stack([f(x) for x in xs])`, as a loop: for every structure of `xs` and of what `f` returns.

    Unlike `vmap(f)(xs)` it runs one example after the other and needs memory for just one. `batch_size`, by which JAX
    runs several at once, is accepted and changes nothing.

    >>> import numpy as np
    >>> map(lambda x: x @ x, np.arange(6.0).reshape(3, 2))
    array([ 1., 13., 41.])
    """
    require_callable("map", f=f)
    if batch_size is not None and as_index(batch_size) < 1:
        raise ArgumentError(f"{at_user_line()}: map: batch_size must be positive, got {batch_size}")
    leaves, _ = flatten(xs)
    _length(leaves, leaf_paths(xs, "xs"), None, "map")
    return scan(lambda _, x: (None, f(x)), None, xs)[1]
