"""Formatting as edits: a whole file, some of its declarations, or the one that was just closed."""

from __future__ import annotations

from collections.abc import Iterator

from fqlc.diagnostics.model import Edit
from fqlc.services.basis.drift import Drift
from fqlc.services.snapshot import Snapshot
from fqlc.source.text import SourceText, Span
from fqlc.syntax.printing.files import format_declarations, format_source, format_tree
from fqlc.syntax.reading.split import split


def format_file(snapshot: Snapshot, source: SourceText) -> tuple[Edit, ...]:
    """The edits that format a file; none where it is formatted. Broken declarations stay as they
    are. A text that was checked as it is need not be parsed again."""
    file, checked = snapshot.file(source.path), snapshot.sources.get(source.path)
    if file is None or checked is None or checked.text != source.text:
        return _edit(source, 0, len(source.text), format_source(source))
    return _edit(source, 0, len(source.text), format_tree(source, file))


def format_range(source: SourceText, start: int, end: int) -> tuple[Edit, ...]:
    """The edits that format the declarations which a stretch touches."""
    return tuple(
        edit
        for first, last, text in _declarations(source, start, end)
        for edit in _edit(source, first, last, text)
    )


def format_after(source: SourceText, offset: int) -> tuple[Edit, ...]:
    """The edits that format the declaration which the brace before the offset has closed; none
    where it closes something within one."""
    if source.text[offset - 1 : offset] != "}":
        return ()
    return tuple(
        edit
        for first, last, text in _declarations(source, offset - 1, offset)
        if source.text.find("\n", offset, last) < 0 and _is_last(source, offset, last)
        for edit in _edit(source, first, last, text)
    )


def _declarations(source: SourceText, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """The declarations that a stretch touches, formatted. Only their parts of the text are read."""
    for part in split(source.text):
        if part.start <= end and part.end >= start:
            own = SourceText(source.path, source.text[part.start : part.end])
            for first, last, text in format_declarations(own, start - part.start, end - part.start):
                yield first + part.start, last + part.start, text


def _is_last(source: SourceText, offset: int, last: int) -> bool:
    """True where no more than a comment is between the brace and the end."""
    rest = source.text[offset:last].strip()
    return not rest or rest.startswith("#")


def _edit(source: SourceText, start: int, end: int, new: str) -> tuple[Edit, ...]:
    """The smallest single edit that makes a stretch the new text."""
    old = source.text[start:end]
    if old == new:
        return ()
    drift = Drift.between(old, new)
    span = Span(source.path, start + drift.same, start + drift.old_end)
    return (Edit(span, new[drift.same : drift.new_end]),)
