"""`debug_print`."""

from typing import Any

import numpy as np

from vtrace.errors import ArgumentError
from vtrace.frontend.boundary import in_pairs
from vtrace.frontend.control.leaf import check_leaf
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit_all, lift
from vtrace.ir.types import static_shape
from vtrace.lax.arguments import is_tracing
from vtrace.ops.debug_print import DebugPrint


def debug_print(fmt: str, *args: Any, **kwargs: Any) -> None:
    """Print `fmt.format(*args, **kwargs)` while the program runs, with the values that the arguments have then.

    Under `vmap` every line names its example, and all lines of one example come together, in its order. A program that
    prints is run by the interpreter, one example after the other, not as machine code: take it out again when the
    fault is found.

    >>> import numpy as np, vtrace
    >>> @vtrace.vmap
    ... def halve(x):
    ...     def step(x):
    ...         debug_print("x = {x:.2f}", x=x)
    ...         return x / 2
    ...     return vtrace.lax.while_loop(lambda x: x > 1, step, x)
    >>> halve(np.array([1.5, 3.0]))
    [example 0] x = 1.50
    [example 1] x = 3.00
    [example 1] x = 1.50
    array([0.75, 0.75])
    """
    if not isinstance(fmt, str):
        raise ArgumentError(f"{at_user_line()}: debug_print: the first argument is the format, a string, got {fmt!r}")
    for name, value in (*((f"argument {n}", v) for n, v in enumerate(args)), *kwargs.items()):
        check_leaf(value, "debug_print", name)
    plain = DebugPrint(fmt, tuple(kwargs))
    if not is_tracing():
        plain.evaluate_all(*map(np.asarray, (*args, *kwargs.values())))
        return
    values = [lift(v) for v in (*args, *kwargs.values())]
    try:
        plain.text(*(np.zeros(static_shape(v.type.shape), v.dtype) for v in values))
    except (IndexError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise ArgumentError(f"{at_user_line()}: debug_print: {fmt!r} does not fit the arguments: {error}") from None
    complex_ones = tuple(n for n, v in enumerate(values) if v.dtype.kind == "c")
    emit_all(DebugPrint(fmt, tuple(kwargs), complex_ones), *map(in_pairs, values))
