"""`vtrace.numpy.vectorize`, against NumPy's own."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
import vtrace.numpy as vnp
from vtrace import ArgumentError, ShapeError

RNG = np.random.default_rng(0)
A, B, C = RNG.normal(size=(2, 3)), RNG.normal(size=3), RNG.normal(size=(2, 1, 3))

CALLS: list[Callable[[Any], Any]] = [
    lambda make: make(lambda x, y: x + 2 * y)(A, B),
    lambda make: make(lambda x, y: x + 2 * y)(A, C),
    lambda make: make(lambda x, y: x + 2 * y)(A[:1, :1], B[:1]),
    lambda make: make(lambda x, y: x * y)(A[0, 0], B[1]),
    lambda make: make(lambda x, y: (x + y, x * y))(A, 2.0),
    lambda make: make(lambda x, y: x * y)(A, y=B),
    lambda make: make(lambda x, n, y: x**n * y, excluded={1})(A, 3, B),
    lambda make: make(lambda x, n=1: x**n, excluded=["n"])(A, n=2),
    lambda make: make(lambda x, p: np.polyval(p, x), excluded={1})(A, B),
    lambda make: make(lambda x, y: x[:, None] * y, signature="(n),(m)->(n,m)")(C, A),
    lambda make: make(lambda x, y: x @ y, signature="(n,m),(m)->(n)")(A, C),
    lambda make: make(lambda x, y: (x.sum(), x * y), signature="(n),()->(),(n)")(A, B[:, None]),
    lambda make: make(lambda x, k, y: k * x.sum() + y, excluded={1}, signature="(n),()->()")(A, 2, B[:2]),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_as_numpys(number: int) -> None:
    wanted = CALLS[number](np.vectorize)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for got in (CALLS[number](vnp.vectorize), vtrace.jit(lambda: CALLS[number](vnp.vectorize))()):
        got = got if isinstance(got, tuple) else (got,)
        for g, w in zip(got, wanted, strict=True):
            np.testing.assert_allclose(g, w, rtol=1e-12, strict=True)


def test_within_a_map() -> None:
    outer = vnp.vectorize(lambda x, y: vnp.where(x > y, x * y, y), signature=None)
    got = vtrace.vmap(lambda x, y: outer(x[:, None], y), in_axes=(1, None))(A, B)
    np.testing.assert_allclose(got, [np.where(x[:, None] > B, x[:, None] * B, B) for x in A.T])
    captured = vtrace.vmap(lambda x, y: vnp.vectorize(lambda z: z * y)(x), in_axes=(None, 0))(A, B)
    np.testing.assert_allclose(captured, A * B[:, None, None])
    excluded = vtrace.vmap(lambda x, y: vnp.vectorize(lambda z, p: z * p.sum(), excluded={1})(x, y))(A, C)
    np.testing.assert_allclose(excluded, A * C.sum(axis=(1, 2))[:, None])


def test_one_program_for_all_sizes_and_one_for_each_constant() -> None:
    traced = []

    @vnp.vectorize(excluded={1})
    def power(x: Any, n: Any) -> Any:
        traced.append(n)
        return x**n

    for n in (2, 2, 3, 2):
        np.testing.assert_allclose(power(A, n), A**n)
        np.testing.assert_allclose(power(B, n), B**n)
    assert sorted(traced) == [2, 2, 3, 3]  # for one axis, and for two
    assert power.__name__ == "power"


def test_numbers_and_nothing() -> None:
    narrow = vnp.vectorize(lambda x, y: x * y)(A.astype(np.float32), 2.0)
    assert narrow.dtype == np.float32
    assert vnp.vectorize(lambda x, y: x * y)(np.zeros((0, 3)), B).shape == (0, 3)
    np.testing.assert_array_equal(vnp.vectorize(lambda x, y: x if y is None else y)(A, None), A)


WRONG: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: vnp.vectorize(abs, signature="(n)(n)->()"), ArgumentError, "not a valid gufunc signature"),
    (lambda: vnp.vectorize(abs, excluded={-1}), ArgumentError, "positions that are not negative"),
    (lambda: vnp.vectorize(abs)(A, C[:, :, :2]), ShapeError, r"broadcast together with shapes \(2,3\) \(2,1,2\)"),
    (lambda: vnp.vectorize(abs, signature="(),()->()")(A), ArgumentError, "expected 2, got 1"),
    (lambda: vnp.vectorize(abs, signature="(n,m,k)->()")(A), ShapeError, "argument 0 does not have"),
    (lambda: vnp.vectorize(np.dot, signature="(n),(n)->()")(A, A[:, :2]), ShapeError, "size for core dimension 'n': 2"),
    (lambda: vnp.vectorize(abs, signature="()->(n)")(A), ShapeError, "result 0 does not have"),
    (lambda: vnp.vectorize(abs, signature="()->(),()")(A), ArgumentError, "expected 2, got 1"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_arguments(number: int) -> None:
    function, error, text = WRONG[number]
    with pytest.raises(error, match=text):
        function()
