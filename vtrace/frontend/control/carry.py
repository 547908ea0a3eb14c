"""The types of what a loop carries from one trip to the next.

They are those of the first carry, and the body must return them. The exception is a Python number: it takes the dtype
that the body gives it, as it would in Python, where the second trip sees what the first one returned.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vtrace.errors import DTypeError, ShapeError
from vtrace.frontend.complex_tracer import marked
from vtrace.frontend.control.body import Body
from vtrace.frontend.control.leaf import (
    LeafType,
    as_tracer,
    common_dtype,
    differences,
    flatten,
    leaf_paths,
    leaf_type,
)
from vtrace.frontend.core import convert
from vtrace.frontend.pytree import PyTreeSpec, Tree
from vtrace.frontend.source import at_user_line
from vtrace.frontend.tracer import Tracer

MAX_PROMOTIONS = 2
"""A number that meets a float becomes one; another that is made of it may follow. More than that is an error."""

REMEDY = "Convert what goes in or what comes out, for example with x.astype(dtype)"


@dataclass(frozen=True)
class Words:
    """What messages call a loop, the function that is its body, and the carry."""

    loop: str
    body: str
    roots: tuple[str, ...] = ()
    """The names of the carry's parts, where the carry is a tuple that the user does not see."""

    def parts(self, tree: Tree) -> list[tuple[str, Tree]]:
        """The parts of a carry by their names."""
        return list(zip(self.roots, tree, strict=True)) if self.roots else [("carry", tree)]

    def paths(self, tree: Tree) -> list[str]:
        """How the user would write each leaf of a carry."""
        return [path for root, part in self.parts(tree) for path in leaf_paths(part, root)]


def first_carry(tree: Tree, words: Words) -> tuple[list[Tracer], PyTreeSpec, list[str]]:
    """The leaves of the first carry as tracers, its structure, and what messages call the leaves."""
    leaves, spec = flatten(tree)
    paths = words.paths(tree)
    return [as_tracer(v, words.loop, p) for v, p in zip(leaves, paths, strict=True)], spec, paths


def trace_until_fixed(
    trace: Callable[[Sequence[LeafType]], Body], init: Tree, words: Words
) -> tuple[list[Tracer], Body]:
    """The first carries, in the types that the loop keeps, and its body traced for them.

    `trace` traces the body, which returns (carry, whatever else), for carries of given types. ShapeError or DTypeError
    where the body changes the structure or a type.
    """
    carries, _, _ = first_carry(init, words)
    for promotions_left in reversed(range(MAX_PROMOTIONS + 1)):
        taken = list(map(leaf_type, carries))
        body = trace(taken)
        check_structure(init, body.results[0], words)
        returned = list(map(leaf_type, flatten(body.results[0])[0]))
        wanted = [promoted(a, b) or a for a, b in zip(taken, returned, strict=True)]
        if wanted == taken or not promotions_left:
            break
        carries = list(map(_as, carries, wanted))
    check_types(init, taken, returned, words)
    return carries, body


def _as(tracer: Tracer, wanted: LeafType) -> Tracer:
    if leaf_type(tracer) == wanted:
        return tracer
    result = convert(tracer, wanted.type.dtype)
    return marked(result, wanted.weak)


def promoted(taken: LeafType, returned: LeafType) -> LeafType | None:
    """The type of a carry that goes in as `taken` and comes out as `returned`; None where the two do not agree."""
    if taken.type.shape != returned.type.shape:
        return None
    dtype = common_dtype([taken, returned])
    if dtype == taken.type.dtype and (returned.weak or returned.type.dtype == dtype):
        return taken
    return LeafType(taken.type.with_dtype(dtype), returned.weak) if taken.weak else None


def check_structure(init: Tree, returned: Tree, words: Words) -> None:
    """ShapeError, showing both, where the body does not return a carry of the structure it takes."""
    pairs = zip(words.parts(init), words.parts(returned), strict=True)
    found = [found for (root, one), (_, two) in pairs for found in differences(one, two, root)]
    if found:
        lines = "".join(f"\n  {path} is {one}, but {words.body} returns {two}" for path, one, two in found)
        raise ShapeError(f"{at_user_line()}: {words.loop}: the carry must keep its structure:{lines}")


def check_types(init: Any, taken: Sequence[LeafType], returned: Sequence[LeafType], words: Words) -> None:
    """ShapeError or DTypeError, showing both leaf by leaf, where the body returns a carry of another type."""
    paths = words.paths(init)
    wrong = [(p, a, b) for p, a, b in zip(paths, taken, returned, strict=True) if promoted(a, b) != a]
    if wrong:
        lines = "".join(f"\n  {path} is {a}, but {words.body} returns {b}" for path, a, b in wrong)
        error = ShapeError if any(a.type.shape != b.type.shape for _, a, b in wrong) else DTypeError
        raise error(f"{at_user_line()}: {words.loop}: the carry must keep its type:{lines}\n{REMEDY}")
