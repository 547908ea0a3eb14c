"""Discrete Fourier transforms, which a library computes. Complex arrays are real ones, in pairs along their last axis.

`axes` counts the axes without that one. A transform along an axis that is not mapped needs no axis moved: the library
steps over whatever else there is. `norm` is NumPy's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.ir.primitive import Batched, Batcher, ErrorExample, Example, Library, LibraryPrimitive, primitive
from vtrace.ir.types import Array, ArrayType, Shape, whole_dtype
from vtrace.ops.complex_parts import require_pairs
from vtrace.ops.kinds import FLOATS, require_axes, require_kind
from vtrace.ops.samples import array

NORMS = ("backward", "ortho", "forward")


def _check(name: str, axes: tuple[int, ...], norm: str, x: ArrayType) -> None:
    """ShapeError unless `axes` are different axes of `x`, and of some extent."""
    require_axes(name, tuple(sorted(axes)), x)
    if not axes or any(not isinstance(x.shape[a], int) or x.shape[a] == 0 for a in axes):
        raise ShapeError(f"{name} needs at least one axis and a known extent of at least 1 along it, got {axes} of {x}")
    if norm not in NORMS:
        raise ShapeError(f"{name}: norm must be one of {NORMS}, got {norm!r}")


def _beyond(axes: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """The same axes of an array that has one more, at `axis`."""
    return tuple(a + (a >= axis) for a in axes)


def _resized(shape: Shape, axis: int, extent: int) -> Shape:
    return (*shape[:axis], extent, *shape[axis + 1 :])


def _pairs(x: Array) -> Array:
    return np.stack([x.real, x.imag], axis=-1)


def _complex(x: Array) -> Array:
    return np.ascontiguousarray(x).view(whole_dtype(x.dtype))[..., 0]


@final
@primitive("fft")
@dataclass(frozen=True)
class Fft(LibraryPrimitive):
    """The discrete Fourier transform of complex numbers along `axes`, or its inverse."""

    axes: tuple[int, ...]
    inverse: bool = False
    norm: str = "backward"

    def infer(self, x: ArrayType) -> ArrayType:
        require_pairs("fft", x)
        _check("fft", self.axes, self.norm, x.with_shape(x.shape[:-1]))
        return x

    def evaluate(self, x: Array) -> Array:
        transform: Any = np.fft.ifftn if self.inverse else np.fft.fftn
        return _pairs(transform(_complex(x), axes=self.axes, norm=self.norm))

    def batch(self, b: Batcher, x: Batched) -> Batched:
        axis = x.axis
        assert axis is not None
        if axis == x.type.rank - 1:
            axis -= 1
        return Batched(b.emit(Fft(_beyond(self.axes, axis), self.inverse, self.norm), b.move(x, axis)), axis)

    def call(self, library: Library, out: Array, x: Array) -> None:
        library.fft(out, x, self.axes, self.inverse, self.norm)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for norm in NORMS:
            for inverse in (False, True):
                yield Example(cls((0,), inverse, norm), (array("f64", 4, 2),))
        yield Example(cls((1,)), (array("f32", 3, 5, 2),))
        yield Example(cls((0,)), (array("f32", 16, 3, 2),))
        yield Example(cls((0, 2)), (array("f64", 3, 2, 4, 2),))
        yield Example(cls((1, 0), inverse=True), (array("f64", 3, 4, 2),))
        yield Example(cls((0,)), (array("f64", 1, 2),))
        yield Example(cls((1,)), (array("f64", 0, 3, 2),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((0,)), (array("f64", 3),), ShapeError, "pairs along the last axis")
        yield ErrorExample(cls((1,)), (array("f64", 3, 2),), ShapeError, "are not sorted axes")
        yield ErrorExample(cls((0,)), (array("f64", 0, 2),), ShapeError, "extent of at least 1")
        yield ErrorExample(cls((0,), norm="full"), (array("f64", 3, 2),), ShapeError, "norm must be one of")
        yield ErrorExample(cls((0,)), (array("i64", 3, 2),), DTypeError, "does not work on int64")


@final
@primitive("rfft")
@dataclass(frozen=True)
class Rfft(LibraryPrimitive):
    """The transform of real numbers along `axes`: of the last one only the first half, as the other is its mirror."""

    axes: tuple[int, ...]
    norm: str = "backward"

    def infer(self, x: ArrayType) -> ArrayType:
        require_kind("rfft", x.dtype, FLOATS)
        _check("rfft", self.axes, self.norm, x)
        extent = x.shape[self.axes[-1]]
        assert isinstance(extent, int)
        return x.with_shape((*_resized(x.shape, self.axes[-1], extent // 2 + 1), 2))

    def evaluate(self, x: Array) -> Array:
        return _pairs(np.fft.rfftn(x, axes=self.axes, norm=self.norm))  # type: ignore[arg-type]  # one of NORMS

    def batch(self, b: Batcher, x: Batched) -> Batched:
        assert x.axis is not None
        return Batched(b.emit(Rfft(_beyond(self.axes, x.axis), self.norm), x.value), x.axis)

    def call(self, library: Library, out: Array, x: Array) -> None:
        library.rfft(out, x, self.axes, self.norm)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for norm in NORMS:
            yield Example(cls((0,), norm), (array("f64", 6),))
        yield Example(cls((1,)), (array("f32", 3, 5),))
        yield Example(cls((0,)), (array("f32", 8, 3),))
        yield Example(cls((0, 2)), (array("f64", 3, 2, 4),))
        yield Example(cls((0,)), (array("f64", 1),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((1,)), (array("f64", 3),), ShapeError, "are not sorted axes")
        yield ErrorExample(cls((0,)), (array("f64", 0),), ShapeError, "extent of at least 1")
        yield ErrorExample(cls((0,)), (array("i64", 3),), DTypeError, "does not work on int64")


@final
@primitive("irfft")
@dataclass(frozen=True)
class Irfft(LibraryPrimitive):
    """The inverse of `rfft`: real numbers, `length` of them along the last of `axes`."""

    axes: tuple[int, ...]
    length: int
    norm: str = "backward"

    def infer(self, x: ArrayType) -> ArrayType:
        require_pairs("irfft", x)
        of = x.with_shape(x.shape[:-1])
        _check("irfft", self.axes, self.norm, of)
        if self.length < 1 or of.shape[self.axes[-1]] != self.length // 2 + 1:
            half = self.length // 2 + 1
            raise ShapeError(f"irfft: {self.length} numbers come from {half} along the last axis of {x}")
        return of.with_shape(_resized(of.shape, self.axes[-1], self.length))

    def evaluate(self, x: Array) -> Array:
        z = _complex(x)
        sizes = [*(z.shape[a] for a in self.axes[:-1]), self.length]
        return np.fft.irfftn(z, sizes, self.axes, self.norm)  # type: ignore[arg-type]  # one of NORMS

    def batch(self, b: Batcher, x: Batched) -> Batched:
        axis = x.axis
        assert axis is not None
        if axis == x.type.rank - 1:
            axis -= 1
        return Batched(b.emit(Irfft(_beyond(self.axes, axis), self.length, self.norm), b.move(x, axis)), axis)

    def call(self, library: Library, out: Array, x: Array) -> None:
        library.irfft(out, x, self.axes, self.norm)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        for norm in NORMS:
            yield Example(cls((0,), 6, norm), (array("f64", 4, 2),))
        yield Example(cls((1,), 5), (array("f32", 3, 3, 2),))
        yield Example(cls((0,), 4), (array("f32", 3, 2, 2),))
        yield Example(cls((0, 2), 5), (array("f64", 3, 2, 3, 2),))
        yield Example(cls((0,), 1), (array("f64", 1, 2),))

    @classmethod
    def errors(cls) -> Iterator[ErrorExample]:
        yield ErrorExample(cls((0,), 4), (array("f64", 4, 2),), ShapeError, "4 numbers come from 3")
        yield ErrorExample(cls((0,), 4), (array("f64", 3),), ShapeError, "pairs along the last axis")
