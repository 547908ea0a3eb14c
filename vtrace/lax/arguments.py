"""What the functions of this package check alike, and how they treat values outside of any trace."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, DTypeError, ShapeError
from vtrace.frontend.control.carry import Words, check_structure, check_types, promoted
from vtrace.frontend.control.leaf import LeafType, check_leaf, flatten, leaf_paths, leaf_type
from vtrace.frontend.pytree import Tree, unflatten
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import current_frame
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import Array


def is_tracing() -> bool:
    """Whether a function is being traced; if not, values are NumPy's and loops are Python's."""
    return current_frame() is not None


def require_callable(what: str, **functions: Any) -> None:
    """ArgumentError unless all of them can be called."""
    for name, function in functions.items():
        if not callable(function):
            raise ArgumentError(f"{at_user_line()}: {what}: {name} must be a function, got {function!r}")


def scalar_type(value: Any, what: str, name: str) -> LeafType:
    """The type of a 0-d argument; ShapeError where it has axes."""
    check_leaf(value, what, name)
    found = leaf_type(value)
    if found.type.rank:
        raise ShapeError(f"{at_user_line()}: {what}: {name} must be a scalar, got {found}")
    return found


def require_integer(value: Any, what: str, name: str) -> LeafType:
    """The type of a 0-d integer argument; an error where it is something else."""
    found = scalar_type(value, what, name)
    if found.type.dtype.kind not in "iu":
        raise DTypeError(f"{at_user_line()}: {what}: {name} must be an integer, got {found}")
    return found


def static_integer(value: Any) -> int | None:
    """The value of an integer that is known while tracing; None for a traced one."""
    if isinstance(value, Tracer):
        return int(value.constant()) if value.is_constant else None
    return int(value)


def fresh(tree: Tree) -> Tree:
    """A tree whose arrays are copies, so that assignment to them changes nothing else."""
    leaves, spec = flatten(tree)
    return unflatten(spec, [np.array(v) if isinstance(v, np.ndarray) else v for v in leaves])


def initial(tree: Tree) -> Tree:
    """A loop's first carry outside of a trace: copies, and no Python bools, of which `~True` is -2."""
    leaves, spec = flatten(fresh(tree))
    return unflatten(spec, [np.bool_(v) if isinstance(v, bool) else v for v in leaves])


def arrays(tree: Tree, what: str, root: str) -> Tree:
    """A result outside of a trace: every leaf an array."""
    leaves, spec = flatten(tree)
    for leaf, path in zip(leaves, leaf_paths(tree, root), strict=True):
        check_leaf(leaf, what, path)
    return unflatten(spec, map(np.asarray, leaves))


def next_carry(taken: Tree, returned: Tree, words: Words) -> Tree:
    """What the body of a loop returned for the carry `taken`, in the types of that carry.

    ShapeError or DTypeError where it does not fit them.
    """
    check_structure(taken, returned, words)
    before, spec = flatten(taken)
    after = flatten(returned)[0]
    types, results = list(map(leaf_type, before)), list(map(leaf_type, after))
    wanted = [promoted(a, b) or a for a, b in zip(types, results, strict=True)]
    check_types(taken, wanted, results, words)
    return unflatten(spec, [_as(v, a, b) for v, a, b in zip(after, results, wanted, strict=True)])


def _as(value: Any, found: LeafType, wanted: LeafType) -> Any:
    as_it_is = (found == wanted and not isinstance(value, bool)) or (wanted.weak and found.weak)
    return value if as_it_is else np.asarray(value, wanted.type.dtype)[()]


def stack(rows: Sequence[Tree]) -> Tree:
    """Trees of one structure as one tree of stacked arrays."""
    _, spec = flatten(rows[0])
    columns = zip(*(flatten(row)[0] for row in rows), strict=True)
    return unflatten(spec, [np.stack(column) for column in columns])


def row(tree: Tree, n: int) -> Tree:
    """Slice `n` along axis 0 of every leaf, copied."""
    leaves, spec = flatten(tree)
    return unflatten(spec, [_copied(leaf[n]) for leaf in leaves])


def _copied(x: Any) -> Array | np.generic:
    return np.array(x) if isinstance(x, np.ndarray) else np.asarray(x)[()]
