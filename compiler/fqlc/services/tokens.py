"""Semantic tokens: what each word is by the index, and by its form where that does not know it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from fql_grammar.tokens import OPERATORS, RESERVED, TOKEN_PATTERN, TOP_LEVEL
from fqlc.services.answers import Modifier, Token, What
from fqlc.services.index.things import Form, Named
from fqlc.services.snapshot import Snapshot

_TOKENS = re.compile(TOKEN_PATTERN)
_SIGNS = frozenset({*OPERATORS, "!", "->", "=", "...", ".."})
_BEFORE_VALUE = frozenset({":", "=", "(", "[", ",", "{"})
_PLAIN: Mapping[str, What] = {
    "NUMBER": What.NUMBER, "COMMENT": What.COMMENT, "NOT_IN": What.OPERATOR,
    "STRING": What.STRING, "TRIPLE": What.STRING, "OPEN_STRING": What.STRING,
    "OPEN_TRIPLE": What.STRING,
}  # fmt: skip

_PLAINLY: frozenset[Modifier] = frozenset()
_DECLARED = frozenset({Modifier.DECLARATION})


def tokens(snapshot: Snapshot, path: str) -> tuple[Token, ...]:
    """The tokens of the newest text of a file, in order; names that it got since the last check
    are coloured by their form alone."""
    source = snapshot.source(path)
    if source is None:
        return ()
    return tuple(_Colours(snapshot, path, source.text))


class _Colours:
    """The tokens of one text."""

    def __init__(self, snapshot: Snapshot, path: str, text: str) -> None:
        self._snapshot, self._text = snapshot, text
        self._names: dict[int, tuple[int, Named]] = {}
        for named in snapshot.index.names(path):
            span = snapshot.now(named.span)
            if span is not None and span.start < span.end:
                self._names[span.start] = (span.end, named)
        self._starts = sorted(self._names)
        self._next = 0

    def __iter__(self) -> Iterator[Token]:
        previous, before = "", ""
        for match in _TOKENS.finditer(self._text):
            kind = match.lastgroup or "END"
            start, end = match.span(kind)
            written = match.group(kind)
            if kind == "WORD":
                yield from self._word(written, start, end, (before, previous))
            elif kind == "SIGN":
                if written in _SIGNS:
                    yield Token(start, end, What.OPERATOR)
            elif kind in _PLAIN:
                documents = kind == "TRIPLE" and previous not in _BEFORE_VALUE
                what = What.COMMENT if documents else _PLAIN[kind]
                yield from self._in_lines(start, end, what)
            if kind != "COMMENT":
                before, previous = previous, written

    def _word(self, written: str, start: int, end: int, before: tuple[str, str]) -> Iterator[Token]:
        known = self._names.get(start)
        if known is not None and known[0] == end:
            yield self._name_token(start, known)
        elif self._is_keyword(written, start, end, before):
            yield Token(start, end, What.KEYWORD)
        elif written in ("true", "false", "null"):
            yield Token(start, end, What.WORD)

    def _is_keyword(self, written: str, start: int, end: int, before: tuple[str, str]) -> bool:
        if before[1] in (".", "?.") or self._text.startswith(":", end):
            return False
        if written == "from":
            return before[0] == "entity"
        if written == "flow":
            return self._text[end : end + 2].strip() == "{"
        first = start == 0 or self._text[start - 1] == "\n"
        return (first and written in TOP_LEVEL) or RESERVED.get(written, "WORD") != "WORD"

    def _name_token(self, start: int, known: tuple[int, Named]) -> Token:
        end, named = known
        what = named.thing.what
        modifiers = _DECLARED if named.form is Form.DECLARED else _PLAINLY
        if what is What.ENVIRONMENT:
            modifiers |= {Modifier.SECRET}
        if what is What.FIELD and self._is_sensitive(named):
            modifiers |= {Modifier.SENSITIVE}
        return Token(start, end, what, modifiers)

    def _is_sensitive(self, named: Named) -> bool:
        row = self._snapshot.row(named.thing.owner)
        field = row.named(named.thing.name) if row is not None else None
        return field is not None and field.sensitive is not None

    def _in_lines(self, start: int, end: int, what: What) -> Iterator[Token]:
        """A text or comment by lines, with the names in it."""
        position = start
        while self._next < len(self._starts) and self._starts[self._next] < start:
            self._next += 1
        while self._next < len(self._starts) and self._starts[self._next] < end:
            first = self._starts[self._next]
            yield from self._by_line(position, first, what)
            yield self._name_token(first, self._names[first])
            position = self._names[first][0]
            self._next += 1
        yield from self._by_line(position, end, what)

    def _by_line(self, start: int, end: int, what: What) -> Iterator[Token]:
        while start < end:
            line = self._text.find("\n", start, end)
            stop = end if line < 0 else line
            if stop > start:
                yield Token(start, stop, what)
            start = stop + 1
