"""Which changed settings a running `fqlc run` applies, and which have to wait. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fql.settings.model import Settings

TAKEN_UP = ("egress", "observability.logging", "project")
"""Tables that a reload reads again."""
TOKEN = re.compile(r"sources\.[^.]+\.token")
"""The key of an HTTP source that a reload reads again."""
ONCE = frozenset({"project.calls"})
"""What of them is read at the start alone: code that was imported stays."""
AT_THE_START = ("webhooks.dlq", "webhooks.dispatch", "webhooks.test_url")
"""What of `[webhooks]` is read by the runtime; the rest becomes part of a plan."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Changed keys: applied by the reload, those that need a restart, and those that need the
    plan to be compiled again."""

    taken_up: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    compile: tuple[str, ...] = ()


def changes(started: Settings, last: Settings, again: Settings, *, compiled: bool) -> Changes:
    """Compare the settings read again with those of the start and of the last reload. With
    `compiled` the plan is a file of its own, and knows nothing of what changed in `[webhooks]`."""
    since_start = list(_changed(_dumped(started), _dumped(again)))
    waiting = [key for key in since_start if not _is_taken_up(key)]
    planned = [key for key in waiting if _is_in(key, ("webhooks",)) and not _at_the_start(key)]
    taken_up = [
        key
        for key in _changed(_dumped(last), _dumped(again))
        if _is_taken_up(key) or (key in planned and not compiled)
    ]
    restart = tuple(key for key in waiting if key not in planned)
    return Changes(tuple(taken_up), restart, tuple(planned) if compiled else ())


def _dumped(settings: Settings) -> Mapping[str, object]:
    return settings.model_dump(by_alias=True)


def _is_taken_up(key: str) -> bool:
    return _is_in(key, TAKEN_UP) or TOKEN.fullmatch(key) is not None


def _at_the_start(key: str) -> bool:
    return _is_in(key, AT_THE_START)


def _is_in(key: str, tables: tuple[str, ...]) -> bool:
    return key not in ONCE and any(key == table or key.startswith(f"{table}.") for table in tables)


def _changed(before: object, after: object, path: str = "") -> Iterator[str]:
    """The keys that differ, with their tables; of a table that came or went its own name."""
    if before == after:
        return
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        yield path
        return
    for name in sorted(before.keys() | after.keys()):
        yield from _changed(before.get(name), after.get(name), f"{path}.{name}" if path else name)
