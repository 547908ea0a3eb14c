"""What a compiled program depends on, and how it is read off a call. All checks of `in_axes` and sizes are here."""

from collections.abc import Sequence
from dataclasses import dataclass

from vtrace.api.call import Call
from vtrace.errors import AxesError
from vtrace.frontend.axes import Axes, Axis, batch_size, match_in_axes, resolve_in_axes
from vtrace.frontend.pytree import PyTreeSpec
from vtrace.ir.types import ArrayType, Dim, Symbol, symbols_of

BATCH = Symbol("b")
"""The extent of the batch in graphs."""


@dataclass(frozen=True)
class Mapping:
    """How `vmap` was asked to map."""

    in_axes: Axes
    out_axes: Axes
    axis_size: int | None
    axis_name: str | None
    chunk_size: int | None = None
    progress: bool = False


@dataclass(frozen=True)
class Signature:
    """What a program depends on, beside the function itself: the key of the cache."""

    spec: PyTreeSpec
    """The structure of (args, kwargs)."""
    types: tuple[ArrayType, ...]
    """Of each leaf, for one example."""
    weak: tuple[bool, ...]
    """Which leaves are Python numbers, and so take the dtype of the arrays they meet."""
    axes: tuple[Axis, ...]
    """Where each leaf has its batch axis."""
    size: Dim | None
    """The extent of the batch, usually a symbol; None where nothing is batched."""


class Signatures:
    """Makes the signatures of one function's calls."""

    def __init__(self, what: str, mapping: Mapping | None) -> None:
        self._what = what
        self._mapping = mapping
        self._matched: dict[PyTreeSpec, list[Axis]] = {}

    def of(self, call: Call, types: Sequence[ArrayType], weak: Sequence[bool], symbolic: bool = True) -> Signature:
        """The signature of `call`, whose leaves have these `types`, batch axes included.

        The extent of the batch becomes a symbol, so that every size has the same signature, unless `symbolic` is False
        or only `axis_size` tells it. Raises AxesError where the arguments do not fit what `vmap` was asked.
        """
        if self._mapping is None:
            self._require_static(call, types, types, "give its sizes as numbers")
            return Signature(call.spec, tuple(types), tuple(weak), (None,) * len(types), None)
        matched = self._matched.get(call.spec)
        if matched is None:
            matched = match_in_axes(self._what, self._mapping.in_axes, call.args, call.kwargs, call.roots())
            self._matched[call.spec] = matched
        axes = resolve_in_axes(self._what, types, matched, call.names, call.positional)
        size = batch_size(self._what, types, axes, self._mapping.axis_size, call.names)
        examples = tuple(t if a is None else t.drop((a,)) for t, a in zip(types, axes, strict=True))
        self._require_static(call, types, examples, "only the axis that is mapped may have a symbolic size")
        if symbolic and isinstance(size, int) and any(a is not None for a in axes):
            size = BATCH
        return Signature(call.spec, examples, tuple(weak), tuple(axes), size)

    def _require_static(
        self, call: Call, types: Sequence[ArrayType], examples: Sequence[ArrayType], remedy: str
    ) -> None:
        for position, example in enumerate(examples):
            if symbols_of(example.shape):
                name = call.names()[position]
                raise AxesError(f"{self._what}: argument {name!r} is {types[position]}; {remedy}")
