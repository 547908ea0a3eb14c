"""`vtrace dump`: stages, axes, diffs, JSON, and one-line errors."""

import json
from pathlib import Path

import pytest

from vtrace.ir import parse, verify

SOURCE = """
import numpy as np
import vtrace

def dot(x, y):
    return np.dot(x, y) ** 2

@vtrace.vmap(in_axes=(0, None))
def decorated(x, y):
    return np.dot(x, y)

@vtrace.jit
def compiled(x):
    return x + 1

def layer(x, w):
    return np.tanh(x @ (w * 2))

def branch(x):
    return 1 if x > 0 else 2

def broken(x):
    raise RuntimeError("two\\nlines")

class Space:
    @staticmethod
    def inner(x):
        return x * 2

number = 3
"""
DOT = "f64[b,3], f64[b,3]"


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "functions_of_the_dump_test.py"
    path.write_text(SOURCE)
    return str(path)


@pytest.mark.smoke
def test_traced_and_batched(cli, file):
    traced = cli("dump", f"{file}:dot", "--args", DOT, "--stage", "traced")
    assert traced.status == 0
    assert traced.out == (
        "{ lambda ; x:f64[3] y:f64[3]. let\n"
        "    a:f64[] = dot[contract=((0,), (0,)) batch_axes=((), ())] x y\n"
        "    b:f64[] = integer_pow[exponent=2] a\n"
        "  in (b,) }\n"
    )
    batched = cli("dump", f"{file}:dot", "--args", DOT, "--stage", "batched")
    assert "x:f64[b,3] y:f64[b,3]" in batched.out
    assert batched.err == ""


@pytest.mark.parametrize("stage", ["optimized", "kernels", "llvm", "asm"])
def test_later_stages(cli, file, stage):
    result = cli("dump", f"{file}:dot", "--args", DOT, "--stage", stage)
    assert result.status == 0
    assert {"optimized": "lambda", "kernels": "kernel", "llvm": "define", "asm": ".text"}[stage] in result.out


def test_kernels_come_with_their_reasons(cli, file):
    types = "f64[b,300], f64[300,200]"
    result = cli("dump", f"{file}:layer", "--args", types, "--in-axes", "0,None", "--stage", "kernels")
    assert "# step 0: kernel of 2 equations, hoisted out of the batch" in result.out
    assert "# step 1: matmul, a library call" in result.out
    assert "lanes: every equation is elementwise over one shape" in result.out
    verify(parse(result.out))


def test_the_batch_is_where_the_symbol_is(cli, file):
    result = cli("dump", f"{file}:dot", "--args", "f64[3], f64[3,b]", "--stage", "batched")
    assert "x:f64[3] y:f64[3,b]" in result.out


@pytest.mark.parametrize("axes", ["1", "1,1", "(1, 1)", "-1"])
def test_in_axes(cli, file, axes):
    result = cli("dump", f"{file}:dot", "--args", "f64[3,8], f64[3,8]", "--in-axes", axes, "--stage", "batched")
    assert "x:f64[3,b] y:f64[3,b]" in result.out


def test_out_axes(cli, file):
    result = cli(
        "dump", f"{file}:Space.inner", "--args", "f64[b,3]", "--in-axes", "0", "--out-axes", "1", "--stage", "batched"
    )
    assert "f64[3,b]" in result.out


def test_decorated_functions_are_taken_as_they_are(cli, file):
    result = cli("dump", f"{file}:decorated", "--args", "f64[b,3], f64[3]", "--stage", "batched")
    assert "x:f64[b,3] y:f64[3]" in result.out
    result = cli("dump", f"{file}:compiled", "--args", "f64[3]", "--stage", "batched")
    assert "x:f64[3]" in result.out


def test_without_a_batch_nothing_is_mapped(cli, file):
    result = cli("dump", f"{file}:dot", "--args", "f64[3], f64[3]", "--stage", "batched")
    assert "x:f64[3] y:f64[3]" in result.out


def test_a_module(cli):
    result = cli("dump", "vtrace.demo.examples:custom_dot", "--args", DOT, "--stage", "traced")
    assert "integer_pow" in result.out


def test_diff(cli, file):
    result = cli("dump", f"{file}:dot", "--args", DOT, "--stage", "batched", "--diff")
    assert result.out.startswith("--- traced\n+++ batched\n")
    assert "\n-{ lambda ; x:f64[3] y:f64[3]. let\n" in result.out
    assert "\n+{ lambda ; x:f64[b,3] y:f64[b,3]. let\n" in result.out
    same = cli("dump", f"{file}:compiled", "--args", "f64[3]", "--stage", "batched", "--diff")
    assert same.out == "# batched is the same as traced\n"


def test_json(cli, file):
    data = json.loads(cli("dump", f"{file}:dot", "--args", DOT, "--stage", "batched", "--json").out)
    assert data["inputs"] == [{"name": "x", "type": "f64[b,3]"}, {"name": "y", "type": "f64[b,3]"}]
    assert data["outputs"] == ["f64[b]"]
    assert [e["primitive"] for e in data["equations"]] == ["dot", "integer_pow"]
    assert data["equations"][0]["source"].endswith("functions_of_the_dump_test.py:6 (dot)")
    assert data["text"].startswith("{ lambda")


@pytest.mark.parametrize(
    ("function", "options", "message"),
    [
        ("dot", ["--args", "f64[b,3], f64[b,4]"], "axis 0 of y (4)"),
        ("dot", ["--args", "f64[b,3"], "--args: 'f64[b,3' is not an array type such as f64[b,3]: expected ','"),
        ("dot", ["--args", "f63[b,3]"], "expected a dtype"),
        ("dot", ["--args", "f64[b,3], f64[c,3]"], "--args has the symbols b, c; only one"),
        ("dot", ["--args", "f64[b,b]"], "the batch occurs twice in f64[b,b]"),
        ("dot", ["--args", DOT, "--in-axes", "0,x"], "--in-axes takes integers and None"),
        ("dot", ["--args", DOT, "--in-axes", "0,0,0"], "in_axes has 3 entries"),
        ("dot", ["--args", DOT, "--in-axes", "5"], "has no axis 5"),
        ("dot", ["--args", "f64[b,3]"], "cannot trace"),
        ("dot", ["--args", DOT, "--stage", "hlo"], "'hlo' is not one of"),
        ("dot", ["--args", DOT, "--stage", "asm", "--diff"], "--diff compares a graph with the one before"),
        ("dot", ["--args", "f64[3], f64[3]", "--out-axes", "0"], "--out-axes is for a function that is mapped here"),
        ("branch", ["--args", "f64[b]"], "branch"),
        ("broken", ["--args", "f64[b]"], "RuntimeError: two lines"),
        ("decorated", ["--args", "f64[b,3], f64[b,3]"], "only the axis that is mapped may have a symbolic size"),
        ("nothing", [], "has no function 'nothing'; it has branch, broken, compiled, decorated, dot"),
        ("number", [], "'number' in"),
        ("dot", ["--unknown"], "No such option"),
    ],
)
def test_errors_are_one_line(cli, file, function, options, message):
    result = cli("dump", f"{file}:{function}", *options)
    assert result.status == 2
    assert result.out == ""
    assert result.err.startswith("vtrace: error: ")
    assert result.err.count("\n") == 1
    assert message in result.err


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_module:f", "cannot import 'no_such_module': ModuleNotFoundError"),
        ("no/such/file.py:f", "there is no file 'no/such/file.py'"),
        ("vtrace.demo.examples", "is not of the form MODULE_OR_FILE:FUNCTION"),
        (":f", "is not of the form MODULE_OR_FILE:FUNCTION"),
    ],
)
def test_wrong_names(cli, target, message):
    result = cli("dump", target)
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_a_file_that_does_not_import(cli, tmp_path):
    for source, name in (("def f(:", "SyntaxError"), ("1 / 0", "ZeroDivisionError"), ("exit(3)", "SystemExit")):
        path = tmp_path / "bad.py"
        path.write_text(source)
        result = cli("dump", f"{path}:f")
        assert result.status == 2
        assert f"{name}: " in result.err
        assert result.err.count("\n") == 1


def test_kernels_for_a_gpu(cli, file):
    result = cli("dump", f"{file}:dot", "--args", DOT, "--stage", "ptx")
    assert result.status == 0
    assert ".visible .entry" in result.out
    assert "fma.rn.f64" in result.out


def test_machine_code_of_a_gpu(cli, file):
    from vtrace.backends.cuda.tools import ASSEMBLER, DISASSEMBLERS, find

    result = cli("dump", f"{file}:dot", "--args", DOT, "--stage", "sass")
    if find(ASSEMBLER) and any(map(find, DISASSEMBLERS)):
        assert result.status == 0
        assert "DFMA" in result.out or "DADD" in result.out
    else:
        assert result.status == 2
        assert "pip install nvidia-cuda-nvcc" in result.err
