"""The verifier refuses every graph that breaks a rule, and shows the equation."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given

import vtrace.ops  # noqa: F401
from tests.strategies import graphs
from vtrace.errors import VerificationError
from vtrace.ir.emitter import Emitter, Value
from vtrace.ir.graph import Atom, Equation, Graph, Literal, Var
from vtrace.ir.parser import parse
from vtrace.ir.primitive import Primitive
from vtrace.ir.types import DTYPES, Array, ArrayType, Symbol
from vtrace.ir.verifier import subgraphs, verify
from vtrace.ops.arithmetic import Add, Neg
from vtrace.ops.kernel import Kernel
from vtrace.ops.kinds import Unary
from vtrace.ops.movement import Broadcast
from vtrace.ops.reduction import ReduceSum
from vtrace.ops.selection import Convert

T = ArrayType(DTYPES["f64"], (3,))
X, A, B = Var(0, T, "x"), Var(1, T), Var(2, T)


def equation(primitive: Primitive, inputs: tuple[Atom, ...], *outputs: Var) -> Equation:
    return Equation(primitive, inputs, outputs)


GOOD = Graph((X,), (equation(Neg(), (X,), A), equation(Add(), (X, A), B)), (B,))


@given(graphs(exclude=()))
def test_what_the_builder_makes_is_valid(graph: Graph) -> None:
    verify(graph)


def test_the_message_shows_the_equation_in_context() -> None:
    graph = parse("""{ lambda ; x:f64[3]. let
        a:f64[3] = neg x
        b:f64[3] = sin a
        c:f64[] = add a b
        d:f64[3] = cos b
        e:f64[3] = exp d
        f:f64[3] = neg e
      in (f,) }""")
    with pytest.raises(VerificationError) as caught:
        verify(graph)
    assert str(caught.value) == (
        "add gives (f64[3]), but its results are (f64[])\n"
        "    a:f64[3] = neg x\n"
        "    b:f64[3] = sin a\n"
        "--> c:f64[] = add a b\n"
        "    d:f64[3] = cos b\n"
        "    e:f64[3] = exp d"
    )


@dataclass(frozen=True)
class Unregistered(Unary):
    """A primitive that no text can name."""

    name = "neg"

    def evaluate(self, x: Array) -> Array:
        return -x

    def scalar(self, e: Emitter, x: Value) -> Value:
        return e.neg(x)


BROKEN = {
    "used before it is defined": (
        replace(GOOD, equations=GOOD.equations[::-1]),
        r"operand 1 of add is variable 1, but it is not defined before\n--> a:f64\[3\] = add x b",
    ),
    "never defined": (
        replace(GOOD, equations=(equation(Add(), (X, Var(7, T)), A),), outputs=(A,)),
        r"operand 1 of add is variable 7, .*\n--> a:f64\[3\] = add x \?7",
    ),
    "used with another type": (
        replace(GOOD, equations=(equation(Neg(), (replace(X, type=T.with_shape((4,))),), A),), outputs=(A,)),
        r"operand 0 of neg is variable 0, but variable 0 is f64\[3\], not f64\[4\]",
    ),
    "defined twice": (
        replace(GOOD, equations=(*GOOD.equations, equation(Neg(), (X,), A))),
        "a result of neg is variable 1, which is defined twice",
    ),
    "out of order": (
        replace(GOOD, equations=(equation(Neg(), (X,), B),), outputs=(B,)),
        "a result of neg is variable 2, which is out of order; the next number is 1",
    ),
    "inputs out of order": (replace(GOOD, inputs=(A,)), "input '' is variable 1, which is out of order"),
    "inputs of one name": (replace(GOOD, inputs=(X, Var(1, T, "x"))), "two inputs are named 'x'"),
    "a result with a name": (
        Graph((X,), (equation(Neg(), (X,), Var(1, T, "y")),), ()),
        "a result of neg has the name 'y'; only inputs are named",
    ),
    "output not defined": (
        replace(GOOD, outputs=(B, Var(9, T))),
        r"output 1 is variable 9, but it is not defined before",
    ),
    "wrong count of operands": (
        Graph((X,), (equation(Add(), (X,), A),), (A,)),
        r"add does not take \(f64\[3\]\): add takes 2 operands, got 1",
    ),
    "wrong count of results": (
        Graph((X,), (equation(Neg(), (X,), A, B),), (A,)),
        r"neg gives \(f64\[3\]\), but its results are \(f64\[3\], f64\[3\]\)",
    ),
    "a parameter of the wrong kind": (
        Graph((X,), (equation(ReduceSum(0), (X,), A),), (A,)),  # type: ignore[arg-type]
        r"reduce_sum does not take \(f64\[3\]\): ",
    ),
    "a parameter without text": (
        Graph((X,), (equation(ReduceSum([0]), (X,), A),), (A,)),  # type: ignore[arg-type]
        r"reduce_sum, parameter axes: \[0\] \(list\) cannot be a parameter",
    ),
    "a parameter of a dtype the IR lacks": (
        Graph((X,), (equation(Convert(np.dtype("complex128")), (X,), A),), (A,)),
        r"convert, parameter dtype: .*complex128.* cannot be a parameter",
    ),
    "a symbol called as a dtype": (
        Graph((Var(0, T.with_shape((Symbol("f64"),)), "x"),), (), ()),
        "the symbol 'f64' must be called by a word that means nothing else",
    ),
    "a symbol that is not a word": (
        Graph((), (equation(Broadcast((Symbol("a b"),), ()), (Literal.of(1.0),), Var(0, T)),), ()),
        "broadcast, parameter shape: the symbol 'a b' must be called by a word",
    ),
    "a parameter that is NaN": (
        Graph((X,), (equation(ReduceSum((float("nan"),)), (X,), A),), (A,)),  # type: ignore[arg-type]
        "reduce_sum, parameter axes: NaN is unequal to itself",
    ),
    "a fault in a graph inside": (
        Graph((X,), (equation(Kernel(replace(GOOD, outputs=(Var(9, T),))), (X,), A),), (A,)),
        "kernel, parameter graph: output 0 is variable 9",
    ),
    "not a registered primitive": (
        Graph((X,), (equation(Unregistered(), (X,), A),), (A,)),
        "Unregistered is not a registered primitive",
    ),
    "a scalar without a value": (
        Graph((), (), (Literal(T.with_shape(()), "00", None),)),
        "output 0 is a scalar constant without a value",
    ),
    "a constant that holds another type": (
        Graph((), (), (Literal(T, "00", np.zeros(4)),)),
        r"output 0 is a constant of type f64\[3\] that holds f64\[4\]",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_graphs(name: str) -> None:
    graph, message = BROKEN[name]
    with pytest.raises(VerificationError, match=message):
        verify(graph)


def test_a_stage_may_allow_only_some_primitives() -> None:
    verify(GOOD, allowed=lambda p: isinstance(p, Neg | Add))
    with pytest.raises(
        VerificationError, match=r"add is not allowed at this stage\n    a:.*\n--> b:f64\[3\] = add x a"
    ):
        verify(GOOD, allowed=lambda p: isinstance(p, Neg))


def test_graphs_inside_may_have_any_primitive() -> None:
    graph = Graph((X,), (equation(Kernel(GOOD), (X,), A),), (A,))
    verify(graph, allowed=lambda p: isinstance(p, Kernel))
    assert list(subgraphs(graph.equations[0].primitive)) == [GOOD]
    assert list(subgraphs(Neg())) == []


def test_array_constants_may_be_without_data() -> None:
    verify(Graph((), (), (Literal(T, "00", None),)))
