"""Complex numbers of every unusual sort, and how near two of them are."""

from typing import Any

import numpy as np


def parts(dtype: Any) -> Any:
    """What a part may be: zeros, infinities, NaN, the ends of the range, and ordinary numbers."""
    real = np.zeros((), dtype).real.dtype
    info = np.finfo(real)
    far = 95 if real == np.float32 else 720
    values = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, np.inf, -np.inf, np.nan, info.max, -info.max, info.tiny]
    values += [info.smallest_subnormal, 1 + 7 * info.eps, 1e-3, -3.7, 30.0, far, -far, 1e5, np.pi / 2, np.pi]
    return np.array(values, real)


def grid(dtype: Any) -> Any:
    """Every pair of these."""
    values = parts(dtype)
    result = np.empty((len(values), len(values)), dtype)
    result.real, result.imag = values[:, None], values[None, :]
    return result.ravel()


def drawn(dtype: Any, count: int = 2000, seed: int = 0) -> Any:
    """Ordinary numbers of many sizes."""
    rng = np.random.default_rng(seed)
    sizes = np.exp(2 * rng.standard_normal(count))
    return ((rng.standard_normal(count) + 1j * rng.standard_normal(count)) * sizes).astype(dtype)


def kinds(x: Any) -> Any:
    """Of each number: 0 a finite one, 1 and -1 an infinity, 2 a NaN."""
    return np.where(np.isnan(x), 2, np.where(np.isinf(x), np.sign(np.where(np.isnan(x), 0, x)), 0))


def units(got: Any, wanted: Any) -> Any:
    """The distance of finite complex numbers, in units in the last place of the size of the wanted one."""
    info = np.finfo(got.dtype)
    difference = np.abs(got.astype(np.clongdouble) - wanted.astype(np.clongdouble))
    return np.asarray(difference / np.maximum(np.abs(wanted.astype(np.clongdouble)), info.tiny) / info.eps, float)
