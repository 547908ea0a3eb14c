"""Nested arguments and results: flattened to leaves and a structure, by optree.

Nodes are tuples, lists, dicts, named tuples and whatever is registered with optree; everything else is a leaf. Two
rules differ from JAX, for NumPy's sake:

- A list of numbers, nested or not, is an array, as it is for `np.asarray`: `[[1, 2], [3, 4]]` is one leaf. This holds
  for arguments; in results a list is always a node.
- None is a leaf, and not an array: an argument that is None is an error instead of silently nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import optree
from optree import PyTreeSpec as PyTreeSpec

Tree: TypeAlias = Any
"""A nested structure of leaves."""

_NUMBERS = (int, float, complex, np.number, np.bool_)


def is_number_list(x: object) -> bool:
    """Whether `x` is a list that holds numbers, or such lists, and nothing else: what NumPy users mean as an array."""
    return isinstance(x, list) and _only_numbers(x) and _any_number(x)


def _only_numbers(x: list[Any]) -> bool:
    return all(_only_numbers(e) if isinstance(e, list) else isinstance(e, _NUMBERS) for e in x)


def _any_number(x: list[Any]) -> bool:
    return any(_any_number(e) if isinstance(e, list) else True for e in x)


def flatten_arguments(tree: Tree) -> tuple[list[Any], PyTreeSpec]:
    """Leaves and structure of arguments, where a list of numbers is a leaf."""
    return optree.tree_flatten(tree, is_number_list, none_is_leaf=True)


def flatten_results(tree: Tree) -> tuple[list[Any], PyTreeSpec]:
    """Leaves and structure of results, where every list is a node."""
    return optree.tree_flatten(tree, none_is_leaf=True)


def unflatten(spec: PyTreeSpec, leaves: Iterable[Any]) -> Tree:
    return optree.tree_unflatten(spec, leaves)


def argument_paths(tree: Tree, root: str) -> list[str]:
    """How the user would write each leaf of the argument called `root`: `params['w'][0]`."""
    return [a.codify(root) for a in optree.tree_accessors(tree, is_number_list, none_is_leaf=True)]


def result_paths(tree: Tree, root: str) -> list[str]:
    """The same for results."""
    return [a.codify(root) for a in optree.tree_accessors(tree, none_is_leaf=True)]


class PrefixError(Exception):
    """A tree that should be a prefix of another is not; the message names both, at the place where they part."""


def broadcast_prefix(prefix: Tree, tree: Tree, root: str, *, number_lists: bool) -> list[Any]:
    """The leaf of `prefix` that each leaf of `tree` stands under. Tuples and lists match each other.

    Leaves of a prefix are integers and None. Raises PrefixError where the structures differ; `root` is how the
    message calls `tree`.
    """
    if prefix is None or isinstance(prefix, int):
        leaves, _ = flatten_arguments(tree) if number_lists else flatten_results(tree)
        return [prefix] * len(leaves)
    if optree.tree_is_leaf(tree, is_number_list if number_lists else None, none_is_leaf=True):
        raise PrefixError(f"it has {_describe(prefix)} where {root} is {_describe(tree)}")
    parts, _, keys, _ = optree.tree_flatten_one_level(prefix, none_is_leaf=True)
    children, _, names, _ = optree.tree_flatten_one_level(tree, none_is_leaf=True)
    if _kind(prefix) is not _kind(tree) or keys != names:
        raise PrefixError(f"it has {_describe(prefix)} where {root} is {_describe(tree)}")
    paths = optree.tree_accessors(tree, lambda x: x is not tree, none_is_leaf=True)
    result: list[Any] = []
    for part, child, path in zip(parts, children, paths, strict=True):
        result += broadcast_prefix(part, child, path.codify(root), number_lists=number_lists)
    return result


def _kind(tree: Tree) -> type:
    return tuple if isinstance(tree, list) else type(tree)


def _describe(tree: Tree) -> str:
    if isinstance(tree, dict):
        return f"a dict with the keys {', '.join(map(repr, tree))}" if tree else "an empty dict"
    if isinstance(tree, tuple | list) and not is_number_list(tree):
        return f"a {type(tree).__name__} of length {len(tree)}"
    shape: Sequence[int] | None = getattr(tree, "shape", None)
    return "an array" if shape is not None or is_number_list(tree) else f"a single {type(tree).__name__}"
