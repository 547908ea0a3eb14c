"""Infinities, NaN, signed zeros, subnormals and the ends of each dtype: machine code gives NumPy's answer for all.

The matrix meets a few of these values by chance; here every elementwise primitive meets every combination of them, in
every dtype.
"""

import platform
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from tests.ops.agreement import expected
from tests.ops.cases import special_values, takes_special_values
from vtrace.backends import compile
from vtrace.ir.builder import Builder
from vtrace.ir.primitive import REGISTRY, Primitive
from vtrace.ir.types import DTYPES, Array, ArrayType, DType, Symbol
from vtrace.ops.index_check import CheckIndex
from vtrace.ops.kinds import Elementwise
from vtrace.ops.power import Pow
from vtrace.ops.selection import Convert
from vtrace.passes.fuse import fuse

Use = tuple[Primitive, tuple[DType, ...]]


def uses(cls: type[Primitive]) -> list[Use]:
    """Every instance the class gives examples of, with every dtype it shows for it."""
    pairs = [(e.primitive, tuple(t.dtype for t in e.types)) for e in cls.examples()]
    return [use for n, use in enumerate(pairs) if use not in pairs[:n]]


def values(op: Primitive, dtypes: tuple[DType, ...]) -> list[Array]:
    """Every combination of special values, as one array for each operand."""
    choices = [special_values(d) for d in dtypes]
    if isinstance(op, Pow) and dtypes[0].kind != "f":
        choices[1] = choices[1][choices[1] >= 0]
    elif not all(takes_special_values(op, d) for d in dtypes):
        choices = [np.arange(-100, 100).astype(d) if d.kind == "f" else c for c, d in zip(choices, dtypes, strict=True)]
    rows = list(product(*choices))
    return [np.array([row[n] for row in rows], d) for n, d in enumerate(dtypes)]


def run_together(operations: list[Use], operands: list[list[Array]]) -> Iterator[Array]:
    """The result of each operation; they are compiled as one graph, which is quicker than one by one."""
    builder = Builder()
    inputs = [
        [builder.input(ArrayType(d, (Symbol(f"n{k}"),)), f"x{k}_{i}") for i, d in enumerate(dtypes)]
        for k, (_, dtypes) in enumerate(operations)
    ]
    graph = builder.build([builder.emit(op, *xs) for (op, _), xs in zip(operations, inputs, strict=True)])
    yield from compile(fuse(graph))(*(x for xs in operands for x in xs))


@pytest.mark.parametrize(
    "name", sorted(n for n, cls in REGISTRY.items() if issubclass(cls, Elementwise) and cls is not CheckIndex)
)
def test_machine_code_on_special_values(name: str) -> None:
    operations = uses(REGISTRY[name])
    operands = [values(op, dtypes) for op, dtypes in operations]
    for (op, dtypes), xs, result in zip(operations, operands, run_together(operations, operands), strict=True):
        (wanted,) = expected(op, xs)
        wanted.check(result, f"{op} of {', '.join(map(str, dtypes))}", xs)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="what it becomes is up to the machine")
@pytest.mark.parametrize("source", ["f32", "f64"])
@pytest.mark.parametrize("target", [name for name, dtype in DTYPES.items() if dtype.kind in "iu"])
def test_floats_out_of_range_become_the_integers_numpy_makes_of_them(source: str, target: str) -> None:
    ends = [s * 2.0**n + d for n in (7, 8, 15, 16, 31, 32, 63, 64) for s in (-1, 1) for d in (-1, -0.5, 0, 0.5, 1)]
    x = np.concatenate([special_values(DTYPES[source]), np.array(ends, DTYPES[source])])
    if target == "u32":  # beyond these NumPy's own answer depends on the length and strides of the array
        x = x[(x >= -(2.0**31)) & (x < 2.0**32)]
    operation: Use = (Convert(DTYPES[target]), (DTYPES[source],))
    (result,) = run_together([operation], [[x]])
    expected(operation[0], [x])[0].check(result, f"{source} to {target}", [x])
