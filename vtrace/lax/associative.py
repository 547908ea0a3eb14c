"""`associative_scan`: running results of an associative function."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.errors import ShapeError
from vtrace.frontend.control.leaf import flatten, leaf_paths
from vtrace.frontend.pytree import Tree, unflatten
from vtrace.frontend.source import at_user_line
from vtrace.lax.arguments import arrays, is_tracing, require_callable
from vtrace.lax.scans import scan


def associative_scan(fn: Callable[[Tree, Tree], Tree], elems: Tree, reverse: bool = False, axis: int = 0) -> Tree:
    """The running results of `fn` along `axis`: `[e0, fn(e0, e1), fn(fn(e0, e1), e2), ...]`.

    As in JAX, `fn` gets parts of `elems` that still have `axis`, and must work on each position along it by itself.
    Here the parts have extent 1 there and come in order, from left to right, or from the right with `reverse`: a core
    that computes many examples at once gains nothing from the tree of pairs that JAX makes of it, and with a float
    `fn` the result is that of the plain loop.

    >>> import numpy as np
    >>> associative_scan(np.maximum, np.array([1, 3, 2, 5, 4]))
    array([1, 3, 3, 5, 5])
    >>> associative_scan(np.add, np.array([1.0, 2.0, 3.0]), reverse=True)
    array([6., 5., 3.])
    """
    require_callable("associative_scan", fn=fn)
    leaves, spec = flatten(elems)
    if not is_tracing():
        leaves = [np.asarray(leaf) for leaf in leaves]
    extents = {path: _extent(x, axis, path) for x, path in zip(leaves, leaf_paths(elems, "elems"), strict=True)}
    if len(set(extents.values())) > 1:
        lines = "".join(f"\n  {path}: {extent}" for path, extent in extents.items())
        raise ShapeError(f"{at_user_line()}: associative_scan: the extents of axis {axis} differ:{lines}")
    if not leaves or 0 in extents.values():
        return elems
    rows = [np.moveaxis(x, axis, 0) for x in leaves]
    rows = [x[::-1] if reverse else x for x in rows]

    def parts(slices: Any) -> Tree:
        """Slices without the axis as parts of extent 1."""
        return unflatten(spec, [np.expand_dims(x, axis) for x in slices])

    def step(carry: Tree, x: Any) -> tuple[Tree, Any]:
        result = fn(carry, parts(x))
        return result, [np.squeeze(r, axis) for r in flatten(result)[0]]

    _, following = scan(step, parts([x[0] for x in rows]), [x[1:] for x in rows])
    joined = [np.concatenate([x[:1], rest]) for x, rest in zip(rows, following, strict=True)]
    ordered = [np.moveaxis(x[::-1] if reverse else x, 0, axis) for x in joined]
    result = unflatten(spec, ordered)
    return result if is_tracing() else arrays(result, "associative_scan", "the result")


def _extent(x: Any, axis: int, path: str) -> int:
    shape: tuple[int, ...] = np.shape(x)
    if not -len(shape) <= axis < len(shape):
        raise ShapeError(f"{at_user_line()}: associative_scan: {path} has {len(shape)} axes, so it has no axis {axis}")
    return shape[axis]
