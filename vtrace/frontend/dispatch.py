"""The tables from NumPy's functions to ours, and the calls that go through them.

A handler is a Python function with the leading parameters of the NumPy function it stands for. Parameters it does not
have are refused, never ignored.
"""

import inspect
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from vtrace.errors import UnsupportedError
from vtrace.frontend.refusals import WHY
from vtrace.frontend.source import at_user_line, called_by_user
from vtrace.frontend.translation import as_ours

Handler = Callable[..., Any]

FUNCTIONS: dict[Any, tuple[Handler, inspect.Signature]] = {}
"""NumPy function -> what it means for tracers, with the handler's signature."""

UFUNC_HANDLERS: dict[np.ufunc, Handler] = {}
"""Ufunc -> a function of its operands and `dtype`, promotion and broadcasting included."""

_H = TypeVar("_H", bound=Handler)


def implements(*functions: Any) -> Callable[[_H], _H]:
    """Make the decorated function the meaning of NumPy's `functions` for tracers."""

    def register(handler: _H) -> _H:
        for function in functions:
            FUNCTIONS[function] = (handler, inspect.signature(handler))
        return handler

    return register


def qualified_name(function: Any) -> str:
    """`np.sum`, `np.linalg.norm`: as users write it."""
    own = getattr(np, function.__name__, None) is function
    module = getattr(function, "__module__", None) or ("numpy" if own else "")  # ufuncs of other packages do not say
    return f"{module}.{function.__name__}".removeprefix(".").replace("numpy.", "np.", 1)


def call_function(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A NumPy function applied to arguments of which at least one is, or holds, a tracer."""
    name = qualified_name(function)
    if function not in FUNCTIONS:
        raise _refusal(function)
    handler, signature = FUNCTIONS[function]
    given = {
        k: v for k, v in kwargs.items() if v is not np._NoValue and not (v is None and k not in signature.parameters)
    }
    out = given.pop("out", None)
    try:
        bound = signature.bind(*args, **given)
    except TypeError:
        takes = ", ".join(signature.parameters)
        unknown = [k for k in given if k not in signature.parameters]
        what = f"the argument {', '.join(unknown)}" if unknown else "these arguments"
        raise UnsupportedError(
            f"{at_user_line()}: {name} with {what} is not supported on traced arrays; it takes {takes}"
        ) from None
    if out is None:
        out = bound.arguments.pop("out", None)
    with as_ours(name):
        result = handler(*bound.args, **bound.kwargs)
        return result if out is None else _assignment().put_whole(name, out, result)


def _assignment() -> Any:
    from vtrace.frontend import assignment  # built on this module

    return assignment


def _refusal(function: Any) -> UnsupportedError:
    why = WHY.get(function, "nobody has written it yet; write what it does with functions of docs/numpy.md")
    if isinstance(function, np.ufunc) and all(set(t) <= set("O->") for t in function.types):
        why = "a ufunc of Python objects (np.frompyfunc) calls its function with values; call the function itself"
    return UnsupportedError(
        f"{at_user_line()}: {qualified_name(function)} is not supported on traced arrays{called_by_user()}: {why}"
    )


def call_ufunc(ufunc: np.ufunc, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `Tracer.__array_ufunc__` does."""
    name = qualified_name(ufunc)
    with as_ours(name):
        return _call_ufunc(name, ufunc, method, args, kwargs)


def _call_ufunc(name: str, ufunc: np.ufunc, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if ufunc not in UFUNC_HANDLERS and "scipy.special" in sys.modules:
        from vtrace.frontend import scipy_special  # noqa: F401  # registers its handlers
    if ufunc not in UFUNC_HANDLERS:
        raise _refusal(ufunc)
    if method != "__call__":
        return _call_method(ufunc, method, args, kwargs)
    kwargs = {k: v for k, v in kwargs.items() if v is not None}
    outs, where = kwargs.pop("out", (None,) * ufunc.nout), kwargs.pop("where", True)
    if where is not True and (ufunc.signature is not None or any(o is None for o in outs)):
        raise UnsupportedError(
            f"{at_user_line()}: {name} with where= and without out= is not supported on traced arrays, as what it "
            "leaves out has no value; use np.where(condition, result, other)"
        )
    dtype = kwargs.pop("dtype", None)
    options: dict[str, Any] = {
        k: kwargs.pop(k) for k in ("axis", "keepdims") if k in kwargs and ufunc.signature is not None
    }
    if kwargs:
        raise UnsupportedError(
            f"{at_user_line()}: {name} with the argument {', '.join(kwargs)} is not supported on traced arrays"
        )
    if dtype is not None:
        options["dtype"] = np.dtype(dtype)
    result = UFUNC_HANDLERS[ufunc](*args, **options)
    if all(o is None for o in outs):
        return result
    put = _assignment().put_out
    results = result if ufunc.nout > 1 else (result,)
    results = tuple(r if o is None else put(ufunc, o, r, where) for r, o in zip(results, outs, strict=True))
    return results if ufunc.nout > 1 else results[0]


_REDUCTIONS: dict[np.ufunc, Any] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
}


def _call_method(ufunc: np.ufunc, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    (out,) = kwargs.pop("out", None) or (None,)
    if out is not None:
        result = _call_method(ufunc, method, args, kwargs)
        return _assignment().put_whole(f"{qualified_name(ufunc)}.{method}", out, result)
    if method == "reduce" and ufunc in _REDUCTIONS:
        if len(args) == 1:  # a ufunc reduces axis 0 where the function reduces all
            kwargs = {"axis": 0, **kwargs}
        return call_function(_REDUCTIONS[ufunc], args, kwargs)
    if method in ("accumulate", "reduce", "reduceat"):
        from vtrace.frontend import accumulate  # built on this module

        options = {k: v for k, v in kwargs.items() if (v is not None or k == "axis") and v is not np._NoValue}
        if unknown := options.keys() - {"axis", "dtype", "keepdims"}:
            what = f"{qualified_name(ufunc)}.{method} with the argument {', '.join(sorted(unknown))}"
            raise UnsupportedError(f"{at_user_line()}: {what} is not supported on traced arrays")
        return getattr(accumulate, method)(ufunc, *args, **options)
    if method == "outer" and len(args) == 2 and not kwargs:
        x, y = args
        return UFUNC_HANDLERS[ufunc](np.reshape(x, np.shape(x) + (1,) * np.ndim(y)), y)
    if method == "at" and len(args) == 3:
        return _assignment().update_in_place(ufunc, *args)
    raise UnsupportedError(
        f"{at_user_line()}: {qualified_name(ufunc)}.{method} is not supported on traced arrays; reduce, reduceat, "
        "accumulate, outer and at of ufuncs of two operands are"
    )
