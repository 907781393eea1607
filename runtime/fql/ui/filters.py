"""Filters are the query of a URL: which a view takes, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, urlencode

from fql.errors import UsageError
from fql.letters import FILTERS, Choice
from fql.near import did_you_mean

LETTERS = (*FILTERS, "failed_after", "failed_before")
RUNS = ("observer", "state", "entity", "row", "event", "since")
EVENTS = ("entity", "row", "id", "source", "result", "since")

AFTER = "after"
"""Where a page of dead letters begins: when the last one seen failed, and its id."""


def place_of(text: str) -> tuple[int, str] | None:
    """What `after` says. Raises UsageError."""
    at, _, name = text.partition(".")
    if text and not (at.isascii() and at.isdecimal()):
        raise _not_ours()
    return (int(at), name) if text else None


def pair_of(text: str) -> tuple[int, int] | None:
    """What `after` says of a list of runs or events. Raises UsageError."""
    found = place_of(text)
    if found is None:
        return None
    at, number = found
    if not number.isdecimal() or max(len(number), len(str(at))) > 18:
        raise _not_ours()
    return at, int(number)


def _not_ours() -> UsageError:
    return UsageError(
        "`after` is not from a link of this page", hint="use the link at the end of the list"
    )


def filters_of(query: Iterable[tuple[str, str]], known: Sequence[str]) -> dict[str, str]:
    """Those that were filled in. Raises UsageError for an unknown one: it must not be taken for
    all."""
    given: dict[str, str] = {}
    for name, value in query:
        if name not in known:
            near = did_you_mean(name, known)
            hint = near or f"filters are {', '.join(known)}"
            raise UsageError(f"there is no filter `{name}` here", hint=hint)
        if value:
            given[name] = value
    return given


def choice_of(given: Mapping[str, str], limit: int | None = None) -> Choice:
    """The same as the client understands it, which checks the values."""
    named = {name: given[name] for name in FILTERS if name in given}
    choice = Choice(filter=named or None, limit=limit)
    if "failed_after" in given:
        choice["failed_after"] = given["failed_after"]
    if "failed_before" in given:
        choice["failed_before"] = given["failed_before"]
    return choice


def link(path: str, given: Mapping[str, str], **changed: str) -> str:
    """The same view with some filters changed; an empty one is left out."""
    kept = {name: value for name, value in {**given, **changed}.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def endpoint_link(name: str) -> str:
    """Where an endpoint is shown."""
    return f"/endpoints/{quote(name, '')}"
