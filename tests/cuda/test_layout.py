"""How many threads do an example: what can be divided decides, never the size of the batch."""

import numpy as np
import pytest

import vtrace
from tests.cuda.test_programs import ALL, _types
from vtrace.backends.cuda.layout import choose_for_device
from vtrace.ops.kernel import Kernel

CHOSEN = {
    "add1": "flat", "blackscholes": "flat", "mandel": "thread", "inv3": "thread", "dot100": "thread", "dot1000": "warp",
    "dot5000": "block", "softmax": "warp", "layernorm": "warp", "cumsum": "warp", "gather": "warp", "attn": "warp",
    "hist": "thread", "iir": "thread", "kalman": "thread", "pendulum": "thread", "jacobi": "block", "nbody": "block",
}  # fmt: skip
"""Programs of the benchmarks. In `hist`, `iir` and `kalman` one step waits for the one before."""


def modes(*args, **kwargs) -> list[str]:
    graph = vtrace.vmap(*args).inspect(*kwargs["types"]).kernels
    return [choose_for_device(e.primitive.graph).mode for e in graph.equations if isinstance(e.primitive, Kernel)]


@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_programs_of_the_benchmarks(name: str) -> None:
    function, axes = ALL[name]
    assert modes(function, axes, types=_types(name)) == [CHOSEN[name]]


@pytest.mark.parametrize(
    ("function", "types", "mode"),
    [
        (np.sort, ["f64[b,200]"], "thread"),
        (lambda x: np.sort(x[:8]).sum() * np.exp(x).sum(), ["f64[b,5000]"], "block"),
        (lambda x: x[::-1], ["f32[b,127]"], "thread"),
        (lambda x: x[::-1], ["f32[b,128]"], "warp"),
        (lambda m: m.sum(0), ["f32[b,40,40]"], "warp"),
        (lambda m: np.linalg.inv(m), ["f64[b,12,12]"], "thread"),
        (lambda x: vtrace.lax.fori_loop(0, 1000, lambda i, c: c * 0.5 + i, x.sum()), ["f64[b,200]"], "thread"),
        (lambda x: vtrace.lax.fori_loop(0, 1000, lambda i, c: c * 0.5 + i, x).sum(), ["f64[b,200]"], "warp"),
    ],
)
def test_mostly_divisible_work(function, types: list[str], mode: str) -> None:
    assert modes(function, types=types) == [mode]
