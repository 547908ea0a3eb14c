"""The calls of the table on other operands: NaN, infinities, -0.0, the ends of integers, other dtypes, empty arrays.

Run by the interpreter, which makes it fast; that machine code agrees with it, other tests say. Where NumPy or vtrace
refuses a call, it is passed over.
"""

import warnings
from typing import Any

import numpy as np
import pytest

from tests.coverage.operands import OPERANDS, is_there, operands_of, run
from tests.coverage.table import SECTIONS
from vtrace import VTraceError
from vtrace.frontend.complex_tracer import ComplexTracer, joined, regroup, split_types
from vtrace.frontend.trace import trace
from vtrace.ir.interpreter import evaluate
from vtrace.ir.types import ArrayType

USUAL = {name: np.array(batch[0]) for name, batch in OPERANDS.items()}
FLOATS = np.array([np.nan, -0.0, np.inf, 1, 0.0, -np.inf, 2, -0.0, 1, 5e-324, -1.5, 1.7e308])
EXTREMES = [0, -1, 1, 2, -2, 3, 63, -63, 7]


def _integers(dtype: Any) -> Any:
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    return np.array([low, high, *EXTREMES, low // 2], object).astype(dtype).reshape(3, 4)


def _special() -> dict[str, Any]:
    with np.errstate(all="ignore"):
        return {
            "x": FLOATS.reshape(3, 4),
            "y": np.roll(FLOATS, 5).reshape(3, 4),
            "f": FLOATS.astype(np.float32).reshape(3, 4),
            "p": np.array([0, 1, -0.0, 0.5, 1, np.nan, 2, -1, 0.25, np.inf, -np.inf, 1e-320]).reshape(3, 4),
            "v": np.array([np.nan, -0.0, 0, np.inf, -np.inf]),
            "w": np.array([-0.0, 0, np.inf, 3, np.nan]),
            "s": np.array(np.inf),
            "r": np.array(-0.0),
            "i": _integers(np.int64),
            "j": np.roll(_integers(np.int64), 5).reshape(3, 4),
            "q": _integers(np.int8),
            "u": np.abs(_integers(np.int8)).astype(np.uint8),
        }


def _of_dtype(dtype: Any) -> dict[str, Any]:
    """Everything that is float64, in another dtype, and in order where it was."""
    names = (n for n, x in USUAL.items() if x.dtype == np.float64)
    with np.errstate(all="ignore"):
        return {n: np.nan_to_num(USUAL[n] * 3).astype(dtype) for n in names if n != "t" or np.dtype(dtype).kind in "fi"}


def _empty(axis: int) -> dict[str, Any]:
    return {n: np.take(x, [], axis) for n, x in USUAL.items() if x.shape == (3, 4) or (x.shape == (5,) and not axis)}


SETS = {
    "special": _special(),
    "float32": _of_dtype(np.float32),
    "int32": _of_dtype(np.int32),
    "uint8": _of_dtype(np.uint8),
    "bool": _of_dtype(bool),
    "no rows": _empty(0),
    "no columns": _empty(1),
}
UNSPECIFIED = {
    "np.argsort(o, axis=None)",  # the order of equal elements
    "np.choose(i, [x, y], mode='wrap')",  # 2**62 steps, for the smallest integer
    "np.convolve(c[0], w)",  # NaN or infinity, of a product of complex infinities
    "np.correlate(c[0], w)",
    "np.corrcoef(c)",  # of nothing
    "np.corrcoef(i, dtype=np.float32)",
    "np.cov(c)",
    "np.cov(f, dtype=np.float32)",
    "np.cov(i)",  # numbers of 38 digits that cancel
    "np.histogram(v, [-1, 0, 2], weights=w)[0]",  # NumPy subtracts running sums, of infinities here
    "np.nanmedian(x, axis=0)",
    "v[np.argpartition(v, 2)[2]]",  # which of 0.0 and -0.0 comes first
    "v[v.argpartition(2)[2]]",
    "np.maximum.reduce(x, where=b, initial=0)",  # the sign of the larger of 0.0 and -0.0
    "np.unpackbits(u, axis=0, count=10)",  # what lies in memory
}
"""Calls that NumPy answers in a way that nobody can depend on."""
LAPACK = {"Linear algebra", "Fourier transforms", "Polynomials"}
"""Sections of libraries that do not end, or end otherwise, on such operands."""


def _parts(x: Any) -> tuple[Any, ...]:
    return (x.real, x.imag) if x.dtype.kind == "c" else (x,)


def results(call: str, operands: dict[str, Any]) -> list[Any]:
    """What the traced call gives."""
    names = operands_of(call)
    types = [ArrayType(operands[n].dtype, operands[n].shape) for n in names]
    parts = split_types(types)
    kinds: list[bool] = []

    def program(*values: Any) -> list[Any]:
        arrays = regroup(values, [t.dtype for t in types], [False] * len(types))
        result = run(call, dict(zip(names, arrays, strict=True)))
        leaves = result if isinstance(result, tuple | list) else [result]
        kinds.extend(isinstance(leaf, ComplexTracer) for leaf in leaves)
        return [p for leaf in leaves for p in ((leaf.re, leaf.im) if isinstance(leaf, ComplexTracer) else (leaf,))]

    graph = trace(program, parts, [f"x{n}" for n in range(len(parts))], [False] * len(parts)).graph
    given = [p for n in names for p in _parts(operands[n])]
    values = iter(evaluate(graph, *map(np.array, given)))
    return [joined(next(values), next(values)) if is_complex else next(values) for is_complex in kinds]


def same(got: Any, wanted: Any) -> bool:
    if (got.shape, got.dtype) != (wanted.shape, wanted.dtype):
        return False
    if wanted.dtype.kind not in "fc":
        return np.array_equal(got, wanted)
    tolerance = 1e-5 if np.finfo(wanted.dtype).bits == 32 else 1e-9
    close = np.allclose(got, wanted, rtol=tolerance, atol=tolerance, equal_nan=True)
    zeros = wanted == 0
    return close and (wanted.dtype.kind == "c" or np.array_equal(np.signbit(got[zeros]), np.signbit(wanted[zeros])))


def complaint(call: str, operands: dict[str, Any]) -> str:
    """What is different, or an empty string."""
    try:
        wanted = run(call, {n: np.array(operands[n]) for n in operands_of(call)})
        got = results(call, operands)
    except (VTraceError, ValueError, TypeError, IndexError, ArithmeticError, RuntimeError, np.linalg.LinAlgError):
        return ""
    expected = [np.asarray(w) for w in (wanted if isinstance(wanted, tuple | list) else [wanted])]
    pairs = [(np.asarray(g), w) for g, w in zip(got, expected, strict=True)]
    return "\n".join(f"{call}: {g!r}, not {w!r}" for g, w in pairs if not same(g, w))


# BLAS decides on the signs of zeros, and on the products of complex infinities
PAIRS = [(k, s) for k in SETS for s in SECTIONS if s not in LAPACK and (k, s) != ("special", "Products")]


@pytest.mark.parametrize(("kind", "section"), PAIRS)
def test_numpy_gives_the_same(kind: str, section: str) -> None:
    operands = {**USUAL, **SETS[kind]}
    calls = [c for e in SECTIONS[section] if is_there(e) for c in e.calls if c not in UNSPECIFIED and "empty" not in c]
    if kind in ("uint8", "bool"):  # points that are to increase do not
        calls = [c for c in calls if "t" not in operands_of(c)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        assert [what for call in calls if (what := complaint(call, operands))] == []
