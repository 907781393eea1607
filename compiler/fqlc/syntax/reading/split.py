"""A text cut at its declarations without reading them: what the cache of declarations works on.

Only the plain layout is cut: each declaration begins in the first column, as the formatter writes
it. Anything else stays in one part with what is before it. The reader of the parts compares
what they declare with what is reported here, so a cut in a wrong place is noticed and never
believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from fql_grammar.tokens import STRING_PATTERN, TOP_LEVEL, TRIPLE_PATTERN, WORD_PATTERN

NAMED = frozenset({"enum", "type", "entity", "let", "endpoint", "retry", "observer"})
"""Kinds whose declarations are distinguished by name."""

_PART = re.compile(
    rf"(?P<kind>(?<=\n)(?:{'|'.join(TOP_LEVEL)})(?=[ \t\"'{{]))"
    rf"|[^\"'#\n]++|(?P<triple>{TRIPLE_PATTERN})|{STRING_PATTERN}|\#[^\r\n]*+|[\s\S]"
)
_NAME = re.compile(rf"\w++[ \t]++({WORD_PATTERN})")
_ONLY_COMMENTS = re.compile(r"(?:\s++|\#[^\r\n]*+)*+")


class Part(NamedTuple):
    """One declaration with its documentation and what follows up to the next one. `kind` is its
    first word, `name` empty where its kind has none; the part before the first has neither.
    `named_at` is where the name is; `line` is the number of the first line, from 1."""

    kind: str
    name: str
    named_at: int
    start: int
    end: int
    line: int


def split(text: str) -> tuple[Part, ...]:
    """The parts of a text, which together are the whole of it."""
    cuts = [(0, "", 0), *_cuts(text), (len(text), "", len(text))]
    parts: list[Part] = []
    line = 1
    for (start, kind, word), (end, _, _) in pairwise(cuts):
        if start < end:
            parts.append(Part(kind, *_name(text, kind, word), start, end, line))
        line += text.count("\n", start, end)
    return tuple(parts)


def _name(text: str, kind: str, word: int) -> tuple[str, int]:
    """What is after the word that begins a declaration at `word`, and where."""
    found = _NAME.match(text, word) if kind in NAMED else None
    return (found[1], found.start(1)) if found else ("", word)


def _cuts(text: str) -> Iterator[tuple[int, str, int]]:
    """Where a part begins, the kind of its declaration, and where the word of that is."""
    documented: tuple[int, int] | None = None
    for found in _PART.finditer("\n" + text):
        start, end = found.start() - 1, found.end() - 1
        if found.lastgroup == "triple":
            documented = (start, end) if start == 0 or text[start - 1] == "\n" else None
        elif found.lastgroup == "kind":
            belongs = documented and _ONLY_COMMENTS.fullmatch(text, documented[1], start)
            yield (documented[0] if documented and belongs else start, found["kind"], start)
            documented = None
