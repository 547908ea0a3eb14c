"""The builder: types are inferred, names made distinct, graphs copied through rules."""

import numpy as np
import pytest
from hypothesis import given

import vtrace.ops  # noqa: F401
from tests.strategies import graphs
from vtrace.errors import ShapeError
from vtrace.ir.builder import Builder, inline, replay
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Source
from vtrace.ir.parser import parse, parse_type
from vtrace.ir.types import Symbol
from vtrace.ir.verifier import verify
from vtrace.ops.arithmetic import Add, Mul

T = parse_type("f64[3]")


def test_operands_that_do_not_fit_are_refused_at_once() -> None:
    b = Builder()
    x, y = b.input(T, "x"), b.input(parse_type("f64[4]"), "y")
    with pytest.raises(ShapeError, match=r"add needs operands of one shape, got \[3\] and \[4\]"):
        b.emit(Add(), x, y)


def test_inputs_of_one_name_are_told_apart() -> None:
    b = Builder()
    assert [b.input(T, "x").name for _ in range(3)] == ["x", "x_1", "x_2"]


def test_inputs_come_first() -> None:
    b = Builder()
    b.emit(Add(), b.input(T, "x"), Literal.of(np.ones(3)))
    with pytest.raises(AssertionError, match="inputs are declared before"):
        b.input(T, "y")


def test_equations_remember_the_source() -> None:
    b = Builder()
    x = b.input(T, "x")
    b.source = Source("f.py", 3, "f")
    graph = b.build([b.emit(Add(), x, x)])
    assert str(graph.equations[0].source) == "f.py:3 (f)"
    assert replay(graph, lambda b, e, inputs: None).equations[0].source == Source("f.py", 3, "f")
    b = Builder()
    x = b.input(T, "x")
    b.source = Source("outer.py", 1, "outer")
    b.emit(Add(), *(inline(b, graph, [x])), x)
    assert [str(e.source) for e in b.build([]).equations] == ["f.py:3 (f)", "outer.py:1 (outer)"]


@given(graphs(exclude=()))
def test_replaying_without_a_rule_copies(graph: Graph) -> None:
    assert replay(graph, lambda b, e, inputs: None) == graph


def test_replaying_through_a_rule() -> None:
    def double(b: Builder, equation: Equation, inputs: tuple[Atom, ...]) -> list[Atom] | None:
        return [b.emit(Mul(), inputs[0], Literal.of(np.full(3, 2.0)))] if equation.primitive == Add() else None

    graph = parse("{ lambda ; x:f64[3]. let a:f64[3] = add x x b:f64[3] = neg a in (b, a) }")
    digest = Literal.of(np.full(3, 2.0)).digest
    assert replay(graph, double) == parse(
        f"{{ lambda ; x:f64[3]. let a:f64[3] = mul x #{digest}:f64[3] b:f64[3] = neg a in (b, a) }}"
    )


def test_inlining() -> None:
    inner = parse("{ lambda ; x:f64[3]. let a:f64[3] = neg x in (a, x, 2.0:f64) }")
    b = Builder()
    x = b.input(T, "y")
    graph = b.build(inline(b, inner, inline(b, inner, [x])[:1]))
    verify(graph)
    assert graph == parse("{ lambda ; y:f64[3]. let a:f64[3] = neg y b:f64[3] = neg a in (b, a, 2.0:f64) }")


def test_binding_symbols() -> None:
    text = """{ lambda ; x:f64[b]. let
        a:f64[b,2] = broadcast[shape=(b, 2) axes=(0,)] x
        c:f64[b,2] = kernel[graph={ lambda ; x:f64[b,2]. let a:f64[b,2] = neg x in (a,) }] a
      in (c,) }"""
    bound = parse(text).bind({Symbol("b"): 5})
    verify(bound)
    assert bound == parse(text.replace("f64[b", "f64[5").replace("(b,", "(5,"))
