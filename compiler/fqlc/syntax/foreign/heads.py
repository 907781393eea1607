"""Words that begin a declaration in other languages: FQL104, then read as what they mean."""

from __future__ import annotations

import re

from fqlc.diagnostics.model import Edit, Fix
from fqlc.syntax.reading.lexemes import Origin

FOREIGN_HEADS = {
    "const": "let", "var": "let", "table": "entity", "model": "entity", "class": "type",
    "struct": "type", "interface": "type", "include": "import", "require": "import",
}  # fmt: skip
"""The word of another language and the one that begins such a declaration here."""

_BEHIND = {"let": re.compile(r"[ \t]+[A-Za-z_]\w*[ \t]*="), "import": re.compile(r"[ \t]+[\"']")}
_NAME_AND_BRACE = re.compile(r"[ \t]+[A-Za-z_]\w*[ \t]*(?:from\b[^\r\n{]*)?\{")


def meant_head(origin: Origin, start: int, end: int) -> str | None:
    """What the word at `start` of a line means where a declaration follows it; reports it."""
    written = origin.text[start:end]
    word = FOREIGN_HEADS[written]
    if _BEHIND.get(word, _NAME_AND_BRACE).match(origin.text, end) is None:
        return None
    span = origin.span(start, end)
    origin.sink.error(
        "FQL104",
        f"`{written}` is spelled `{word}` here",
        span,
        label="a spelling of another language",
        fix=Fix((Edit(span, word),), safe=word == "let"),
    )
    return word
