"""From text to lexemes, by one regular expression, with the words made contextual.

The lexer also notes where declarations begin (`Lexed.starts`), because it alone sees columns, and
answers what is not a token at all (FQL103, FQL105, FQL390). Lark gets the lexemes of a declaration
at a time.
"""

from __future__ import annotations

import re

from fql_grammar import tokens as table
from fqlc.syntax.faults import unreadable
from fqlc.syntax.foreign import odd_signs
from fqlc.syntax.foreign.repair import SUSPECT_WORDS
from fqlc.syntax.foreign.table import MEANT_HEADS, MODIFIERS
from fqlc.syntax.parsing.beginnings import OPENS_VALUE, Beginnings
from fqlc.syntax.parsing.context import (
    close,
    first_type,
    is_field_sign,
    is_let_sign,
    make_flow,
    make_key,
    make_optional_key,
)
from fqlc.syntax.reading import numbers, strings
from fqlc.syntax.reading.lexemes import Lexed, Lexeme, Literal, Origin
from fqlc.syntax.tree import ast

MAX_LEXEMES = 1_000_000
MAX_PROBLEMS = 1_000
MAX_DEPTH = 100

_PATTERN = re.compile(table.TOKEN_PATTERN)
_RESYNC = re.compile(rf"^(?:{'|'.join(table.TOP_LEVEL)})(?=[ \t]+[A-Za-z_\"'{{]|\{{)", re.MULTILINE)
_HEAD_OF_BLOCK = re.compile(
    r"[ \t\r\n]*(?!flow\b)[A-Za-z_]\w*(?:[ \t]+(?:[A-Za-z_]\w*|\"[^\"\n]*\"))?[ \t]*\{"
)
_OPENER_OF = {closer: opener for opener, closer in table.BRACKETS.items()}
_TOUCHING = frozenset({"NAME", "STRING"})
_NAMES_FOLLOW = frozenset({"DOT", "QDOT", "AT"})
_BEFORE_VALUE = frozenset(
    {"_COLON", "EQUALS", "LPAREN", "LBRACKET", "OP", "MINUS", "BANG", "SPREAD"}
)
_WORD_TYPES = {**table.RESERVED, **dict.fromkeys(SUSPECT_WORDS, "SUSPECT"),
               **dict.fromkeys(MODIFIERS, "MODIFIER"), **dict.fromkeys(MEANT_HEADS, "HEAD"),
               **dict.fromkeys(table.TOP_LEVEL, "TOP")}  # fmt: skip


def lex(origin: Origin) -> Lexed:
    """Read a whole text. Problems go to the sink of the origin; never raises."""
    lexer = _Lexer(origin)
    lexer.run()
    if lexer.lexed.odd:
        odd_signs.report(origin, lexer.lexed.odd)
    return lexer.lexed


class _Lexer:
    """One pass over one text. `_brackets` holds the open brackets since the declaration began."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.lexed = Lexed()
        self._brackets: list[str] = []
        self._beginnings = Beginnings(origin, self.lexed, self._brackets)
        self._problems = 0
        self._cut_triple = False
        self._odd_triples: bool | None = None

    def run(self) -> None:
        """Scan, and scan again from where it must jump ahead."""
        position: int | None = 0
        while position is not None:
            position = self._scan(position)

    def _scan(self, position: int) -> int | None:
        """Take tokens from `position`; the place to go on at after a jump, None at the end."""
        lexemes, jump = self.lexed.lexemes, None
        for match in _PATTERN.finditer(self.origin.text, position):
            kind = match.lastgroup or "END"
            start, end = match.span(kind)
            if kind == "WORD":
                self._word(match.group(kind), start, end)
            elif kind == "SIGN":
                jump = self._sign(match.group(kind), start, end)
            elif kind == "END":
                break
            else:
                jump = self._other(kind, match.start(), start, end)
            if len(lexemes) > MAX_LEXEMES:
                jump = self._too_many(start, end)
            if jump is not None:
                return jump if jump >= 0 else None
        return None

    def _word(self, written: str, start: int, end: int) -> None:
        type_ = _WORD_TYPES.get(written, "NAME")
        previous = self._previous()
        if previous is not None and previous.type in _NAMES_FOLLOW and type_ != "TOP":
            type_ = "NAME"
        elif type_ == "TOP":
            type_ = self._beginnings.top_word(written, start, end, previous)
        elif type_ == "HEAD":
            type_ = self._beginnings.foreign_head(start, end, previous)
        elif type_ == "MODIFIER":
            if self._beginnings.modifier(start, end):
                return
            type_ = "NAME"
        elif type_ == "SUSPECT":
            self.lexed.suspects.append(len(self.lexed.lexemes))
            type_ = "NAME"
        if type_ == "NAME" and (
            not self._brackets or (previous is not None and previous.type in OPENS_VALUE)
        ):
            type_ = self._beginnings.name(start, end, previous)
        self.lexed.lexemes.append(Lexeme(type_, start, end, written, self.origin))

    def _sign(self, written: str, start: int, end: int) -> int | None:
        """A sign; where to go on when it opens a bracket too many."""
        previous, brackets = self._previous(), self._brackets
        if written == ":":
            self._colon(previous, start)
        elif written in table.BRACKETS:
            if written == "{":
                make_flow(self.lexed.lexemes[-2:])
            brackets.append(written)
            if len(brackets) > MAX_DEPTH:
                return self._too_deep(start, end)
        elif written in _OPENER_OF:
            if brackets[-1:] == [_OPENER_OF[written]]:
                brackets.pop()
            else:
                close(brackets, _OPENER_OF[written])
        elif written == "=" and not (
            is_let_sign(self.lexed.lexemes[-2:])
            or is_field_sign(self.lexed.lexemes, brackets, first_type(self.lexed))
        ):
            self.lexed.suspects.append(len(self.lexed.lexemes))
        elif written == "/" and (after := self._regex(start)) is not None:
            return after
        type_ = table.SIGNS[written]
        self.lexed.lexemes.append(Lexeme(type_, start, end, written, self.origin))
        return None

    def _colon(self, previous: Lexeme | None, start: int) -> None:
        """What is before a colon is a key, unless a value is missing or a `lambda` names it."""
        if previous is not None and previous.type == "QUESTION":
            if make_optional_key(self.lexed.lexemes[-3:], self._brackets, first_type(self.lexed)):
                return
            self.lexed.suspects.append(len(self.lexed.lexemes) - 1)
        before = self.lexed.lexemes[-2:-1]
        missing = before and before[0].type == "_COLON" and self._is_new_line(start)
        if not missing and not (before and before[0].text == "lambda"):
            make_key(previous)

    def _regex(self, start: int) -> int | None:
        """Where a pattern between slashes ends that is where a value is wanted; it is taken."""
        previous = self._previous()
        wanted = previous is not None and (
            previous.type in _BEFORE_VALUE or previous.text in ("=~", "!~")
        )
        found = strings.REGEX.match(self.origin.text, start) if wanted else None
        if found is None:
            return None
        self._add("FOREIGN", start, found.end())
        return found.end()

    def _is_new_line(self, start: int) -> bool:
        """True for what begins a line. A colon there makes no key of the value before it."""
        return "\n" in self.origin.text[self.lexed.lexemes[-1].end : start]

    def _previous(self) -> Lexeme | None:
        lexemes = self.lexed.lexemes
        return lexemes[-1] if lexemes else None

    # Rarer tokens ------------------------------------------------------------

    def _other(self, kind: str, gap: int, start: int, end: int) -> int | None:
        """A token that is neither word nor sign. Where to jump, -1 to stop, None to go on."""
        if kind == "STRING":
            previous = self._previous()
            if previous is not None and previous.end == start and previous.type in _TOUCHING:
                self.lexed.suspects.append(len(self.lexed.lexemes))
            self._add("STRING", start, end, strings.read_string(self.origin, start, end))
        elif kind == "COMMENT":
            return self._comment(gap, start, end)
        elif kind == "NUMBER":
            self._add("NUMBER", start, end, numbers.read_number(self.origin, start, end))
        elif kind == "TRIPLE" and not self._swallows(start, end):
            self._triple(start, end)
        elif kind == "NOT_IN":
            self._add("OP", start, end)
        elif kind == "WIDE":
            self._wide_word(start, end)
        elif kind == "ODD":
            return self._odd(start, end)
        elif kind in ("FOREIGN", "AMP", "URL"):
            return self._foreign(start, end)
        else:
            return self._unreadable(kind, start, end)
        return None

    def _foreign(self, start: int, end: int) -> int | None:
        """A sign or text of another language; where to go on after a text of several lines."""
        self.lexed.suspects.append(len(self.lexed.lexemes))
        later = strings.end_of_heredoc(self.origin.text, start, end)
        self._add("FOREIGN", start, later or end)
        return later

    def _odd(self, start: int, end: int) -> int | None:
        """A sign that looks like one of ours, or an unusual blank: read as what it looks
        like. A blank without width inside a word is part of no token."""
        meant = odd_signs.meant(self.origin.text, start, end)
        if meant is None:
            return self._unreadable("BAD", start, end)
        self.lexed.odd.append((start, end, meant))
        if meant in table.SIGNS:
            return self._sign(meant, start, end)
        if meant.strip():
            self.lexed.lexemes.append(Lexeme("OP", start, end, meant, self.origin))
        return None

    def _add(self, type_: str, start: int, end: int, value: Literal | None = None) -> None:
        text = self.origin.text[start:end]
        self.lexed.lexemes.append(Lexeme(type_, start, end, text, self.origin, value))

    def _comment(self, gap: int, start: int, end: int) -> int | None:
        if len(self.lexed.comments) > MAX_LEXEMES:
            return self._too_many(start, end)
        text = self.origin.text
        own_line = gap == 0 or "\n" in text[gap:start]
        if gap and not own_line:
            own_line = text[gap - 1] == "\n"
        self.lexed.comments.append(
            ast.Comment(
                span=self.origin.span(start, end),
                text=text[start + 1 : end].strip(),
                own_line=own_line,
            )
        )
        return None

    def _triple(self, start: int, end: int, *, closed: bool = True) -> None:
        if self._is_documentation(start, end):
            doc = strings.read_doc(self.origin, start, end, closed=closed)
            self._add("DOC", start, end, doc)
        else:
            literal = strings.read_triple(self.origin, start, end, closed=closed)
            self._add("STRING", start, end, literal)

    def _is_documentation(self, start: int, end: int) -> bool:
        """True unless a value is wanted here. On a line of its own before a block it documents
        the block, and the value is missing."""
        previous = self.lexed.lexemes[-1] if self.lexed.lexemes else None
        if previous is None:
            return True
        wanted = previous.type in _BEFORE_VALUE or (
            previous.type == "_COMMA" and self._brackets[-1:] not in ([], ["{"])
        )
        if not wanted:
            return True
        new_line = "\n" in self.origin.text[previous.end : start]
        return new_line and _HEAD_OF_BLOCK.match(self.origin.text, end) is not None

    # What is not a token --------------------------------------------------------

    def _unreadable(self, kind: str, start: int, end: int) -> int | None:
        self._problems += 1
        if self._problems > MAX_PROBLEMS:
            return self._too_many(start, end)
        if kind == "OPEN_STRING":
            return self._open_string(start, end)
        if kind in ("OPEN_TRIPLE", "TRIPLE"):
            return self._open_triple(start)
        unreadable.unknown_characters(self.origin, start, end)
        self._add("BAD", start, end)
        return None

    def _open_string(self, start: int, end: int) -> int | None:
        """A text without an end on its line; where to go on when it ends on a later one."""
        later = strings.end_on_later_line(self.origin.text, start, end)
        if later is None:
            unreadable.open_string(self.origin, start, end)
        else:
            unreadable.text_over_lines(self.origin, start, later)
            end = later
        literal = strings.read_string(self.origin, start, end, closed=later is not None)
        self._add("STRING", start, end, literal)
        return later

    def _open_triple(self, start: int) -> int:
        """Report it and go on at the next declaration; a second one ends the reading."""
        unreadable.open_triple(self.origin, start)
        end = len(self.origin.text) if self._cut_triple else self._after_open_triple(start)
        self._cut_triple = True
        self._triple(start, end, closed=False)
        return end

    def _after_open_triple(self, start: int) -> int:
        """Documentation ends with its line where more than the quotes is on it; anything else at
        the next declaration."""
        line = strings.LINE_OF_DOC.match(self.origin.text, start)
        if line is not None and self._is_documentation(start, line.end()):
            return line.end()
        return self._next_declaration(start)

    def _next_declaration(self, start: int) -> int:
        """Where the next declaration begins in the first column; the end of the text without one.
        Whatever the lexer cannot read through to its end ends there."""
        found = _RESYNC.search(self.origin.text, start)
        return found.start() if found is not None else len(self.origin.text)

    def _swallows(self, start: int, end: int) -> bool:
        """True for a text that is not closed: what ends it begins another one."""
        text = self.origin.text
        if self._cut_triple or not strings.may_swallow(text, start, end):
            return False
        if self._odd_triples is None:
            self._odd_triples = text.count('"""', start) % 2 == 1
        return self._odd_triples

    def _wide_word(self, start: int, end: int) -> None:
        """A name with letters beyond ASCII: reported, and read as a name."""
        self._problems += 1
        if self._problems <= MAX_PROBLEMS:
            unreadable.wide_word(self.origin, start, end)
        self._add("NAME", start, end)

    def _too_deep(self, start: int, end: int) -> int:
        """Leave the declaration: the next one is looked for in the first column."""
        unreadable.too_deep(self.origin, start, end, MAX_DEPTH)
        self._brackets.clear()
        self._add("TOO_MUCH", start, end)
        return self._next_declaration(end)

    def _too_many(self, start: int, end: int) -> int:
        what = (
            f"more than {MAX_PROBLEMS:,} spans cannot be read; the rest is not checked"
            if self._problems > MAX_PROBLEMS
            else f"the file has more than {MAX_LEXEMES:,} tokens; the rest is not read"
        )
        self.origin.sink.error("FQL390", what, self.origin.span(start, end))
        self._add("TOO_MUCH", start, end)
        return -1
