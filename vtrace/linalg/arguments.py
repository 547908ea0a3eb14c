"""What the functions of this package do with their arguments."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from vtrace.errors import UnsupportedError
from vtrace.frontend.numpy_creation import holds_tracer
from vtrace.frontend.source import at_user_line

_P = ParamSpec("_P")
_R = TypeVar("_R")


def as_scipy(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """SciPy's function of that name, but `function` where an argument is traced."""

    @functools.wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> Any:
        if holds_tracer([*args, *kwargs.values()]):
            return function(*args, **kwargs)
        import scipy.linalg  # SciPy takes a while to import

        return getattr(scipy.linalg, function.__name__)(*args, **kwargs)

    return call


def refuse(name: str, **options: Any) -> None:
    """UnsupportedError for the first option that is set."""
    for option, value in options.items():
        if value:
            raise UnsupportedError(
                f"{at_user_line()}: vtrace.linalg.{name} with {option}={value!r} is not supported on traced arrays"
            )


def triangle(x: Any, lower: bool, strict: bool = False) -> Any:
    """The lower or the upper triangle of each matrix, zeros elsewhere; without the diagonal if `strict`."""
    return np.tril(x, -1 if strict else 0) if lower else np.triu(x, 1 if strict else 0)
