"""Pooling and convolutions: `reduce_window`, `conv` and `conv_general_dilated`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtrace.errors import ArgumentError, ShapeError, UnsupportedError
from vtrace.frontend.core import convert, reshape, transpose
from vtrace.frontend.numpy_linalg import contract
from vtrace.frontend.numpy_movement import moveaxis
from vtrace.frontend.numpy_padding import pad
from vtrace.frontend.promotion import result_type
from vtrace.frontend.sliding import windows
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.lax.arguments import is_tracing

Padding = str | Sequence[tuple[int, int]]


def _finished(result: Any) -> Any:
    """A result outside of a trace as an array; its steps have been computed on constants."""
    return result if is_tracing() else np.array(lift(result).constant())


def _pads(what: str, padding: Padding, extents: Sequence[int], reach: Sequence[int], strides: Sequence[int]) -> Any:
    """What is padded before and after each axis; `reach` is the extent of a window, dilation included."""
    if not isinstance(padding, str):
        pairs = [(int(low), int(high)) for low, high in padding]
        if len(pairs) != len(extents):
            raise ShapeError(f"{at_user_line()}: {what}: padding has {len(pairs)} pairs for {len(extents)} axes")
        if any(p < 0 for pair in pairs for p in pair):
            raise UnsupportedError(f"{at_user_line()}: {what}: negative padding is not supported; take a slice")
        return pairs
    if padding.upper() == "VALID":
        return [(0, 0)] * len(extents)
    if padding.upper() not in ("SAME", "SAME_LOWER"):
        raise ArgumentError(
            f"{at_user_line()}: {what}: padding must be 'VALID', 'SAME', 'SAME_LOWER' or pairs, got {padding!r}"
        )
    totals = [max((-(-n // s) - 1) * s + r - n, 0) for n, r, s in zip(extents, reach, strides, strict=True)]
    lower = padding.upper() == "SAME_LOWER"
    return [((t + 1) // 2, t // 2) if lower else (t // 2, (t + 1) // 2) for t in totals]


def _numbers(what: str, name: str, given: Any, count: int) -> tuple[int, ...]:
    """One positive number for each axis; None is ones."""
    result = (1,) * count if given is None else tuple(map(int, (given,) * count if isinstance(given, int) else given))
    if len(result) != count or min(result, default=1) < 1:
        raise ShapeError(f"{at_user_line()}: {what}: {name} needs a positive number for {count} axes, got {given}")
    return result


def _spread(x: Tracer, dilations: Sequence[int], first: int, fill: Any) -> Tracer:
    """`dilations` - 1 times `fill` between neighbours, along the axes from `first` on."""
    for axis, dilation in enumerate(dilations, start=first):
        if dilation > 1 and x.shape[axis] > 0:
            shape, n = x.shape, x.shape[axis]
            apart = reshape(x, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
            widths = [(0, 0)] * apart.ndim
            widths[axis + 1] = (0, dilation - 1)
            wide: Any = reshape(
                pad(apart, widths, constant_values=fill), (*shape[:axis], n * dilation, *shape[axis + 1 :])
            )
            x = wide[(*(slice(None),) * axis, slice(0, (n - 1) * dilation + 1))]
    return x


_REDUCTIONS: dict[Any, Any] = {
    np.add: lambda x, axes: np.sum(x, axis=axes, dtype=x.dtype),
    np.multiply: lambda x, axes: np.prod(x, axis=axes, dtype=x.dtype),
    np.maximum: lambda x, axes: np.max(x, axis=axes),
    np.minimum: lambda x, axes: np.min(x, axis=axes),
    np.logical_and: lambda x, axes: np.all(x, axis=axes),
    np.logical_or: lambda x, axes: np.any(x, axis=axes),
}
_IDENTITIES: dict[Any, Any] = {np.add: 0, np.multiply: 1, np.logical_and: True, np.logical_or: False}


def reduce_window(
    operand: Any,
    init_value: Any,
    computation: np.ufunc,
    window_dimensions: Sequence[int],
    window_strides: Any = None,
    padding: Padding = "VALID",
    base_dilation: Any = None,
    window_dilation: Any = None,
) -> Any:
    """Every window of `operand` reduced to one element: sums, maxima, minima; pooling.

    Args:
        operand: An array; the result has its dtype, and an element for each window.
        init_value: What each reduction begins with, and what the array is padded with: 0 for sums, -inf for maxima.
        computation: `np.add`, `np.multiply`, `np.maximum`, `np.minimum`, `np.logical_and` or `np.logical_or`.
        window_dimensions, window_strides: The size of a window, and the step to the next one, along each axis.
        padding: "VALID", "SAME", "SAME_LOWER", or a pair of numbers for each axis.
        base_dilation, window_dilation: The steps between elements of `operand`, and between those of a window.

    >>> import numpy as np
    >>> reduce_window(np.arange(8.0).reshape(2, 4), -np.inf, np.maximum, (2, 2), (2, 2))
    array([[5., 7.]])
    """
    x, rank = lift(operand), np.ndim(operand)
    if computation not in _REDUCTIONS:
        known = ", ".join(f"np.{u.__name__}" for u in _REDUCTIONS)
        raise UnsupportedError(f"{at_user_line()}: reduce_window: computation must be one of {known}")
    sizes = _numbers("reduce_window", "window_dimensions", tuple(window_dimensions), rank)
    strides = _numbers("reduce_window", "window_strides", window_strides, rank)
    steps = _numbers("reduce_window", "window_dilation", window_dilation, rank)
    x = _spread(x, _numbers("reduce_window", "base_dilation", base_dilation, rank), 0, init_value)
    x = _padded("reduce_window", x, 0, sizes, strides, steps, padding, init_value)
    seen = windows(x, range(rank), sizes, strides, steps)
    result = _REDUCTIONS[computation](seen, tuple(range(rank)))
    if not (isinstance(init_value, int | float) and init_value == _IDENTITIES.get(computation)):
        result = convert(computation(result, convert(init_value, x.dtype)), x.dtype)
    return _finished(result)


def _padded(
    what: str,
    x: Tracer,
    first: int,
    sizes: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    padding: Padding,
    fill: Any,
) -> Tracer:
    """`x` padded along the axes from `first` on; ShapeError where no window fits."""
    reach = [(k - 1) * d + 1 for k, d in zip(sizes, dilations, strict=True)]
    pads = _pads(what, padding, x.shape[first:], reach, strides)
    if any(map(any, pads)):
        x = pad(x, [(0, 0)] * first + pads, constant_values=fill)
    for extent, k in zip(x.shape[first:], reach, strict=True):
        if extent < k:
            raise ShapeError(f"{at_user_line()}: {what}: a window of {k} does not fit into {extent} elements, padded")
    return x


@dataclass(frozen=True)
class _Layout:
    """Which axes are what: for each array its axes in the order batch (or output), feature (or input), space."""

    lhs: tuple[int, ...]
    rhs: tuple[int, ...]
    out: tuple[int, ...]


def _layout(numbers: Any, rank: int) -> _Layout:
    if numbers is None:
        order = tuple(range(rank))
        return _Layout(order, order, order)
    if isinstance(numbers[0], str):
        lhs, rhs, out = numbers
        space = [c for c in rhs if c not in "OI"]
        if sorted(lhs) != sorted(["N", "C", *space]) or sorted(out) != sorted(lhs) or len(set(rhs)) != rank:
            raise ArgumentError(f"{at_user_line()}: conv: dimension_numbers {numbers} name different axes")
        return _Layout(
            tuple(lhs.index(c) for c in ("N", "C", *space)),
            tuple(rhs.index(c) for c in ("O", "I", *space)),
            tuple(out.index(c) for c in ("N", "C", *space)),
        )
    return _Layout(*(tuple(map(int, n)) for n in numbers))


def conv_general_dilated(
    lhs: Any,
    rhs: Any,
    window_strides: Any,
    padding: Padding,
    lhs_dilation: Any = None,
    rhs_dilation: Any = None,
    dimension_numbers: Any = None,
    feature_group_count: int = 1,
) -> Any:
    """Convolution as in neural networks: sums of products of the kernels `rhs` with windows of `lhs`.

    Args:
        lhs: Batch, features, then the axes of space (NCHW), unless `dimension_numbers` says otherwise.
        rhs: Output features, input features of a group, then the axes of space (OIHW).
        window_strides: The step to the next window along each axis of space.
        padding: "VALID", "SAME", "SAME_LOWER", or a pair of numbers for each axis of space.
        lhs_dilation, rhs_dilation: The steps between elements of `lhs` (for transposed convolutions), and of `rhs`.
        dimension_numbers: Three strings such as ("NHWC", "HWIO", "NHWC"), or three tuples of axes as JAX has them.
        feature_group_count: The features are so many groups, each with output features of its own.

    >>> import numpy as np
    >>> image, kernel = np.arange(16.0).reshape(1, 1, 4, 4), np.ones((1, 1, 3, 3))
    >>> conv_general_dilated(image, kernel, (1, 1), "VALID")
    array([[[[45., 54.],
             [81., 90.]]]])
    """
    what, x, kernel = "conv", lift(lhs), lift(rhs)
    if x.ndim != kernel.ndim or x.ndim < 2:
        raise ShapeError(
            f"{at_user_line()}: conv: operands need one rank, at least 2, got {x.shape} and {kernel.shape}"
        )
    layout = _layout(dimension_numbers, x.ndim)
    dtype = result_type(x, kernel)
    x, kernel = transpose(convert(x, dtype), layout.lhs), transpose(convert(kernel, dtype), layout.rhs)
    space, groups = x.ndim - 2, feature_group_count
    outputs, inputs, sizes = kernel.shape[0], kernel.shape[1], kernel.shape[2:]
    if x.shape[1] != inputs * groups or outputs % groups:
        raise ShapeError(
            f"{at_user_line()}: conv: {x.shape[1]} features of lhs do not fit {groups} groups of kernels with {inputs} "
            f"input and {outputs} output features in all"
        )
    strides = _numbers(what, "window_strides", window_strides, space)
    dilations = _numbers(what, "rhs_dilation", rhs_dilation, space)
    x = _spread(x, _numbers(what, "lhs_dilation", lhs_dilation, space), 2, 0)
    x = _padded(what, x, 2, sizes, strides, dilations, padding, 0)
    result = _products(windows(x, range(2, x.ndim), sizes, strides, dilations), kernel, groups, space)
    return _finished(transpose(result, np.argsort(layout.out).tolist()))


def _products(seen: Tracer, kernel: Tracer, groups: int, space: int) -> Tracer:
    """Windows [*size, batch, features, *places] times kernels [output, features of a group, *size]."""
    batch, places, outputs = seen.shape[space], seen.shape[space + 2 :], kernel.shape[0]
    inside = tuple(range(space))
    if groups == 1:
        # with no axis for a single output feature this is no matrix product, but stays a loop over windows
        one = outputs == 1
        kernel = reshape(kernel, kernel.shape[1:]) if one else kernel
        first = 0 if one else 1
        axes = (tuple(range(first, first + 1 + space)), (space + 1, *inside))
        product = contract("conv", kernel, seen, axes)
        return moveaxis(reshape(product, (outputs, batch, *places)), 0, 1)
    apart = reshape(seen, (*seen.shape[: space + 1], groups, kernel.shape[1], *places))
    each = outputs // groups
    shape = (groups, kernel.shape[1], *kernel.shape[2:]) if each == 1 else (groups, each, *kernel.shape[1:])
    kernels = reshape(kernel, shape)
    first = kernels.ndim - space - 1
    axes = (tuple(range(first, first + 1 + space)), (space + 2, *inside))
    product = contract("conv", kernels, apart, axes, ((0,), (space + 1,)))
    return reshape(moveaxis(reshape(product, (groups, each, batch, *places)), 2, 0), (batch, outputs, *places))


def conv(lhs: Any, rhs: Any, window_strides: Any, padding: Padding) -> Any:
    """`conv_general_dilated` without dilations, for NCHW and OIHW."""
    return conv_general_dilated(lhs, rhs, window_strides, padding)
