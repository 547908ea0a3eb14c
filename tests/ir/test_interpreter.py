"""The interpreter: the results NumPy gives, and errors for inputs that do not fit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vtrace.ops  # noqa: F401
from tests.helpers import assert_close, constants_of, random_inputs
from tests.strategies import LINEAR_ALGEBRA, graphs
from vtrace.errors import ShapeError, VerificationError
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Graph, Literal
from vtrace.ir.interpreter import bind_sizes, evaluate
from vtrace.ir.parser import parse, parse_type
from vtrace.ir.primitive import REGISTRY, Batched, Batcher, Example, Primitive, primitive
from vtrace.ir.types import Array, ArrayType, Symbol, type_of

SQUARED_DISTANCE = """{ lambda ; x:f64[b,3] y:f64[3]. let
    a:f64[b,3] = broadcast[shape=(b, 3) axes=(1,)] y
    c:f64[b,3] = sub x a
    d:f64[b] = dot[contract=((1,), (1,)) batch_axes=((0,), (0,))] c c
  in (d, x) }"""


@pytest.mark.parametrize("size", [0, 1, 5])
def test_symbols_are_bound_by_the_inputs(size: int) -> None:
    x, y = np.arange(3.0 * size).reshape(size, 3), np.ones(3)
    result, same = evaluate(parse(SQUARED_DISTANCE), x, y)
    np.testing.assert_array_equal(result, ((x - y) ** 2).sum(1))
    np.testing.assert_array_equal(same, x)


def test_a_symbol_that_no_input_shows_is_given() -> None:
    graph = parse("{ lambda ; . let a:f64[b] = broadcast[shape=(b,) axes=()] 2.0:f64 in (a,) }")
    (result,) = evaluate(graph, sizes={Symbol("b"): 4})
    np.testing.assert_array_equal(result, np.full(4, 2.0))
    with pytest.raises(ShapeError, match="needs the value of b"):
        evaluate(graph)


def test_inputs_that_do_not_fit() -> None:
    graph = parse(SQUARED_DISTANCE)
    with pytest.raises(ShapeError, match="the graph takes 2 inputs, got 1"):
        evaluate(graph, np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"input 1 is f64\[4\], but the graph takes f64\[3\]"):
        evaluate(graph, np.ones((2, 3)), np.ones(4))
    with pytest.raises(ShapeError, match=r"input 0 is f32\[2,3\], but the graph takes f64\[b,3\]"):
        evaluate(graph, np.ones((2, 3), np.float32), np.ones(3))


def test_one_symbol_has_one_value() -> None:
    types = (parse_type("f64[b,3]"), parse_type("i64[b]"))
    assert bind_sizes(types, (np.ones((2, 3)), np.ones(2, int))) == {Symbol("b"): 2}
    with pytest.raises(ShapeError, match=r"input 1 is i64\[4\], but the graph takes i64\[b\]"):
        bind_sizes(types, (np.ones((2, 3)), np.ones(4, int)))


def test_a_constant_without_data_cannot_be_run() -> None:
    literal = Literal.of(np.arange(3.0))
    text = f"{{ lambda ; . let a:f64[3] = neg #{literal.digest}:f64[3] in (a,) }}"
    with pytest.raises(ShapeError, match=f"the value of constant #{literal.digest} is not in the text"):
        evaluate(parse(text))
    (result,) = evaluate(parse(text, {literal.digest: np.arange(3.0)}))
    np.testing.assert_array_equal(result, -np.arange(3.0))


@given(graphs(exclude=LINEAR_ALGEBRA), st.integers(0, 99))
def test_random_graphs_compute_what_they_infer_and_leave_their_inputs_alone(graph: Graph, seed: int) -> None:
    inputs = random_inputs(graph, seed, special=True)
    copies = [x.copy() for x in inputs]
    results = evaluate(graph, *inputs)
    assert tuple(map(type_of, results)) == graph.output_types
    assert_close(inputs, copies)
    assert_close(evaluate(parse(str(graph), constants_of(graph)), *inputs), results)


def test_a_primitive_that_computes_something_else_than_it_inferred() -> None:
    @final
    @primitive("liar")
    @dataclass(frozen=True)
    class Liar(Primitive):
        """Says f64[] and gives what it gets."""

        def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:
            return (x.with_shape(()),)

        def evaluate_all(self, x: Array) -> tuple[Array, ...]:
            return (x,)

        def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
            return args

        @classmethod
        def examples(cls) -> Iterator[Example]:
            yield Example(cls(), (ArrayType(np.dtype(float)),))

    del REGISTRY["liar"]
    b = Builder()
    graph = b.build([b.emit(Liar(), b.input(parse_type("f64[2]"), "x"))])
    with pytest.raises(VerificationError, match=r"liar inferred f64\[\] but computed f64\[2\]"):
        evaluate(graph, np.ones(2))
