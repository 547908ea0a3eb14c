"""`cond` and `switch`: one of several functions is run, the others are not."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, DTypeError
from vtrace.frontend.control import branch
from vtrace.frontend.control.leaf import flatten
from vtrace.frontend.core import alias, convert
from vtrace.frontend.pytree import Tree, unflatten
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import BOOL, DTYPES
from vtrace.lax.arguments import arrays, fresh, is_tracing, require_callable, require_integer, scalar_type

_INT32 = DTYPES["i32"]
_NONE: Any = object()


def cond(
    pred: Any,
    true_fun: Callable[..., Tree],
    false_fun: Callable[..., Tree],
    *operands: Tree,
    operand: Tree = _NONE,
) -> Tree:
    """`true_fun(*operands) if pred else false_fun(*operands)`.

    Under `vmap` each example runs its own branch, and only that. The branches must return the same structure and types;
    a Python number takes the dtype that the other branch returns.

    Args:
        pred: A scalar; a number counts as true unless it is zero.
        true_fun: Called with the operands. It may use any traced value of the enclosing functions as well.
        false_fun: The same for the other case.
        operands: Arrays, and tuples, lists and dicts of them.
        operand: One operand, by name.

    >>> import numpy as np, vtrace
    >>> root = vtrace.vmap(lambda x: cond(x > 0, np.sqrt, lambda x: 0 * x, x))
    >>> root(np.array([4.0, -4.0, 9.0]))
    array([ 2., -0.,  3.])
    """
    if operand is not _NONE:
        operands = (*operands, operand)
    require_callable("cond", true_fun=true_fun, false_fun=false_fun)
    dtype = scalar_type(pred, "cond", "pred").type.dtype
    if dtype.kind not in "biufc":
        raise DTypeError(f"{at_user_line()}: cond: pred must be a bool or a number, got {dtype}")
    if not is_tracing():
        return _run(true_fun if pred else false_fun, operands, "cond")
    index = convert(lift(pred) if dtype == BOOL else lift(pred) != 0, _INT32)
    functions = [_applied(f, operands) for f in (false_fun, true_fun)]
    return branch(index, functions, "cond", ["false_fun", "true_fun"])


def switch(index: Any, branches: Sequence[Callable[..., Tree]], *operands: Tree, operand: Tree = _NONE) -> Tree:
    """`branches[index](*operands)`, where an index outside is clamped to the first or the last branch.

    Under `vmap` each example runs its own branch, and only that. The branches must return the same structure and types.

    >>> import numpy as np, vtrace
    >>> step = vtrace.vmap(lambda k, x: switch(k, [lambda x: x, lambda x: 2 * x, np.square], x))
    >>> step(np.array([0, 1, 2, 7]), np.array([3.0, 3.0, 3.0, 3.0]))
    array([3., 6., 9., 9.])
    """
    if operand is not _NONE:
        operands = (*operands, operand)
    functions = list(branches)
    if not functions:
        raise ArgumentError(f"{at_user_line()}: switch: there must be at least one branch")
    names = [f"branches[{n}]" for n in range(len(functions))]
    for name, function in zip(names, functions, strict=True):
        require_callable("switch", **{name: function})
    dtype = require_integer(index, "switch", "index").type.dtype
    last = len(functions) - 1
    if not is_tracing():
        return _run(functions[max(0, min(int(index), last))], operands, "switch")
    number: Any = lift(index)
    if dtype.itemsize > 2 and dtype != _INT32:  # clamped before it is narrowed; the others fit
        number = np.minimum(number, last) if dtype.kind == "u" else np.clip(number, 0, last)
    return branch(convert(number, _INT32), [_applied(f, operands) for f in functions], "switch", names)


def _run(function: Callable[..., Tree], operands: Sequence[Tree], what: str) -> Tree:
    return arrays(function(*fresh(tuple(operands))), what, "the result")


def _applied(function: Callable[..., Tree], operands: Sequence[Tree]) -> Callable[[], Tree]:
    """`function` of the operands, to be called inside its own frame: what it assigns to is its own."""
    return partial(_call, function, operands)


def _call(function: Callable[..., Tree], operands: Sequence[Tree]) -> Tree:
    leaves, spec = flatten(tuple(operands))
    own = [alias(lift(v)) if isinstance(v, Tracer | np.ndarray) else v for v in leaves]
    return function(*unflatten(spec, own))
