"""Long rows are read and written 16 bytes at a time, by instructions that neighbouring threads have side by side."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from benchmarks.programs import dot, layer_norm, softmax
from tests.cuda.fake_driver import FakeDriver
from tests.cuda.test_matrix import needs_assembler
from vtrace.backends.cuda.tools import DISASSEMBLERS, find, sass

PROGRAMS: dict[str, tuple[Callable[..., Any], int]] = {
    "dot": (dot, 2),
    "softmax": (softmax, 1),
    "layernorm": (layer_norm, 1),
}
ACCESS = re.compile(r"\b(ld|st)\.(?:global|shared)(?:\.nc)?(?:\.(v\d))?\.b(\d+)")


def reads_and_writes(name: str, dtype: str, length: int) -> tuple[set[int], set[int]]:
    """The bytes that the instructions of a program for rows of `length` elements read and write."""
    function, arguments = PROGRAMS[name]
    ptx = vtrace.vmap(function).inspect(*[f"{dtype}[b,{length}]"] * arguments).ptx
    found = [(kind, int((many or "v1")[1:]) * int(bits) // 8) for kind, many, bits in ACCESS.findall(ptx)]
    return tuple({n for kind, n in found if kind == wanted} for wanted in ("ld", "st"))  # type: ignore[return-value]


@pytest.mark.parametrize("name", sorted(PROGRAMS))
@pytest.mark.parametrize(
    ("dtype", "length"), [("f32", 1024), ("f32", 1000), ("f32", 1536), ("f64", 1024), ("f64", 640)]
)
def test_rows_are_read_by_sixteen_bytes(name: str, dtype: str, length: int) -> None:
    reads, writes = reads_and_writes(name, dtype, length)
    assert reads == {16}
    if name != "dot":
        assert writes == {16}


@pytest.mark.parametrize(
    ("dtype", "length", "width"), [("f32", 1002, 8), ("f32", 1001, 4), ("f64", 131, 8), ("f32", 129, 4)]
)
def test_rows_that_begin_anywhere_are_read_by_less(dtype: str, length: int, width: int) -> None:
    for name in PROGRAMS:
        reads, writes = reads_and_writes(name, dtype, length)
        assert max(reads) == width
        assert max(writes) == width or name == "dot"


@needs_assembler
@pytest.mark.skipif(not any(map(find, DISASSEMBLERS)), reason="there is no disassembler")
@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_machine_code_reads_so_too(name: str) -> None:
    function, arguments = PROGRAMS[name]
    text = sass(vtrace.vmap(function).inspect(*["f32[b,1024]"] * arguments).ptx)
    assert "LDG.E.128" in text
    assert not re.search(r"\bLDG\.E(?!\.128)", text)
    assert not re.search(r"\b(LDL|STL)\b", text), "nothing is in local memory"


@pytest.mark.parametrize("length", [128, 130, 131, 256, 1000, 1023, 1284])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_lengths_of_all_kinds(dtype: str, length: int, gpu: FakeDriver) -> None:
    x = np.random.default_rng(length).uniform(0, 1, (3, length)).astype(dtype)
    y = vtrace.vmap(lambda x: (softmax(x), np.dot(x, x), x.max(), x[1:] * x[:-1]), device="cuda")(x)
    e = np.exp(x - x.max(1, keepdims=True))
    tolerance = 20 * np.finfo(dtype).eps
    np.testing.assert_allclose(y[0], e / e.sum(1, keepdims=True), rtol=tolerance)
    np.testing.assert_allclose(y[1], (x * x).sum(1), rtol=tolerance)
    np.testing.assert_array_equal(y[2], x.max(1))
    np.testing.assert_array_equal(y[3], x[:, 1:] * x[:, :-1])
