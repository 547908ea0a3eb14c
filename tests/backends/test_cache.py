"""Machine code on disk: found again by later processes, never trusted when damaged, never an error."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import vtrace
from vtrace.backends import cache
from vtrace.backends.cache import Cache
from vtrace.backends.jit import Machine

CODE = "define i64 @answer() {\n  ret i64 42\n}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("VTRACE_CACHE", raising=False)
    monkeypatch.delenv("VTRACE_CACHE_BYTES", raising=False)
    monkeypatch.setenv("VTRACE_CACHE_DIR", str(tmp_path / "code"))
    return tmp_path / "code"


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.code"))


def test_what_was_compiled_is_not_compiled_again(folder: Path) -> None:
    made = []

    def generate() -> str:
        made.append(1)
        return CODE

    first = Machine("the answer", generate)
    second = Machine("the answer", generate)
    assert len(made) == 1
    assert first.address("answer") != 0
    assert second.address("answer") != 0
    assert second.address("question") == 0
    assert len(files(folder)) == 1
    assert "ret i64 42" in second.llvm, "texts are made when they are asked for"
    assert "answer" in second.asm


def test_everything_the_code_depends_on_is_in_the_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = cache.key_of("x")
    assert key == cache.key_of("x")
    assert key != cache.key_of("y")
    cache._environment.cache_clear()
    monkeypatch.setattr(cache, "cpu_features", lambda: "+none")
    assert key != cache.key_of("x")
    monkeypatch.undo()
    cache._environment.cache_clear()
    assert key == cache.key_of("x")
    monkeypatch.setattr(cache, "_sources", lambda: "changed")
    cache._environment.cache_clear()
    assert key != cache.key_of("x")
    monkeypatch.undo()
    cache._environment.cache_clear()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:7],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: content[:200] + bytes([content[200] ^ 1]) + content[201:],
        lambda content: b"\0" * len(content),
        lambda content: b"something else",
    ],
)
def test_a_damaged_file_is_replaced(folder: Path, damage: object) -> None:
    Machine("the answer", lambda: CODE)
    (path,) = files(folder)
    good = path.read_bytes()
    path.write_bytes(damage(good))  # type: ignore[operator]
    assert Machine("the answer", lambda: CODE).address("answer") != 0
    assert path.read_bytes() == good


def test_the_size_is_limited_and_the_longest_unused_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vtrace.backends.cache._STORES", count(1))  # no trimming before its time
    store = Cache(tmp_path, limit=3000)
    for number in range(4):
        store.store(f"k{number}", bytes(900))
        os.utime(tmp_path / f"k{number}.code", ns=(number, number))
    assert store.load("k0") is not None  # used now
    store.trim()
    assert [store.load(f"k{n}") is None for n in range(4)] == [False, True, False, False]


def test_a_folder_that_cannot_be_used_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("VTRACE_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert Machine("the answer", lambda: CODE).address("answer") != 0
    store = Cache(tmp_path / "file", limit=1)
    store.store("key", b"code")
    assert store.load("key") is None
    store.trim()


def test_a_full_disk_leaves_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    Cache(tmp_path, limit=1000).store("key", b"code")
    assert list(tmp_path.iterdir()) == []


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def place() -> Path | None:
        found = cache.default()
        return None if found is None else found.folder

    for name in ("VTRACE_CACHE", "VTRACE_CACHE_DIR", "VTRACE_CACHE_BYTES", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert place() == tmp_path / ".cache" / "vtrace"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert place() == tmp_path / "x" / "vtrace"
    monkeypatch.setenv("VTRACE_CACHE_DIR", str(tmp_path / "y"))
    assert place() == tmp_path / "y"
    monkeypatch.setenv("VTRACE_CACHE", "0")
    assert place() is None


def test_a_wrong_size_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTRACE_CACHE", "1")
    monkeypatch.setenv("VTRACE_CACHE_BYTES", "lots")
    with pytest.raises(vtrace.UsageError, match="VTRACE_CACHE_BYTES is 'lots'; it takes a number of bytes"):
        cache.default()


def test_switched_off_nothing_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTRACE_CACHE", "0")
    Machine("the answer", lambda: CODE)
    assert not folder.exists()


PROGRAM = """
import numpy as np, vtrace
from vtrace.backends import jit
x = np.arange(300_000.0).reshape(-1, 3)
table = np.array([1.0, 2.0, 3.0])
f = vtrace.vmap(lambda x: (np.dot(x, table), np.sin(x), x @ np.ones((3, 2))))
a, b, c = f(x)
np.testing.assert_allclose(a, x @ table)
np.testing.assert_allclose(b, np.sin(x), rtol=1e-12, atol=1e-15)
np.testing.assert_allclose(c, x @ np.ones((3, 2)))
np.testing.assert_allclose(f(x[:4])[0], x[:4] @ table)
"""


def test_processes_at_once_and_one_after_another(folder: Path) -> None:
    def run(_: int) -> int:
        return subprocess.run([sys.executable, "-c", PROGRAM], check=False).returncode

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(run, range(3))) == [0, 0, 0]
    names = files(folder)
    assert names
    times = [p.stat().st_ino for p in names]
    assert run(0) == 0
    assert files(folder) == names
    assert [p.stat().st_ino for p in names] == times, "all was found, nothing was written again"


def test_code_from_disk_has_the_same_bits(folder: Path) -> None:
    x = np.random.default_rng(0).random((100, 5))
    results = [vtrace.vmap(lambda x: np.exp(x).sum() / (1.0 + x))(x) for _ in range(2)]
    np.testing.assert_array_equal(*results)
