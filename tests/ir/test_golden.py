"""Golden files: what passes make of a graph, written as text.

    // passes: simplify,cse        in this order; none: the graph is only parsed and printed
    { lambda ; ... }
    // expect
    { lambda ; ... }               what comes out, to the letter

    // tolerance: 1e-5            optional, for passes that sum in another order: how far results may be apart,
                                  as a part of the largest element

Besides, both graphs must compute the same for random inputs (every symbol is 3). `pytest --update-golden` writes what
comes out into the files; the diff is then for a person to judge.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import vtrace.ops  # noqa: F401
from tests.helpers import assert_close, random_inputs
from vtrace.ir.graph import Graph
from vtrace.ir.interpreter import evaluate
from vtrace.ir.parser import parse
from vtrace.ir.types import Array, Symbol, symbols_of
from vtrace.ir.verifier import verify
from vtrace.passes.pipeline import PASSES

TESTS = Path(__file__).parent.parent
FILES = sorted([*TESTS.glob("ir/*.vt"), *TESTS.glob("passes/*.vt")])
_PASSES, _TOLERANCE, _EXPECT = "// passes:", "// tolerance:", "// expect\n"


class Golden(NamedTuple):
    """A golden file: its passes, everything before the expected output, the expected output, and its tolerance."""

    passes: list[str]
    given: str
    expected: str
    tolerance: float | None


def read(path: Path) -> Golden:
    given, mark, expected = path.read_text(encoding="utf-8").partition(_EXPECT)
    assert mark, f"{path.name} lacks the line '// expect'"
    lines = [line.removeprefix(_PASSES) for line in given.splitlines() if line.startswith(_PASSES)]
    assert lines, f"{path.name} lacks a line '// passes: ...'"
    names = [name.strip() for line in lines for name in line.split(",")]
    tolerances = [line.removeprefix(_TOLERANCE) for line in given.splitlines() if line.startswith(_TOLERANCE)]
    tolerance = float(tolerances[0]) if tolerances else None
    return Golden([name for name in names if name], given, expected.strip(), tolerance)


def sizes_of(graph: Graph) -> dict[Symbol, int]:
    return {symbol: 3 for type in graph.input_types for symbol in symbols_of(type.shape)}


@pytest.mark.parametrize("path", FILES, ids=[f"{p.parent.name}/{p.stem}" for p in FILES])
def test_golden(path: Path, request: pytest.FixtureRequest) -> None:
    golden = read(path)
    before = after = parse(golden.given)
    verify(before)
    for name in golden.passes:
        after = PASSES[name](after)
        verify(after)
    if request.config.getoption("--update-golden"):
        path.write_text(f"{golden.given}{_EXPECT}{after}\n", encoding="utf-8")
    else:
        assert str(after) == golden.expected
    assert after.output_types == before.output_types
    for seed in range(3):
        inputs = random_inputs(before, seed, sizes_of(before), special=seed == 2)
        compare(evaluate(after, *inputs), evaluate(before, *inputs), golden.tolerance)


def compare(actual: Sequence[Array], expected: Sequence[Array], tolerance: float | None) -> None:
    """Equal up to a few bits, or up to `tolerance` times the largest finite element of each result."""
    if tolerance is None:
        assert_close(actual, expected, ulps=8)
        return
    for a, e in zip(actual, expected, strict=True):
        largest = float(np.abs(e[np.isfinite(e)]).max(initial=0))
        np.testing.assert_allclose(a, e, rtol=0, atol=tolerance * largest)
