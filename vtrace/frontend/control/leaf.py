"""Nested values of control flow: their leaves, what those are called, and where two structures part.

Nodes are those of JAX: every list is one, of numbers too, and None is an empty one, so that `return carry, None` means
that there is nothing to stack.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optree

from vtrace.errors import ArgumentError
from vtrace.frontend.pytree import PyTreeSpec, Tree
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import is_weak_scalar, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import ArrayType, DType, type_of


def flatten(tree: Tree) -> tuple[list[Any], PyTreeSpec]:
    """Leaves and structure."""
    return optree.tree_flatten(tree)


def leaf_paths(tree: Tree, root: str) -> list[str]:
    """How the user would write each leaf of the tree called `root`: `carry['x'][0]`."""
    return [a.codify(root) for a in optree.tree_accessors(tree)]


def identifier(path: str) -> str:
    """`path` as the name of a graph's input: `carry_x_0`."""
    return re.sub(r"\W+", "_", path).strip("_")


@dataclass(frozen=True)
class LeafType:
    """What a leaf is; `weak` marks a Python number, which takes the dtype of the arrays it meets."""

    type: ArrayType
    weak: bool

    def __str__(self) -> str:
        return str(self.type)


def leaf_type(value: Any) -> LeafType:
    """The type of a tracer, an array or a number."""
    if isinstance(value, Tracer):
        return LeafType(value.type, value.weak)
    return LeafType(type_of(np.asarray(value)), is_weak_scalar(value))


def common_dtype(leaves: Sequence[LeafType]) -> DType:
    """The dtype NumPy gives an array that holds all of `leaves`."""
    return np.result_type(*(_number(leaf) if leaf.weak else leaf.type.dtype for leaf in leaves))


def _number(leaf: LeafType) -> complex:
    return {"f": 0.0, "c": 0j}.get(leaf.type.dtype.kind, 0)


def as_tracer(value: Any, what: str, path: str) -> Tracer:
    """A leaf as a tracer; ArgumentError for what is not an array, which is called `path`."""
    check_leaf(value, what, path)
    return lift(value)


def check_leaf(value: Any, what: str, path: str) -> None:
    """ArgumentError unless `value`, which is called `path`, is an array or a number."""
    if not isinstance(value, Tracer | np.ndarray | np.generic | bool | int | float | complex) and not hasattr(
        value, "__array__"
    ):
        raise ArgumentError(
            f"{at_user_line()}: {what}: {path} is a {type(value).__name__}, not an array; values are arrays, numbers, "
            "None, and tuples, lists and dicts of them"
        )


def differences(one: Tree, two: Tree, root: str) -> Iterator[tuple[str, str, str]]:
    """Where two structures part: (path, what is there in `one`, what is there in `two`)."""
    if optree.tree_is_leaf(one) or optree.tree_is_leaf(two):
        if not (optree.tree_is_leaf(one) and optree.tree_is_leaf(two)):
            yield root, describe(one), describe(two)
        return
    if one is None and two is None:
        return
    parts, _, keys, _ = optree.tree_flatten_one_level(one)
    others, _, names, _ = optree.tree_flatten_one_level(two)
    if type(one) is not type(two) or keys != names:
        yield root, describe(one), describe(two)
        return
    paths = optree.tree_accessors(one, lambda x: x is not one, none_is_leaf=True)
    for part, other, path in zip(parts, others, paths, strict=True):
        yield from differences(part, other, path.codify(root))


def describe(tree: Tree) -> str:
    """What a tree is at its root: `a tuple of length 2`, `f64[3]`."""
    if tree is None:
        return "None"
    if optree.tree_is_leaf(tree):
        return str(leaf_type(tree))
    if isinstance(tree, dict):
        return f"a dict with the keys {', '.join(map(repr, tree))}" if tree else "an empty dict"
    if type(tree) in (tuple, list):
        return f"a {type(tree).__name__} of length {len(tree)}"
    return f"a {type(tree).__name__}"
