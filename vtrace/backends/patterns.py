"""Arithmetic on indices that go through a known pattern from lane to lane."""

from collections.abc import Callable
from itertools import pairwise

from vtrace.backends.values import Affine, AnyValue, Pattern, Register, int_constant

Spelled = tuple[Register, tuple[int, ...]]
"""A uniform part, and what is added to it in each lane."""

ZERO = int_constant(0)


def spelled(value: AnyValue, lanes: int) -> Spelled | None:
    """An index lane by lane; None for one whose lanes are known only when the code runs."""
    if isinstance(value, Pattern):
        return value.base, value.offsets
    if isinstance(value, Affine):
        return _split(value.base, tuple(value.step * k for k in range(value.lanes)))
    return _split(value, (0,) * lanes) if value.lanes == 1 else None


def _split(base: Register, offsets: tuple[int, ...]) -> Spelled:
    """What is known of the uniform part goes to the lanes."""
    if base.constant is None:
        return base, offsets
    return ZERO, tuple(o + base.constant for o in offsets)


def combined(
    op: str,
    x: AnyValue,
    y: AnyValue,
    uniform: Callable[[Register, Register], AnyValue],
    known: Callable[[int, int], int],
) -> Spelled | None:
    """`x op y` lane by lane, where one of them is a pattern; None if the result is not one.

    `uniform` and `known` are the operation on uniform indices, as code and on numbers.
    """
    if not isinstance(x, Pattern) and not isinstance(y, Pattern):
        return None
    left, right = spelled(x, y.lanes), spelled(y, x.lanes)
    if left is None or right is None:
        return None
    (base, ours), (other, theirs) = left, right
    fixed = base.constant == 0 and other.constant == 0
    if op in ("div", "rem") and not (fixed and all(theirs)):
        return None
    each = tuple(known(a, b) for a, b in zip(ours, theirs, strict=True))
    if fixed:
        return ZERO, each
    if op == "mul":
        if other.constant != 0 or len(set(theirs)) > 1:
            return None
        other = int_constant(theirs[0])
    moved = uniform(base, other)
    assert isinstance(moved, Register)
    return moved, each


def normal(base: Register, offsets: tuple[int, ...], level: int) -> tuple[int, AnyValue]:
    """What is to be added to the simplest index of these lanes, and that index: uniform, affine, or a pattern."""
    steps = {b - a for a, b in pairwise(offsets)}
    if steps == {0}:
        return offsets[0], base
    if len(steps) == 1:
        return offsets[0], Affine(base, steps.pop(), len(offsets), level)
    return 0, Pattern(base, offsets, level)


def window(offsets: tuple[int, ...], size: int, most: int) -> tuple[int, int] | None:
    """The smallest aligned stretch of 2, 4, 8 ... elements that has all `offsets`, within `size`: start and length."""
    length = 2
    while length <= most:
        start = offsets[0] - offsets[0] % length
        if start + length <= size and all(start <= o < start + length for o in offsets):
            return start, length
        length *= 2
    return None
