"""np.einsum: each operand's repeated letters become diagonals, then operands are contracted two at a time."""

from typing import Any

import numpy as np

from vtrace.errors import ShapeError
from vtrace.frontend.core import broadcast_to, check_dtype, convert, transpose
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_linalg import contract, diagonal
from vtrace.frontend.numpy_movement import squeeze
from vtrace.frontend.numpy_reduction import sum_
from vtrace.frontend.promotion import result_type
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _fail(reason: str) -> ShapeError:
    return ShapeError(f"{at_user_line()}: np.einsum: {reason}")


def _subscripts_of_lists(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """The string form of `einsum(x, [0, 1], y, [1, 2], [0, 2])`."""
    *pairs, out = operands if len(operands) % 2 else (*operands, None)

    def text(axes: Any) -> str:
        return "".join("..." if a is Ellipsis else _LETTERS[a] for a in axes)

    subscripts = ",".join(text(axes) for axes in pairs[1::2])
    return subscripts + ("" if out is None else "->" + text(out)), list(pairs[0::2])


def _expand_ellipsis(text: str, tracers: list[Tracer]) -> tuple[list[str], str]:
    """The letters of each operand and of the result, `...` replaced by letters of its own."""
    left, arrow, right = text.replace(" ", "").partition("->")
    inputs = left.split(",")
    if len(inputs) != len(tracers):
        raise _fail(f"the subscripts {text!r} are for {len(inputs)} operands, got {len(tracers)}")
    spare = [c for c in _LETTERS if c not in text]
    widths = [t.ndim - len(s.replace("...", "")) for s, t in zip(inputs, tracers, strict=True)]
    most = max((w for s, w in zip(inputs, widths, strict=True) if "..." in s), default=0)
    letters = "".join(spare[:most])
    expanded = []
    for subscript, width, tracer in zip(inputs, widths, tracers, strict=True):
        if width < 0 or (width and "..." not in subscript):
            raise _fail(f"the subscripts {subscript!r} do not fit an operand of shape {tracer.shape}")
        expanded.append(subscript.replace("...", letters[most - width :]))
    if arrow:
        return expanded, right.replace("...", letters)
    joined = "".join(expanded)
    return expanded, letters + "".join(sorted(c for c in set(joined) if joined.count(c) == 1 and c not in letters))


def _simplified(x: Tracer, letters: str, wanted: set[str]) -> tuple[Tracer, str]:
    """Repeated letters become diagonals; letters that appear nowhere else are summed."""
    while repeated := next((c for c in letters if letters.count(c) > 1), None):
        i = letters.index(repeated)
        j = letters.index(repeated, i + 1)
        if x.shape[i] != x.shape[j]:
            raise _fail(f"the letter {repeated!r} stands for extents {x.shape[i]} and {x.shape[j]}")
        x, letters = diagonal(x, 0, i, j), letters[:i] + letters[i + 1 : j] + letters[j + 1 :] + repeated
    alone = tuple(i for i, c in enumerate(letters) if c not in wanted)
    if alone:
        x = sum_(x, alone, x.dtype)
        letters = "".join(c for c in letters if c in wanted)
    return x, letters


def _without_ones(x: Tracer, letters: str, extents: dict[str, int]) -> tuple[Tracer, str]:
    """Axes of extent 1 that stand for a longer one are dropped: they broadcast."""
    drop = tuple(i for i, c in enumerate(letters) if x.shape[i] == 1 and extents[c] != 1)
    for i, c in enumerate(letters):
        if i not in drop and x.shape[i] != extents[c]:
            raise _fail(f"the letter {c!r} stands for extents {x.shape[i]} and {extents[c]}")
    return (squeeze(x, drop), "".join(c for i, c in enumerate(letters) if i not in drop)) if drop else (x, letters)


def _pair(x: Tracer, a: str, y: Tracer, b: str, wanted: set[str]) -> tuple[Tracer, str]:
    """Contract two operands; shared letters that are still wanted stay, as batch axes."""
    x, a = _simplified(x, a, wanted | set(b))
    y, b = _simplified(y, b, wanted | set(a))
    shared = [c for c in a if c in b]
    summed, kept = [c for c in shared if c not in wanted], [c for c in shared if c in wanted]
    result = contract(
        "einsum",
        x,
        y,
        ([a.index(c) for c in summed], [b.index(c) for c in summed]),
        ([a.index(c) for c in kept], [b.index(c) for c in kept]),
    )
    return result, "".join([*kept, *(c for c in a if c not in shared), *(c for c in b if c not in shared)])


@implements(np.einsum)
def einsum(*operands: Any, optimize: Any = False, dtype: Any = None) -> Tracer:
    """np.einsum, left to right; `optimize` chooses an order and does not change the result, so it is not needed."""
    text, arrays = (operands[0], list(operands[1:])) if isinstance(operands[0], str) else _subscripts_of_lists(operands)
    tracers = [convert(t, t.dtype) for t in map(lift, arrays)]
    inputs, output = _expand_ellipsis(text, tracers)
    extents: dict[str, int] = {}
    for letters, tracer in zip(inputs, tracers, strict=True):
        for letter, extent in zip(letters, tracer.shape, strict=True):
            extents[letter] = max(extents.get(letter, extent), extent) if extent else 0
    if unknown := [c for c in output if c not in extents or output.count(c) > 1]:
        raise _fail(f"the output subscript {unknown[0]!r} must appear once in the output and in an input")
    target = check_dtype(dtype, "np.einsum") if dtype is not None else result_type(*tracers)
    terms = [_without_ones(convert(t, target), letters, extents) for t, letters in zip(tracers, inputs, strict=True)]
    result, letters = terms[0]
    for position, (tracer, more) in enumerate(terms[1:], start=2):
        wanted = set(output).union(*(s for _, s in terms[position:]))
        result, letters = _pair(result, letters, tracer, more, wanted)
    result, letters = _simplified(result, letters, set(output))
    if missing := [c for c in output if c not in letters]:
        shape = tuple(extents[c] for c in missing)
        result = broadcast_to(result, shape + result.shape)
        letters = "".join(missing) + letters
    return transpose(result, [letters.index(c) for c in output])


@implements(np.einsum_path)
def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Any:
    """The order depends on the shapes alone."""
    shown = [np.broadcast_to(np.int8(0), o.shape) if isinstance(o, Tracer) else o for o in operands]
    return np.einsum_path(*shown, optimize=optimize)
