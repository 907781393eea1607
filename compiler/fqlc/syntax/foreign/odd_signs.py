"""Signs and blanks of typography that look like those of the language: FQL105 with a fix, and read
as what they look like."""

from __future__ import annotations

from itertools import groupby

from fqlc.diagnostics.model import Diagnostic, Edit, Fix, Label
from fqlc.syntax.foreign.table import MEANT_SIGNS
from fqlc.syntax.reading.lexemes import Origin

_FULL_WIDTH = 0xFEE0
_NO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")


def meant(text: str, start: int, end: int) -> str | None:
    """The sign or the blank that a stretch looks like; None for blanks without width inside a
    word, which nobody sees: whether the two parts are one word cannot be told."""
    written = text[start:end]
    if written in MEANT_SIGNS:
        return MEANT_SIGNS[written]
    if 0xFF01 <= ord(written[0]) <= 0xFF5E:
        return chr(ord(written[0]) - _FULL_WIDTH)
    inside = text[start - 1 : start].isalnum() and text[end : end + 1].isalnum()
    return None if inside and set(written) <= _NO_WIDTH else " "


def report(origin: Origin, odd: list[tuple[int, int, str]]) -> None:
    """One report a line, with a fix for all that is odd in it."""
    for _, group in groupby(odd, key=lambda one: origin.text.count("\n", 0, one[0])):
        (start, end, looks_like), *others = places = list(group)
        edits = tuple(Edit(origin.span(a, b), sign) for a, b, sign in places)
        origin.sink.add(
            Diagnostic(
                "FQL105",
                _message(origin.text[start:end], looks_like),
                origin.span(start, end),
                label="looks like another sign" if looks_like.strip() else "not a plain blank",
                labels=tuple(Label(origin.span(a, b), "here too") for a, b, _ in others),
                fix=Fix(edits),
            )
        )


def _message(written: str, looks_like: str) -> str:
    if looks_like.strip():
        return f"`{written}` is written `{looks_like}` here"
    return f"U+{ord(written[0]):04X} is not a blank: write a plain space"
