"""Changes of the protocol."""

from __future__ import annotations

from lsprotocol.types import Position, Range, TextDocumentContentChangePartial


def change(line: int, column: int, end_line: int, end_column: int, text: str) -> (
    TextDocumentContentChangePartial
):  # fmt: skip
    """The change of a stretch."""
    stretch = Range(Position(line, column), Position(end_line, end_column))
    return TextDocumentContentChangePartial(range=stretch, text=text)
