"""One of several functions, chosen when the program runs."""

from collections.abc import Callable, Sequence

from vtrace.errors import DTypeError, ShapeError
from vtrace.frontend.complex_tracer import regroup
from vtrace.frontend.control.body import Body, close, merge_constants, trace_body
from vtrace.frontend.control.carry import REMEDY
from vtrace.frontend.control.leaf import LeafType, common_dtype, differences, leaf_paths, leaf_type
from vtrace.frontend.pytree import Tree, unflatten
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import atom_of, current_frame, emit_all
from vtrace.frontend.tracer import Tracer
from vtrace.ir.builder import inline
from vtrace.ir.graph import Graph, Var
from vtrace.ir.types import DTYPES, DType
from vtrace.ops.control import Cond


def branch(index: Tracer, functions: Sequence[Callable[[], Tree]], what: str, names: Sequence[str]) -> Tree:
    """The results of `functions[index]`, the index (i32) clamped. What a function works on it captures.

    ShapeError or DTypeError, showing both, where two functions return different structures or types; `what` and `names`
    are what messages call the branching and the functions.
    """
    assert index.dtype == DTYPES["i32"]
    bodies = [trace_body(f, (), (), what, f"the result of {n}") for f, n in zip(functions, names, strict=True)]
    for body, name in zip(bodies, names, strict=True):
        _check_structure(bodies[0], body, what, names[0], name)
    dtypes = _common_dtypes(bodies, what, names)
    if not dtypes:
        return bodies[0].results
    constants = merge_constants(bodies)
    branches = tuple(close(body, constants, dtypes) for body in bodies)
    results = _chosen(branches, index, constants) if index.is_constant else emit_all(Cond(branches), index, *constants)
    weak = [all(leaves) for leaves in zip(*([t.weak for t in body.leaves] for body in bodies), strict=True)]
    return unflatten(bodies[0].spec, regroup(results, dtypes, weak))


def _chosen(branches: Sequence[Graph], index: Tracer, constants: Sequence[Tracer]) -> list[Tracer]:
    """The results where the index is known after all: the other branches have been checked, and are not needed."""
    frame = current_frame()
    assert frame is not None
    graph = branches[max(0, min(int(index.constant()), len(branches) - 1))]
    atoms = inline(frame.builder, graph, [atom_of(t, frame) for t in constants])
    return [Tracer(a, frame if isinstance(a, Var) else None, False, None) for a in atoms]


def _check_structure(first: Body, other: Body, what: str, first_name: str, name: str) -> None:
    found = list(differences(first.results, other.results, "result"))
    if found:
        lines = "".join(f"\n  {path} is {a} from {first_name}, but {b} from {name}" for path, a, b in found)
        raise ShapeError(f"{at_user_line()}: {what}: all branches must return the same structure:{lines}")


def _common_dtypes(bodies: Sequence[Body], what: str, names: Sequence[str]) -> list[DType]:
    """The dtype of each result. A Python number takes the one that the other branches return."""
    rows = [[leaf_type(t) for t in body.leaves] for body in bodies]
    dtypes, lines, shapes_differ = [], [], False
    for path, leaves in zip(leaf_paths(bodies[0].results, "result"), zip(*rows, strict=True), strict=True):
        dtypes.append(common_dtype(leaves))
        one = next((n for n, leaf in enumerate(leaves) if not leaf.weak), 0)
        other = next((n for n, leaf in enumerate(leaves) if not _agree(leaves[one], leaf)), None)
        if other is not None:
            lines.append(f"\n  {path} is {leaves[one]} from {names[one]}, but {leaves[other]} from {names[other]}")
            shapes_differ |= leaves[one].type.shape != leaves[other].type.shape
    if lines:
        error = ShapeError if shapes_differ else DTypeError
        raise error(f"{at_user_line()}: {what}: all branches must return the same types:{''.join(lines)}\n{REMEDY}")
    return dtypes


def _agree(one: LeafType, other: LeafType) -> bool:
    if one.type.shape != other.type.shape:
        return False
    return one.weak or common_dtype([one, other]) == (one.type if other.weak else other.type).dtype == one.type.dtype
