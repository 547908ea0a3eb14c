"""`while_loop` and `fori_loop`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vtrace.errors import DTypeError
from vtrace.frontend import control
from vtrace.frontend.complex_tracer import marked
from vtrace.frontend.control.carry import Words
from vtrace.frontend.control.leaf import LeafType, common_dtype
from vtrace.frontend.control.loops import WHILE_LOOP, check_condition
from vtrace.frontend.core import convert
from vtrace.frontend.pytree import Tree
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DType
from vtrace.lax.arguments import (
    arrays,
    initial,
    is_tracing,
    next_carry,
    require_callable,
    require_integer,
    static_integer,
)

FORI_LOOP = Words("fori_loop", "body_fun", ("i", "carry"))
"""A loop over an index carries the index as well."""


def while_loop(cond_fun: Callable[[Tree], Any], body_fun: Callable[[Tree], Tree], init_val: Tree) -> Tree:
    """`val = init_val; while cond_fun(val): val = body_fun(val)`, and the result is `val`.

    Under `vmap` each example stops at its own trip count; nothing is run for an example that is done.

    Args:
        cond_fun: From the carry to one bool. It may use any traced value of the enclosing functions.
        body_fun: From the carry to the next one, of the same structure, shapes and dtypes. A Python number in
            `init_val` takes the dtype that `body_fun` returns for it.
        init_val: Arrays, numbers, and tuples, lists and dicts of them.

    >>> import numpy as np, vtrace
    >>> halvings = vtrace.vmap(lambda x: while_loop(lambda c: c[0] > 1, lambda c: (c[0] / 2, c[1] + 1), (x, 0))[1])
    >>> halvings(np.array([1.0, 8.0, 1000.0]))
    array([ 0,  3, 10])
    """
    require_callable("while_loop", cond_fun=cond_fun, body_fun=body_fun)
    if is_tracing():
        return control.while_loop(cond_fun, body_fun, init_val)
    carry = initial(init_val)
    while _holds(cond_fun(carry)):
        carry = next_carry(carry, body_fun(carry), WHILE_LOOP)
    return arrays(carry, "while_loop", "carry")


def _holds(condition: Any) -> bool:
    check_condition(condition, WHILE_LOOP)
    return bool(condition)


def fori_loop(
    lower: Any, upper: Any, body_fun: Callable[[Any, Tree], Tree], init_val: Tree, *, unroll: int | bool | None = None
) -> Tree:
    """`val = init_val; for i in range(lower, upper): val = body_fun(i, val)`, and the result is `val`.

    The bounds are integers, traced ones too; under `vmap` each example then has a trip count of its own. Bounds that
    are known while tracing make a loop of a fixed length. Like the `i` of a Python loop, `i` is a Python number if both
    bounds are. `unroll` is accepted for the sake of JAX's users and changes nothing.

    >>> import numpy as np, vtrace
    >>> power = vtrace.vmap(lambda x, n: fori_loop(0, n, lambda i, y: y * x, 1.0))
    >>> power(np.array([2.0, 2.0, 3.0]), np.array([0, 10, 2]))
    array([1.000e+00, 1.024e+03, 9.000e+00])
    """
    require_callable("fori_loop", body_fun=body_fun)
    bounds = [require_integer(lower, "fori_loop", "lower"), require_integer(upper, "fori_loop", "upper")]
    dtype = _index_dtype(bounds)
    weak = all(b.weak for b in bounds)
    if not is_tracing():
        return _python_loop(range(int(lower), int(upper)), dtype, weak, body_fun, init_val)
    first, last = _bound(lower, dtype, weak), _bound(upper, dtype, weak)
    start, stop = static_integer(first), static_integer(last)

    def step(carry: Any) -> Any:
        i, val = carry
        following = i + 1  # before the body, which may assign to what it gets
        return following, body_fun(i, val)

    if start is None or stop is None:
        return control.while_loop(lambda c: c[0] < last, step, (first, init_val), FORI_LOOP)[1]
    trips = max(0, stop - start)
    return control.scan(lambda c, _: (step(c), None), (first, init_val), None, trips, False, FORI_LOOP)[0][1]


def _index_dtype(bounds: list[LeafType]) -> DType:
    dtype = common_dtype(bounds)
    if dtype.kind not in "iu":
        raise DTypeError(
            f"{at_user_line()}: fori_loop: no integer dtype holds both bounds, {bounds[0]} and {bounds[1]}; convert one"
        )
    return dtype


def _bound(value: Any, dtype: DType, weak: bool) -> Tracer:
    return marked(convert(lift(value), dtype), weak)


def _python_loop(
    indices: range, dtype: DType, weak: bool, body_fun: Callable[[Any, Tree], Tree], init_val: Tree
) -> Tree:
    carry = initial(init_val)
    for n in indices:
        i = n if weak else np.asarray(n, dtype)[()]
        carry = next_carry(carry, body_fun(i, carry), Words("fori_loop", "body_fun"))
    return arrays(carry, "fori_loop", "carry")
