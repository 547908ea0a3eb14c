"""Text that does not follow the grammar is an error that says where, what was expected and what was found."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vtrace.ops  # noqa: F401
from vtrace.errors import ParseError
from vtrace.ir.parser import parse, parse_type
from vtrace.ir.types import DTYPES

GOOD = """{ lambda ; x:f64[3] y:f64[3]. let
    a:f64[3] = add x y
    b:f64[] = reduce_sum[axes=(0,)] a
  in (b, 2.0:f64) }"""


def test_an_error_shows_the_line_with_a_caret() -> None:
    with pytest.raises(ParseError) as caught:
        parse(GOOD.replace("add x", "sine x"))
    assert str(caught.value) == (
        "line 2, column 16: unknown primitive 'sine'; did you mean 'sin'?\n"
        "        a:f64[3] = sine x y\n"
        "                   ^"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{ lambda", "lambda", "line 1, column 1: expected '{', found 'lambda'"),
        ("lambda ;", "lambda", "line 1, column 10: expected ';', found 'x'"),
        (". let", " let", "line 1, column 30: expected an input such as x:f64[3], or '.', found 'let'"),
        (". let", ".", "line 2, column 5: expected 'let' after the inputs, found 'a'"),
        ("y:f64[3].", "x:f64[3].", "line 1, column 21: 'x' is defined twice"),
        ("x:f64[3]", "x", "line 1, column 12: 'x' needs a type, as in x:f64[3]"),
        (
            "x:f64[3]",
            "x:f16[3]",
            f"column 14: expected a dtype ({', '.join(DTYPES)}), found 'f16'",
        ),
        ("x:f64[3]", "x:f64", "column 18: expected '[' after 'f64', found 'y'"),
        ("x:f64[3]", "x:f64[-3]", "column 18: expected an extent (3) or a symbol (b), found '-3'"),
        ("x:f64[3]", "x:f64[3 3]", "column 20: expected ',', found '3'"),
        ("x:f64[3]", "x:f64[in]", "column 18: expected an extent (3) or a symbol (b), found 'in'"),
        ("add x y", "add x z", "line 2, column 22: 'z' is not defined"),
        ("] a", "] aa", "line 3, column 37: 'aa' is not defined; did you mean 'a'?"),
        ("a:f64[3] =", "x:f64[3] =", "line 2, column 5: 'x' is defined twice"),
        ("b:f64[] =", "b =", "line 3, column 5: 'b' needs a type, as in b:f64[3]"),
        ("= add", "=", "line 2, column 16: unknown primitive 'x'"),
        ("= add x y", "= 3", "line 2, column 16: expected a primitive after '=', found '3'"),
        ("add x y", "add[axis=0] x y", "line 2, column 20: unknown parameter 'axis'; 'add' takes none"),
        ("axes=", "axis=", "line 3, column 26: unknown parameter 'axis'; 'reduce_sum' takes axes"),
        ("[axes=(0,)]", "", "line 3, column 15: 'reduce_sum' lacks the parameter 'axes'"),
        ("[axes=(0,)]", "[axes=0 axes=0]", "line 3, column 33: the parameter 'axes' is given twice"),
        ("axes=(0,)", "axes (0,)", "line 3, column 31: expected '=' after the parameter 'axes', found '('"),
        ("axes=(0,)", "axes=)", "line 3, column 31: expected the value of a parameter, found ')'"),
        ("axes=(0,)", "axes=(0", "line 3, column 33: expected ',', found ']'"),
        ("axes=(0,)", 'axes="\\q"', "line 3, column 31: '\"\\q\"' has a backslash that JSON does not allow"),
        ("axes=(0,)", 'axes="', "line 3, column 31: this string does not end on its line"),
        ("axes=(0,)", "3=(0,)", "line 3, column 26: expected a parameter such as axis=0, or ']', found '3'"),
        ("2.0:f64", "2.0", "line 4, column 10: the constant '2.0' needs a dtype, as in 2.0:f64"),
        ("2.0:f64", "2.5:i64", "line 4, column 10: '2.5' is not a value of i64"),
        ("2.0:f64", "300:u8", "line 4, column 10: '300' is not a value of u8"),
        ("2.0:f64", "-1:u64", "line 4, column 10: '-1' is not a value of u64"),
        ("2.0:f64", "1:bool", "line 4, column 10: '1' is not a value of bool"),
        ("2.0:f64", "True:f64", "line 4, column 10: 'True' is not a value of f64"),
        ("2.0:f64", "1e39:f32", "line 4, column 10: '1e39' is not a value of f32"),
        ("2.0:f64", "nan(0x3):f32", "line 4, column 10: 'nan(0x3)' is not a value of f32"),
        ("2.0:f64", "3x:f64", "line 4, column 10: this number does not end where it should"),
        ("2.0:f64", "#xyz", "line 4, column 10: a comment starts with '# ' (with a blank), a constant with '#' and"),
        ("2.0:f64", "?", "line 4, column 10: unexpected character '?'"),
        ("2.0:f64", "=", "line 4, column 10: expected a variable or a constant, found '='"),
        ("in (b,", "in b", "line 4, column 6: expected '(' after 'in', found 'b'"),
        ("  in (b, 2.0:f64) }", "", "line 3, column 38: expected an equation or 'in', found the end of the text"),
        (" }", "", "line 4, column 18: expected '}', found the end of the text"),
        (" }", " } }", "line 4, column 21: expected the end of the text, found '}'"),
    ],
)
def test_messages(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ParseError) as caught:
        parse(GOOD.replace(old, new, 1))
    assert message in str(caught.value)


def test_bad_types() -> None:
    with pytest.raises(ParseError, match=r"line 1, column 7: expected the end of the text, found 'x'"):
        parse_type("f64[] x")


def test_the_array_of_a_constant_must_be_the_one_the_text_means() -> None:
    with pytest.raises(ParseError, match=r"the array given for '#0123' is #[0-9a-f]+:f64\[\], not f64\[2\]"):
        parse("{ lambda ; . let in (#0123:f64[2],) }", {"0123": np.float64(1)})


def test_deep_nesting_is_an_error_not_a_crash() -> None:
    with pytest.raises(ParseError, match="more than 64 levels"):
        parse(GOOD.replace("(0,)", "(" * 100_000))


@given(st.data())
def test_damaged_text_never_crashes(data: st.DataObject) -> None:
    """One piece of good text is replaced by another: a graph or a ParseError comes out."""
    start, length = data.draw(st.integers(0, len(GOOD))), data.draw(st.integers(0, 8))
    other = data.draw(st.integers(0, len(GOOD)))
    text = GOOD[:start] + GOOD[other : other + data.draw(st.integers(0, 8))] + GOOD[start + length :]
    with contextlib.suppress(ParseError):
        parse(text)


@given(st.text(max_size=40))
def test_any_text_never_crashes(text: str) -> None:
    with pytest.raises(ParseError, match=r"^line \d+, column \d+: "):
        parse(text)
