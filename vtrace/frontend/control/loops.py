"""Loops: `while` for a condition, `scan` for a number of trips that is known when the function is traced."""

from collections.abc import Callable, Sequence

from vtrace.errors import ArgumentError, DTypeError
from vtrace.frontend.complex_tracer import regroup, split
from vtrace.frontend.control.body import Body, close, trace_body
from vtrace.frontend.control.carry import Words, first_carry, trace_until_fixed
from vtrace.frontend.control.leaf import LeafType, describe, flatten, identifier, leaf_paths, leaf_type
from vtrace.frontend.pytree import Tree, unflatten
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit_all
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import BOOL, ArrayType
from vtrace.ops.control import Scan, While

WHILE_LOOP = Words("while_loop", "body_fun")
SCAN = Words("scan", "f")


def while_loop(
    cond_fun: Callable[[Tree], Tree], body_fun: Callable[[Tree], Tree], init: Tree, words: Words = WHILE_LOOP
) -> Tree:
    """`while cond_fun(carry): carry = body_fun(carry)`, beginning with `init`: the last carry."""
    _, spec, paths = first_carry(init, words)
    names = list(map(identifier, paths))

    def trace(carries: Sequence[LeafType]) -> Body:
        return trace_body(lambda *c: (body_fun(unflatten(spec, c)), None), carries, names, words.loop, "the result")

    carries, body = trace_until_fixed(trace, init, words)
    types = list(map(leaf_type, carries))
    cond = trace_body(lambda *c: cond_fun(unflatten(spec, c)), types, names, words.loop, "the result of cond_fun")
    check_condition(cond.results, words)
    cond_constants, body_constants = cond.constants, body.constants
    loop = While(
        close(cond, cond_constants, [BOOL]),
        close(body, body_constants, [t.dtype for t in carries]),
        len(cond_constants),
        len(body_constants),
    )
    return unflatten(spec, _emit(loop, (*cond_constants, *body_constants), carries, body))


def check_condition(result: Tree, words: Words) -> None:
    """DTypeError unless a condition is one bool."""
    found = describe(result)
    if found != str(ArrayType(BOOL)):
        raise DTypeError(f"{at_user_line()}: {words.loop}: cond_fun must return one bool, not {found}")


def scan(
    f: Callable[[Tree, Tree], Tree], init: Tree, xs: Tree, length: int, reverse: bool, words: Words = SCAN
) -> tuple[Tree, Tree]:
    """`carry, y = f(carry, x)` for each slice x of `xs` along axis 0: the last carry, and all y stacked.

    The caller has checked that every leaf of `xs` has a leading axis of extent `length`.
    """
    _, spec, paths = first_carry(init, words)
    slices, x_spec = flatten(xs)
    x_types = [LeafType(x.type.drop((0,)), False) for x in slices]
    names = [*map(identifier, paths), *map(identifier, leaf_paths(xs, "x"))]

    def pair(*flat: Tracer) -> tuple[Tree, Tree]:
        result = f(unflatten(spec, flat[: len(paths)]), unflatten(x_spec, flat[len(paths) :]))
        check_pair(result)
        carry, y = result
        return carry, y

    def trace(carries: Sequence[LeafType]) -> Body:
        return trace_body(pair, [*carries, *x_types], names, words.loop, "the result of f")

    carries, body = trace_until_fixed(trace, init, words)
    constants = body.constants
    dtypes = [t.dtype for t in (*carries, *body.leaves[len(carries) :])]
    graph = close(body, constants, dtypes)
    loop = Scan(graph, len(constants), len(split(carries)), length, reverse)
    results = _emit(loop, constants, carries, body, slices)
    return unflatten(spec, results[: len(carries)]), unflatten(body.spec.child(1), results[len(carries) :])


def check_pair(result: Tree) -> None:
    """ArgumentError unless what the body of a scan returns is a pair."""
    if not (isinstance(result, tuple | list) and len(result) == 2):
        raise ArgumentError(f"{at_user_line()}: scan: f must return a pair (carry, y), not {describe(result)}")


def _emit(
    loop: While | Scan, constants: Sequence[Tracer], carries: Sequence[Tracer], body: Body, xs: Sequence[Tracer] = ()
) -> list[Tracer]:
    """The results of a loop. A carry is a Python number where it goes in and comes out as one."""
    if not body.leaves:
        return []
    results = emit_all(loop, *constants, *split(carries), *split(xs))
    ys = body.leaves[len(carries) :]
    weak = [a.weak and b.weak for a, b in zip(carries, body.leaves, strict=False)] + [False] * len(ys)
    return regroup(results, [t.dtype for t in (*carries, *ys)], weak)
