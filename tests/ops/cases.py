"""The cases of the matrix, made from the registry: every primitive with every example it gives."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

import vtrace.ops  # noqa: F401  (fills the registry)
from tests.helpers import random_array
from tests.strategies import AFTER_FUSION
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Graph
from vtrace.ir.primitive import REGISTRY, ErrorExample, Example, Primitive
from vtrace.ir.types import Array, ArrayType
from vtrace.ops.debug_print import prints
from vtrace.ops.index_check import CheckIndex
from vtrace.ops.kinds import Elementwise
from vtrace.ops.power import Pow
from vtrace.ops.selection import Convert
from vtrace.ops.table import example_text

SPECIAL_FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -3.0, 1e-3, 1e30, np.inf, -np.inf, np.nan)
"""Values that have rules of their own; each dtype's smallest, largest and subnormal numbers are added."""


def special_values(dtype: np.dtype) -> Array:
    """What a random number hardly ever is."""
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind == "f":
        info = np.finfo(dtype)
        bounds = (info.tiny, -info.tiny, info.smallest_subnormal, info.max, -info.max, 1 - info.epsneg, 1 + info.eps)
        return np.array([*SPECIAL_FLOATS, *bounds], dtype)
    integers = np.iinfo(dtype)
    small = [n for n in (-3, -2, -1, 0, 1, 2, 3, 7, dtype.itemsize * 8) if n >= integers.min]
    return np.array([integers.min, integers.min + 1, *small, integers.max - 1, integers.max], dtype)


def takes_special_values(primitive: Primitive, dtype: np.dtype) -> bool:
    """Whether every value of `dtype` is a good operand.

    Not for an index, and not where NumPy leaves the result open: the integer a float outside its range becomes, a
    negative integer power. Sums of infinities are NaN or not depending on their order.
    """
    if isinstance(primitive, Convert):
        return dtype.kind != "f" or primitive.dtype.kind not in "iu"
    if isinstance(primitive, Pow):
        return dtype.kind == "f"
    return isinstance(primitive, Elementwise) and not isinstance(primitive, CheckIndex)


def draw(example: Example, type: ArrayType, rng: np.random.Generator) -> Array:
    """A random operand, with some special values where they are allowed."""
    array = random_array(rng, type, example.low, example.high)
    if takes_special_values(example.primitive, type.dtype):
        chosen = rng.choice(special_values(type.dtype), array.shape)
        array = np.where(rng.uniform(size=array.shape) < 0.3, chosen, array)
    if example.prepared is not None:
        array = example.prepared(array)
    return np.asarray(array, order="C")


@dataclass(frozen=True)
class Case:
    """One example as a graph of one equation."""

    example: Example
    id: str

    @property
    def primitive(self) -> Primitive:
        return self.example.primitive

    @property
    def graph(self) -> Graph:
        builder = Builder()
        inputs = [builder.input(t, f"x{n}") for n, t in enumerate(self.example.types)]
        return builder.build(builder.emit_all(self.primitive, *inputs))

    @property
    def batchable(self) -> bool:
        """What is made after batching is not batched; what has no operands has nothing to map."""
        return bool(self.example.types) and self.primitive.name not in AFTER_FUSION

    @property
    def has_new_shapes(self) -> bool:
        """False for an example that differs from an earlier one in its dtypes alone."""
        return self._is_first_among(e for e in self.primitive.examples() if e.primitive == self.primitive)

    @property
    def has_new_loops(self) -> bool:
        """False for an elementwise example that differs from an earlier one only in what is done with an element.

        The loops around it are the same, and `test_special_values` runs the machine code of every dtype.
        """
        return not isinstance(self.primitive, Elementwise) or self._is_first_among(self.primitive.examples())

    def _is_first_among(self, examples: Iterable[Example]) -> bool:
        shapes = [t.shape for t in self.example.types]
        return next(e for e in examples if [t.shape for t in e.types] == shapes) == self.example

    def in_axes(self) -> Iterator[tuple[int | None, ...]]:
        """Every way to map the operands but the one that maps none."""
        ways = ((None, *range(t.rank + 1)) for t in self.example.types)
        return (axes for axes in product(*ways) if any(a is not None for a in axes))

    def operands(self, seed: int = 0) -> list[Array]:
        rng = np.random.default_rng(seed)
        return [draw(self.example, t, rng) for t in self.example.types]

    def stacks(self, size: int, seed: int = 0) -> list[Array]:
        """For every operand one array for each of `size` examples, stacked along axis 0."""
        rng = np.random.default_rng(seed)
        return [draw(self.example, t.insert(0, size), rng) for t in self.example.types]


def cases() -> list[Case]:
    """Every primitive x example. `pytest -k add` runs those of one primitive."""
    return [Case(e, example_text(e)) for name in sorted(REGISTRY) for e in REGISTRY[name].examples()]


def error_cases() -> list[ErrorExample]:
    return [e for name in sorted(REGISTRY) for e in REGISTRY[name].errors()]


def error_id(error: ErrorExample) -> str:
    return f"{error.primitive.name} {' '.join(map(str, error.types))}"


def parametrized(chosen: Iterable[Case]) -> pytest.MarkDecorator:
    """A test of each of these cases."""
    return pytest.mark.parametrize("case", list(chosen), ids=lambda case: case.id)


every_case = parametrized(cases())
every_case_with_new_loops = parametrized(c for c in cases() if c.has_new_loops and not prints(c.primitive))
every_batchable_case_with_new_loops = parametrized(c for c in cases() if c.has_new_loops and c.batchable)
every_batchable_case = parametrized(c for c in cases() if c.batchable)
every_error = pytest.mark.parametrize("error", error_cases(), ids=error_id)
