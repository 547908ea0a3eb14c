"""IR text to tokens, and errors that point into the text.

Blanks and comments separate tokens and mean nothing else. A comment is `#` followed by a blank, or `//`, up to the end
of the line; `#` followed by hexadecimal digits is a constant.
"""

import re
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from vtrace.errors import ParseError

_T = TypeVar("_T")

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


class Cursor:
    """A place in the tokens of a text: what every rule of a recursive-descent parser is made of."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.position = 0
        self.token = self.tokens[0]
        """The next token."""

    def error(self, message: str, token: Token | None = None) -> ParseError:
        """An error that points at `token`, or else at the next one."""
        return error_at(self.text, (token or self.token).start, message)

    def at(self, text: str) -> bool:
        """Whether the next token is this mark or word (a string's text is in quotes, so it is neither)."""
        return self.token.text == text

    def after_next(self, *texts: str) -> bool:
        """Whether the token after the next one is one of these marks or words."""
        return self.position + 1 < len(self.tokens) and self.tokens[self.position + 1].text in texts

    def next(self) -> Token:
        """Take the next token."""
        token = self.token
        self.position = min(self.position + 1, len(self.tokens) - 1)
        self.token = self.tokens[self.position]
        return token

    def expect(self, text: str, after: str = "") -> Token:
        """Take the next token, which must be this mark or word."""
        if not self.at(text):
            raise self.error(f"expected '{text}'{after and ' after ' + after}, found {self.token}")
        return self.next()

    def expect_end(self) -> None:
        """Nothing may be left."""
        if self.token.kind != "end":
            raise self.error(f"expected the end of the text, found {self.token}")

    def items(self, item: Callable[[], _T], close: str) -> list[_T]:
        """Items between commas, up to and including the mark `close`; the last one may have a comma too."""
        found: list[_T] = []
        while not self.at(close):
            if found:
                self.expect(",")
                if self.at(close):
                    break
            found.append(item())
        self.next()
        return found
