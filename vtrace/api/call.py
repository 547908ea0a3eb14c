"""The arguments of one call, flattened, and what its messages call them."""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

from vtrace.frontend.pytree import Tree, argument_paths, flatten_arguments


class Call:
    """`function(*args, **kwargs)`. Names are worked out only when a trace or a message needs them."""

    def __init__(self, function: Callable[..., Any], args: tuple[Tree, ...], kwargs: dict[str, Tree]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.leaves, self.spec = flatten_arguments((args, kwargs))
        self._names: list[str] | None = None

    def names(self) -> list[str]:
        """How the user would write each leaf: `x`, `params['w'][0]`."""
        if self._names is None:
            self._names = []
            for arg, root in zip(self.args, self.roots(), strict=True):
                self._names += argument_paths(arg, root)
            for key in sorted(self.kwargs):
                self._names += argument_paths(self.kwargs[key], key)
        return self._names

    @property
    def positional(self) -> int:
        """How many leaves belong to positional arguments; they come first."""
        return self.spec.child(0).num_leaves

    def roots(self) -> list[str]:
        """The names of the positional arguments."""
        count = len(self.args)
        try:
            parameters = list(signature(self.function).parameters.values())
        except (ValueError, TypeError):  # a function written in C may have no signature
            parameters = []
        names = [p.name for p in parameters if p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
        rest = next((p.name for p in parameters if p.kind is Parameter.VAR_POSITIONAL), None)
        if rest is not None:
            names += [f"{rest}[{i}]" for i in range(count - len(names))]
        return (names + [f"arg{i}" for i in range(len(names), count)])[:count]
