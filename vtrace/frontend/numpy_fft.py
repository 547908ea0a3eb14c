"""`numpy.fft` on traced arrays, by three transforms: of complex numbers, of real ones, and back to real ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from vtrace.errors import DTypeError, ShapeError
from vtrace.frontend.complex_tracer import ComplexTracer
from vtrace.frontend.core import axis_index, convert, static_int
from vtrace.frontend.dispatch import implements
from vtrace.frontend.fourier import complex_transform, real_inverse, real_transform
from vtrace.frontend.numpy_movement import roll
from vtrace.frontend.numpy_padding import pad
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import lift
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import COMPLEX, FLOAT32, FLOAT64
from vtrace.ops.fourier import NORMS

_MIRRORED = {"backward": "forward", "ortho": "ortho", "forward": "backward"}
"""The norm of the inverse that divides where the transform does not."""


def _norm(norm: Any) -> str:
    if norm is None:
        return "backward"
    if norm not in NORMS:
        raise ShapeError(
            f'{at_user_line()}: Invalid norm value {norm}; should be "backward", "ortho" or "forward".'
        )  # fmt: skip
    return str(norm)


def _complex(a: Any) -> ComplexTracer:
    x = lift(a)
    narrow = x.dtype in (FLOAT32, COMPLEX["c64"])
    result = convert(x, COMPLEX["c64" if narrow else "c128"])
    assert isinstance(result, ComplexTracer)
    return result


def _real(a: Any, name: str) -> Tracer:
    x = lift(a)
    if isinstance(x, ComplexTracer):
        raise DTypeError(f"{at_user_line()}: {name} takes real numbers, got {x.type}; use fft, or x.real")
    return convert(x, FLOAT32 if x.dtype == FLOAT32 else FLOAT64)


def _length(n: Any) -> int:
    length = static_int(n, "n")
    if length < 1:
        raise ShapeError(f"{at_user_line()}: Invalid number of data points ({length}) specified.")
    return length


def _resized(x: Any, n: int, axis: int) -> Any:
    """`x` cut off, or filled up with zeros, to `n` along an axis."""
    extent = x.shape[axis]
    if n < extent:
        return x[(*(slice(None),) * axis, slice(0, n))]
    return x if n == extent else pad(x, [(0, n - extent if a == axis else 0) for a in range(x.ndim)])


Sizes = Any
"""Lengths of the transform along each axis; None, or -1 for one axis, is that of the array."""


def _plan(x: Tracer, s: Sizes, axes: Any) -> tuple[list[int], list[int | None]]:
    """The axes, not negative, and the lengths along them where they are given."""
    given = None if s is None else [static_int(n, "s") for n in (s if isinstance(s, Sequence | np.ndarray) else (s,))]
    if axes is None:
        chosen: Any = range(x.ndim) if given is None else range(x.ndim - len(given), x.ndim)
    else:
        chosen = axes if isinstance(axes, Sequence | np.ndarray) else (axes,)
    wanted = [axis_index(a, x.ndim) for a in chosen]
    if given is not None and len(given) != len(wanted):
        raise ShapeError(f"{at_user_line()}: Shape and axes have different lengths.")
    return wanted, [None if n == -1 else n for n in given] if given is not None else [None] * len(wanted)


def _fitted(x: Any, axes: Sequence[int], sizes: Sequence[int | None]) -> Any:
    for axis, n in zip(axes, sizes, strict=True):
        x = _resized(x, _length(x.shape[axis] if n is None else n), axis)
    return x


def _complex_nd(a: Any, s: Sizes, axes: Any, inverse: bool, norm: Any) -> Any:
    x = _complex(a)
    wanted, sizes = _plan(x, s, axes)
    x = _fitted(x, wanted, sizes)
    norm = _norm(norm)
    if len(set(wanted)) < len(wanted):  # one after the other, as in NumPy
        for axis in reversed(wanted):
            x = complex_transform(x, [axis], inverse, norm)  # type: ignore[assignment]  # complex, as x is
        return x
    return complex_transform(x, wanted, inverse, norm) if wanted else x


def _real_nd(a: Any, s: Sizes, axes: Any, norm: Any, name: str) -> Any:
    x = _real(a, name)
    wanted, sizes = _plan(x, s, axes)
    _require_axes(wanted, name)
    return real_transform(_fitted(x, wanted, sizes), wanted, _norm(norm))


def _real_inverse_nd(a: Any, s: Sizes, axes: Any, norm: Any, name: str) -> Any:
    x = _complex(a)
    wanted, sizes = _plan(x, s, axes)
    _require_axes(wanted, name)
    extent = x.shape[wanted[-1]]
    length = _length(2 * (extent - 1) if s is None else extent if sizes[-1] is None else sizes[-1])
    fitted = _fitted(x, wanted, [*sizes[:-1], length // 2 + 1])
    return real_inverse(fitted, wanted, length, _norm(norm))


def _require_axes(axes: Sequence[int], name: str) -> None:
    if not axes or len(set(axes)) < len(axes):
        raise ShapeError(f"{at_user_line()}: {name} needs at least one axis, and each only once, got {tuple(axes)}")


@implements(np.fft.fft)
def fft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    return _complex_nd(a, None if n is None else (n,), (axis,), False, norm)


@implements(np.fft.ifft)
def ifft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    return _complex_nd(a, None if n is None else (n,), (axis,), True, norm)


@implements(np.fft.rfft)
def rfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    return _real_nd(a, None if n is None else (n,), (axis,), norm, "rfft")


@implements(np.fft.irfft)
def irfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    return _real_inverse_nd(a, None if n is None else (n,), (axis,), norm, "irfft")


@implements(np.fft.hfft)
def hfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    return irfft(np.conj(_complex(a)), n, axis, _MIRRORED[_norm(norm)])


@implements(np.fft.ihfft)
def ihfft(a: Any, n: Any = None, axis: Any = -1, norm: Any = None) -> Any:
    return np.conj(rfft(a, n, axis, _MIRRORED[_norm(norm)]))


@implements(np.fft.fft2)
def fft2(a: Any, s: Sizes = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    return _complex_nd(a, s, axes, False, norm)


@implements(np.fft.ifft2)
def ifft2(a: Any, s: Sizes = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    return _complex_nd(a, s, axes, True, norm)


@implements(np.fft.fftn)
def fftn(a: Any, s: Sizes = None, axes: Any = None, norm: Any = None) -> Any:
    return _complex_nd(a, s, axes, False, norm)


@implements(np.fft.ifftn)
def ifftn(a: Any, s: Sizes = None, axes: Any = None, norm: Any = None) -> Any:
    return _complex_nd(a, s, axes, True, norm)


@implements(np.fft.rfft2)
def rfft2(a: Any, s: Sizes = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    return _real_nd(a, s, axes, norm, "rfft2")


@implements(np.fft.rfftn)
def rfftn(a: Any, s: Sizes = None, axes: Any = None, norm: Any = None) -> Any:
    return _real_nd(a, s, axes, norm, "rfftn")


@implements(np.fft.irfft2)
def irfft2(a: Any, s: Sizes = None, axes: Any = (-2, -1), norm: Any = None) -> Any:
    return _real_inverse_nd(a, s, axes, norm, "irfft2")


@implements(np.fft.irfftn)
def irfftn(a: Any, s: Sizes = None, axes: Any = None, norm: Any = None) -> Any:
    return _real_inverse_nd(a, s, axes, norm, "irfftn")


@implements(np.fft.fftshift)
def fftshift(x: Any, axes: Any = None) -> Any:
    t = lift(x)
    wanted, _ = _plan(t, None, axes)
    return roll(t, [t.shape[a] // 2 for a in wanted], wanted)


@implements(np.fft.ifftshift)
def ifftshift(x: Any, axes: Any = None) -> Any:
    t = lift(x)
    wanted, _ = _plan(t, None, axes)
    return roll(t, [-(t.shape[a] // 2) for a in wanted], wanted)
