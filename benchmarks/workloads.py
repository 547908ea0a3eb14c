"""What is measured: seeded inputs, the function of one example in plain NumPy, and the same batched by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any
Args = tuple[Array, ...]

ROW = 1000
"""Elements in a row of the row reductions."""


@dataclass(frozen=True)
class Workload:
    """One thing to measure. `family` says which JAX and Numba functions compute the same."""

    name: str
    family: str
    make: Callable[[np.random.Generator, int], Args]
    size: int
    """The extent of the batch."""
    example: Callable[..., Any]
    by_hand: Callable[..., Any]
    in_axes: tuple[Any, ...] = (0,)
    out_axes: int = 0
    nested: bool = False
    """Mapped twice: vmap(vmap(example, (0, None)), (None, 1), 1)."""
    loop: bool = True
    """Whether the loop in Python ends in a reasonable time."""
    tolerance: float = 1e-9
    reads: bool = False
    """Limited by how fast memory is read: report the share of the bandwidth."""

    def inputs(self, size: int | None = None) -> Args:
        """The arguments, always the same; for a smaller batch too."""
        return self.make(np.random.default_rng(0), self.size if size is None else size)

    @property
    def bytes(self) -> int:
        """Of the inputs, without making them."""
        few, more = (sum(a.nbytes for a in self.inputs(n)) for n in (1, 2))
        return few + (more - few) * (self.size - 1)


def custom_dot(x: Array, y: Array) -> Array:
    return np.dot(x, y) ** 2


def add1(x: Array) -> Array:
    return x + 1


def chain(x: Array) -> Array:
    return np.exp(-x * x) * np.tanh(3 * x) + x


def softmax(x: Array) -> Array:
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def mean_var(x: Array) -> tuple[Array, Array]:
    return np.mean(x), np.var(x)


def _softmax_rows(x: Array) -> Array:
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def _uniform(*shapes: tuple[int, ...], dtype: Any) -> Callable[[np.random.Generator, int], Args]:
    """Arrays of the given shapes, the batch in front."""
    return lambda rng, n: tuple(rng.random((n, *s), dtype=dtype) for s in shapes)


def _square_pair(dtype: Any) -> Callable[[np.random.Generator, int], Args]:
    return lambda rng, n: (rng.random((n, 1024), dtype=dtype), rng.random((1024, 1024), dtype=dtype))


def _all() -> list[Workload]:
    found = []
    for name, dtype, tolerance in (("f32", np.float32, 1e-3), ("f64", np.float64, 1e-9)):
        found += [_dot(name, dtype, n, tolerance) for n in (1000, 5000, 10000)]
        found.append(
            Workload(
                f"mm1024_{name}", "mm", _square_pair(dtype), 1024, np.dot,
                lambda x, y: x @ y, nested=True, loop=False, tolerance=tolerance,
            )
        )  # fmt: skip
        for power in (6, 7, 8):
            found += _elementwise(name, dtype, power, tolerance) + _rows(name, dtype, power, tolerance)
    return found


def _dot(name: str, dtype: Any, n: int, tolerance: float) -> Workload:
    return Workload(
        f"dot{n}_{name}", "dot", _uniform((n,), (n,), dtype=dtype), n, custom_dot,
        lambda x, y: np.einsum("ij,ij->i", x, y) ** 2, (0, 0), tolerance=tolerance, reads=True,
    )  # fmt: skip


def _elementwise(name: str, dtype: Any, power: int, tolerance: float) -> list[Workload]:
    return [
        Workload(
            f"{f.__name__}_1e{power}_{name}", f.__name__, _uniform((), dtype=dtype), 10**power, f, f,
            loop=False, tolerance=tolerance,
        )
        for f in (add1, chain)
    ]  # fmt: skip


def _rows(name: str, dtype: Any, power: int, tolerance: float) -> list[Workload]:
    cases: tuple[tuple[str, Any, Any], ...] = (
        ("sum", np.sum, lambda x: np.sum(x, axis=1)),
        ("max", np.max, lambda x: np.max(x, axis=1)),
        ("softmax", softmax, _softmax_rows),
        ("mean_var", mean_var, lambda x: (np.mean(x, axis=1), np.var(x, axis=1))),
    )
    return [
        Workload(
            f"{family}_1e{power}_{name}", family, _uniform((ROW,), dtype=dtype), 10**power // ROW, example, by_hand,
            tolerance=tolerance,
        )
        for family, example, by_hand in cases
    ]  # fmt: skip


PLAIN = _all()
