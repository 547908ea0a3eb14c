"""`debug_print`, `check_nans` and `disable_jit`: what helps to find out what is wrong with a program."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Literal
from vtrace.ops.debug_print import DebugPrint
from vtrace.ops.samples import array
from vtrace.passes.pipeline import PASSES


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def halve(x: Any) -> Any:
    lax.debug_print("begin {}", x)
    result = lax.while_loop(lambda c: c > 1, lambda c: (lax.debug_print("x = {x:.2f}", x=c), c / 2)[1], x)
    lax.debug_print("end {} of {start}", result, start=x)
    return result


def test_lines_name_their_example_and_come_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    result = vtrace.vmap(halve)(np.array([3.0, 0.5]))
    np.testing.assert_array_equal(result, [0.75, 0.5])
    assert lines(capsys) == [
        "[example 0] begin 3.0",
        "[example 0] x = 3.00",
        "[example 0] x = 1.50",
        "[example 0] end 0.75 of 3.0",
        "[example 1] begin 0.5",
        "[example 1] end 0.5 of 0.5",
    ]


def test_without_a_batch_nothing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    vtrace.jit(halve)(1.5)
    halve(np.float64(1.5))
    half = ["begin 1.5", "x = 1.50", "end 0.75 of 1.5"]
    assert lines(capsys) == half + half


def test_every_call_prints(capsys: pytest.CaptureFixture[str]) -> None:
    f = vtrace.vmap(lambda x: (lax.debug_print("{}", x), x + 1)[1])
    for _ in range(3):
        np.testing.assert_array_equal(f(np.array([1, 2])), [2, 3])
    assert lines(capsys) == ["[example 0] 1", "[example 1] 2"] * 3


def test_only_the_branch_that_is_taken_prints(capsys: pytest.CaptureFixture[str]) -> None:
    def say(text: str) -> Any:
        return lambda x: (lax.debug_print(text), x)[1]

    vtrace.vmap(lambda x: lax.cond(x > 0, say("yes"), say("no"), x))(np.array([1.0, -1.0]))
    assert lines(capsys) == ["[example 0] yes", "[example 1] no"]


def test_a_batch_within_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    inner = vtrace.vmap(lambda x: (lax.debug_print("{}", x), x * 2)[1])
    np.testing.assert_array_equal(vtrace.vmap(inner)(np.array([[1, 2], [3, 4]])), [[2, 4], [6, 8]])
    assert lines(capsys) == ["[example 0, 0] 1", "[example 0, 1] 2", "[example 1, 0] 3", "[example 1, 1] 4"]


def test_axes_and_structures_of_printing_programs(capsys: pytest.CaptureFixture[str]) -> None:
    def silent(x: Any, w: Any) -> Any:
        return {"a": x * w, "b": (w + 1, x.sum())}

    x = np.arange(6.0).reshape(3, 2)
    axes: Any = {"a": 1, "b": (None, 0)}
    quiet = vtrace.vmap(silent, (1, None), axes)
    printing = vtrace.vmap(lambda x, w: (lax.debug_print("{0.shape} {w}", x, w=w), silent(x, w))[1], (1, None), axes)
    wanted, got = quiet(x, 2.0), printing(x, 2.0)
    np.testing.assert_array_equal(got["a"], wanted["a"])
    np.testing.assert_array_equal(got["b"][0], wanted["b"][0])
    np.testing.assert_array_equal(got["b"][1], wanted["b"][1])
    assert lines(capsys) == ["[example 0] (3,) 2.0", "[example 1] (3,) 2.0"]
    assert printing(x[:, :0], 2.0)["a"].shape == (3, 0)


def test_chunks_go_on_counting(capsys: pytest.CaptureFixture[str]) -> None:
    f = vtrace.vmap(lambda x: (lax.debug_print("{}", x), x)[1], chunk_size=2)
    out = np.empty(5)
    f(np.arange(5.0), out=out)
    np.testing.assert_array_equal(out, np.arange(5.0))
    assert lines(capsys) == [f"[example {n}] {n}.0" for n in range(5)]


def test_inspection_of_a_program_that_prints() -> None:
    stages = vtrace.vmap(halve).inspect("f64[b]")
    assert 'debug_print[format="x = {x:.2f}" names=("x",) pairs=()] ' in str(stages.traced)
    assert "interpreted" in str(stages)
    with pytest.raises(vtrace.UnsupportedError, match="a program with a debug_print is interpreted"):
        _ = stages.kernels


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("{} {}", 1.0), "'{} {}' does not fit the arguments: "),
        (("{x}", 1.0), "'{x}' does not fit the arguments: 'x'"),
        (("{:d}", 1.0), "does not fit the arguments: Unknown format code 'd'"),
        ((3.0,), "the first argument is the format, a string, got 3.0"),
        (("{}", "text"), "argument 0 is a str, not an array"),
    ],
)
def test_wrong_formats_are_told_while_tracing(arguments: Any, text: str) -> None:
    with pytest.raises(vtrace.ArgumentError) as raised:
        vtrace.vmap(lambda x: (lax.debug_print(*arguments), x)[1])(np.ones(2))
    assert text in str(raised.value)
    assert "test_debugging.py" in str(raised.value)


@pytest.mark.parametrize("name", sorted(set(PASSES) - {"fuse"}))
def test_passes_keep_what_prints(name: str) -> None:
    b = Builder()
    x = b.input(array("f64"), "x")
    for _ in range(2):
        b.emit(DebugPrint("{}"), x)
        b.emit(DebugPrint("constant {}"), Literal.of(1.0))
    graph = PASSES[name](b.build([x]))
    assert [e.primitive.format for e in graph.equations] == ["{}", "constant {}"] * 2  # type: ignore[attr-defined]


def test_passes_keep_loops_that_print() -> None:
    def loop(x: Any) -> Any:
        lax.fori_loop(0, 3, lambda i, c: (lax.debug_print("{}", i), c)[1], 0)
        return x

    graph = vtrace.make_ir(loop)("f64[]")
    for name in ("simplify", "fold", "nested", "cse", "dce"):
        graph = PASSES[name](graph)
    assert "debug_print" in str(graph)


# -- check_nans ---------------------------------------------------------------------------------------------------


def message(function: Any, *arguments: Any) -> str:
    with vtrace.check_nans(), pytest.raises(FloatingPointError) as raised:
        function(*arguments)
    return str(raised.value)


@pytest.mark.parametrize("chunk", [None, 2])
def test_the_first_example_its_equation_and_line_are_named(chunk: int | None) -> None:
    f = vtrace.vmap(lambda x: np.exp(x) + 2.0 * np.log(x), chunk_size=chunk)
    text = message(f, np.array([1.0, np.nan, 2.0, -3.0, -4.0]))
    assert "example 3 has a NaN in its results and none in its arguments; it was made by\n" in text
    assert "= log x\nwith x = -3.0, at " in text
    assert f"{__file__}:" in text


def test_good_results_are_returned() -> None:
    x = np.array([1.0, 4.0])
    f = vtrace.vmap(np.sqrt)
    with vtrace.check_nans():
        np.testing.assert_array_equal(f(x), [1.0, 2.0])
        with vtrace.check_nans(False):
            assert np.isnan(f(-x)).all()
        np.testing.assert_array_equal(vtrace.vmap(lambda x: (x * 2).astype(np.int64))(x), [2, 8])
    assert np.isnan(f(-x)).all()


def test_nans_in_arguments_and_constants_are_let_be() -> None:
    with vtrace.check_nans():
        assert np.isnan(vtrace.vmap(lambda x: x + 1)(np.array([np.nan]))).all()
        assert np.isnan(vtrace.vmap(lambda x, s: x + s, (0, None))(np.ones(2), np.nan)).all()
        assert np.isnan(vtrace.vmap(lambda x: x + np.nan)(np.ones(2))).all()
        assert np.isnan(vtrace.vmap(lambda x: x + np.array([1.0, np.nan]))(np.ones((2, 2)))).any()


def test_nans_that_do_not_reach_a_result_are_let_be() -> None:
    with vtrace.check_nans():
        f = vtrace.vmap(lambda x: np.where(x > 0, np.log(x), 0.0))
        np.testing.assert_array_equal(f(np.array([1.0, -1.0])), [0.0, 0.0])
    text = message(vtrace.vmap(lambda x: np.where(x > 0, np.log(x), 0.0) + np.sqrt(x)), np.array([-1.0]))
    assert "= sqrt x" in text


def test_a_nan_made_within_a_loop() -> None:
    def f(x: Any) -> Any:
        return lax.fori_loop(0, 10, lambda i, c: np.sqrt(c) - 1.0, x)

    text = message(vtrace.vmap(f), np.array([5.0]))
    assert "= sqrt " in text
    assert "with " in text


def test_a_nan_in_a_batch_within_an_example() -> None:
    inner = vtrace.vmap(lambda x: lax.cond(x > 2, np.log, lambda x: np.log(-x), x))
    text = message(vtrace.vmap(inner), np.array([[3.0, 4.0], [5.0, 1.0]]))
    assert "example 1, 1 has a NaN" in text or "example 1 has a NaN" in text
    assert "= log " in text


def test_jit_has_no_examples() -> None:
    text = message(vtrace.jit(lambda x: np.log(x).sum()), np.array([1.0, -1.0]))
    assert text.startswith("jit of <lambda>: the call has a NaN in its results")


def test_results_with_their_batch_elsewhere() -> None:
    f = vtrace.vmap(lambda x: np.sqrt(x) * np.arange(3.0), out_axes=1)
    assert "example 2 has" in message(f, np.array([1.0, 2.0, -3.0]))


def test_nan_checks_of_what_is_interpreted() -> None:
    with vtrace.disable_jit():
        assert "example 1 has" in message(vtrace.vmap(np.log), np.array([1.0, -1.0]))


def test_the_environment_switches_it_on() -> None:
    code = "import numpy as np, vtrace; vtrace.vmap(np.log)(np.array([-1.0]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "VTRACE_CHECK_NANS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "FloatingPointError: vmap of log: example 0 has a NaN" in done.stderr
