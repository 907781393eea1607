"""What can be folded away, what grows around a cursor, and what leads elsewhere.

Folds and links are told by tokens, so that they are there in a broken text as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from fql_grammar.tokens import BRACKETS, TOKEN_PATTERN, URL_PATTERN
from fqlc.names.imports import target_path
from fqlc.services.answers import Fold, FoldKind, Link
from fqlc.services.index.things import inside_quotes
from fqlc.services.probing.lexical import part_around
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import SourceText, Span
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import children

_URL = re.compile(URL_PATTERN)
_TOKENS = re.compile(TOKEN_PATTERN)
_IMPORT = re.compile(r"^import[ \t]+[\"']([^\"'\n]*)[\"']", re.MULTILINE)
_OPENERS = {closer: opener for opener, closer in BRACKETS.items()}


def folds(source: SourceText) -> tuple[Fold, ...]:
    """Blocks and values in brackets, documentation, rows of comments and rows of imports, each
    over lines. A fold of brackets begins where the line of its opener does."""
    found = [*_brackets(source)]
    comments = [span for span in _comments(source) if _is_alone(source, span.start)]
    found += _rows(source, comments, FoldKind.COMMENT)
    imports = [Span(source.path, *m.span()) for m in _IMPORT.finditer(source.text)]
    found += _rows(source, imports, FoldKind.IMPORTS)
    over_lines = {f for f in found if "\n" in source.text[f.start : f.end]}
    return tuple(sorted(over_lines, key=lambda f: (f.start, -f.end)))


def _brackets(source: SourceText) -> Iterator[Fold]:
    opened: list[tuple[str, int]] = []
    for match in _TOKENS.finditer(source.text):
        kind = match.lastgroup or ""
        if kind == "TRIPLE":
            yield Fold(*match.span(kind), FoldKind.COMMENT)
        sign = match.group(kind) if kind == "SIGN" else ""
        if sign in BRACKETS:
            opened.append((sign, match.start(kind)))
        elif sign in _OPENERS and any(s == _OPENERS[sign] for s, _ in opened):
            while (last := opened.pop())[0] != _OPENERS[sign]:
                pass
            yield Fold(_line_start(source, last[1]), match.end(kind), FoldKind.REGION)


def _line_start(source: SourceText, offset: int) -> int:
    """Where the line of an offset begins, without blanks."""
    start = source.text.rfind("\n", 0, offset) + 1
    while source.text[start] in " \t":
        start += 1
    return start


def _comments(source: SourceText) -> Iterator[Span]:
    for match in _TOKENS.finditer(source.text):
        if match.lastgroup == "COMMENT":
            yield Span(source.path, *match.span("COMMENT"))


def _is_alone(source: SourceText, offset: int) -> bool:
    return _line_start(source, offset) == offset


def _rows(source: SourceText, spans: Sequence[Span], kind: FoldKind) -> Iterator[Fold]:
    """Neighbours on lines that follow each other."""
    lines = [(source.position(span.start).line, span) for span in spans]
    for _, group in groupby(enumerate(lines), key=lambda row: row[1][0] - row[0]):
        row = [span for _, (_, span) in group]
        yield Fold(row[0].start, row[-1].end, kind)


# Selection -----------------------------------------------------------------------


def selection(source: SourceText, offset: int) -> tuple[Span, ...]:
    """The stretches around an offset, the smallest first: its word, then each node around it."""
    found: list[Span] = [Span(source.path, 0, len(source.text))]
    start, file = part_around(source, offset)
    node: ast.Tree | None = file
    while node is not None:
        node = next((c for c in children(node) if _holds(c.span, offset - start)), None)
        if node is not None:
            found.append(_moved_by(node.span, start))
            if isinstance(node, ast.StringLiteral):
                found.append(_moved_by(inside_quotes(node.span), start))
    word = _word(source, offset)
    if word is not None and _holds(found[-1], word.start) and _holds(found[-1], word.end):
        found.append(word)
    return tuple(dict.fromkeys(span for span in reversed(found) if _holds(span, offset)))


def _moved_by(span: Span, distance: int) -> Span:
    return Span(span.path, span.start + distance, span.end + distance)


def _holds(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end


_WORD = re.compile(r"\w+")


def _word(source: SourceText, offset: int) -> Span | None:
    """The word at an offset, or directly before it."""
    start = source.text.rfind("\n", 0, offset) + 1
    for found in _WORD.finditer(source.text, start):
        if found.start() > offset:
            return None
        if found.end() >= offset:
            return Span(source.path, found.start(), found.end())
    return None


# Links ---------------------------------------------------------------------------


def links(snapshot: Snapshot, path: str) -> tuple[Link, ...]:
    """Imports, and urls in texts and comments."""
    source = snapshot.source(path)
    if source is None:
        return ()
    found = [
        Link(Span(path, *written.span(1)), target)
        for written in _IMPORT.finditer(source.text)
        if snapshot.source(target := target_path(path, written[1])) is not None
    ]
    for place in _URL.finditer(source.text):
        url = re.split(r"[{<>$|`]", place[0])[0].rstrip(".,;:!?")
        found.append(Link(Span(path, place.start(), place.start() + len(url)), url))
    return tuple(sorted(found, key=lambda link: link.span.start))
