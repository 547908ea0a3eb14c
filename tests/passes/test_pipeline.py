"""Pipelines and what looks on between passes."""

import io
import time

import pytest

import vtrace.ops  # noqa: F401
from vtrace.errors import VerificationError
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Graph
from vtrace.ir.parser import parse
from vtrace.ir.types import FLOAT64, ArrayType, Symbol
from vtrace.ops.arithmetic import Add, Mul
from vtrace.ops.movement import Reshape
from vtrace.passes.pipeline import DEFAULT, PASSES, Counts, Dump, Pass, Pipeline, Times, optimize, verify_after

TWICE = "{ lambda ; x:f64[]. let a:f64[] = sin x b:f64[] = sin x c:f64[] = add a b in (c,) }"


def broken(graph: Graph) -> Graph:
    """Forget the first equation."""
    return Graph(graph.inputs, graph.equations[1:], graph.outputs)


def test_every_pass_has_its_function_s_name_and_says_what_it_does() -> None:
    assert list(PASSES) == [
        "simplify",
        "fold",
        "running",
        "sorting",
        "nested",
        "counters",
        "cse",
        "sums",
        "contract",
        "parts",
        "lapack",
        "dce",
        "fuse",
    ]
    for name, step in PASSES.items():
        assert step.name == name
        assert step.summary


def test_observers_see_every_pass() -> None:
    counts, times = Counts(), Times()
    DEFAULT.run(parse(TWICE), observe=[counts, times])
    before, after = (
        ["simplify", "fold", "running", "sorting", "nested", "counters"],
        ["cse", "sums", "contract", "parts", "lapack"],
    )
    names = [*before, *after, "simplify", "dce"]
    assert counts.equations == list(zip(names, [3] * len(before) + [2] * 7, strict=True))
    assert [name for name, _ in times.seconds] == names


def test_dump_prints_what_changed() -> None:
    stream = io.StringIO()
    Pipeline([PASSES["fold"], PASSES["cse"]]).run(parse(TWICE), observe=[Dump(stream)])
    assert stream.getvalue() == (
        "# after fold (no change)\n"
        "# after cse\n"
        "{ lambda ; x:f64[]. let\n"
        "    a:f64[] = sin x\n"
        "    b:f64[] = add a a\n"
        "  in (b,) }\n"
    )


def test_dump_prints_only_the_passes_asked_for() -> None:
    stream = io.StringIO()
    Pipeline([PASSES["fold"], PASSES["dce"]]).run(parse(TWICE), observe=[Dump(stream, frozenset({"dce"}))])
    assert stream.getvalue().startswith("# after dce\n{ lambda ; x:f64[].")
    assert "fold" not in stream.getvalue()


def test_verify_names_the_pass_that_broke_the_graph() -> None:
    with pytest.raises(VerificationError, match="after pass broken: "):
        Pipeline([Pass("broken", broken)]).run(parse(TWICE), observe=[verify_after])


def test_the_environment_verifies_every_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline([Pass("broken", broken)])
    monkeypatch.setenv("VTRACE_VERIFY", "0")
    pipeline.run(parse(TWICE))
    monkeypatch.setenv("VTRACE_VERIFY", "1")
    with pytest.raises(VerificationError, match="after pass broken"):
        pipeline.run(parse(TWICE))


def test_nothing_to_do_gives_back_the_same_graph() -> None:
    graph = optimize(parse(TWICE))
    assert optimize(graph) is graph


def long_program(equations: int) -> Graph:
    builder = Builder()
    shape = (Symbol("b"), 3)
    x = builder.input(ArrayType(FLOAT64, shape), "x")
    value = x
    for n in range(equations):
        ops = (Reshape(shape), Add(), Mul())
        op = ops[n % 3]
        value = builder.emit(op, value) if n % 3 == 0 else builder.emit(op, value, x)
    return builder.build([value])


def test_time_grows_with_the_length_of_the_program() -> None:
    """Ten times the equations take about ten times as long, not a hundred times."""

    def seconds(graph: Graph) -> float:
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            optimize(graph)
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(long_program(5000)) < 40 * seconds(long_program(500))
