"""The examples in README.md, docs/ and docstrings are true."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import vtrace

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = [
    "vtrace",
    *(m.name for m in pkgutil.walk_packages(vtrace.__path__, "vtrace.") if m.name != "vtrace.__main__"),
]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def _run(test: doctest.DocTest) -> None:
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    runner.run(test, out=report.append)
    assert runner.failures == 0, "".join(report)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_page(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    # the fence that ends a block is not part of what its last example prints
    text = re.sub(r"^```.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    test = doctest.DocTestParser().get_doctest(text, {}, path.name, str(path), 0)
    _run(test)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        if test.examples:
            _run(test)


def test_the_first_pages_have_examples():
    for name in ("README.md", "docs/quickstart.md"):
        assert (ROOT / name).read_text(encoding="utf-8").count(">>> ") > 10


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_examples_run(monkeypatch, capsys):
    import runpy

    for path in sorted((ROOT / "examples").glob("*.py")):
        runpy.run_path(str(path), run_name="__main__")
        assert capsys.readouterr().out
