"""What a body is on the wire: JSON, a form, text, XML or nothing. Compiler and verification share
what may be in each; the engine writes it (`fql.expressions.formats`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

from fql.plan.language import expressions as x
from fql.plan.language.types import BUILT_IN, Type

Format = Literal["json", "form", "text", "xml", "none"]
FORMATS: tuple[Format, ...] = ("json", "form", "text", "xml", "none")

FORM = "application/x-www-form-urlencoded"
MEDIA_TYPES: Mapping[Format, str] = {
    "json": "application/json",
    "form": FORM,
    "text": "text/plain; charset=utf-8",
    "xml": "application/xml",
}
"""The `Content-Type` that is sent where none is written."""

_SEVERAL = ("x-ndjson", "ndjson", "json-seq", "jsonl", "x-jsonl", "jsonlines", "x-jsonlines")
"""Media types that speak of JSON, but of several values, one after the other."""

_UNFIT = frozenset({"JSON", "Duration"})


def fits(form: Format, media_type: str) -> bool:
    """Whether a body of the format is of a media type, in lower case and without parameters."""
    json, xml = _is_json(media_type), _is_xml(media_type)
    found = {"json": json, "xml": xml, "form": media_type == FORM}
    if form == "text":
        return not json and not xml and media_type != FORM
    return found.get(form, False)


def _is_json(media_type: str) -> bool:
    subtype = media_type.partition("/")[2]
    return "json" in subtype and subtype not in _SEVERAL


def _is_xml(media_type: str) -> bool:
    subtype = media_type.partition("/")[2]
    return subtype in ("xml", "html") or subtype.endswith("+xml")


# Forms ---------------------------------------------------------------------------

Fields = Callable[[str], Mapping[str, Type] | None]
"""The fields of a declared type; None for a name that is not one."""


def form_problems(
    body: x.Expr, fields: Fields, enums: Callable[[str], bool]
) -> Iterator[tuple[x.Expr, str]]:
    """The parts of a body that a form cannot hold, with why."""
    if not isinstance(body, x.ObjectOf):
        yield body, f"a form is an object, not `{body.type}`"
        return
    for entry in body.entries:
        of = entry.value.type
        row = fields(of.name) if entry.key is None else None
        if isinstance(entry.value, x.ObjectOf) and entry.key is None:
            yield from form_problems(entry.value, fields, enums)
        elif row is not None:
            odd = [name for name, type_ in row.items() if not _is_flat(type_, enums)]
            if odd:
                yield entry.value, f"`{odd[0]}` of `{of.name}` has no place in a form"
        elif not _is_flat(of, enums):
            yield entry.value, f"a form holds texts, numbers and lists of them, not `{of}`"


def _is_flat(of: Type, enums: Callable[[str], bool]) -> bool:
    scalar = of.item if of.item is not None else of
    if scalar.item is not None:
        return False
    known = scalar.name in BUILT_IN or scalar.name == "Null" or enums(scalar.name)
    return known and scalar.name not in _UNFIT


# XML -------------------------------------------------------------------------------

_TAG = "<"
_OPENERS = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">"))
_SPLIT = "the text of an `if` or `for` begins and ends in the same place of the markup"


def xml_problem(parts: Iterable[x.TextPart]) -> str | None:
    """Why a template cannot be XML whose values are escaped; None where it can. A value is content
    or a quoted attribute: there an escaped one can add nothing."""
    try:
        place = _walk(parts, "")
    except _Misplaced as misplaced:
        return str(misplaced)
    return "the text ends inside a tag or comment" if place else None


class _Misplaced(Exception):
    """Why a value or branch may not be where it is."""


def _walk(parts: Iterable[x.TextPart], place: str) -> str:
    """The place after some parts: empty in content, `<` in a tag, a quote in an attribute, else
    what ends the comment or the like."""
    for part in parts:
        match part:
            case str():
                place = _after(part, place)
            case x.Choice():
                branches = (*(body for _, body in part.branches), part.otherwise)
                ends = {_walk(branch, place) for branch in branches}
                if len(ends) > 1:
                    raise _Misplaced(_SPLIT)
                place = ends.pop()
            case x.Loop():
                if {_walk(part.body, place), _walk(part.otherwise, place)} != {place}:
                    raise _Misplaced(_SPLIT)
            case _ if place not in ("", '"', "'"):
                raise _Misplaced("a value may be content, or in quotes in a tag, and nowhere else")
    return place


def _after(text: str, place: str) -> str:
    at = 0
    while at < len(text):
        if place == "":
            at, place = _opened(text, at)
        elif place == _TAG:
            sign = text[at]
            place = "" if sign == ">" else sign if sign in "\"'" else place
            at += 1
        elif len(place) == 1 and place in "\"'":
            place = _TAG if text[at] == place else place
            at += 1
        else:
            found = text.find(place, at)
            if found < 0:
                return place
            at, place = found + len(place), ""
    return place


def _opened(text: str, at: int) -> tuple[int, str]:
    """The next markup of content: where it begins to go on, and what it is."""
    start = text.find("<", at)
    if start < 0:
        return len(text), ""
    for opener, closer in _OPENERS:
        if text.startswith(opener, start):
            return start + len(opener), closer
    return start + 1, _TAG
