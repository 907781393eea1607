"""The rules of sessions that every store keeps. Pure.

A session's number makes its ids (`number << 32`), so none may ever come twice: not even after a
store went back to an earlier state, which has forgotten the last ones.
"""

from __future__ import annotations

from fql.errors import StoreRewound

BEGINNING = 1_767_225_600
"""2026-01-01 in seconds since 1970: sessions are numbered by the seconds since then."""
LATEST = (1 << 31) - (1 << 24)
"""A clock that is later than this (in 2093) is wrong; so ids stay below 2^63."""


def next_session(last: int, now: int) -> int:
    """The number after `last` (0: there was none) at `now`, in seconds since 1970."""
    return max(last + 1, min(now - BEGINNING, LATEST))


def begun(session: int, now: int) -> int | None:
    """When a session began, in milliseconds since 1970, by its number; None where that cannot be,
    as after a restore, which may raise the numbers above it."""
    at = (BEGINNING + session) * 1000
    return at if at <= now else None


def settlement(stored: int | None, expected: int, settled: int = 0) -> bool | None:
    """What has become of a commit whose reply was lost, by the count that is stored (None: the
    session is not live any more) and the one that its engine knew: None where it is fenced, True
    where the commit counted. False: it did not, and it never will once the store has advanced the
    count. `settled` is the count that a settlement left: one whose own reply was lost is not taken
    for the commit. Raises StoreRewound for a store that has forgotten commits."""
    if stored is None:
        return None
    if stored < expected:
        raise rewound(expected - stored)
    return stored > expected and stored != settled


def rewound(lost: int) -> StoreRewound:
    """A store that has forgotten so many commits of the session at work."""
    what = "the last commit of this engine is" if lost == 1 else f"the last {lost} commits are"
    return StoreRewound(
        f"the store went back to an earlier state: {what} lost",
        hint="a backup was restored, or a standby that lagged was promoted; what sources still"
        " have is taken in again",
    )
