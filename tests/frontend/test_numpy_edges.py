"""Empty arrays, NaN, -0.0, Python numbers and the ends of integers: calls whose results once differed from NumPy's."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.frontend.tracing import check, run
from vtrace import IndexOutOfRangeError, VTraceError, vmap

M = np.array([[1.5, np.nan, -2.0], [0.25, 3.0, -0.0]])
I = np.array([-(2**63), 2**63 - 1, -1, 0, 2])  # noqa: E741  # an array of integers
EMPTY = np.zeros((0, 4))
NUMBER = np.float32(-0.5)

CASES: list[tuple[Callable[..., Any], Any]] = [
    (lambda x: np.fmax.reduce(x, axis=None), M),
    (lambda x: np.hypot.reduce(x, axis=(0, 1)), M),
    (lambda x: np.hypot.reduce(x, axis=()), M),
    (lambda x: np.logaddexp.reduce(x, axis=(1, 0), keepdims=True), M),
    (lambda x: np.max(x, initial=5), EMPTY),
    (lambda x: np.min(x, axis=0, keepdims=True, initial=5), EMPTY),
    (lambda x: np.max(x, initial=1.5), I),
    (lambda x: np.sum(x, initial=1.5), np.array([1, 2])),
    (lambda x: np.nanmax(x, initial=np.nan), M),
    (lambda x: np.nanmin(x, axis=1, initial=0.5), M),
    (lambda x: np.nanquantile(x, [0.2, 0.5], axis=1, keepdims=True), EMPTY),
    (lambda x: np.reciprocal(x), np.array([0, 1, -1, 2])),
    (lambda x: np.reciprocal(x), np.array([0, 1, 2], np.uint8)),
    (lambda x: np.average(x, weights=5), NUMBER),
    (lambda x: np.average(x, weights=x), I),
    (lambda x: np.var(x, mean=-1), I),
    (lambda x: np.geomspace(x, 2 * x, 3), NUMBER),
    (lambda x: np.linspace(x, x, 3), np.array([np.inf, -0.0])),
    (lambda x: np.linalg.vector_norm(x, keepdims=True), EMPTY + 1),
    (lambda x: np.linalg.vector_norm(x, axis=(0, 1), ord=1), np.ones((2, 3))),
    (lambda x: np.linalg.norm(x, 2), EMPTY),
    (lambda x: np.linalg.norm(x, np.inf, axis=0), EMPTY),
    (lambda x: np.linalg.pinv(x), EMPTY),
    (lambda x: np.linalg.matrix_rank(x), EMPTY),
    (lambda x: np.fft.irfft2(x, s=(-1, -1)), np.ones((3, 4))),
    (lambda x: np.histogram(x, 3, range=(-1, 1))[0], M),
    (lambda x: np.histogram(x, 3)[1], EMPTY),
    (lambda x: np.bincount(x, weights=x, minlength=2), np.zeros(0, int)),
    (lambda x: np.choose(np.array([0, 1]), [x, 0]), NUMBER),
    (lambda x: np.round(x, -1), np.array([-15, 25, 14, 127], np.int8)),
    (lambda x: np.roll(x, x), I),
    (lambda x: np.nan_to_num(x, nan=x[::-1]), M),
    (lambda x: np.size(x, (0, 1)), M),
    (lambda x: np.vstack([x, x]) if hasattr(np, "row_stack") else x, M),
    (lambda x: np.piecewise(x, [x < 0, x > 0], [-1, np.square]), M),
]


@pytest.mark.parametrize("number", range(len(CASES)))
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::DeprecationWarning")
def test_numpy_gives_the_same(number: int) -> None:
    check(*CASES[number])


@pytest.mark.parametrize("x", [np.float64(-0.0), np.zeros(3) * -1])
def test_a_sum_over_no_axes_begins_with_zero(x: Any) -> None:
    (total,) = run(lambda x: np.sum(x, axis=()), x)
    assert not np.signbit(total).any()


REFUSED_BY_BOTH: list[tuple[Callable[..., Any], Any, str]] = [
    (lambda x: np.subtract.reduce(x, axis=None), M, "not reorderable"),
    (lambda x: np.add.accumulate(x, axis=None), M, "does not allow multiple axes"),
    (lambda x: np.sum(x, axis=[0]), M, "axis is an integer or a tuple"),
    (lambda x: np.sum(x, initial=(0, 1)), M, "initial must be a number"),
    (lambda x: np.sum(x, initial=None), EMPTY, "zero-size array"),
    (lambda x: np.select([x], [x]), M, "should be boolean"),
    (lambda x: np.choose(x, [1, 2]), M, "np.choose takes integers"),
    (lambda x: np.matvec(x, x), np.ones(3), "enough dimensions"),
    (lambda x: np.tril(x), NUMBER, "needs an axis"),
    (lambda x: np.pad(x, 1, "edge"), EMPTY, "can't extend empty axis"),
    (lambda x: np.insert(x, 7, 0), I, "index 7 is out of bounds"),
    (lambda x: np.delete(x, 7), I, "index 7 is out of bounds"),
    (lambda x: np.putmask(x, x > 0, np.ones(5)), I, "Cannot cast array data"),
    (lambda x: np.copyto(x, 1), np.ones(2, bool), "Cannot cast"),
    (lambda x: np.linspace(x, 1, -1), NUMBER, "must be non-negative"),
    (lambda x: np.take(x, 0, mode="M"), I, "mode must be one of"),
    (lambda x: np.interp(x, [0.0, 1.0], [0.0, 1.0]), np.ones(2, complex), "complex places"),
    (lambda x: np.cov(x, fweights=x), np.ones(3) / 2, "fweights must be integer"),
]


@pytest.mark.parametrize("number", range(len(REFUSED_BY_BOTH)))
def test_numpy_refuses_the_same(number: int) -> None:
    function, x, message = REFUSED_BY_BOTH[number]
    with pytest.raises((TypeError, ValueError, IndexError)):
        function(np.array(x))
    with pytest.raises(VTraceError, match=message):
        run(function, x)


@pytest.mark.parametrize("index", [-1, 6])
def test_an_index_out_of_range_is_found_when_the_kernel_runs(index: int) -> None:
    unravel = vmap(lambda i: np.unravel_index(i, (2, 3)))
    assert [p.tolist() for p in unravel(np.array([5, 0]))] == [[1, 0], [2, 0]]
    with pytest.raises(IndexOutOfRangeError):
        unravel(np.array([5, index]))
    with pytest.raises(IndexOutOfRangeError):
        vmap(lambda i: np.ravel_multi_index((i, 0), (6, 2)))(np.array([5, index]))
