"""Types and columns as other languages and databases write them, read as what they mean here."""

from __future__ import annotations

from dataclasses import dataclass

from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.syntax.foreign.spelling import foreign
from fqlc.syntax.foreign.table import MEANT_TYPES
from fqlc.syntax.reading.lexemes import Lexeme

_LISTS = frozenset({"list", "array", "vec", "set", "sequence", "iterable", "mutablelist"})
_OPTIONALS = frozenset({"optional", "option", "maybe", "nullable"})
_CLOSERS = {"<": ">", "[": "]", "(": ")"}
_NOTHING_MEANT = frozenset({"NOT NULL", "UNIQUE", "AUTO_INCREMENT", "AUTOINCREMENT"})
_WORDS = frozenset(
    {"NOT", "NULL", "PRIMARY", "KEY", "UNIQUE", "DEFAULT", "REFERENCES", "CHECK", "AUTO_INCREMENT",
     "AUTOINCREMENT", "FOREIGN", "COLLATE", "GENERATED", "IDENTITY", "ON", "CASCADE"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mended:
    """What is foreign about some lexemes, and the lexemes as they are meant."""

    found: Diagnostic
    lexemes: list[Lexeme]


def mended_field(lexemes: list[Lexeme]) -> Mended | None:
    """A field whose type or constraints are written as elsewhere; None where they are not."""
    colon = next((i for i, x in enumerate(lexemes[:3]) if x.type == "_COLON"), None)
    if colon is None:
        return None
    reader = _Types(lexemes, colon + 1)
    written = reader.type()
    if written is None:
        return None
    meant, constraints = reader.constraints()
    rest = lexemes[reader.at :]
    if reader.at == colon + 1 or (rest and rest[0].type not in ("AT", "_COMMA")):
        return None
    return _mended(lexemes, colon + 1, reader, written + meant, constraints)


def _mended(
    lexemes: list[Lexeme], start: int, reader: _Types, written: str, constraints: list[str]
) -> Mended:
    first, last = lexemes[start], lexemes[reader.at - 1]
    span = first.origin.span(first.start, last.end)
    lost = [c for c in constraints if c not in _NOTHING_MEANT | {"NULL", "PRIMARY KEY"}]
    fix = None if lost else Fix((Edit(span, written),))
    advice = (
        (f"write `{written}`",)
        if not lost
        else (f"write `{written}`: `{lost[0]}` has no counterpart",)
    )
    message = f"`{constraints[0]}` is not written in a field" if constraints else (
        f"`{_short(first.origin.text[span.start : span.end])}` is spelled `{written}` here"
    )  # fmt: skip
    found = foreign(span, message, fix, advice)
    meant = _lexemes_of(written, first, last)
    return Mended(found, [*lexemes[:start], *meant, *lexemes[reader.at :]])


_TERMINALS = {"[": "LBRACKET", "]": "RBRACKET", "?": "QUESTION", "@": "AT"}


def _lexemes_of(written: str, first: Lexeme, last: Lexeme) -> list[Lexeme]:
    """The lexemes of a type, each with the stretch of what it stands for."""
    spaced = "".join(f" {c} " if c in _TERMINALS else c for c in written)
    return [
        Lexeme(_TERMINALS.get(word, "NAME"), first.start, last.end, word, first.origin)
        for word in spaced.split()
    ]


class _Types:
    """Reads a type from `at` on, as far as it goes."""

    def __init__(self, lexemes: list[Lexeme], at: int) -> None:
        self._lexemes = lexemes
        self.at = at

    def _text(self, ahead: int = 0) -> str:
        near = self._lexemes[self.at + ahead : self.at + ahead + 1]
        return near[0].text if near else ""

    def type(self) -> str | None:
        """A type in our spelling; None where it cannot be told."""
        if self._text() == "[":
            self.at += 1
            inner = self.type()
            if inner is None or self._text() != "]":
                return None
            self.at += 1
            written: str | None = f"[{inner}]"
        else:
            written = self._named()
        return None if written is None else self._suffixes(written)

    def _named(self) -> str | None:
        name = self._text()
        if not name.isidentifier() or name.upper() in _WORDS:
            return None
        self.at += 1
        word = name.lower()
        plain = MEANT_TYPES.get(word, name)
        opener = self._text()
        if opener == "(":
            return plain if self._skip_numbers() else None
        if opener not in ("<", "[") or (opener == "[" and self._text(1) == "]"):
            return plain
        return _applied(word, self._arguments(_CLOSERS[opener]))

    def _skip_numbers(self) -> bool:
        """`(10, 2)`: a length or a precision means nothing here."""
        self.at += 1
        while self._text() not in (")", ""):
            if self._lexemes[self.at].type not in ("NUMBER", "_COMMA"):
                return False
            self.at += 1
        self.at += 1
        return self.at <= len(self._lexemes)

    def _arguments(self, closer: str) -> list[str] | None:
        found: list[str] = []
        while self._text() not in (closer, ""):
            self.at += 1
            one = self.type()
            if one is None or self._text() not in (",", closer):
                return None
            found.append(one)
        self.at += 1
        return found

    def _suffixes(self, written: str) -> str:
        """`?`, `!` and `[]` after a type."""
        while True:
            if self._text() == "!":
                self.at += 1
            elif self._text() == "?":
                self.at += 1
                written = f"{written.removesuffix('?')}?"
            elif (self._text(), self._text(1)) == ("[", "]"):
                self.at += 2
                written = f"[{written}]"
            else:
                return written

    def constraints(self) -> tuple[str, list[str]]:
        """What constraints of SQL mean after the type, and the constraints as written."""
        found: list[str] = []
        while (word := self._text()).upper() in _WORDS and self._lexemes[self.at].type != "KEY":
            pair = f"{word} {self._text(1)}".upper()
            if pair in ("NOT NULL", "PRIMARY KEY"):
                found.append(pair)
                self.at += 2
            else:
                found.append(word.upper())
                self.at += 1
                self._skip_value()
        meant = ("?" if "NULL" in found else "") + (" @key" if "PRIMARY KEY" in found else "")
        return meant, found

    def _skip_value(self) -> None:
        """What belongs to a constraint: names, values, and what is in parentheses."""
        depth = 0
        while self.at < len(self._lexemes):
            here = self._lexemes[self.at]
            if depth == 0 and (here.type in ("AT", "_COMMA", "KEY") or here.text.upper() in _WORDS):
                return
            depth += (here.type == "LPAREN") - (here.type == "RPAREN")
            self.at += 1


def _short(text: str) -> str:
    return " ".join(text.split())[:40]


def _applied(word: str, arguments: list[str] | None) -> str | None:
    """The type that a generic one means with its arguments; None for one that is not known."""
    if arguments is not None and len(arguments) == 1:
        if word in _LISTS:
            return f"[{arguments[0]}]"
        if word in _OPTIONALS:
            return f"{arguments[0].removesuffix('?')}?"
    return "JSON" if arguments is not None and MEANT_TYPES.get(word) == "JSON" else None
