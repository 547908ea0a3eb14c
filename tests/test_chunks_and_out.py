"""`chunk_size=` and `out=`: where and in which portions results are computed changes no bit of them."""

from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax
from vtrace.frontend.pytree import flatten_results

X = np.random.default_rng(0).normal(size=(103, 5))
Y = np.random.default_rng(1).normal(size=(5, 103))


def everything(x: Any, y: Any, shared: Any) -> Any:
    """Reductions, a loop per example, a constant, an argument and the same value twice."""
    total = np.sin(x).sum() + (y * shared["w"]).sum()
    steps = lax.while_loop(lambda c: c[0] > 0.1, lambda c: (c[0] * 0.5, c[1] + 1), (np.abs(x).max(), 0))[1]
    return {"a": (total, [x * 2 - y, total]), "b": steps, "c": 3.0, "d": x}


def bits(tree: Any) -> list[bytes]:
    return [np.ascontiguousarray(a).tobytes() for a in flatten_results(tree)[0]]


SHARED = {"w": np.arange(5.0)}
OUT_AXES = {"a": (0, [1, 0]), "b": 0, "c": 0, "d": 1}


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 103])
@pytest.mark.parametrize("chunk", [1, 8, 50, 103, 1000])
def test_chunks_give_the_same_bits(size: int, chunk: int) -> None:
    axes = (0, 1, None)
    arguments = (X[:size], Y[:, :size], SHARED)
    whole = vtrace.vmap(everything, axes, OUT_AXES)(*arguments)
    f = vtrace.vmap(everything, axes, OUT_AXES, chunk_size=chunk)
    for _ in range(2):
        parts = f(*arguments)
        assert bits(parts) == bits(whole)
        assert parts["a"][1][0].shape == (5, size)
        assert parts["c"].shape == (size,)
    assert f.compilations == 1


def test_a_small_call_does_not_open_a_way_around_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    f = vtrace.vmap(lambda x: x + 1, chunk_size=10)
    f(np.ones(4))
    sizes = []
    write = vtrace.api.program.Program.write

    def spy(program: Any, arrays: Any, targets: Any, first: int = 0) -> None:
        sizes.append(len(arrays[0]))
        write(program, arrays, targets, first)

    monkeypatch.setattr(vtrace.api.program.Program, "write", spy)
    np.testing.assert_array_equal(f(np.ones(25)), np.full(25, 2.0))
    assert sizes == [10, 10, 5]


def test_chunks_of_several_kernels() -> None:
    def f(x: Any, m: Any) -> Any:
        y = np.exp(x - x.max())
        return m @ (y / y.sum()), y.cumsum()

    m = np.random.default_rng(2).normal(size=(40, 5))
    whole = vtrace.vmap(f, (0, None))(X, m)
    parts = vtrace.vmap(f, (0, None), chunk_size=10)(X, m)
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-13, atol=1e-15)  # a matrix product of the library
    assert bits(parts[1]) == bits(whole[1])


def test_results_that_all_examples_share() -> None:
    f = vtrace.vmap(lambda x, s: (x * s, s * 2), (0, None), (0, None), chunk_size=10)
    product, double = f(X, 3.0)
    np.testing.assert_array_equal(product, X * 3.0)
    assert double == 6.0


def test_nothing_mapped_is_nothing_to_divide() -> None:
    f = vtrace.vmap(lambda s: s * 2, None, axis_size=7, chunk_size=2)
    np.testing.assert_array_equal(f(3.0), np.full(7, 6.0))


def test_chunks_interpreted() -> None:
    with vtrace.disable_jit():
        np.testing.assert_array_equal(vtrace.vmap(lambda x: x.sum(), chunk_size=10)(np.ones((25, 4))), np.full(25, 4.0))


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    vtrace.vmap(np.sum, chunk_size=10, progress=True)(X)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "vmap of sum" in captured.err
    assert "11/11" in captured.err


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "10"])
def test_wrong_chunk_sizes(wrong: Any) -> None:
    with pytest.raises(vtrace.ArgumentError, match="chunk_size must be a positive integer or None, got"):
        vtrace.vmap(np.sum, chunk_size=wrong)


def test_progress_needs_chunks() -> None:
    with pytest.raises(vtrace.ArgumentError, match="give chunk_size as well"):
        vtrace.vmap(np.sum, progress=True)


@pytest.mark.parametrize("chunk", [None, 10])
def test_out_is_filled_and_returned(chunk: int | None) -> None:
    arguments = (X, Y, SHARED)
    axes = (0, 1, None)
    f = vtrace.vmap(everything, axes, OUT_AXES, chunk_size=chunk)
    wanted = f(*arguments)
    out = {
        "a": (np.empty(103), [np.empty((5, 206))[:, ::2], np.empty(103)]),
        "b": np.empty(103, np.int64),
        "c": np.empty(206)[::-2],
        "d": np.empty((103, 5)).T,
    }
    leaves = flatten_results(out)[0]
    got = f(*arguments, out=out)
    assert got is out
    assert all(a is b for a, b in zip(flatten_results(got)[0], leaves, strict=True))
    assert bits(got) == bits(wanted)


def test_a_contiguous_out_is_written_directly() -> None:
    x, out = np.ones(1 << 20), np.empty(1 << 20)
    f = vtrace.vmap(lambda x: x + 1)
    f(x, out=out)
    import tracemalloc

    tracemalloc.start()
    f(x, out=out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 16
    np.testing.assert_array_equal(out, x + 1)


@pytest.mark.parametrize("chunk", [None, 1, 7])
def test_out_may_overlap_with_arguments(chunk: int | None) -> None:
    f = vtrace.vmap(lambda x, t: x * 2 + t.sum(), (0, None), chunk_size=chunk)
    x = np.arange(20.0)
    wanted = f(x, x)
    assert f(x, x, out=x) is x
    np.testing.assert_array_equal(x, wanted)
    y = np.arange(21.0)
    wanted = f(y[:-1], 1.0)
    f(y[:-1], 1.0, out=y[1:])
    np.testing.assert_array_equal(y[1:], wanted)
    z = np.arange(20.0)
    wanted = f(z[::-1], 1.0)
    f(z[::-1], 1.0, out=z)
    np.testing.assert_array_equal(z, wanted)


def test_out_of_several_results_that_overlap() -> None:
    f = vtrace.vmap(lambda x: (x + 1, x + 2))
    both = np.empty(10)
    f(np.zeros(10), out=(both, both))
    np.testing.assert_array_equal(both, np.full(10, 2.0))


def test_out_of_jit() -> None:
    out = np.empty((103, 5))
    assert vtrace.jit(lambda x: np.exp(x))(X, out=out) is out
    np.testing.assert_array_equal(out, vtrace.jit(np.exp)(X))
    scalar = np.empty(())
    vtrace.jit(np.sum)(X, out=scalar)
    assert scalar == vtrace.jit(np.sum)(X)


def test_a_parameter_of_that_name_is_meant() -> None:
    f = vtrace.vmap(lambda x, out: x + out)
    np.testing.assert_array_equal(f(np.ones(3), out=np.ones(3)), np.full(3, 2.0))


def test_nothing_is_written_where_an_index_is_wrong_and_the_target_is_an_argument() -> None:
    f = vtrace.vmap(lambda t, i: t[i], (None, 0))
    i = np.array([0.0, 0.0])
    with pytest.raises(IndexError):
        f(i, np.array([0, 5]), out=i)
    np.testing.assert_array_equal(i, [0.0, 0.0])


READ_ONLY = np.empty(3)
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    ("out", "error", "text"),
    [
        (np.empty(4), vtrace.ShapeError, r"out has shape \(4,\), the result has \(3,\)"),
        (np.empty(3, np.float32), vtrace.DTypeError, "out has dtype float32, the result has float64"),
        (np.empty(3, ">f8"), vtrace.DTypeError, "out has dtype >f8, the result has float64"),
        ((np.empty(3),), vtrace.ArgumentError, r"out has the structure \(\*,\), the results have \*"),
        ([1.0, 2.0, 3.0], vtrace.ArgumentError, "out has the structure"),
        (None, vtrace.ArgumentError, "out must be an array, got None"),
        (READ_ONLY, vtrace.ArgumentError, "out is read-only"),
    ],
)
def test_wrong_out(out: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        vtrace.vmap(lambda x: x * 1.5)(np.ones(3), out=out)


def test_out_inside_of_a_trace() -> None:
    inner = vtrace.vmap(lambda x: x + 1)
    with pytest.raises(vtrace.ArgumentError, match="out= has no meaning inside a traced function"):
        vtrace.vmap(lambda x: inner(x, out=x))(np.ones((2, 2)))
