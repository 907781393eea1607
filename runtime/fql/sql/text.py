"""How names and texts are written in SQL, and what is reported when something cannot be."""

from __future__ import annotations


class NotInSqlError(ValueError):
    """A part of the condition has no exact translation; the message names it and says why."""


def quoted_name(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """A text literal. Raises NotInSqlError for NUL, which no SQL text holds."""
    if "\x00" in text:
        raise NotInSqlError("a text with the character NUL cannot be written in SQL")
    return "'" + text.replace("'", "''") + "'"


_LONG = 32
"""Operands of a chain that is written as it is."""


def joined(word: str, parts: list[str]) -> str:
    """A chain of AND or OR; a long one in halves, since databases limit the depth of a tree."""
    if len(parts) > _LONG:
        middle = len(parts) // 2
        parts = [joined(word, parts[:middle]), joined(word, parts[middle:])]
    text = parts[0]
    for part in parts[1:]:
        text = f"({text} {word} {part})"
    return text
