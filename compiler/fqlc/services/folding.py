"""What can be folded away, what grows around a cursor, and what leads elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from fql_grammar.tokens import URL_PATTERN
from fqlc.diagnostics.sink import Sink
from fqlc.names.imports import target_path
from fqlc.services.answers import Fold, FoldKind, Link
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import SourceText, Span
from fqlc.syntax.parsing.parser import parse_file
from fqlc.syntax.tree import ast
from fqlc.syntax.tree.walk import children, walk

_URL = re.compile(URL_PATTERN)
_FOLDS = (
    ast.Block, ast.Flow, ast.EnumDeclaration, ast.TypeDeclaration, ast.EntityDeclaration,
    ast.ObjectLiteral, ast.ListLiteral, ast.Doc,
)  # fmt: skip


def folds(source: SourceText) -> tuple[Fold, ...]:
    """Blocks, values, documentation, rows of comments and rows of imports, each over lines."""
    file = parse_file(source, Sink())
    found = [_fold(node, source) for node in walk(file) if isinstance(node, _FOLDS)]
    found += _rows(source, [c.span for c in file.comments if c.own_line], FoldKind.COMMENT)
    imports = [d.span for d in file.declarations if isinstance(d, ast.ImportDeclaration)]
    found += _rows(source, imports, FoldKind.IMPORTS)
    over_lines = {f for f in found if "\n" in source.text[f.start : f.end]}
    return tuple(sorted(over_lines, key=lambda f: (f.start, -f.end)))


def _fold(node: ast.Tree, source: SourceText) -> Fold:
    if isinstance(node, ast.Doc):
        return Fold(node.span.start, node.span.end, FoldKind.COMMENT)
    doc = getattr(node, "doc", None)
    start = node.span.start if doc is None else doc.span.end
    while source.text[start : start + 1].isspace():
        start += 1
    return Fold(start, node.span.end, FoldKind.REGION)


def _rows(source: SourceText, spans: Sequence[Span], kind: FoldKind) -> Iterator[Fold]:
    """Neighbours on lines that follow each other."""
    lines = [(source.position(span.start).line, span) for span in spans]
    for _, group in groupby(enumerate(lines), key=lambda row: row[1][0] - row[0]):
        row = [span for _, (_, span) in group]
        yield Fold(row[0].start, row[-1].end, kind)


def selection(source: SourceText, offset: int) -> tuple[Span, ...]:
    """The stretches around an offset, the smallest first: its word, then each node around it."""
    file = parse_file(source, Sink())
    found: list[Span] = [file.span]
    node: ast.Tree | None = file
    while node is not None:
        node = next((c for c in children(node) if _holds(c.span, offset)), None)
        if node is not None:
            found.append(node.span)
            if isinstance(node, ast.StringLiteral):
                found.append(Span(node.span.path, node.span.start + 1, node.span.end - 1))
    word = _word(source, offset)
    if word is not None and _holds(found[-1], word.start) and _holds(found[-1], word.end):
        found.append(word)
    return tuple(dict.fromkeys(span for span in reversed(found) if _holds(span, offset)))


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


def links(snapshot: Snapshot, path: str) -> tuple[Link, ...]:
    """Imports, and urls in texts and comments."""
    source = snapshot.source(path)
    if source is None:
        return ()
    file = parse_file(source, Sink())
    found = []
    for declaration in file.declarations:
        if isinstance(declaration, ast.ImportDeclaration):
            span = declaration.path.span
            target = target_path(path, declaration.path.value)
            if snapshot.source(target) is not None:
                found.append(Link(Span(path, span.start + 1, span.end - 1), target))
    for place in _URL.finditer(source.text):
        url = re.split(r"[{<>$|`]", place[0])[0].rstrip(".,;:!?")
        found.append(Link(Span(path, place.start(), place.start() + len(url)), url))
    return tuple(sorted(found, key=lambda link: link.span.start))
