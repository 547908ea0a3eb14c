"""IR text to tokens, and errors that point into the text.

Blanks and comments separate tokens and mean nothing else. A comment is `#` followed by a blank, or `//`, up to the end
of the line; `#` followed by hexadecimal digits is a constant.
"""

import re
from typing import NamedTuple

from vtrace.errors import ParseError

_TOKEN = re.compile(
    r"""
      (?: \s+ | \#(?:[ \t][^\n]*|(?=\n|\Z)) | //[^\n]* )*
      (?: (?P<mark>   [{}()\[\]:;,.=] )
        | (?P<word>   (?!(?:inf|nan)(?![\w.]))[^\W\d]\w*(?:\.\w+)* )
        | (?P<number> -?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w) | -?inf | nan(?:\(0x[0-9a-f]+\))? )
        | (?P<digest> \#[0-9a-f]+ )
        | (?P<string> "(?:[^"\\\n]|\\.)*" )
        | (?P<end>    \Z )
        | (?P<wrong>  . ) )
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """A piece of text: its kind (digest, number, word, string, mark or end) and where it starts."""

    kind: str
    text: str
    start: int

    def __str__(self) -> str:
        return "the end of the text" if self.kind == "end" else f"'{self.text}'"


def tokenize(text: str) -> list[Token]:
    """All tokens of `text`, the last one of kind `end`."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        assert kind is not None, "every alternative is named"
        start = match.start(kind)
        if kind == "wrong":
            raise error_at(text, start, _no_token(text, start))
        if kind == "end":
            break
        tokens.append(Token(kind, match[kind], start))
    return [*tokens, Token("end", "", len(text.rstrip()))]


def _no_token(text: str, position: int) -> str:
    character = text[position]
    if character == "#":
        return "a comment starts with '# ' (with a blank), a constant with '#' and hexadecimal digits"
    if character == '"':
        return "this string does not end on its line"
    if character.isdigit() or character == "-":
        return "this number does not end where it should"
    return f"unexpected character {character!r}"


def error_at(text: str, position: int, message: str) -> ParseError:
    """A ParseError that says the line and the column (from 1) of `position`, and shows the line with a caret."""
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    shown = text[start : end if end >= 0 else len(text)].expandtabs(1)
    line, column = text.count("\n", 0, start) + 1, position - start + 1
    return ParseError(f"line {line}, column {column}: {message}\n    {shown}\n    {' ' * (column - 1)}^")
