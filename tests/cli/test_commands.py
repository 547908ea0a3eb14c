"""`vtrace opt | ops | info | demo`, and what all commands share."""

import json
import os
import subprocess
import sys

import pytest

IR = """
{ lambda ; x:f64[b,3]. let
    unused:f64[b,3] = exp x
    one:f64[b,3] = sin x
    again:f64[b,3] = sin x
    z:f64[b,3] = add one again
  in (z,) }
"""


@pytest.fixture
def ir_file(tmp_path):
    path = tmp_path / "graph.vt"
    path.write_text(IR)
    return str(path)


def test_opt(cli, ir_file):
    result = cli("opt", ir_file, "--passes", "cse,dce")
    assert result.status == 0
    assert result.out == ("{ lambda ; x:f64[b,3]. let\n    a:f64[b,3] = sin x\n    c:f64[b,3] = add a a\n  in (c,) }\n")


def test_opt_without_passes_prints_canonical_text(cli, ir_file):
    assert "a:f64[b,3] = exp x" in cli("opt", ir_file).out


def test_opt_prints_after_passes(cli, ir_file):
    result = cli("opt", ir_file, "--passes", "cse,dce,fold", "--print-after", "all")
    assert [line for line in result.out.splitlines() if line.startswith("#")] == [
        "# after cse",
        "# after dce",
        "# after fold (no change)",
    ]
    one = cli("opt", ir_file, "--passes", "cse,dce", "--print-after", "dce")
    assert one.out.count("# after") == 1


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (IR, ["--passes", "sce"], "there is no pass 'sce'; there are simplify"),
        (IR, ["--print-after", "nope"], "there is no pass 'nope'"),
        (IR.replace("exp x", "exp y"), [], "graph.vt: line 3, column 27: 'y' is not defined"),
        (IR.replace("one:f64[b,3] = sin", "one:f64[b,4] = sin"), [], "f64[b,4]"),
        ("", [], "line 1, column 1"),
    ],
)
def test_opt_errors_are_one_line(cli, tmp_path, text, options, message):
    path = tmp_path / "graph.vt"
    path.write_text(text)
    result = cli("opt", str(path), *options)
    assert result.status == 2
    assert result.err.count("\n") == 1
    assert message in result.err


def test_opt_without_a_file(cli):
    result = cli("opt", "no/such/file.vt")
    assert result.status == 2
    assert result.err.count("\n") == 1


@pytest.mark.smoke
def test_ops(cli):
    from vtrace.ir.primitive import REGISTRY

    lines = cli("ops").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == sorted(REGISTRY)
    rows = json.loads(cli("ops", "--json").out)
    assert [r["name"] for r in rows] == sorted(REGISTRY)
    assert all(r["summary"] for r in rows)
    (dot,) = (r for r in rows if r["name"] == "dot")
    assert dot["parameters"] == ["contract", "batch_axes"]


@pytest.mark.smoke
def test_info(cli):
    text = cli("info").out
    for word in ("vtrace", "python", "numpy", "llvmlite", "cpu", "vectors", "threads", "gpu"):
        assert f"\n{word} " in "\n" + text
    data = json.loads(cli("info", "--json").out)
    assert data["cpu"]["vector_bits"] in (128, 256, 512)
    assert data["threads"]["used"] >= 1
    assert data["packages"]["numpy"]
    assert data["gpu"]


def test_demo(cli, tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "chart" / "demo.svg"
    result = cli("demo", "--quick", "--picture", str(picture))
    assert result.status == 0
    for text in (
        "not aligned",
        "dot: x has shape (2, 3), y has shape (2, 3)",
        "[576, 2025]",
        "(None, 1)",
        "times faster",
    ):
        assert text in result.out
    optimized = result.out.partition("ONE matrix product")[2].partition("}")[0]
    assert optimized.count("matmul[") == 1
    assert optimized.count(" = ") == 1
    assert picture.read_text().startswith("<?xml")
    assert "timing" in result.err


def test_demo_without_matplotlib(cli, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = cli("demo", "--quick", "--picture", str(tmp_path / "demo.svg"))
    assert "vtrace[plot]" in result.out
    assert "10 loop |" in result.out
    assert not (tmp_path / "demo.svg").exists()


def test_demo_leaves_out_what_does_not_fit(monkeypatch):
    from vtrace.demo import timing

    monkeypatch.setattr(timing, "_free_memory", lambda: 1e9)
    monkeypatch.setattr(timing, "SECONDS", 0.0)
    said: list[str] = []
    timings = timing.measure([10, 10000], said.append)
    assert [t.n for t in timings] == [10]
    assert said == ["n = 10000 is left out: it needs 4 GB of free memory"]


def test_help_and_version(cli):
    import vtrace

    assert cli("--version").out == f"vtrace, version {vtrace.__version__}\n"
    assert "dump" in cli("--help").out
    assert "--in-axes" in cli("dump", "-h").out
    nothing = cli()
    assert nothing.status == 2
    assert "Usage" in nothing.err


def test_a_wrong_command(cli):
    result = cli("dmup")
    assert result.status == 2
    assert result.err.startswith("vtrace: error: No such command 'dmup'")
    assert result.err.count("\n") == 1


def _run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | environment
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=env, check=False)


@pytest.mark.smoke
def test_python_dash_m():
    done = _run("-m", "vtrace", "dump", "no_such_module:f")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "vtrace: error: cannot import 'no_such_module': ModuleNotFoundError: No module named 'no_such_module'\n"
    )


def test_no_color():
    arguments = ("-m", "vtrace", "dump", "vtrace.demo.examples:custom_dot", "--args", "f64[3], f64[3]")
    assert "\x1b[" in _run(*arguments, FORCE_COLOR="1", TERM="xterm-256color").stdout
    assert "\x1b[3" not in _run(*arguments, FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1").stdout
    assert "\x1b[" not in _run(*arguments).stdout


def test_importing_vtrace_is_cheap():
    heavy = ("click", "rich", "tqdm", "matplotlib", "networkx", "llvmlite", "scipy")
    code = f"import sys, vtrace; print([m for m in {heavy} if m in sys.modules])"
    assert _run("-c", code).stdout == "[]\n"


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m vtrace ops | true"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert done.stderr == ""
