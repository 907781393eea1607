"""Foreign spellings looked up in the table: answered with FQL104 and a fix, and read as they are
meant; or, where reading stops, named as the cause."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache

from fql_grammar.tokens import RESERVED, SIGNS
from fqlc.diagnostics.model import Diagnostic, Edit, Fix
from fqlc.syntax.foreign.patterns import PLACES, Match, Pattern, Spot
from fqlc.syntax.foreign.spelling import BEFORE_READING, SAYS, STOPS, Spelling, Where
from fqlc.syntax.foreign.table import SPELLINGS
from fqlc.syntax.foreign.texts import as_text
from fqlc.syntax.reading.lexemes import Lexed, Lexeme
from fqlc.syntax.reading.rows import head_of

MAX_SUSPECTS = 10_000
"""After so many suspects of a file, foreign spellings are no longer told from other mistakes."""

_HOLE = re.compile(r"<(0|-?1|[2-9]|meant)>")
_WORDS = re.compile(r"<\d>|\w+|[^\s\w<]+")


@cache
def _patterns() -> Mapping[str, tuple[Pattern, ...]]:
    """The rows by the text at which they are looked for, under "" those of a class."""
    found: dict[str, list[Pattern]] = {}
    for pattern in map(Pattern, SPELLINGS):
        for key in pattern.keys or ("",):
            found.setdefault(key, []).append(pattern)
    return {key: tuple(patterns) for key, patterns in found.items()}


def look_up(spot: Spot, places: AbstractSet[Where], expected: AbstractSet[str]) -> Match | None:
    """The first row that fits a lexeme among its neighbours; `places` are those of interest, and
    `expected` what is expected where reading stops."""
    patterns = _patterns()
    for pattern in (*patterns.get(spot.right[spot.at].text, ()), *patterns[""]):
        row = pattern.row
        if row.where not in places or (row.expected and row.expected not in expected):
            continue
        is_there = PLACES.get(row.where)
        if (is_there is None or is_there(spot)) and (found := pattern.match(spot)) is not None:
            return found
    return None


# What is reported ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    """What is reported about some lexemes of a declaration, which begins with `first`."""

    row: Spelling
    lexemes: list[Lexeme]
    meant: str | None
    holes: Mapping[str, str]
    edits: tuple[Edit, ...]
    first: Lexeme

    @classmethod
    def of(cls, found: Match, first: Lexeme) -> _Said:
        """What the row of a match says."""
        row, lexemes = found.row, found.lexemes
        start, end = lexemes[0].start, max(x.end for x in lexemes)
        text = first.origin.text
        holes = {str(i): run[-1].text for i, run in enumerate(found.elements, 1)}
        holes |= {"0": " ".join(x.text for x in lexemes)}
        holes |= {"-1": found.before.text if found.before is not None else ""}
        meant = row.meant(text[start:end]) if callable(row.meant) else row.meant
        if meant is not None:
            meant = holes["meant"] = _filled(meant, holes)
            while not found.taken and _hangs_on(meant) and text[start - 1] in " \t":
                start -= 1
        edits = () if meant is None else (Edit(first.origin.span(start, end), meant),)
        return cls(row, lexemes, meant, holes, edits, first)

    def joined(self, other: _Said) -> _Said | None:
        """One report for both where they are one mistake: an operator with its value, or all of a
        declaration where the row says so."""
        if self.row.once and self.row.says == other.row.says and self.first is other.first:
            return replace(self, edits=self.edits + other.edits)
        gap = self.first.origin.text[self.lexemes[-1].end : other.lexemes[0].start]
        if other.row.where is not Where.VALUE or gap.strip() or not self.meant or not other.meant:
            return None
        lexemes, meant = [*self.lexemes, *other.lexemes], f"{self.meant} {other.meant}"
        span = self.first.origin.span(self.edits[0].span.start, lexemes[-1].end)
        holes = {"0": " ".join(x.text for x in lexemes), "meant": meant}
        row = replace(self.row, says=SAYS)
        return _Said(row, lexemes, meant, holes, (Edit(span, meant),), self.first)

    def report(self) -> None:
        """Say it. What a text of another language holds is not judged before it is one of ours."""
        found, sink = self.diagnostic(), self.first.origin.sink
        if "TEXT" in (self.row.reads or ""):
            sink.cause(found, found.span)
        else:
            sink.add(found)

    def diagnostic(self) -> Diagnostic:
        """The report, as data."""
        row, (start, end) = self.row, (self.lexemes[0].start, max(x.end for x in self.lexemes))
        advice = tuple(_filled(one, self.holes) for one in row.advice)
        return Diagnostic(
            row.code, _filled(row.says or "", self.holes), self.first.origin.span(start, end),
            label=row.label, help=advice, fix=Fix(self.edits) if self.edits else None,
        )  # fmt: skip


def _filled(text: str, holes: Mapping[str, str]) -> str:
    return _HOLE.sub(lambda hole: holes.get(hole[1], hole[0]), text)


_HANGS = re.compile(r"$|[:,]|\?$|\.\w")


def _hangs_on(meant: str) -> bool:
    """True for what is written without a blank before it."""
    return _HANGS.match(meant) is not None


# Where reading stops ---------------------------------------------------------


def answer(lexemes: list[Lexeme], at: int, expected: AbstractSet[str]) -> Diagnostic | None:
    """What to say of the spelling by which reading stops at a lexeme; None where there is none."""
    head = lexemes[head_of(lexemes)]
    for index, places in ((0, _FIRST), (max(at - 1, 0), _BEFORE), (at, _HERE)):
        spot = Spot(lexemes, index, lexemes, index, len(lexemes), head)
        found = look_up(spot, places, expected)
        if found is not None:
            return _Said.of(found, head).diagnostic()
    return None


_FIRST = frozenset({Where.FIRST})
_BEFORE = frozenset({Where.BEFORE_STOP})
_HERE = STOPS - _FIRST - _BEFORE


# Before reading --------------------------------------------------------------


def repair(lexed: Lexed) -> list[Lexeme]:
    """The lexemes without foreign spellings; those found are reported at their place."""
    if lexed.suspects:
        _Repair(lexed).run()
    return lexed.lexemes


class _Repair:
    """Goes through the suspects; `done` are the lexemes as they are meant, up to `position`."""

    def __init__(self, lexed: Lexed) -> None:
        self._lexed = lexed
        self._todo = lexed.lexemes
        self._done: list[Lexeme] = []
        self._position = 0
        self._starts: list[int] = []
        self._said: _Said | None = None
        self._declared = frozenset(_declared(lexed.lexemes))

    def run(self) -> None:
        """Leave in `lexed` what is meant."""
        for index in self._lexed.suspects[:MAX_SUSPECTS]:
            if index >= self._position:
                self._copy(index)
                self._judge(index)
        self._copy(len(self._todo))
        self._say(None)
        self._lexed.starts = self._starts
        self._lexed.lexemes = self._done

    def _copy(self, index: int) -> None:
        """Take what comes before a lexeme as it is, and note where declarations begin."""
        starts = self._lexed.starts
        while len(self._starts) < len(starts) and starts[len(self._starts)] <= index:
            place = starts[len(self._starts)]
            self._starts.append(len(self._done) + place - self._position)
        self._done.extend(self._todo[self._position : index])
        self._position = index

    def _judge(self, index: int) -> None:
        """Look a suspect up; report it and read it as what is meant."""
        starts, todo, done = self._lexed.starts, self._todo, self._done
        if todo[index].type in ("KEY", "SKIP"):
            return
        following = starts[len(self._starts) :][:1]
        first = self._first(index)
        spot = Spot(
            left=done,
            end=len(done),
            right=todo,
            at=index,
            stop=(following or [len(todo)])[0],
            first=first,
            declared=self._declared,
        )
        found = look_up(spot, BEFORE_READING, frozenset())
        if found is None:
            return
        if found.row.says is not None:
            self._say(_Said.of(found, first))
        if found.row.reads is not None or found.row.meant is not None:
            self._position = index + len(found.lexemes) - found.taken
            del done[len(done) - found.taken :]
            done.extend(_read_as(found, done[-1:]))

    def _first(self, index: int) -> Lexeme:
        """The word that the declaration around a suspect begins with."""
        begin = self._starts[-1] if self._starts else 0
        rows = [*self._done[begin : begin + 2], self._todo[index]]
        return rows[head_of(rows)]

    def _say(self, said: _Said | None) -> None:
        """Report the one before, unless this one belongs to it."""
        before, self._said = self._said, said
        if before is not None and said is not None and (joined := before.joined(said)) is not None:
            self._said = joined
        elif before is not None:
            before.report()


def _read_as(found: Match, before: list[Lexeme]) -> Iterator[Lexeme]:
    """The lexemes that a match means; one that means nothing remains in its place."""
    meant = found.row.meant if isinstance(found.row.meant, str) else ""
    reads = meant if found.row.reads is None else found.row.reads
    sign, end = found.elements[found.taken][0], found.lexemes[-1].end
    if not reads:
        yield Lexeme("SKIP", found.lexemes[0].start, end, "", sign.origin)
    for word in _WORDS.findall(reads):
        if word == "TEXT":
            lexeme = as_text(found.lexemes[-1])
        elif word[0] == "<" and len(word) > 2:
            lexeme = found.elements[int(word[1:-1]) - 1][-1]
        else:
            lexeme = Lexeme(_TERMINALS.get(word, "NAME"), sign.start, sign.end, word, sign.origin)
        if word == ":" and before:
            before[-1].type = "KEY"
        yield lexeme
        before = [lexeme]


_TERMINALS = {**SIGNS, **RESERVED}


def _declared(lexemes: list[Lexeme]) -> Iterator[str]:
    """Keys of the file, and words that its enums declare."""
    inside = False
    for lexeme in lexemes:
        if lexeme.type in ("ENUM", "RBRACE"):
            inside = lexeme.type == "ENUM"
        elif lexeme.type == "KEY" or (inside and lexeme.type == "NAME"):
            yield lexeme.text


SUSPECT_WORDS = frozenset(
    key
    for pattern in map(Pattern, SPELLINGS)
    for key in pattern.keys
    if key.isidentifier() and pattern.row.where in BEFORE_READING
)
"""Words that the lexer notes as suspects."""
