"""Urls with holes, split by place before anything is filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fql.plan.language.expressions import Choice, Environment, Loop, TextPart
from fql.plan.web.urls import (
    PATH,
    QUERY,
    UrlParts,
    UrlProblem,
    encode_other_scripts,
    has_dot_segment,
    parse_literal_url,
)

_LEADING = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*[/?]")


@dataclass(frozen=True, slots=True)
class UrlTemplate:
    """A url with holes, split by place. `base` is None while scheme and host are `${}` names;
    then `path` holds every part and a runtime splits again once they are known."""

    base: UrlParts | None
    path: tuple[TextPart, ...]
    query: tuple[TextPart, ...] | None = None


def split_url(parts: Sequence[TextPart]) -> UrlTemplate:
    """Split a url text into its fixed origin and its path and query with holes.

    `${}` parts before the end of host and port leave the split for later. Raises UrlProblem.
    """
    merged = merge_literals(parts)
    if len(merged) == 1 and isinstance(merged[0], str):
        url = parse_literal_url(merged[0])
        return UrlTemplate(url, (url.path,), None if url.query is None else (url.query,))
    first = merged[0] if merged else ""
    if isinstance(first, str) and (lead := _LEADING.match(first)):
        base = parse_literal_url(first[: lead.end() - 1])
        rest = split_path((first[lead.end() - 1 :], *merged[1:]))
        return UrlTemplate(base, rest.path, rest.query)
    if any(isinstance(part, Environment) for part in merged[:2]):
        return UrlTemplate(None, merged)
    raise UrlProblem("malformed", "`{{ }}` is not allowed in the scheme, host or port of a url")


def split_path(parts: Sequence[TextPart]) -> UrlTemplate:
    """Split a path text at its `?` and check the literal stretches. Raises UrlProblem."""
    path: list[TextPart] = []
    query: list[TextPart] | None = None
    for part in merge_literals(parts):
        if query is None and isinstance(part, str) and "?" in part:
            before, _, after = part.partition("?")
            path += [before] if before else []
            query = [after] if after else []
        else:
            (path if query is None else query).append(part)
    checked = None if query is None else tuple(_check_literals(query, QUERY, "query"))
    ready = tuple(_check_literals(path, PATH, "path"))
    if not ready or not (isinstance(ready[0], Environment) or _starts_rooted(ready[0])):
        ready = _rooted(ready, empty_is_fine=query is not None)
    return UrlTemplate(None, ready, checked)


def _starts_rooted(part: TextPart) -> bool:
    return isinstance(part, str) and part.startswith("/")


def _rooted(path: tuple[TextPart, ...], *, empty_is_fine: bool) -> tuple[TextPart, ...]:
    if not "".join(p if isinstance(p, str) else "x" for p in path) and empty_is_fine:
        return ("/",)
    raise UrlProblem("malformed", "a path must start with /")


def _check_literals(
    parts: Sequence[TextPart], grammar: re.Pattern[str], place: str
) -> Iterator[TextPart]:
    for part in parts:
        if isinstance(part, str):
            encoded = encode_other_scripts(part)
            _check_literal(encoded, grammar, place)
            yield encoded
        else:
            _check_nested(part, grammar, place)
            yield part


def _check_literal(text: str, grammar: re.Pattern[str], place: str) -> None:
    if "#" in text:
        raise UrlProblem("malformed", "a url for requests has no fragment (`#`)")
    if not grammar.fullmatch(text):
        message = f"the {place} has a character that must be percent-encoded"
        raise UrlProblem("malformed", message)
    if place == "path" and has_dot_segment(f"x{text}x"):
        raise UrlProblem("malformed", "the path has a segment `.` or `..`")


def _check_nested(part: TextPart, grammar: re.Pattern[str], place: str) -> None:
    for text in _literals_within(part):
        if not text.isascii():
            raise UrlProblem(
                "malformed", f"the {place} has a character that must be percent-encoded"
            )
        _check_literal(text, grammar, place)


def _literals_within(part: TextPart) -> Iterator[str]:
    """The literal stretches inside a choice or loop; they stay in the part they are in."""
    if isinstance(part, Choice):
        branches = [*(body for _, body in part.branches), part.otherwise]
    elif isinstance(part, Loop):
        branches = [part.body, part.otherwise]
    else:
        return
    for body in branches:
        for inner in body:
            if isinstance(inner, str):
                yield inner
            else:
                yield from _literals_within(inner)


def merge_literals(parts: Sequence[TextPart]) -> tuple[TextPart, ...]:
    """The same text with neighbouring literal stretches joined and empty ones dropped."""
    merged: list[TextPart] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return tuple(merged)
