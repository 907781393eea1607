"""Types and columns as other languages and databases write them, read as what they mean here."""

from __future__ import annotations

from fqlc.diagnostics.model import Edit, Fix
from fqlc.syntax.foreign.spelling import Mended
from fqlc.syntax.foreign.table import MEANT_CONSTRAINTS, MEANT_GENERICS, MEANT_TYPES
from fqlc.syntax.reading.lexemes import Lexeme
from fqlc.syntax.reading.other_languages import foreign

_CLOSERS = {"<": ">", "[": "]", "(": ")"}


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
    lost = [c for c in constraints if MEANT_CONSTRAINTS[c] is None]
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

    def _word_here(self, ahead: int = 0) -> str:
        near = self._lexemes[self.at + ahead : self.at + ahead + 1]
        return near[0].text if near else ""

    def type(self) -> str | None:
        """A type in our spelling; None where it cannot be told."""
        if self._word_here() == "[":
            self.at += 1
            inner = self.type()
            if inner is None or self._word_here() != "]":
                return None
            self.at += 1
            written: str | None = f"[{inner}]"
        else:
            written = self._named()
        return None if written is None else self._suffixes(written)

    def _named(self) -> str | None:
        name = self._word_here()
        if not name.isidentifier() or _is_constraint(name):
            return None
        self.at += 1
        word = name.lower()
        plain = MEANT_TYPES.get(word, name)
        opener = self._word_here()
        if opener == "(":
            return plain if self._skip_numbers() else None
        if opener not in ("<", "[") or (opener == "[" and self._word_here(1) == "]"):
            return plain
        return _applied(word, self._arguments(_CLOSERS[opener]))

    def _skip_numbers(self) -> bool:
        """`(10, 2)`: a length or a precision means nothing here."""
        self.at += 1
        while self._word_here() not in (")", ""):
            if self._lexemes[self.at].type not in ("NUMBER", "_COMMA"):
                return False
            self.at += 1
        self.at += 1
        return self.at <= len(self._lexemes)

    def _arguments(self, closer: str) -> list[str] | None:
        found: list[str] = []
        while self._word_here() not in (closer, ""):
            self.at += 1
            one = self.type()
            if one is None or self._word_here() not in (",", closer):
                return None
            found.append(one)
        self.at += 1
        return found

    def _suffixes(self, written: str) -> str:
        """`?`, `!` and `[]` after a type."""
        while True:
            if self._word_here() == "!":
                self.at += 1
            elif self._word_here() == "?":
                self.at += 1
                written = f"{written.removesuffix('?')}?"
            elif (self._word_here(), self._word_here(1)) == ("[", "]"):
                self.at += 2
                written = f"[{written}]"
            else:
                return written

    def constraints(self) -> tuple[str, list[str]]:
        """What constraints of SQL mean after the type, and the constraints as written."""
        found: list[str] = []
        while _is_constraint(word := self._word_here()) and self._lexemes[self.at].type != "KEY":
            pair = f"{word} {self._word_here(1)}".upper()
            if pair in MEANT_CONSTRAINTS:
                found.append(pair)
                self.at += 2
            else:
                found.append(word.upper())
                self.at += 1
                self._skip_value()
        meant = {str(MEANT_CONSTRAINTS[one] or "") for one in found}
        return "".join(sorted(meant, key=len)), found

    def _skip_value(self) -> None:
        """What belongs to a constraint: names, values, and what is in parentheses."""
        depth = 0
        while self.at < len(self._lexemes):
            here = self._lexemes[self.at]
            if depth == 0 and (here.type in ("AT", "_COMMA", "KEY") or _is_constraint(here.text)):
                return
            depth += (here.type == "LPAREN") - (here.type == "RPAREN")
            self.at += 1


def _is_constraint(word: str) -> bool:
    return word.upper() in MEANT_CONSTRAINTS


def _short(text: str) -> str:
    return " ".join(text.split())[:40]


def _applied(word: str, arguments: list[str] | None) -> str | None:
    """The type that a generic one means with its arguments; None for one that is not known."""
    if arguments is None:
        return None
    if len(arguments) == 1 and word in MEANT_GENERICS:
        return MEANT_GENERICS[word].replace("<1>", arguments[0]).replace("??", "?")
    return "JSON" if MEANT_TYPES.get(word) == "JSON" else None
