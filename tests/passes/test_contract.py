"""Which `dot` becomes a library call, and that the call computes the same."""

import numpy as np
import pytest

import vtrace.ops  # noqa: F401
from tests.helpers import random_inputs
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Graph
from vtrace.ir.interpreter import evaluate
from vtrace.ir.types import DTYPES, Array, ArrayType, Shape, Symbol
from vtrace.ir.verifier import verify
from vtrace.ops.contraction import AxisPairs, Dot
from vtrace.ops.matmul import BatchedMatmul, Matmul
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
    "batch and columns": ((50, 40), (40, B, 7), ((1,), (0,)), ["transpose", "batched_matmul", "transpose"]),
    "columns and batch": ((50, 40), (40, 7, B), ((1,), (0,)), ["transpose", "batched_matmul", "transpose"]),
    "one matrix for all": ((50, 40), (B, 40, 60), ((1,), (1,)), ["batched_matmul", "transpose"]),
}

PRODUCTS_OF_EXAMPLES = {
    "plain": ((B, 50, 40), (B, 40, 60), ((2,), (1,)), ((0,), (0,)), ["batched_matmul"]),
    "left transposed": ((B, 40, 50), (B, 40, 60), ((1,), (1,)), ((0,), (0,)), ["batched_matmul"]),
    "right transposed": ((B, 50, 40), (B, 60, 40), ((2,), (2,)), ((0,), (0,)), ["batched_matmul"]),
    "both transposed": ((B, 40, 50), (B, 60, 40), ((1,), (2,)), ((0,), (0,)), ["batched_matmul"]),
    "two batch axes": ((B, 3, 50, 40), (B, 3, 40, 60), ((3,), (2,)), ((0, 1), (0, 1)), ["batched_matmul"]),
    "batch axes crossed": (
        (3, B, 50, 40), (B, 3, 40, 60), ((3,), (2,)), ((1, 0), (0, 1)), ["transpose", "batched_matmul"],
    ),
    "two row axes": ((B, 5, 10, 40), (B, 40, 60), ((3,), (1,)), ((0,), (0,)), ["reshape", "batched_matmul", "reshape"]),
    "batch axis last": ((50, 40, B), (B, 40, 60), ((1,), (1,)), ((2,), (0,)), ["transpose", "batched_matmul"]),
    "no symbol": ((9, 50, 40), (9, 40, 60), ((2,), (1,)), ((0,), (0,)), ["batched_matmul"]),
}  # fmt: skip


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


@pytest.mark.parametrize("case", PRODUCTS_OF_EXAMPLES)
def test_a_large_product_of_every_example_is_a_library_call(case: str) -> None:
    x, y, contract, batch_axes, expected = PRODUCTS_OF_EXAMPLES[case]
    graph = dot(x, y, contract, batch_axes)
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
    "one small product for each example": dot((B, 16, 16), (B, 16, 16), ((2,), (1,)), ((0,), (0,))),
    "one matrix-vector product for each example": dot((B, 500, 400), (B, 400), ((2,), (1,)), ((0,), (0,))),
    "one axis for each example, one for only one side": dot((3, 50, 40), (B, 3, 40, 60), ((2,), (2,)), ((0,), (1,))),
    "integers": dot((50, 40), (40, 60), ((1,), (0,)), dtype="i64"),
}


@pytest.mark.parametrize("case", STAYS)
def test_what_a_call_does_not_do_better_stays(case: str) -> None:
    assert names(optimize(STAYS[case])) == ["dot"]


def transposed_product(uses: int, batch: Shape = ()) -> Graph:
    builder = Builder()
    x = builder.input(ArrayType(DTYPES["f64"], (*batch, 40, 50)), "x")
    y = builder.input(ArrayType(DTYPES["f64"], (*batch, 40, 60)), "y")
    n = len(batch)
    swap = Transpose((*range(n), n + 1, n))
    outer = tuple(range(n))
    product = builder.emit(Dot(((n + 1,), (n,)), (outer, outer)), builder.emit(swap, x), y)
    outputs = [builder.emit(swap, product), product]
    return builder.build(outputs[:uses])


@pytest.mark.parametrize(("batch", "product"), [((), Matmul), ((B,), BatchedMatmul), ((B, 3), BatchedMatmul)])
def test_transposes_become_flags(batch: Shape, product: type[Matmul | BatchedMatmul]) -> None:
    before = transposed_product(1, batch)
    graph = optimize(before)
    assert [e.primitive for e in graph.equations] == [product((True, False))]
    assert graph.equations[0].inputs == graph.inputs[::-1]
    inputs = random_inputs(graph, 0, {B: 2})
    np.testing.assert_allclose(evaluate(graph, *inputs)[0], evaluate(before, *inputs)[0], rtol=1e-12, atol=1e-12)


def test_a_product_that_is_read_otherwise_too_is_computed_once() -> None:
    assert names(optimize(transposed_product(2))) == ["matmul", "transpose"]


class NumpyLibrary:
    """A library with NumPy's own matrix product."""

    def gemm(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        self.gemm_each(out, x, y, transpose)

    def gemm_each(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        x, y = (np.swapaxes(a, -1, -2) if t else a for a, t in zip((x, y), transpose, strict=True))
        np.matmul(x, y, out=out)


@pytest.mark.parametrize("product", [Matmul, BatchedMatmul])
def test_the_call_gives_what_evaluate_gives(product: type[Matmul | BatchedMatmul]) -> None:
    for example in product.examples():
        rng = np.random.default_rng(0)
        arrays = [rng.uniform(size=t.shape).astype(t.dtype) for t in example.types]
        assert isinstance(example.primitive, product)
        expected = example.primitive.evaluate(*arrays)
        out = np.empty_like(expected)
        example.primitive.call(NumpyLibrary(), out, *arrays)
        np.testing.assert_allclose(out, expected, rtol=1e-6)
