"""Small programs that a GPU must compute as the CPU does: one for each way in which kernels are made and launched.

`vtrace info --check-gpu` runs them, the benchmark for GPUs before it measures anything, and the tests.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import vtrace
from vtrace import lax
from vtrace.ir.types import Array

TOLERANCE = {4: 1e-5, 8: 1e-12}
"""By the size of floats: sums may be added in another order."""


@dataclass(frozen=True)
class Check:
    """A function of one example and arguments for some; or one of whole arrays, where `in_axes` is None."""

    name: str
    function: Callable[..., Any]
    arguments: Callable[[np.random.Generator], tuple[Array, ...]]
    in_axes: Any = 0

    def program(self, device: str) -> Callable[..., Any]:
        """The function, compiled."""
        if self.in_axes is None:
            return vtrace.jit(self.function, device=device)
        return vtrace.vmap(self.function, self.in_axes, device=device)

    def run(self, device: str = "cuda") -> None:
        """AssertionError where results differ from those of the CPU, DeviceError where the GPU fails."""
        arguments = self.arguments(np.random.default_rng(0))
        wanted, found = (_outcome(self.program(where), arguments) for where in ("cpu", device))
        assert len(wanted) == len(found)
        for w, f in zip(wanted, found, strict=True):
            assert np.asarray(w).dtype == np.asarray(f).dtype
            np.testing.assert_allclose(f, w, rtol=_tolerance(w), atol=_tolerance(w), err_msg=self.name)


def _tolerance(result: Array) -> float:
    return TOLERANCE[result.real.itemsize] if result.dtype.kind in "fc" else 0.0


def _outcome(program: Callable[..., Any], arguments: tuple[Array, ...]) -> tuple[Array, ...]:
    """The results, or the text of an IndexError."""
    try:
        results = program(*arguments)
    except IndexError as error:
        return (np.frombuffer(str(error).encode(), np.uint8),)
    return results if isinstance(results, tuple) else (results,)


def _floats(*shapes: tuple[int, ...], dtype: Any = np.float32) -> Callable[[np.random.Generator], tuple[Array, ...]]:
    return lambda rng: tuple(rng.random(s).astype(dtype) + dtype(0.5) for s in shapes)


def _softmax(x: Any) -> Any:
    e = np.exp(x - x.max())
    return e / e.sum()


def _normalised(x: Any) -> Any:
    return (x - x.mean()) / np.sqrt(x.var() + np.float32(1e-5))


def _collatz(n: Any) -> Any:
    def step(state: Any) -> Any:
        n, count = state
        return np.where(n % 2 == 0, n // 2, 3 * n + 1), count + 1

    return lax.while_loop(lambda state: state[0] > 1, step, (n, 0))[1]


def _totals(x: Any) -> Any:
    return lax.scan(lambda t, v: (t * np.float32(0.5) + v, t * v), np.float32(0), x)


def _counted(x: Any, i: Any, v: Any) -> Any:
    counts, largest = np.bincount(i, minlength=100), x.at[i].max(v)
    return counts, largest, x.at[i].set(v), x.at[i].add(v), x.at[i].mul(v)


def _updates(rng: np.random.Generator) -> tuple[Array, ...]:
    return rng.random(100, np.float32), rng.integers(0, 100, 5000), rng.random(5000, np.float32)


def _complex(rng: np.random.Generator) -> tuple[Array, ...]:
    return ((rng.random((37, 5)) + 1j * rng.random((37, 5))).astype(np.complex64),)


def _drawn(key: Any) -> Any:
    return vtrace.random.bits(key, (9,)), vtrace.random.uniform(key, (9,))


def _rows_and_index(last: int) -> Callable[[np.random.Generator], tuple[Array, ...]]:
    return lambda rng: (rng.random((37, 4096), np.float32), np.arange(37 * 4096).reshape(37, 4096) % last)


CHECKS = (
    Check("elements", lambda x: x + 1, _floats((1003,))),
    Check("mathematics", lambda x: (np.exp(x), np.log(x), np.sin(x), x**x, np.sqrt(x)), _floats((1003,))),
    Check("mathematics in float64", lambda x: (np.exp(x), np.tan(x), x**x), _floats((1003,), dtype=np.float64)),
    Check("short rows", lambda x: (x.sum(), x - x.max()), _floats((1003, 3))),
    Check("rows by a warp", _softmax, _floats((37, 500))),
    Check("rows by a block", _normalised, _floats((37, 5000))),
    Check("running sums", lambda x: (np.cumsum(x), np.maximum.accumulate(x)), _floats((37, 5000))),
    Check("a sum of many", lambda x: x.sum(), _floats((1_000_003,)), None),
    Check("loops", _collatz, lambda rng: (rng.integers(1, 10_000, 1003),)),
    Check("scans", _totals, _floats((37, 700))),
    Check("branches", lambda x: lax.cond(x[0] > 1, np.sort, lambda x: x[::-1], x), _floats((37, 50))),
    Check("updates", _counted, _updates, None),
    Check("updates of each example", _counted, lambda rng: tuple(np.stack([a[:200]] * 37) for a in _updates(rng))),
    Check("linear algebra", lambda a: np.linalg.solve(a + 4 * np.eye(5), a[0]), _floats((37, 5, 5), dtype=np.float64)),
    Check("matrix product", lambda x, w: np.tanh(x @ w), _floats((40, 256), (256, 200), dtype=np.float64), (0, None)),
    Check("matrix products", lambda x, y: x @ y, _floats((9, 128, 128), (9, 128, 128), dtype=np.float64)),
    Check("complex numbers", lambda z: (z * z, np.exp(z), np.abs(z)), _complex),
    Check("random numbers", _drawn, lambda rng: (np.asarray(vtrace.random.split(vtrace.random.key(7), 37)),)),
    Check("indices", lambda x, i: x[i].sum(), _rows_and_index(4096)),
    Check("an index out of range", lambda x, i: x[i].sum(), _rows_and_index(4097)),
)


def failures(device: str = "cuda") -> Iterator[tuple[Check, Exception]]:
    """The checks that fail, and how."""
    for check in CHECKS:
        try:
            check.run(device)
        except Exception as error:
            yield check, error
