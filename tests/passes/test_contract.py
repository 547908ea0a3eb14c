"""Which `dot` becomes a BLAS call, and that the call computes the same."""

import numpy as np
import pytest

import vtrace.ops  # noqa: F401
from tests.helpers import random_inputs
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Graph
from vtrace.ir.interpreter import evaluate
from vtrace.ir.types import DTYPES, Array, ArrayType, Shape, Symbol
from vtrace.ir.verifier import verify
from vtrace.ops.contraction import AxisPairs, Dot, Matmul
from vtrace.ops.movement import Transpose
from vtrace.passes.pipeline import optimize

B = Symbol("b")
NONE: AxisPairs = ((), ())


def dot(x: Shape, y: Shape, contract: AxisPairs, batch_axes: AxisPairs = NONE, dtype: str = "f64") -> Graph:
    builder = Builder()
    left = builder.input(ArrayType(DTYPES[dtype], x), "x")
    right = builder.input(ArrayType(DTYPES[dtype], y), "y")
    return builder.build([builder.emit(Dot(contract, batch_axes), left, right)])


def names(graph: Graph) -> list[str]:
    return [e.primitive.name for e in graph.equations]


MATRIX_PRODUCTS = {
    "plain": ((50, 40), (40, 60), ((1,), (0,)), ["matmul"]),
    "left transposed": ((40, 50), (40, 60), ((0,), (0,)), ["matmul"]),
    "right transposed": ((50, 40), (60, 40), ((1,), (1,)), ["matmul"]),
    "both transposed": ((40, 50), (60, 40), ((0,), (1,)), ["matmul"]),
    "two rows axes": ((5, 10, 40), (40, 60), ((2,), (0,)), ["matmul"]),
    "two column axes": ((50, 40), (40, 6, 10), ((1,), (0,)), ["reshape", "matmul", "reshape"]),
    "two inner axes": ((50, 4, 10), (4, 10, 60), ((1, 2), (0, 1)), ["reshape", "reshape", "matmul"]),
    "inner axes crossed": ((50, 4, 10), (10, 4, 60), ((1, 2), (1, 0)), ["reshape", "transpose", "reshape", "matmul"]),
    "inner axis in the middle": ((5, 40, 10), (40, 60), ((1,), (0,)), ["transpose", "matmul"]),
    "batch as rows": ((B, 60), (60, 80), ((1,), (0,)), ["matmul"]),
    "batch and rows": ((B, 7, 40), (40, 60), ((2,), (0,)), ["matmul"]),
    "batch as columns": ((70, 60), (60, B), ((1,), (0,)), ["matmul"]),
    "batch and columns": ((50, 40), (40, B, 7), ((1,), (0,)), ["transpose", "matmul", "transpose"]),
}


@pytest.mark.parametrize("case", MATRIX_PRODUCTS)
def test_a_large_matrix_product_is_a_library_call(case: str) -> None:
    x, y, contract, expected = MATRIX_PRODUCTS[case]
    graph = dot(x, y, contract)
    after = optimize(graph)
    verify(after)
    assert names(after) == expected
    inputs = random_inputs(graph, 0, {B: 5})
    for a, e in zip(evaluate(after, *inputs), evaluate(graph, *inputs), strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-12, atol=1e-12)


STAYS = {
    "small": dot((4, 4), (4, 4), ((1,), (0,))),
    "matrix times vector": dot((500, 400), (400,), ((1,), (0,))),
    "matrix times one column": dot((500, 400), (400, 1), ((1,), (0,))),
    "batch of vectors": dot((B, 400), (400,), ((1,), (0,))),
    "batch of rows and a small matrix": dot((B, 64), (64, 64), ((1,), (0,))),
    "outer product": dot((500,), (400,), NONE),
    "one product for each example": dot((B, 50, 40), (B, 40, 60), ((2,), (1,)), ((0,), (0,))),
    "integers": dot((50, 40), (40, 60), ((1,), (0,)), dtype="i64"),
}


@pytest.mark.parametrize("case", STAYS)
def test_what_a_blas_does_not_do_better_stays(case: str) -> None:
    assert names(optimize(STAYS[case])) == ["dot"]


def transposed_product(uses: int) -> Graph:
    builder = Builder()
    x = builder.input(ArrayType(DTYPES["f64"], (40, 50)), "x")
    y = builder.input(ArrayType(DTYPES["f64"], (40, 60)), "y")
    product = builder.emit(Dot(((1,), (0,))), builder.emit(Transpose((1, 0)), x), y)
    outputs = [builder.emit(Transpose((1, 0)), product), product]
    return builder.build(outputs[:uses])


def test_transposes_become_flags() -> None:
    graph = optimize(transposed_product(1))
    assert [e.primitive for e in graph.equations] == [Matmul((True, False))]
    assert graph.equations[0].inputs == graph.inputs[::-1]


def test_a_product_that_is_read_otherwise_too_is_computed_once() -> None:
    assert names(optimize(transposed_product(2))) == ["matmul", "transpose"]


class NumpyLibrary:
    """A library with NumPy's own matrix product."""

    def gemm(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        np.matmul(x.T if transpose[0] else x, y.T if transpose[1] else y, out=out)


def test_the_call_gives_what_evaluate_gives() -> None:
    for example in Matmul.examples():
        rng = np.random.default_rng(0)
        arrays = [rng.uniform(size=t.shape).astype(t.dtype) for t in example.types]
        assert isinstance(example.primitive, Matmul)
        expected = example.primitive.evaluate(*arrays)
        out = np.empty_like(expected)
        example.primitive.call(NumpyLibrary(), out, *arrays)
        np.testing.assert_allclose(out, expected, rtol=1e-6)
