"""Policies level by level: what each gives, and what holds when they are merged.

Keys are dotted (`retry.max_attempts`), headers are `headers.NAME` in lower case. Pure data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fql.plan.origin import Origin
from fqlc.checks.table.keys import Mark
from fqlc.source.text import Span


@dataclass(frozen=True, slots=True)
class Given:
    """A value that a level gives. `span` is where it was written, None for `fql.toml`."""

    value: object
    origin: Origin
    span: Span | None = None


Settings = Mapping[str, Given]
"""What one level gives, by dotted key."""


ALL_HEADERS = "headers"
"""The key of `headers: null`: none of farther levels."""


def merged(levels: Sequence[Settings]) -> dict[str, Given]:
    """The levels laid over each other, the nearest first, key by key.

    `null` hides what farther levels say, so that the built-in default holds. An `auth` with a
    `type` replaces a farther one as a whole: keys of another type would mean nothing. So does
    `headers: null`.
    """
    found: dict[str, Given] = {}
    closed: tuple[str, ...] = ()
    for level in levels:
        for key, given in level.items():
            if not key.startswith(closed):
                found.setdefault(key, given)
        if "auth.type" in level:
            closed += ("auth.",)
        if ALL_HEADERS in level:
            closed += ("headers.",)
    return {key: given for key, given in found.items() if given.value is not Mark.RESET}


def usable(settings: Iterable[tuple[str, Given]]) -> dict[str, Given]:
    """Without the values that were reported as wrong."""
    return {key: given for key, given in settings if given.value is not Mark.BAD}
