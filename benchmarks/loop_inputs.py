"""Arguments for the programs whose first calls are timed: seeded, of moderate size, mostly float32."""

from collections.abc import Callable
from typing import Any

import numpy as np

Args = tuple[Any, ...]


def _normal(*shape: int, dtype: Any = np.float32) -> Callable[[np.random.Generator], Any]:
    return lambda rng: rng.standard_normal(shape, dtype=dtype)


def _uniform(low: float, high: float, *shape: int, dtype: Any = np.float32) -> Callable[[np.random.Generator], Any]:
    return lambda rng: rng.uniform(low, high, shape).astype(dtype)


_MAKERS: dict[str, tuple[Callable[[np.random.Generator], Any], ...]] = {
    "mandel": (_uniform(-2, 1, 262_144), _uniform(-1.5, 1.5, 262_144)),
    "newton": (_uniform(0.001, 1000, 1_000_000),),
    "bisect": (_uniform(0, 3, 1_000_000), _uniform(0, 0.9, 1_000_000), _uniform(1e-5, 0.1, 1_000_000)),
    "rk_adaptive": (_uniform(0.1, 30, 20_000, dtype=np.float64),),
    "iir": (_normal(10_000, 1000),),
    "kalman": (_normal(10_000, 200),),
    "lorenz": (_uniform(0, 25, 10_000),),
    "gru": (_normal(1000, 100, 8), _uniform(-0.5, 0.5, 8, 48), _uniform(-0.5, 0.5, 16, 48)),
    "inv3": (_uniform(1, 2, 1_000_000, 3, 3),),
    "mm4": (_normal(100_000, 4, 4), _normal(100_000, 4, 4)),
    "quatrot": (_normal(1_000_000, 4), _normal(1_000_000, 3)),
    "mlp": (_normal(100_000, 8), _normal(8, 32), _normal(32), _normal(32, 4), _normal(4)),
    "mlp_ps": (
        _normal(10_000, 8), _normal(10_000, 8, 32), _normal(10_000, 32), _normal(10_000, 32, 4), _normal(10_000, 4),
    ),
    "nbody": (_uniform(0, 1, 4096, 3), _uniform(0, 1, 4096, 3), _uniform(0, 1, 4096)),
    "pdist3": (_uniform(0, 1, 2000, 3), _uniform(0, 1, 2000, 3)),
    "pdist64": (_uniform(0, 1, 1000, 64), _uniform(0, 1, 1000, 64)),
    "jacobi": (_normal(32, 128, 128),),
}  # fmt: skip

NAMES = tuple(_MAKERS)


def inputs(name: str) -> Args:
    rng = np.random.default_rng(0)
    return tuple(make(rng) for make in _MAKERS[name])
