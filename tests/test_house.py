"""The rules of the house that no linter knows."""

import subprocess
from pathlib import Path

import pytest

import vtrace.ops  # noqa: F401  # fills the registry
from vtrace.ir.primitive import REGISTRY

ROOT = Path(__file__).parent.parent
FILES = sorted(p for folder in ("vtrace", "tests", "benchmarks", "examples") for p in (ROOT / folder).rglob("*.py"))
LIMIT = 400


def test_no_file_is_too_long():
    long = {
        str(p.relative_to(ROOT)): n for p in FILES if (n := len(p.read_text(encoding="utf-8").splitlines())) > LIMIT
    }
    assert long == {}


def test_every_module_says_what_it_is_for():
    def silent(path: Path) -> bool:
        text = path.read_text(encoding="utf-8")
        return bool(text) and not text.startswith(('"""', 'r"""', "#!"))

    assert [str(p.relative_to(ROOT)) for p in FILES if silent(p)] == []


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_a_primitive_is_final_and_documented(name):
    cls = REGISTRY[name]
    assert getattr(cls, "__final__", False)
    assert cls.__doc__
    assert not cls.__doc__.startswith(f"{cls.__name__}("), "the docstring is the one dataclasses make"


def test_make_says_what_it_can_do():
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "demo" in done.stdout
