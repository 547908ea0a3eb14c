"""Fourier transforms of traced arrays: one library call, or where there can be none, in loops, products with a matrix.

`axes` are not negative and `norm` is one of NumPy's; the arrays have the lengths they are to be transformed at.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.errors import UnsupportedError
from vtrace.frontend.boundary import from_pairs, in_pairs
from vtrace.frontend.complex_tracer import ComplexTracer
from vtrace.frontend.core import convert
from vtrace.frontend.numpy_linalg import contract
from vtrace.frontend.numpy_movement import moveaxis
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit, inside_loop, lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import Array, DType, part_dtype
from vtrace.ops.fourier import Fft, Irfft, Rfft

LONGEST_IN_LOOPS = 2048
"""A matrix for more has over 32 MB."""


def complex_transform(x: ComplexTracer, axes: Sequence[int], inverse: bool, norm: str) -> Tracer:
    """The transform of complex numbers along `axes`, or its inverse."""
    if not inside_loop():
        return from_pairs(emit(Fft(tuple(axes), inverse, norm), in_pairs(x)))
    result: Tracer = x
    for axis in axes:
        n = x.shape[axis]
        result = _product(result, axis, _roots(n, n, inverse, norm))
    return result


def real_transform(x: Tracer, axes: Sequence[int], norm: str) -> Tracer:
    """Of real numbers; along the last of `axes` the first half alone."""
    if not inside_loop():
        return from_pairs(emit(Rfft(tuple(axes), norm), x))
    n = x.shape[axes[-1]]
    roots = _roots(n, n // 2 + 1, False, norm)
    re, im = (_product(x, axes[-1], part.astype(x.dtype)) for part in (roots.real, roots.imag))
    half = ComplexTracer(re, im)
    return complex_transform(half, axes[:-1], False, norm)


def real_inverse(x: ComplexTracer, axes: Sequence[int], length: int, norm: str) -> Tracer:
    """The inverse of `real_transform`: `length` real numbers along the last of `axes`."""
    if not inside_loop():
        return emit(Irfft(tuple(axes), length, norm), in_pairs(x))
    whole: Any = complex_transform(x, axes[:-1], True, norm)
    roots = _roots(length, length // 2 + 1, True, norm).T
    twice = np.where((np.arange(length // 2 + 1) * 2) % length == 0, 1, 2)[:, None]  # each stands for its mirror, too
    part = part_dtype(x.dtype)
    re, im = ((roots * twice).real.astype(part), (roots * twice).imag.astype(part))
    result: Any = _product(whole.re, axes[-1], re) - _product(whole.im, axes[-1], im)
    return lift(result)


def _roots(n: int, count: int, inverse: bool, norm: str) -> Array:
    """The matrix of a transform of `n` numbers, from which `count` are wanted."""
    if n > LONGEST_IN_LOOPS:
        raise UnsupportedError(
            f"{at_user_line()}: a Fourier transform of {n} numbers inside of a loop or branch is not supported, as no "
            f"library can be called there; {LONGEST_IN_LOOPS} at most, or transform all before the loop"
        )
    turns = np.outer(np.arange(n), np.arange(count)) % n
    matrix = np.exp((2j if inverse else -2j) * np.pi / n * turns)
    return np.asarray(matrix * _factor(n, inverse, norm))


def _factor(n: int, inverse: bool, norm: str) -> float:
    if norm == "ortho":
        return 1 / math.sqrt(n)
    return 1 / n if (norm == "backward") == inverse else 1.0


def _product(x: Tracer, axis: int, matrix: Array) -> Tracer:
    """`x` with the vectors along `axis` multiplied by a matrix."""
    other = convert(lift(matrix), _like(x.dtype, matrix.dtype))
    return moveaxis(contract("a Fourier transform", x, other, ((axis,), (0,))), -1, axis)


def _like(dtype: DType, of: DType) -> DType:
    return dtype if of.kind == "c" else (part_dtype(dtype) if dtype.kind == "c" else dtype)
