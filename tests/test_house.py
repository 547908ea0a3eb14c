"""The rules of the house that no linter knows."""

import subprocess
import sys
from pathlib import Path

import pytest

from vtrace.ir.primitive import REGISTRY
from vtrace.ops.table import ops_table

ROOT = Path(__file__).parent.parent
FILES = sorted(p for folder in ("vtrace", "tests", "benchmarks", "examples") for p in (ROOT / folder).rglob("*.py"))
LIMIT = 400
LATER = ("llvmlite", "numba", "networkx", "scipy", "rich", "matplotlib")
"""Packages that take long to import: what needs them imports them, when it needs them."""


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


def test_the_table_of_primitives_is_up_to_date():
    page = (ROOT / "docs" / "ops.md").read_text(encoding="utf-8")
    assert page == ops_table(), "run `python -m vtrace.ops.table > docs/ops.md`"


def test_importing_vtrace_imports_nothing_slow():
    code = f"import sys, vtrace; print([name for name in {LATER} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
