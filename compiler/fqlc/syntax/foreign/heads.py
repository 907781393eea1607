"""Words that begin a declaration in other languages: FQL104, then read as what they mean."""

from __future__ import annotations

import re

from fql_grammar.tokens import TOP_LEVEL
from fqlc.diagnostics.model import Edit, Fix
from fqlc.syntax.foreign.table import MEANT_HEADS, MODIFIERS
from fqlc.syntax.reading.lexemes import Origin
from fqlc.syntax.reading.other_languages import foreign

_BEHIND = {"let": re.compile(r"[ \t]+[A-Za-z_]\w*[ \t]*="), "import": re.compile(r"[ \t]+[\"']")}
_ENTITY = re.compile(r"[ \t]+([A-Za-z_]\w*)(?:[ \t]*from\b|[^}\n]*\{[^}]*@(?:key|id)\b)?")
_NAME_AND_BRACE = re.compile(r"[ \t]+[A-Za-z_]\w*[ \t]*(?:from\b[^\r\n{]*)?\{")


_OURS = rf"(?:{'|'.join(TOP_LEVEL)})[ \t]+[\w\"']"
_FOREIGN = rf"(?:{'|'.join(MEANT_HEADS)})[ \t]+\w+[ \t]*[{{=]"
_MODIFIED = re.compile(rf"[ \t]+(?=(?:(?:{'|'.join(MODIFIERS)})[ \t]+)*(?:{_OURS}|{_FOREIGN}))")


def modified(origin: Origin, start: int, end: int) -> int | None:
    """Where the declaration begins before which the word at `start` of a line is a modifier, which
    is reported; None where none follows."""
    found = _MODIFIED.match(origin.text, end)
    if found is None:
        return None
    span = origin.span(start, end)
    text = f"there is no `{origin.text[start:end]}` before a declaration"
    fix = Fix((Edit(origin.span(start, found.end()), ""),))
    origin.sink.add(foreign(span, text, fix))
    return found.end()


def _is_watched(origin: Origin, end: int) -> bool:
    """True where a class is a row: it has a table or a key, or somebody watches it."""
    found = _ENTITY.match(origin.text, end)
    if found is None or found.end() > found.end(1):
        return found is not None
    return re.search(rf"\b{found[1]}\.(?:insert|update|delete)\b", origin.text) is not None


def meant_head(origin: Origin, start: int, end: int) -> str | None:
    """What the word at `start` of a line means where a declaration follows it; reports it."""
    written = origin.text[start:end]
    word = MEANT_HEADS[written]
    if word == "type" and _is_watched(origin, end):
        word = "entity"
    if _BEHIND.get(word, _NAME_AND_BRACE).match(origin.text, end) is None:
        return None
    span = origin.span(start, end)
    fix = Fix((Edit(span, word),), safe=word == "let")
    origin.sink.add(foreign(span, f"`{written}` is spelled `{word}` here", fix))
    return word
