"""`np.vectorize` as a `vmap` over all axes that arguments have more than the function takes."""

import re
from collections.abc import Callable, Collection
from functools import partial, wraps
from typing import Any

import numpy as np

from vtrace.api import jit, vmap
from vtrace.errors import ArgumentError, ShapeError
from vtrace.frontend.core import shape_of
from vtrace.frontend.numpy_creation import asarray
from vtrace.frontend.pytree import flatten_results, unflatten
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import is_weak_scalar

_DIMENSIONS = r"\((?:\w+(?:,\w+)*)?\)"
_LIST = rf"{_DIMENSIONS}(?:,{_DIMENSIONS})*"

Core = tuple[str, ...]
"""The names of the axes that the function itself takes of an argument, or gives a result."""


def vectorize(
    pyfunc: Callable[..., Any] | None = None,
    *,
    excluded: Collection[int | str] = frozenset(),
    signature: str | None = None,
) -> Any:
    """A function of single elements, or of arrays as the signature tells, made one of arrays that broadcast.

    As `jax.numpy.vectorize`: the function is traced, and `vtrace.vmap` runs it over all leading axes of its arguments,
    which are broadcast by NumPy's rules. Within a traced function it is part of that. Also a decorator.

    Args:
        pyfunc: A function of arrays that returns an array or a tuple of them.
        excluded: Positions and names of arguments that are given to the function as they are. They are constants of the
            compiled program: another value is another program.
        signature: The axes that the function itself takes and gives, such as "(n,m),(m)->(n)"; axes of one name have
            one extent. If None, it takes numbers, and gives what it likes.

    Raises:
        ArgumentError: For a signature that is none, or another number of arguments or results than it has.
        ShapeError: When called, for axes that do not fit the signature or do not broadcast.

    Keyword arguments that are not excluded broadcast like others; in a signature they follow those by position. An
    argument that is None is excluded.

    >>> outer = vectorize(lambda x, y: x[:, None] * y, signature="(n),(m)->(n,m)")
    >>> outer(np.ones((4, 1, 2)), np.ones((5, 3))).shape
    (4, 5, 2, 3)
    """
    if pyfunc is None:
        return partial(vectorize, excluded=excluded, signature=signature)
    if not all(isinstance(e, str) or e >= 0 for e in excluded):
        raise ArgumentError(f"vectorize: excluded are names, and positions that are not negative, got {excluded!r}")
    wanted = None if signature is None else _parsed(signature)
    mapped: dict[Any, Any] = {}

    @wraps(pyfunc)
    def vectorized(*args: Any, **kwargs: Any) -> Any:
        given: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
        constants = {k: v for k, v in given.items() if k in excluded or v is None}
        arrays = {k: v if is_weak_scalar(v) else asarray(v) for k, v in given.items() if k not in constants}
        cores = _cores(wanted, given, constants)
        shapes = {k: np.shape(x)[: np.ndim(x) - len(cores[k])] for k, x in arrays.items()}
        sizes: dict[str, int] = {}
        for k, x in arrays.items():
            _check(sizes, np.shape(x)[len(shapes[k]) :], cores[k], f"argument {k}")
        loops = _broadcast(shapes)
        levels = tuple(tuple(0 if has else None for has in axis) for axis in loops if any(axis))

        number, names, traced = len(args), tuple(kwargs), tuple(arrays)  # not the arrays, as what is mapped is kept

        def one(*values: Any) -> Any:
            every = {**constants, **dict(zip(traced, values, strict=True))}
            result = pyfunc(*(every[n] for n in range(number)), **{k: every[k] for k in names})
            if wanted is not None:
                _check_results(dict(sizes), result, wanted[1])
            return result

        key = (levels, number, names, tuple(sizes.items()), *((k, type(v), v) for k, v in constants.items()))
        if any(not isinstance(v, int | str | None) for v in constants.values()):
            function = _over(levels, one)
        elif key in mapped:
            function = mapped[key]
        else:
            function = mapped[key] = _over(levels, one)
        results, structure = flatten_results(function(*map(_squeezed, arrays.values(), shapes.values())))
        ones = tuple(n for n, axis in enumerate(loops) if not any(axis))
        return unflatten(structure, [np.expand_dims(r, ones) for r in results])

    return vectorized


def _over(levels: tuple[Any, ...], function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` mapped over an axis for each level, the first one outermost."""
    if not levels:
        return jit(function)
    for in_axes in reversed(levels):
        function = vmap(function, in_axes)
    return function


def _squeezed(x: Any, shape: tuple[int, ...]) -> Any:
    """`x` without those axes of 1 that lead."""
    return np.squeeze(x, tuple(n for n, extent in enumerate(shape) if extent == 1)) if shape else x


def _broadcast(shapes: dict[Any, tuple[int, ...]]) -> list[list[bool]]:
    """For each axis of what the shapes broadcast to, which of them have more than 1 there."""
    try:
        rank = len(np.broadcast_shapes(*shapes.values()))
    except ValueError:
        each = " ".join(map(shape_of, shapes.values()))
        raise ShapeError(
            f"{at_user_line()}: vectorize: arguments could not be broadcast together with shapes {each}"
        ) from None
    wide = [(1,) * (rank - len(shape)) + shape for shape in shapes.values()]
    return [[shape[n] != 1 for shape in wide] for n in range(rank)]


def _parsed(signature: str) -> tuple[list[Core], list[Core]]:
    """The axes of arguments and of results."""
    text = signature.replace(" ", "")
    if not re.fullmatch(f"{_LIST}->{_LIST}", text):
        raise ArgumentError(f"vectorize: not a valid gufunc signature: {signature!r}")
    inputs, outputs = (
        [tuple(re.findall(r"\w+", core)) for core in re.findall(_DIMENSIONS, side)] for side in text.split("->")
    )
    return inputs, outputs


def _cores(wanted: Any, given: dict[Any, Any], constants: dict[Any, Any]) -> dict[Any, Core]:
    """The axes that the function itself takes of each argument; the signature leaves out what is excluded."""
    if wanted is None:
        return dict.fromkeys(given, ())
    names = [k for k in given if k not in constants]
    if len(names) != len(wanted[0]):
        raise ArgumentError(
            f"{at_user_line()}: vectorize: wrong number of arguments: expected {len(wanted[0])}, got {len(names)}"
        )
    return dict(zip(names, wanted[0], strict=True))


def _check(sizes: dict[str, int], shape: tuple[int, ...], core: Core, what: str) -> None:
    """ShapeError unless axes of one name have one extent; those that are new are added to `sizes`."""
    if len(shape) != len(core):
        raise ShapeError(
            f"{at_user_line()}: vectorize: {what} does not have the core dimensions ({','.join(core)}), its shape is "
            f"{shape_of(shape)}"
        )
    for name, extent in zip(core, shape, strict=True):
        if sizes.setdefault(name, extent) != extent:
            raise ShapeError(
                f"{at_user_line()}: vectorize: inconsistent size for core dimension {name!r}: {extent} in {what}, and "
                f"{sizes[name]} before"
            )


def _check_results(sizes: dict[str, int], result: Any, cores: list[Core]) -> None:
    results = result if isinstance(result, tuple) else (result,)
    if len(results) != len(cores):
        raise ArgumentError(
            f"{at_user_line()}: vectorize: wrong number of results: expected {len(cores)}, got {len(results)}"
        )
    for number, (value, core) in enumerate(zip(results, cores, strict=True)):
        _check(sizes, np.shape(value), core, f"result {number}")
