"""Entries that are nested by indentation alone, as in YAML: they belong to what is above."""

from __future__ import annotations

from fqlc.syntax.reading.lexemes import Lexeme


def joined(segments: list[list[Lexeme]]) -> list[list[Lexeme]]:
    """The segments, with those that are nested below another one by indentation joined to it."""
    rows: list[list[Lexeme]] = []
    for segment in segments:
        if rows and _is_below(segment, rows[-1]):
            rows[-1].extend(segment)
        else:
            rows.append(segment)
    return rows


def _is_below(segment: list[Lexeme], above: list[Lexeme]) -> bool:
    """True where a key or a head without a brace ends its line with a colon, and the line on which
    a segment begins is indented more."""
    colon = next((i for i, x in enumerate(above[:3]) if x.type == "_COLON"), None)
    if colon is None or above[colon - 1].type != "KEY":
        return False
    after = above[colon + 1] if colon + 1 < len(above) else segment[0]
    return _begins_line(after) and _indentation(segment[0]) > _indentation(above[0])


def _begins_line(lexeme: Lexeme) -> bool:
    text = lexeme.origin.text
    return not text[text.rfind("\n", 0, lexeme.start) + 1 : lexeme.start].strip(" \t")


def _indentation(lexeme: Lexeme) -> int:
    """How far the line of a lexeme is indented."""
    line = lexeme.origin.text[lexeme.origin.text.rfind("\n", 0, lexeme.start) + 1 : lexeme.end]
    return len(line) - len(line.lstrip(" \t"))


def is_nest(segment: list[Lexeme]) -> bool:
    """True for a segment to which others were joined."""
    return sum(x.type == "_COLON" for x in segment[:8]) > 1 and any(
        _is_below([x], segment) for x in segment[2:8] if x.type == "KEY"
    )


def is_label(body: list[Lexeme], index: int) -> bool:
    """`webhook a:` on a line of its own: a head as YAML would write it."""
    row = body[index : index + 4]
    if [x.type for x in row[:3]] != ["NAME", "KEY", "_COLON"] or not _begins_line(row[0]):
        return False
    return len(row) == 3 or _begins_line(row[3])
