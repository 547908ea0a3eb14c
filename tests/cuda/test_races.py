"""Teams of threads share memory only as barriers allow, whatever the order in which they run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.interpreter.machine import WATCHED
from tests.cuda.interpreter.races import Race
from tests.cuda.test_team_programs import histogram, jacobi, recurrent, windows
from tests.cuda.test_teams import FUNCTIONS, carried, staged
from vtrace.backends.cuda.scratch import DeviceScratch

Array = Any
RNG = np.random.default_rng(0)


def several(x: Array) -> Array:
    """Kinds of what a team shares: folds, positions, running sums, what is kept, what is read in another order."""
    y = np.exp(x - x.max())
    counts = np.bincount((y[:9] * 100).astype(np.int64), minlength=200)
    return np.cumsum(y)[::-1] * y.sum() + y[::-1], x.argmax(), counts[::-1] + counts.max()


def branching(x: Array) -> Array:
    return vtrace.lax.cond(x.sum() > 0, lambda x: x[::-1] - x.mean(), lambda x: np.cumsum(x) * x.max(), x)


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    **FUNCTIONS,
    **{f.__name__: (f, ((150,),)) for f in (staged, carried, several, branching, jacobi, histogram, windows)},
    "recurrent": (recurrent, ((130,), (130, 130))),
}


@pytest.mark.parametrize("layout", ["warp", "block"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_no_races(name: str, layout: str, gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTRACE_CUDA_LAYOUT", layout)
    monkeypatch.setattr("vtrace.backends.cuda.kernel.MOST_BLOCKS", 1)  # so that each team does several examples
    function, shapes = PROGRAMS[name]
    arguments = [RNG.uniform(-1, 1, (5 if layout == "warp" else 2, *s)) for s in shapes]
    gpu.order = WATCHED
    vtrace.vmap(function, device="cuda")(*arguments)
    assert gpu.launches


@pytest.mark.parametrize("layout", ["warp", "block"])
@pytest.mark.parametrize("function", [staged, carried])
def test_a_missing_barrier_is_a_race(
    function: Callable[..., Any], layout: str, gpu: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the results are right in the order in which the threads run."""
    monkeypatch.setenv("VTRACE_CUDA_LAYOUT", layout)
    monkeypatch.setenv("VTRACE_CACHE", "0")
    monkeypatch.setattr(DeviceScratch, "_wait_text", lambda self: "")
    gpu.order = WATCHED
    with pytest.raises(Race, match=r"thread \d+ (reads what it has written|changes what it has read): thread \d+"):
        vtrace.vmap(function, device="cuda")(RNG.standard_normal((3, 300)))
    for stream in gpu.streams.values():
        stream.work.clear()
