"""Stretches of source as lines and columns, the way programs want them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fqlc.source.text import SourceText, Span


@dataclass(frozen=True, slots=True)
class Place:
    """File, lines and columns from 1; the end is after the last character."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def as_dict(self) -> dict[str, object]:
        """The keys of a place in `--format json`."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "end_line": self.end_line,
            "end_column": self.end_column,
        }


def place_of(span: Span, sources: Mapping[str, SourceText]) -> Place:
    """The place of a stretch; the begin of the file when its text is not there."""
    source = sources.get(span.path)
    if source is None:
        return Place(span.path, 1, 1, 1, 1)
    start, end = source.position(span.start), source.position(span.end)
    return Place(span.path, start.line, start.column, end.line, end.column)
