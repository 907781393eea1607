"""What is around an offset by its tokens alone: they are told also where nothing can be parsed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fql_grammar.tokens import BRACKETS, TOKEN_PATTERN
from fqlc.diagnostics.sink import Sink
from fqlc.source.text import SourceText
from fqlc.syntax.parsing.parser import parse_file
from fqlc.syntax.reading.split import split
from fqlc.syntax.tree import ast

_TOKENS = re.compile(TOKEN_PATTERN)
_WORD_BEFORE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_WORD_AFTER = re.compile(r"[A-Za-z0-9_]*", re.ASCII)
_TEXTS = frozenset({"STRING", "OPEN_STRING", "TRIPLE", "OPEN_TRIPLE"})


@dataclass(frozen=True, slots=True)
class Around:
    """The part of a text around an offset. All offsets are of the whole text.

    `part` is the declaration, `word` what is written of a name at the offset, `token` the text or
    comment that the offset is in, by kind and stretch, None between tokens. `open` are the
    brackets that nothing closes before the offset, `missing` those that nothing closes at all.
    """

    text: str
    offset: int
    part: tuple[int, int]
    word: tuple[int, int]
    token: tuple[str, int, int] | None
    open: str
    missing: str

    @property
    def in_comment(self) -> bool:
        """True within a comment."""
        return self.token is not None and self.token[0] == "COMMENT"

    @property
    def in_text(self) -> bool:
        """True within quotes."""
        return self.token is not None and self.token[0] in _TEXTS

    @property
    def line_before(self) -> str:
        """What is on the line before the word."""
        start = self.text.rfind("\n", 0, self.word[0]) + 1
        return self.text[start : self.word[0]]


def around(text: str, offset: int) -> Around:
    """What is around an offset."""
    start, end = _declaration_around(text, offset)
    before = _WORD_BEFORE.search(text, start, offset)
    after = _WORD_AFTER.match(text, offset)
    word = (before.start() if before else offset, after.end() if after else offset)
    token: tuple[str, int, int] | None = None
    still: list[str] = []
    opened = ""
    passed = False
    for match in _TOKENS.finditer(text, start, end):
        kind = match.lastgroup or "END"
        first, last = match.span(kind)
        if not passed and first >= offset:
            passed, opened = True, "".join(still)
        if _is_inside(kind, first, last, offset):
            token = (kind, first, last)
        if kind == "SIGN":
            _count(match.group(kind), still)
    return Around(
        text=text,
        offset=offset,
        part=(start, end),
        word=word,
        token=token,
        open=opened if passed else "".join(still),
        missing="".join(BRACKETS[b] for b in reversed(still)),
    )


def part_around(source: SourceText, offset: int) -> tuple[int, ast.File]:
    """The declaration that an offset is in, parsed alone: where it begins, and a file of it whose
    places count from there."""
    start, end = _declaration_around(source.text, offset)
    return start, parse_file(SourceText(source.path, source.text[start:end]), Sink())


def _declaration_around(text: str, offset: int) -> tuple[int, int]:
    """The declaration that an offset is in; at the edge of two the earlier one, unless its line is
    the first of the later."""
    for part in split(text):
        if part.start <= offset <= part.end and (offset < part.end or part.end == len(text)):
            return part.start, part.end
    return 0, len(text)


def _is_inside(kind: str, first: int, last: int, offset: int) -> bool:
    if kind == "COMMENT" or kind.startswith("OPEN"):
        return first < offset <= last
    return kind in _TEXTS and first < offset < last


def _count(sign: str, still: list[str]) -> None:
    if sign in BRACKETS:
        still.append(sign)
    elif sign in BRACKETS.values():
        opener = next(o for o, c in BRACKETS.items() if c == sign)
        if opener in still:
            while still.pop() != opener:
                pass
