"""Without a batch, the rows of a result can be the lanes of a vector."""

from typing import Any

import numpy as np
import pytest

import vtrace
from tests.helpers import assert_close
from vtrace.backends.layout import choose
from vtrace.ops.kernel import Kernel

Array = Any
RNG = np.random.default_rng(0)
PROGRAMS = {
    "sum of columns": (lambda a: a.sum(axis=0), [(50, 70)]),
    "standard columns": (lambda a: (a - a.mean(axis=0)) / a.std(axis=0), [(50, 70)]),
    "vector times matrix": (lambda v, a: v @ a, [(50,), (50, 70)]),
    "transpose": (lambda a: np.sqrt(np.abs(a.T)) + 1, [(50, 70)]),
    "distances": (lambda a, b: np.sum((a[:, None] - b[None]) ** 2, -1), [(70, 3), (40, 3)]),
    "gram": (lambda a: a.T @ a + a.sum(axis=0), [(5, 70)]),
    "largest": (lambda a: (np.argmax(a, axis=0), a.max(axis=0)), [(50, 70)]),
    "part": (lambda a: a[:, 3:61].min(axis=0)[::-1], [(50, 70)]),
    "both": (lambda a: (a.sum(axis=0), a.sum(axis=1)), [(70, 70)]),
    "picked": (lambda a, i: a[:, i].sum(axis=0) + a[0, i], [(50, 70), (66,)]),
}


@pytest.mark.parametrize("name", sorted(PROGRAMS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.bool_], ids=lambda d: d.__name__)
def test_values(name: str, dtype: Any) -> None:
    program, shapes = PROGRAMS[name]
    if dtype in (np.int32, np.bool_) and name in ("standard columns", "transpose"):
        dtype = np.float64
    if dtype is np.bool_ and name in ("distances", "vector times matrix", "gram"):
        dtype = np.int64
    arrays = [RNG.integers(-3, 4, s).astype(dtype) for s in shapes]
    if name == "picked":
        arrays[1] = RNG.integers(-70, 70, shapes[1])
    found, wanted = vtrace.jit(program)(*arrays), program(*arrays)
    many = isinstance(wanted, tuple)
    assert_close(found if many else [found], list(map(np.asarray, wanted)) if many else [np.asarray(wanted)], ulps=200)


def test_columns_are_lanes() -> None:
    (equation,) = vtrace.jit(lambda a: a.sum(axis=0)).inspect("f32[500,700]").kernels.equations
    assert isinstance(equation.primitive, Kernel)
    assert choose(equation.primitive.graph).mode == "batch"


def test_a_layout_that_is_asked_for_needs_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTRACE_LAYOUT", "batch")
    assert vtrace.jit(np.sum)(np.arange(100.0)) == 4950


@pytest.mark.parametrize(
    "program",
    [
        lambda a: a.sum(axis=0),
        lambda a: a.T @ a,
        lambda a: (a - a.mean(axis=0)) * a.conj(),
        lambda a: np.abs(a).max(axis=0),
    ],
    ids=["sum", "gram", "centred", "largest"],
)
def test_complex_columns(program: Any) -> None:
    a = RNG.normal(size=(40, 70)) + 1j * RNG.normal(size=(40, 70))
    np.testing.assert_allclose(vtrace.jit(program)(a), program(a), rtol=1e-12, atol=1e-12)
