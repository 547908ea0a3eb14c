"""disable_jit and VTRACE_DISABLE_JIT: the same results without machine code."""

import os
import subprocess
import sys

import numpy as np
import pytest

import vtrace

X = np.arange(6.0).reshape(3, 2)


def test_nothing_is_compiled_and_the_results_are_the_same() -> None:
    f = vtrace.vmap(lambda x, y=2.0: {"a": np.exp(x) * y, "b": [x.sum(), 1]})
    with vtrace.disable_jit():
        interpreted = f(X, y=np.ones(3))
        assert f.compilations == 0
    compiled = f(X, y=np.ones(3))
    assert f.compilations == 1
    np.testing.assert_allclose(interpreted["a"], compiled["a"], rtol=1e-15)
    np.testing.assert_array_equal(interpreted["b"][0], compiled["b"][0])
    np.testing.assert_array_equal(interpreted["b"][1], compiled["b"][1])


def test_a_compiled_function_is_interpreted_too() -> None:
    f = vtrace.vmap(lambda x: x / 0)
    f(X)
    with vtrace.disable_jit(), vtrace.disable_jit(False):
        np.testing.assert_array_equal(f(X), np.where(X == 0, np.nan, np.inf))
    with vtrace.disable_jit():
        np.testing.assert_array_equal(f(X), np.where(X == 0, np.nan, np.inf))


def test_results_never_share_memory_with_arguments() -> None:
    with vtrace.disable_jit():
        for function in (lambda x: x, lambda x: x.reshape(2, 1), lambda x: x[::-1]):
            result = vtrace.vmap(function)(X)
            assert result.flags.writeable
            assert not np.shares_memory(result, X)


def test_the_context_ends_with_an_error() -> None:
    def fail() -> None:
        with vtrace.disable_jit():
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    f = vtrace.jit(lambda x: x + 1)
    f(1.0)
    assert f.compilations == 1


@pytest.mark.parametrize(("value", "compilations"), [("1", "0"), ("0", "1"), ("", "1")])
def test_the_environment(value: str, compilations: str) -> None:
    code = "import vtrace; f = vtrace.jit(lambda x: x + 1); assert f(1) == 2; print(f.compilations)"
    environment = {**os.environ, "VTRACE_DISABLE_JIT": value}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == compilations
