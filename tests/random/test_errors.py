"""What samplers refuse, and what they say; and `np.random` in a traced function."""

import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import random

KEY = random.key(0)
ERRORS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: random.normal(0), vtrace.DTypeError, r"test_errors.py:\d+ .*a key is a uint32 array of shape \(2,\)"),
    (lambda: random.bits(random.split(KEY, 3)), vtrace.ShapeError, r"got u32\[3,2\]; use vmap for a batch of keys"),
    (lambda: random.bits(KEY[:1]), vtrace.ShapeError, r"got u32\[1\]$"),
    (lambda: random.bits(KEY, (2,), np.int32), vtrace.DTypeError, "must be an unsigned integer, got int32"),
    (lambda: random.normal(KEY, (-1,)), vtrace.ShapeError, r"no negative numbers, got \(-1,\)"),
    (lambda: random.normal(KEY, (2**40,)), vtrace.ShapeError, "up to 2..32 numbers at a time"),
    (lambda: random.normal(KEY, (2,), int), vtrace.DTypeError, "random.normal: dtype must be float32 or float64"),
    (lambda: random.key(1.5), vtrace.DTypeError, "the seed must be one integer, got f64"),
    (lambda: random.fold_in(KEY, np.arange(2)), vtrace.DTypeError, r"data must be one integer, got i64\[2\]"),
    (lambda: random.randint(KEY, (), 0.5, 2), vtrace.DTypeError, r"minval must be an integer, got f64\[\]"),
    (lambda: random.randint(KEY, (), 0, 9, float), vtrace.DTypeError, "dtype must be an integer, got float64"),
    (lambda: random.randint(KEY, (), 0, 300, np.uint8), vtrace.UsageError, "maxval 300 does not fit in uint8"),
    (lambda: random.randint(KEY, (), -1, 3, np.uint8), vtrace.UsageError, "minval -1 does not fit in uint8"),
    (lambda: random.choice(KEY, 5, replace=False), vtrace.UnsupportedError, "without replacement is not supported"),
    (lambda: random.choice(KEY, 0), vtrace.ShapeError, "nothing to choose from"),
    (lambda: random.choice(KEY, 5, p=np.ones(4)), vtrace.ShapeError, r"p must have shape \(5,\), got \(4,\)"),
    (lambda: random.choice(KEY, 2.5), vtrace.ShapeError, "an array with an axis"),
    (lambda: random.categorical(KEY, np.ones((3, 2)), shape=(2,)), vtrace.ShapeError, r"must end with \(3,\)"),
    (lambda: random.dirichlet(KEY, 1.0), vtrace.ShapeError, "alpha needs at least one axis"),
    (lambda: random.poisson(KEY, 1.0, (), float), vtrace.DTypeError, "dtype must be an integer, got float64"),
]


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_message(number: int) -> None:
    call, error, message = ERRORS[number]
    with pytest.raises(error, match=message):
        call()


def noisy(x: Any) -> Any:
    return x + np.random.normal()  # noqa: NPY002  # the global generator is what this is about


def around(x: Any) -> Any:
    return vtrace.vmap(noisy)(x)


def test_numpys_generator_in_a_traced_function_is_warned_about() -> None:
    with pytest.warns(vtrace.ConstantRandomWarning, match=r"test_errors.py:\d+: vmap of noisy called np.random"):
        results = vtrace.vmap(noisy)(np.zeros(5))
    assert len(set(results.tolist())) == 1
    with pytest.warns(vtrace.ConstantRandomWarning, match="jit of around"):
        vtrace.jit(around)(np.zeros(2))


@pytest.mark.parametrize(("call", "warned"), [("np.random.rand()", True), ("np.random.default_rng(0).random()", False)])
def test_a_generator_that_is_imported_meanwhile(call: str, warned: bool) -> None:
    code = f"import numpy as np, vtrace; vtrace.jit(lambda x: x + {call})(1.0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("ConstantRandomWarning" in done.stderr) == warned


def test_numbers_drawn_elsewhere_are_not_warned_about() -> None:
    drawn = np.random.normal(size=3)  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(vtrace.vmap(lambda x: x + drawn[0])(np.zeros(3)), np.full(3, drawn[0]))
