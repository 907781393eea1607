"""Where declarations begin, as the lexer meets their words: it alone sees columns.

A declaration begins with its word in the first column, whatever is open before it; elsewhere only
where the one before has ended.
"""

from __future__ import annotations

import re

from fql_grammar.tokens import CLOSERS, TOP_LEVEL
from fqlc.syntax.foreign.heads import meant_head, modified
from fqlc.syntax.reading.lexemes import Lexed, Lexeme, Origin

_NO_KEY = re.compile(r"(?![ \t]*:)")
_HEAD = re.compile(r"[ \t]+[A-Za-z_\"'{]|\{")
_QUOTED = re.compile(r"[ \t]+[\"']")
_REST_OF_HEAD = re.compile(r"[ \t]+(?:[A-Za-z_]\w*|\"[^\"\n]*\")[ \t]*\{")
OPENS_VALUE = frozenset({"_COLON", "EQUALS", "OP", "MINUS", "BANG", "DOT"})
"""After these a word on a new line may begin a block: the value is missing then."""
_ENDS_DECLARATION = CLOSERS | {"STRING", "NUMBER", "NAME", "WORD", "KEY", "DOC", "FOREIGN"}


class Beginnings:
    """Judges words that may begin something. `brackets` are those open since the declaration
    began; the lexer adds to them, and a new declaration clears them."""

    def __init__(self, origin: Origin, lexed: Lexed, brackets: list[str]) -> None:
        self._origin = origin
        self._lexed = lexed
        self._brackets = brackets
        self._behind_modifier = -1

    def name(self, start: int, end: int, previous: Lexeme | None) -> str:
        """The terminal of a word that is a name: KIND where it begins a block instead of the
        value that is missing before it. Notes where it begins a block of unknown kind."""
        wanted = previous if previous is not None and previous.type in OPENS_VALUE else None
        if wanted and self._is_kind(wanted, start, end) and not self._has_begun():
            return "KIND"
        if not self._brackets:
            self._maybe_unknown_block(start, end, previous)
        return "NAME"

    def _has_begun(self) -> bool:
        """True for a word that was noted to begin a declaration."""
        return self._lexed.starts[-1:] == [len(self._lexed.lexemes)]

    def foreign_head(self, start: int, end: int, previous: Lexeme | None) -> str:
        """A word that begins a declaration in other languages, where it does so here."""
        word = meant_head(self._origin, start, end) if self._in_first_column(start) else None
        return "NAME" if word is None else self.top_word(word, start, end, previous)

    def modifier(self, start: int, end: int) -> bool:
        """True for a word of another language before a declaration, which begins after it."""
        begin = modified(self._origin, start, end) if self._in_first_column(start) else None
        if begin is not None:
            self._behind_modifier = begin
        return begin is not None

    def top_word(self, word: str, start: int, end: int, previous: Lexeme | None) -> str:
        """The terminal of a word that can begin a declaration; notes it when it does."""
        lexemes, starts = self._lexed.lexemes, self._lexed.starts
        if not self._may_begin(start, end, previous):
            return "NAME"
        documented = previous is not None and previous.type == "DOC"
        first = len(lexemes) - 1 if documented else len(lexemes)
        if not starts or first > starts[-1]:
            starts.append(first)
        self._brackets.clear()
        return TOP_LEVEL[word]

    def _maybe_unknown_block(self, start: int, end: int, previous: Lexeme | None) -> None:
        """Outside all brackets a word begins a block of unknown kind when a declaration has
        ended before it; the checker answers such a kind. On an indented line of its own it is
        what a bracket too many has left behind."""
        if self._is_begun(previous):
            return
        if previous is None:
            self._lexed.starts.append(0)
            return
        if self._is_importing() and "\n" not in self._origin.text[previous.end : start]:
            return
        ended = (previous.type == "RBRACE" and not self._is_indented(previous, start)) or (
            previous.type in _ENDS_DECLARATION
            and self._in_first_column(start)
            and _NO_KEY.match(self._origin.text, end) is not None
        )
        if ended:
            first = len(self._lexed.lexemes) - (previous.type == "DOC")
            if first > max(self._lexed.starts[-1:], default=-1):
                self._lexed.starts.append(first)

    def _is_importing(self) -> bool:
        """True where the last declaration that has begun is an import."""
        starts, lexemes = self._lexed.starts, self._lexed.lexemes
        return bool(starts) and starts[-1] < len(lexemes) and lexemes[starts[-1]].type == "IMPORT"

    def _is_indented(self, previous: Lexeme, start: int) -> bool:
        """True for a word that begins a line not in the first column, as what was before ended."""
        if self._in_first_column(start) or self._in_first_column(previous.start):
            return False
        return "\n" in self._origin.text[previous.end : start]

    def _is_kind(self, previous: Lexeme, start: int, end: int) -> bool:
        """True for a word on a new line that begins a block where a value is missing. The grammar
        has no terminal KIND: recovery reads it as NAME."""
        text = self._origin.text
        return "\n" in text[previous.end : start] and _REST_OF_HEAD.match(text, end) is not None

    def _may_begin(self, start: int, end: int, previous: Lexeme | None) -> bool:
        """True where a declaration may begin: in the first column, or after another one."""
        quoted = self._origin.text[start:end] == "import" and not self._in_first_column(start)
        has_head = (_QUOTED if quoted else _HEAD).match(self._origin.text, end) is not None
        outside = not self._brackets and (previous is None or previous.type in _ENDS_DECLARATION)
        if self._in_first_column(start):
            return has_head or (outside and _NO_KEY.match(self._origin.text, end) is not None)
        return has_head and outside and not self._is_begun(previous)

    def _is_begun(self, previous: Lexeme | None) -> bool:
        """True directly after the word that begins a declaration: there is its name."""
        starts, lexemes = self._lexed.starts, self._lexed.lexemes
        if previous is None or not starts or previous.type == "DOC":
            return False
        first = starts[-1]
        if first == len(lexemes):
            return True
        first += lexemes[first].type == "DOC"
        return first < len(lexemes) and previous is lexemes[first]

    def _in_first_column(self, start: int) -> bool:
        """True at the start of a line; modifiers before it count for nothing."""
        return start in (0, self._behind_modifier) or self._origin.text[start - 1] == "\n"
