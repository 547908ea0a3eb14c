"""Fourier transforms by the pocketfft that SciPy ships, which writes to our memory and uses as many threads as we do.

Through SciPy's own module and not its public functions: these make a new array for each result (20,000 rows of 256
complex64, two threads: 17.6 ms, so 14.6 ms). Where a SciPy has it no more they are called after all. NumPy's functions
take 62 ms: they neither share the rows between threads nor transform several at a time.
"""

import functools
from typing import Any

import numpy as np

from vtrace.backends import threads
from vtrace.ir.types import Array, whole_dtype

WORTH_SHARING = 1 << 14
"""Numbers from which on threads share the rows: some 50 us of work."""

_FORWARD = {"backward": 0, "ortho": 1, "forward": 2}
"""What pocketfft calls the norms: 0 multiplies by 1, 1 divides by the root of the length, 2 by the length."""
_INVERSE = {"backward": 2, "ortho": 1, "forward": 0}


@functools.cache
def routines() -> Any:
    """SciPy's module; None where it is not as we know it."""
    try:
        from scipy.fft._pocketfft import pypocketfft
    except ImportError:
        return None
    return pypocketfft if all(hasattr(pypocketfft, name) for name in ("c2c", "r2c", "c2r")) else None


def _complex(pairs: Array) -> Array:
    return pairs.view(whole_dtype(pairs.dtype))[..., 0]


def _workers(x: Array) -> int:
    return threads.thread_count() if x.size >= WORTH_SHARING else 1


class Fourier:
    """The transforms that primitives may ask for. All arrays are C-contiguous, complex ones in pairs."""

    def fft(self, out: Array, x: Array, axes: tuple[int, ...], inverse: bool, norm: str) -> None:
        """The complex transform along `axes`, or its inverse."""
        source, target = _complex(x), _complex(out)
        if source.size == 0:
            return
        if (pocketfft := routines()) is not None:
            code = (_INVERSE if inverse else _FORWARD)[norm]
            pocketfft.c2c(source, axes, not inverse, code, target, _workers(source))
        else:
            _public("ifftn" if inverse else "fftn", target, source, axes=axes, norm=norm)

    def rfft(self, out: Array, x: Array, axes: tuple[int, ...], norm: str) -> None:
        """The transform of real numbers, half of it."""
        target = _complex(out)
        if x.size == 0:
            return
        if (pocketfft := routines()) is not None:
            pocketfft.r2c(x, axes, True, _FORWARD[norm], target, _workers(x))
        else:
            _public("rfftn", target, x, axes=axes, norm=norm)

    def irfft(self, out: Array, x: Array, axes: tuple[int, ...], norm: str) -> None:
        """Its inverse."""
        source = _complex(x)
        if out.size == 0:
            return
        if (pocketfft := routines()) is not None:
            pocketfft.c2r(source, axes, out.shape[axes[-1]], False, _INVERSE[norm], out, _workers(source))
        else:
            _public("irfftn", out, source, s=[out.shape[a] for a in axes], axes=axes, norm=norm)


def _public(name: str, out: Array, x: Array, **options: Any) -> None:
    """The same by a public function of SciPy, and a copy."""
    import scipy.fft

    np.copyto(out, getattr(scipy.fft, name)(x, workers=_workers(x), **options))
