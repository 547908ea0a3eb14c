"""Machine code on disk, so that a program compiled once starts at once in every later process.

A file is named by a hash of all that its code depends on: what is compiled, the sources of the code generator,
versions, and the CPU. It is written under another name and then renamed, so that processes which compile the same thing
at the same time cannot disturb each other, and it holds a checksum, so that a damaged one counts as missing. A folder
that cannot be used means no cache, never an error.

    VTRACE_CACHE=0        no cache
    VTRACE_CACHE_DIR      where it lies; otherwise $XDG_CACHE_HOME/vtrace or ~/.cache/vtrace
    VTRACE_CACHE_BYTES    how large it may become (256 MiB); what was not used for longest goes first
"""

import contextlib
import functools
import os
import sys
import tempfile
from hashlib import blake2b
from itertools import count
from pathlib import Path

import llvmlite
import numpy as np
from llvmlite.binding import llvm_version_info

from vtrace.backends.target import cpu_features, cpu_name
from vtrace.errors import UsageError

_MAGIC = b"vtrace code 1\n"
_CHECKSUM_BYTES = 16
_SUFFIX = ".code"
_DEFAULT_BYTES = 256 << 20
_STORES_PER_TRIM = 32
"""Looking at every file takes a while in a large folder."""


class Cache:
    """A folder of machine code."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit

    def load(self, key: str) -> bytes | None:
        """The code under `key`, or None."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        head = len(_MAGIC) + _CHECKSUM_BYTES
        code = content[head:]
        if content[:head] != _MAGIC + _checksum(code):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the time of last use, for `trim`
        return code

    def store(self, key: str, code: bytes) -> None:
        """Keep `code` under `key`, if that is possible."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(
                mode=0o700, parents=True, exist_ok=True
            )  # what lies here is run: for nobody else to write
            handle, name = tempfile.mkstemp(dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_MAGIC + _checksum(code) + code)
                Path(name).replace(self._path(key))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            if next(_STORES) % _STORES_PER_TRIM == 0:
                self.trim()

    def trim(self) -> None:
        """Remove what was not used for longest until the rest fits the limit."""
        files = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.folder):
                with contextlib.suppress(OSError):  # another process may remove files too
                    status = entry.stat()
                    files.append((status.st_mtime_ns, status.st_size, entry.path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.limit:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)  # noqa: PTH108  # scandir gives strings
            total -= size

    def _path(self, key: str) -> Path:
        return self.folder / (key + _SUFFIX)


_STORES = count()


def default() -> Cache | None:
    """The cache that the environment asks for."""
    if os.environ.get("VTRACE_CACHE", "1") == "0":
        return None
    limit = os.environ.get("VTRACE_CACHE_BYTES", str(_DEFAULT_BYTES))
    if not limit.isdecimal():
        raise UsageError(f"VTRACE_CACHE_BYTES is {limit!r}; it takes a number of bytes")
    if folder := os.environ.get("VTRACE_CACHE_DIR"):
        return Cache(Path(folder), int(limit))
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return Cache((Path(base) if base else Path.home() / ".cache") / "vtrace", int(limit))
    except RuntimeError:  # there is no home
        return None


def key_of(what: str) -> str:
    """The name under which the code for `what` is kept."""
    return blake2b((_environment() + what).encode(), digest_size=20).hexdigest()


def _checksum(code: bytes) -> bytes:
    return blake2b(code, digest_size=_CHECKSUM_BYTES).digest()


@functools.cache
def _environment() -> str:
    """All that code depends on beside what is compiled."""
    versions = (llvmlite.__version__, llvm_version_info, np.__version__, sys.implementation.cache_tag)
    return "\n".join([*map(str, versions), sys.platform, cpu_name(), cpu_features(), _sources(), ""])


def _sources() -> str:
    """A change to any file of the compiler changes this."""
    package = Path(__file__).parents[1]
    files = [
        p for part in ("ir", "ops", "backends") for p in (package / part).rglob("*.*") if p.suffix in (".py", ".ll")
    ]
    return "\n".join(f"{p.relative_to(package)} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in sorted(files))
