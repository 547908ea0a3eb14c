"""The workloads of `benchmarks.cuda` in JAX, one example each, and in PyTorch and CuPy, whole batches: by name."""

from collections.abc import Callable
from typing import Any

from benchmarks.cuda_workloads import COUNTERS, SEGMENTS

Array = Any


def in_jax() -> dict[str, Callable[..., Any]]:
    """ImportError without JAX."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    def black_scholes(spot: Array, strike: Array, time: Array) -> Array:
        deviation = 0.3 * jnp.sqrt(time)
        d1 = (jnp.log(spot / strike) + 0.095 * time) / deviation
        normal = jax.scipy.stats.norm.cdf
        return spot * normal(d1) - strike * jnp.exp(-0.05 * time) * normal(d1 - deviation)

    def mandelbrot(cr: Array, ci: Array) -> Array:
        def inside(state: Any) -> Array:
            zr, zi, count = state
            return (count < 256) & (zr * zr + zi * zi < 4)

        def iterate(state: Any) -> Any:
            zr, zi, count = state
            return zr * zr - zi * zi + cr, 2 * zr * zi + ci, count + 1

        zero = jnp.zeros((), cr.dtype)
        return lax.while_loop(inside, iterate, (zero, zero, 0))[2]

    def pendulum(angle: Array, speed: Array) -> Array:
        def slope(s: Array) -> Array:
            return jnp.stack([s[1], -jnp.sin(s[0])])

        def step(_: Any, s: Array) -> Array:
            k1 = slope(s)
            k2 = slope(s + 0.005 * k1)
            k3 = slope(s + 0.005 * k2)
            k4 = slope(s + 0.01 * k3)
            return s + 0.01 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

        return lax.fori_loop(0, 1000, step, jnp.stack([angle, speed]))

    return {
        "add1": lambda x: x + 1,
        "dot": lambda x, y: jnp.dot(x, y) ** 2,
        "softmax": jax.nn.softmax,
        "black_scholes": black_scholes,
        "mandelbrot": mandelbrot,
        "pendulum": pendulum,
        "inverse3": jnp.linalg.inv,
        "row_times_matrix": lambda x, w: x @ w,
        "counts": lambda i: jnp.bincount(i, length=COUNTERS),
        "segments": lambda x, i: jax.ops.segment_sum(x, i, SEGMENTS),
    }


def in_torch() -> dict[str, Callable[..., Any]]:
    """ImportError without PyTorch. Loops whose trips differ it does not have."""
    import torch

    def black_scholes(spot: Array, strike: Array, time: Array) -> Array:
        deviation = 0.3 * torch.sqrt(time)
        d1 = (torch.log(spot / strike) + 0.095 * time) / deviation
        return spot * torch.special.ndtr(d1) - strike * torch.exp(-0.05 * time) * torch.special.ndtr(d1 - deviation)

    return {
        "add1": lambda x: x + 1,
        "dot": lambda x, y: (x * y).sum(1) ** 2,
        "softmax": lambda x: torch.softmax(x, 1),
        "black_scholes": black_scholes,
        "inverse3": torch.linalg.inv,
        "row_times_matrix": lambda x, w: x @ w,
        "counts": lambda i: torch.bincount(i, minlength=COUNTERS),
        "segments": lambda x, i: torch.zeros(SEGMENTS, dtype=x.dtype, device=x.device).index_add(0, i, x),
    }


def in_cupy() -> dict[str, Callable[..., Any]]:
    """ImportError without CuPy. Elementwise functions are fused; loops whose trips differ it has in C++ only."""
    import cupy
    from cupyx.scipy import special

    def black_scholes(spot: Array, strike: Array, time: Array) -> Array:
        deviation = 0.3 * cupy.sqrt(time)
        d1 = (cupy.log(spot / strike) + 0.095 * time) / deviation
        near = 0.5 * (1 + special.erf(d1 * 0.7071067811865476))
        far = 0.5 * (1 + special.erf((d1 - deviation) * 0.7071067811865476))
        return spot * near - strike * cupy.exp(-0.05 * time) * far

    def softmax(x: Array) -> Array:
        e = cupy.exp(x - x.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def segments(x: Array, i: Array) -> Array:
        sums = cupy.zeros(SEGMENTS, x.dtype)
        cupy.add.at(sums, i, x)
        return sums

    return {
        "add1": lambda x: x + 1,
        "dot": lambda x, y: (x * y).sum(1) ** 2,
        "softmax": softmax,
        "black_scholes": cupy.fuse(black_scholes),
        "inverse3": cupy.linalg.inv,
        "row_times_matrix": lambda x, w: x @ w,
        "counts": lambda i: cupy.bincount(i, minlength=COUNTERS),
        "segments": segments,
    }
