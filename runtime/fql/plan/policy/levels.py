"""Levels of policies laid over each other: the one place that decides which of them holds. Pure.

A level is a mapping by dotted key (`retry.max_attempts`; headers of a source are `headers.NAME`).
The compiler lays a source's levels over each other, the runtime an action over its endpoint as it
is now. The order is that of `fql.plan.origin.Level`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from fql.plan.policy.keys import Key
from fql.plan.policy.table import BATCH, RECEIVING

T = TypeVar("T")

ALL_HEADERS = "headers"
"""The key of `headers: null`: none of farther levels."""

_CLOSING = {"auth.type": "auth.", ALL_HEADERS: "headers."}
"""Keys that close a group: nothing of it is taken from farther levels. Keys of an `auth` of another
type would mean nothing."""


def laid_over(levels: Sequence[Mapping[str, T]]) -> dict[str, T]:
    """What holds, key by key: the value of the nearest of the levels, which come nearest first."""
    found: dict[str, T] = {}
    closed: tuple[str, ...] = ()
    for level in levels:
        for key, value in level.items():
            if not key.startswith(closed):
                found.setdefault(key, value)
        closed += tuple(group for key, group in _CLOSING.items() if key in level)
    return found


def is_of_batches(key: str) -> bool:
    """Whether a policy is about batches, which no endpoint has."""
    return _is_of((BATCH,), key)


def is_of_receivers(key: str) -> bool:
    """Whether a policy is the receiver's: shared by all actions that call it."""
    return _is_of(RECEIVING, key)


def _is_of(groups: Sequence[Key], key: str) -> bool:
    return key.partition(".")[0] in {group.name for group in groups}
