"""Completion within quotes and comments, where tokens are all there is to go by."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from fqlc.diagnostics.model import Severity
from fqlc.diagnostics.registry import all_pages
from fqlc.services.answers import CompletionItem, What
from fqlc.services.completion.place import Place

_ALLOW = re.compile(r"#\s*fql:\s*allow\s+(?:FQL\d+\s*,\s*)*(?P<code>\w*)\Z")
_REFERENCE = re.compile(r"\$\{\w*\Z")
_IMPORT = re.compile(r"import\s+[\"'][^\"']*\Z")

USUAL_HEADERS = ("Accept", "Accept-Language", "Authorization", "Content-Type", "X-Request-Id")
"""Names of headers that requests often have."""


def of_comment(place: Place) -> Iterator[CompletionItem]:
    """Codes of warnings after `fql: allow`; those that are found nearby come first."""
    before = _before(place)
    if _ALLOW.search(before) is None:
        return
    near = _codes_nearby(place)
    for page in all_pages():
        if Severity.WARNING in page.severities:
            order = 0 if page.code in near else 1
            yield place.item(page.code, What.CODE, detail=page.title, order=order)


def _codes_nearby(place: Place) -> set[str]:
    """What is reported on the line of the comment and on the next."""
    text, offset = place.around.text, place.around.offset
    start = text.rfind("\n", 0, offset) + 1
    line = text.find("\n", offset)
    end = text.find("\n", line + 1) if line >= 0 else -1
    end = len(text) if end < 0 else end
    found = ((d, place.snapshot.now(d.span)) for d in place.snapshot.diagnostics)
    return {
        d.code
        for d, span in found
        if span is not None and span.path == place.path and start <= span.start < end
    }


def of_reference(place: Place) -> Iterator[CompletionItem] | None:
    """The `${NAME}`s of the project; None where no such reference is begun."""
    if _REFERENCE.search(_before(place)) is None:
        return None
    return _environment(place)


def _environment(place: Place) -> Iterator[CompletionItem]:
    closed = place.around.text[place.around.word[1] :].startswith("}")
    names = {t.name for t in place.snapshot.index.things() if t.what is What.ENVIRONMENT}
    for name in sorted(names):
        yield place.item(name, What.ENVIRONMENT, name if closed else name + "}")


def of_import(place: Place) -> Iterator[CompletionItem] | None:
    """The files of the project, seen from this one; None where nothing is imported."""
    line = place.around.line_before
    if _IMPORT.search(line) is None or place.around.token is None:
        return None
    return _files(place, place.around.token[1] + 1)


def _files(place: Place, start: int) -> Iterator[CompletionItem]:
    folder = posixpath.dirname(place.path) or "."
    for path in sorted(place.snapshot.sources):
        if path != place.path:
            yield place.item(posixpath.relpath(path, folder), What.FILE, start=start)


def headers(place: Place, *, quoted: bool) -> Iterator[CompletionItem]:
    """Names of headers: those that the project uses, and usual ones."""
    used = {t.name for t in place.snapshot.index.things() if t.what is What.HEADER}
    known = {name.lower(): name for name in (*USUAL_HEADERS, *sorted(used))}
    for name in sorted(known.values()):
        text = name if quoted else f'"{name}": "$1"'
        order = 0 if name in used else 1
        start = place.around.token[1] + 1 if quoted and place.around.token else None
        yield place.item(name, What.HEADER, text, order=order, snippet=not quoted, start=start)


def _before(place: Place) -> str:
    """What is before the offset on its line."""
    text, offset = place.around.text, place.around.offset
    return text[text.rfind("\n", 0, offset) + 1 : offset]
