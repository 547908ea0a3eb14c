"""The text form of graphs: what is printed reads back as the same graph, and prints canonically."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vtrace.ops  # noqa: F401
from tests.helpers import constants_of
from tests.strategies import graphs
from vtrace.ir.builder import Builder
from vtrace.ir.graph import Graph, Literal, Source
from vtrace.ir.parser import parse, parse_type
from vtrace.ir.primitive import REGISTRY, Batched, Batcher, Example, Primitive, primitive
from vtrace.ir.printer import print_graph
from vtrace.ir.types import DTYPES, Array, ArrayType, Symbol
from vtrace.ir.verifier import verify
from vtrace.ops.arithmetic import Add, Neg
from vtrace.ops.contraction import Dot
from vtrace.ops.kernel import Kernel
from vtrace.ops.transcendental import Sin

F64 = DTYPES["f64"]
VECTOR = ArrayType(F64, (3,))


def assert_round_trip(graph: Graph) -> None:
    text = print_graph(graph)
    again = parse(text, constants_of(graph))
    assert again == graph
    assert print_graph(again) == text
    assert print_graph(parse(text)) == text


@pytest.fixture
def anything() -> Iterator[type[Primitive]]:
    """A primitive, registered for one test, that takes a parameter of any kind and gives two results."""

    @final
    @primitive("anything")
    @dataclass(frozen=True)
    class Anything(Primitive):
        """Returns its operand twice."""

        value: Any
        also: int = 7

        def infer_all(self, x: ArrayType) -> tuple[ArrayType, ...]:
            return x, x

        def evaluate_all(self, x: Array) -> tuple[Array, ...]:
            return x, x

        def batch_all(self, b: Batcher, *args: Batched) -> tuple[Batched, ...]:
            return args * 2

        @classmethod
        def examples(cls) -> Iterator[Example]:
            yield Example(cls(0), (VECTOR,))

    yield Anything
    del REGISTRY["anything"]


def twice(value: Any, cls: type[Any]) -> Graph:
    b = Builder()
    return b.build(b.emit_all(cls(value), b.input(VECTOR, "x")))


def test_the_text_of_a_graph() -> None:
    b = Builder()
    t = ArrayType(F64, (Symbol("b"), 3))
    x, y = b.input(t, "x"), b.input(t, "y")
    a = b.emit(Dot(((1,), (1,)), ((0,), (0,))), x, y)
    graph = b.build([b.emit(Neg(), a)])
    assert print_graph(graph) == str(graph)
    assert str(graph) == (
        "{ lambda ; x:f64[b,3] y:f64[b,3]. let\n"
        "    a:f64[b] = dot[contract=((1,), (1,)) batch_axes=((0,), (0,))] x y\n"
        "    c:f64[b] = neg a\n"
        "  in (c,) }"
    )
    assert_round_trip(graph)


def test_a_graph_of_nothing() -> None:
    assert str(Graph((), (), ())) == "{ lambda ; . let\n  in () }"
    assert_round_trip(Graph((), (), ()))


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_example_of_every_primitive(name: str) -> None:
    for example in REGISTRY[name].examples():
        b = Builder()
        inputs = [b.input(t, f"x{n}") for n, t in enumerate(example.types)]
        assert_round_trip(b.build(b.emit_all(example.primitive, *inputs)))


@given(graphs(exclude=()))
def test_random_graphs(graph: Graph) -> None:
    verify(graph)
    assert_round_trip(graph)


SCALARS = [
    (2.0, "f64", "2.0:f64"),
    (3, "i64", "3:i64"),
    (True, "bool", "True:bool"),
    (False, "bool", "False:bool"),
    (float("nan"), "f32", "nan:f32"),
    (float("inf"), "f64", "inf:f64"),
    (-float("inf"), "f32", "-inf:f32"),
    (-0.0, "f64", "-0.0:f64"),
    (0.1, "f32", "0.1:f32"),
    (0.1, "f64", "0.1:f64"),
    (1e20, "f32", "1e+20:f32"),
    (5e-324, "f64", "5e-324:f64"),
    (1e-45, "f32", "1e-45:f32"),
    (2**64 - 1, "u64", "18446744073709551615:u64"),
    (-(2**63), "i64", "-9223372036854775808:i64"),
]


@pytest.mark.parametrize(("value", "dtype", "text"), SCALARS)
def test_scalar_constants(value: Any, dtype: str, text: str) -> None:
    graph = Graph((), (), (Literal.of(value, DTYPES[dtype]),))
    assert str(graph) == f"{{ lambda ; . let\n  in ({text},) }}"
    assert_round_trip(graph)


@given(st.integers(0, 2**32 - 1))
def test_every_f32_keeps_its_bits(bits: int) -> None:
    assert_round_trip(Graph((), (), (Literal.of(np.array(bits, np.uint32).view(np.float32)),)))


@given(st.integers(0, 2**64 - 1))
def test_every_f64_keeps_its_bits(bits: int) -> None:
    assert_round_trip(Graph((), (), (Literal.of(np.array(bits, np.uint64).view(np.float64)),)))


@pytest.mark.parametrize("bits", [0xFFC00000, 0x7F800001, 0x7FC00001, 0xFFFFFFFF])
def test_nans_that_are_not_the_usual_one_keep_their_bits(bits: int) -> None:
    graph = Graph((), (), (Literal.of(np.array(bits, np.uint32).view(np.float32)),))
    assert f"nan({bits:#x}):f32" in str(graph)
    assert_round_trip(graph)


def test_array_constants_print_as_a_digest_and_their_data_is_given_beside() -> None:
    array = np.arange(3.0)
    literal = Literal.of(array)
    graph = Graph((), (), (literal,))
    assert str(graph) == f"{{ lambda ; . let\n  in (#{literal.digest}:f64[3],) }}"
    bare = parse(str(graph)).outputs[0]
    assert isinstance(bare, Literal)
    assert bare == literal
    assert bare.data is None
    full = parse(str(graph), {literal.digest: array}).outputs[0]
    assert isinstance(full, Literal)
    np.testing.assert_array_equal(np.asarray(full.data), array)


def test_constants_of_the_same_bytes_have_digests_of_their_own() -> None:
    arrays = [np.zeros(2), np.zeros(2, np.int64), np.zeros((1, 2)), np.zeros((0, 3)), np.zeros((0, 3), bool)]
    graph = Graph((), (), tuple(map(Literal.of, arrays)))
    assert len(constants_of(graph)) == len(arrays)
    assert_round_trip(graph)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (True, "True"),
        (-3, "-3"),
        (10**30, "1" + "0" * 30),
        (0.5, "0.5"),
        (float("-inf"), "-inf"),
        (1e300, "1e+300"),
        ('a "b"\\\n\u00e9', '"a \\"b\\"\\\\\\n\\u00e9"'),
        ("", '""'),
        (F64, "f64"),
        (Symbol("b"), "b"),
        ((), "()"),
        ((1,), "(1,)"),
        (((1, 2), Symbol("n"), (DTYPES["bool"], None, "x")), '((1, 2), n, (bool, None, "x"))'),
    ],
)
def test_parameters(value: Any, text: str, anything: type[Primitive]) -> None:
    graph = twice(value, anything)
    assert f"a:f64[3] b:f64[3] = anything[value={text} also=7] x\n" in str(graph)
    assert_round_trip(graph)


def test_a_parameter_with_a_default_may_be_left_out(anything: type[Primitive]) -> None:
    text = str(twice(1, anything))
    assert parse(text.replace(" also=7", "")) == parse(text)


def kernel(graph: Graph, name: str) -> Graph:
    b = Builder()
    return b.build(b.emit_all(Kernel(graph), *(b.input(t, f"{name}{n}") for n, t in enumerate(graph.input_types))))


def test_graphs_inside_are_indented() -> None:
    b = Builder()
    x = b.input(VECTOR, "x")
    graph = kernel(kernel(b.build([b.emit(Add(), x, Literal.of(np.ones(3)))]), "y"), "z")
    digest = Literal.of(np.ones(3)).digest
    assert str(graph) == (
        "{ lambda ; z0:f64[3]. let\n"
        "    a:f64[3] = kernel[graph={ lambda ; y0:f64[3]. let\n"
        "        a:f64[3] = kernel[graph={ lambda ; x:f64[3]. let\n"
        f"            a:f64[3] = add x #{digest}:f64[3]\n"
        "          in (a,) }] y0\n"
        "      in (a,) }] z0\n"
        "  in (a,) }"
    )
    assert_round_trip(graph)


def test_a_tuple_of_graphs(anything: type[Primitive]) -> None:
    inner = kernel(Graph((), (), (Literal.of(1.0),)), "x")
    assert_round_trip(twice((inner, (inner, 3)), anything))


@pytest.mark.parametrize("name", ["x", "_", "params.w", "t.0.w", "größe"])
def test_names_that_are_words(name: str) -> None:
    b = Builder()
    graph = b.build([b.emit(Neg(), b.input(VECTOR, name))])
    assert str(graph).startswith(f"{{ lambda ; {name}:f64[3].")
    assert_round_trip(graph)


@pytest.mark.parametrize("name", ["", "x[0]", "let", "in", "nan", "inf", "True", "p['w']", 'a"b', "1x", "a b", "x."])
def test_other_names_are_quoted(name: str) -> None:
    b = Builder()
    graph = b.build([b.emit(Neg(), b.input(VECTOR, name))])
    assert '{ lambda ; "' in str(graph)
    assert_round_trip(graph)


def test_results_are_lettered_past_z_and_around_the_inputs_and_the_reserved_words() -> None:
    b = Builder()
    x = b.input(VECTOR, "b")
    graph = b.build([[x := b.emit(Neg(), x) for _ in range(300)][-1]])
    names = [line.split(":")[0].strip() for line in str(graph).splitlines()[1:-1]]
    assert names[:2] == ["a", "c"]
    assert names[24:27] == ["z", "aa", "ab"]
    assert "im" in names
    assert "in" not in names
    assert_round_trip(graph)


def test_hand_written_text() -> None:
    text = """
    // names, blanks and comments do not matter
    { lambda ; x:f64[3]  # the input
      . let first : f64[3] = neg x second:f64[3] = add first first in (second, x,) }  #
    """
    assert str(parse(text)) == ("{ lambda ; x:f64[3]. let\n    a:f64[3] = neg x\n    b:f64[3] = add a a\n  in (b, x) }")


def test_sources_are_comments() -> None:
    b = Builder()
    x = b.input(VECTOR, "x")
    b.source = Source("/home/me/model.py", 12, "loss")
    graph = b.build([b.emit(Sin(), x)])
    text = print_graph(graph, sources=True)
    assert "    a:f64[3] = sin x  # model.py:12 (loss)\n" in text
    assert parse(text) == graph
    assert "#" not in print_graph(graph)


def test_types() -> None:
    assert parse_type("f64[b,3]") == ArrayType(F64, (Symbol("b"), 3))
    assert parse_type(" bool[ ] ") == ArrayType(DTYPES["bool"])


def test_long_graphs_take_linear_time() -> None:
    def seconds(length: int) -> float:
        b = Builder()
        x = b.input(VECTOR, "x")
        for _ in range(length):
            x = b.emit(Add(), x, x)
        graph = b.build([x])
        start = time.process_time()
        assert parse(print_graph(graph)) == graph
        return time.process_time() - start

    short = min(seconds(500) for _ in range(3))
    assert min(seconds(5000) for _ in range(2)) < 30 * short
