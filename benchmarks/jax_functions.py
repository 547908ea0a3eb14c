"""The workloads as a JAX user would write them: functions of one example, under jit(vmap(...))."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.divergent import DEAR

jax.config.update("jax_enable_x64", True)


def _wander(x: Any, trips: Any) -> Any:
    def step(state: Any) -> Any:
        return jnp.sin(state[0]) + 0.5 * jnp.exp(-state[0] * state[0]), state[1] + 1

    return lax.while_loop(lambda state: state[1] < trips, step, (x, jnp.int32(0)))[0]


def _settle(x: Any) -> Any:
    def dear(x: Any) -> Any:
        return lax.fori_loop(0, DEAR, lambda _, y: 0.999 * y + 0.25 * x, x)

    return lax.cond(x < 0.01, dear, lambda x: 2 * x + 1, x)


EXAMPLES: dict[str, Any] = {
    "dot": lambda x, y: jnp.dot(x, y) ** 2,
    "mm": jnp.dot,
    "add1": lambda x: x + 1,
    "chain": lambda x: jnp.exp(-x * x) * jnp.tanh(3 * x) + x,
    "sum": jnp.sum,
    "max": jnp.max,
    "softmax": jax.nn.softmax,
    "mean_var": lambda x: (jnp.mean(x), jnp.var(x)),
    "wander": _wander,
    "settle": _settle,
}


def build(family: str, in_axes: Any, nested: bool) -> Any:
    """The compiled function of a batch; it returns when the result is there."""
    example = EXAMPLES[family]
    batched = jax.vmap(jax.vmap(example, (0, None)), (None, 1), 1) if nested else jax.vmap(example, in_axes)
    compiled = jax.jit(batched)
    return lambda *args: jax.block_until_ready(compiled(*args))


def put(args: Any) -> Any:
    """JAX's own arrays, so that no copy is timed."""
    return tuple(jax.block_until_ready(jnp.asarray(a)) for a in args)
