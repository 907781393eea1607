"""Policies level by level: what each gives, and what holds when they are merged.

Keys are dotted (`retry.max_attempts`), headers are `headers.NAME` in lower case. Pure data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fql.plan.origin import Origin
from fql.plan.policy.levels import laid_over
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


def merged(levels: Sequence[Settings]) -> dict[str, Given]:
    """The levels laid over each other, the nearest first. `null` hides what farther levels say, so
    that the built-in default holds."""
    return {k: given for k, given in laid_over(levels).items() if given.value is not Mark.RESET}


def usable(settings: Iterable[tuple[str, Given]]) -> dict[str, Given]:
    """Without the values that were reported as wrong."""
    return {key: given for key, given in settings if given.value is not Mark.BAD}
