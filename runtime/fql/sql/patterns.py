"""Patterns of `matches` as data, for back ends that have no RE2: the part of the syntax that means
a regular language of code points, with the ends of the text.

Greedy or not, named or not makes no difference to whether there is a match. Sets are those of
RE2: `\\d \\s \\w` and `[[:alpha:]]` are ASCII, `.` is everything but the line end. What depends on
neighbours or on Unicode tables (`\\b`, `\\pL`) and flags inside a pattern are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Ranges = tuple[tuple[str, str], ...]


class PatternRefusedError(ValueError):
    """The pattern uses something that is not read here; the message names it."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One code point of the ranges (both ends included), or `negated`, of all others."""

    ranges: Ranges
    negated: bool = False

    @property
    def literal(self) -> str | None:
        """The code point, where there is only one."""
        ((low, high), *more) = self.ranges or (("a", "b"),)
        return low if low == high and not more and not self.negated else None


@dataclass(frozen=True, slots=True)
class Edge:
    """The start or the end of the text."""

    at: Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them."""

    options: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`of` from `least` to `most` times; without an upper bound `most` is None."""

    of: Pattern
    least: int
    most: int | None


Pattern = Chars | Edge | Sequence | Choice | Repeat

_DIGITS: Ranges = (("0", "9"),)
_LETTERS: Ranges = (("A", "Z"), ("a", "z"))
_WORD: Ranges = (*_DIGITS, ("A", "Z"), ("_", "_"), ("a", "z"))
_SPACE: Ranges = (("\t", "\n"), ("\f", "\r"), (" ", " "))
_CLASSES: Mapping[str, Ranges] = {
    "alnum": (*_DIGITS, *_LETTERS), "alpha": _LETTERS, "ascii": (("\x01", "\x7f"),),
    "blank": (("\t", "\t"), (" ", " ")), "digit": _DIGITS, "graph": (("!", "~"),),
    "lower": (("a", "z"),), "print": ((" ", "~"),),
    "punct": (("!", "/"), (":", "@"), ("[", "`"), ("{", "~")),
    "space": (("\t", "\r"), (" ", " ")), "upper": (("A", "Z"),), "word": _WORD,
    "xdigit": (*_DIGITS, ("A", "F"), ("a", "f")),
}  # fmt: skip
_ESCAPED_SETS: Mapping[str, Ranges] = {"d": _DIGITS, "s": _SPACE, "w": _WORD}
_CONTROLS: Mapping[str, str] = {
    "n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"
}  # fmt: skip
_EDGES: Mapping[str, Edge] = {
    "^": Edge("start"), "$": Edge("end"), "\\A": Edge("start"), "\\z": Edge("end"),
}  # fmt: skip
_BEYOND_ASCII: Mapping[str, str] = {"k": "\u212a", "s": "\u017f"}
"""The Kelvin sign and the long s fold to ASCII letters."""

_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})")
_GROUP = re.compile(r"\((?:\?(?::|P?<\w+>))?")
_CLASS = re.compile(r"\[:(\^?)(\w+):\]")


def read_pattern(text: str) -> Pattern:
    """The pattern as data. `text` is a valid RE2 pattern. Raises PatternRefusedError."""
    folded = text.startswith("(?i)")
    reader = _Reader(text, 4 if folded else 0, folded)
    found = reader.choice()
    if not reader.done:
        raise PatternRefusedError(f"`{text[reader.place :]}` in a pattern")
    return found


class _Reader:
    """Reads from left to right; `place` is the next character."""

    def __init__(self, text: str, place: int, folded: bool) -> None:
        self.text = text
        self.place = place
        self.folded = folded

    @property
    def done(self) -> bool:
        """True at the end of the text."""
        return self.place >= len(self.text)

    def choice(self) -> Pattern:
        """Sequences with `|` between them."""
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _take(self, word: str) -> bool:
        found = self.text.startswith(word, self.place)
        self.place += len(word) if found else 0
        return found

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.place)
        self.place = found.end() if found else self.place
        return found

    def _sequence(self) -> Pattern:
        parts: list[Pattern] = []
        while not self.done and self.text[self.place] not in "|)":
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, atom: Pattern) -> Pattern:
        bounds = self._bounds()
        if bounds is None:
            return atom
        if _has_edge(atom):
            raise PatternRefusedError("a repeated `^` or `$` in a pattern")
        self._take("?")  # as few as possible, or as many: it matches or it does not
        return Repeat(atom, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        found = self._match(_COUNT)
        if found is None:
            return None
        least = int(found[1])
        return least, (least if found[2] is None else int(found[3]) if found[3] else None)

    def _atom(self) -> Pattern:
        for word, edge in _EDGES.items():
            if self._take(word):
                return edge
        if self.text[self.place] == "(":
            return self._group()
        if self._take("["):
            return self._set()
        if self._take("."):
            return Chars((("\n", "\n"),), negated=True)
        if self._take("\\"):
            return self._escape()
        return self._chars((self._next(),))

    def _next(self) -> tuple[str, str]:
        self.place += 1
        char = self.text[self.place - 1]
        return char, char

    def _group(self) -> Pattern:
        opening = self._match(_GROUP)
        if opening is None or (opening[0] == "(" and self.text.startswith("?", self.place)):
            raise PatternRefusedError("a flag inside a pattern")
        found = self.choice()
        self._take(")")
        return found

    def _escape(self) -> Chars:
        """What follows a backslash, outside brackets."""
        letter = self.text[self.place]
        if letter.lower() in _ESCAPED_SETS:
            self.place += 1
            return self._chars(_ESCAPED_SETS[letter.lower()], letter.isupper())
        char = self._escaped_char()
        return self._chars(((char, char),))

    def _escaped_char(self) -> str:
        code = self._match(_HEX)
        if code is not None:
            return chr(int(code[1] or code[2], 16))
        letter, _ = self._next()
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter.isalnum() or letter == "_":
            raise PatternRefusedError(f"`\\{letter}` in a pattern")
        return letter

    def _set(self) -> Chars:
        """What follows an opening bracket."""
        negated = self._take("^")
        ranges: list[tuple[str, str]] = []
        first = True
        while first or not self._take("]"):
            ranges += self._member()
            first = False
        return self._chars(tuple(ranges), negated)

    def _member(self) -> Iterable[tuple[str, str]]:
        named = self._match(_CLASS)
        if named is not None:
            if named[1]:
                raise PatternRefusedError(f"`{named[0]}` in a pattern")
            return _CLASSES[named[2]]
        if self.text.startswith("\\", self.place):
            letter = self.text[self.place + 1]
            if letter in _ESCAPED_SETS:
                self.place += 2
                return _ESCAPED_SETS[letter]
        low = self._set_char()
        behind = self.text[self.place : self.place + 2]
        if behind[:1] != "-" or behind[1:] in ("]", ""):
            return ((low, low),)
        self.place += 1
        return ((low, self._set_char()),)

    def _set_char(self) -> str:
        return self._escaped_char() if self._take("\\") else self._next()[0]

    def _chars(self, ranges: Ranges, negated: bool = False) -> Chars:
        return Chars(_folded(ranges) if self.folded else ranges, negated)


def _has_edge(pattern: Pattern) -> bool:
    match pattern:
        case Edge():
            return True
        case Sequence(parts=parts) | Choice(options=parts):
            return any(map(_has_edge, parts))
        case Repeat(of=of):
            return _has_edge(of)
        case Chars():
            return False


def _folded(ranges: Ranges) -> Ranges:
    """The ranges with the other case of their letters. Raises PatternRefusedError for letters
    beyond ASCII, whose cases Unicode tables say."""
    found = list(ranges)
    for low, high in ranges:
        if high > "\x7f":
            raise PatternRefusedError("`(?i)` with letters other than a to z")
        for letter in map(chr, range(ord(low), ord(high) + 1)):
            if letter.isalpha():
                others = letter.swapcase() + _BEYOND_ASCII.get(letter.lower(), "")
                found += [(other, other) for other in others]
    return tuple(found)
