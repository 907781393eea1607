"""What an engine gets of the limits that all engines of a store keep together. Pure.

Whoever keeps the rows reads those of one endpoint, asks `decide`, and writes what it says if and
only if the row of the endpoint still has the turn that was read: so two engines never get the same.
Decision 0227.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import floor
from typing import NamedTuple

from fql.store.sharing.limits import UNTOLD, Grant, Known, Wish

FRESH = 2_000
"""Milliseconds for which room is kept for an engine that lacks slots; each asks far more often."""


class Pace(NamedTuple):
    """The row of an endpoint: tokens at a time, and what all engines know. `turn` counts its
    changes. Times are milliseconds since 1970 by the store's clock."""

    tokens: float
    at: int = 0
    blocked_until: int = 0
    open_until: int = 0
    turn: int = 0


class Held(NamedTuple):
    """The slots of one live session. It `lacks` so many `since` a time, and asked last `at` one."""

    session: int
    slots: int = 0
    lacks: int = 0
    since: int = 0
    at: int = 0


class Decided(NamedTuple):
    """What is written, and what the engine gets."""

    pace: Pace
    held: Held
    grant: Grant

    def raises(self, before: Iterable[Held]) -> bool:
        """Whether the engine has more slots than before: a server that crashes must not forget."""
        had = sum(one.slots for one in before if one.session == self.held.session)
        return self.held.slots > had


def decide(wish: Wish, me: int, pace: Pace, held: Iterable[Held], now: int) -> Decided:
    """What session `me` gets at a time, where these are the slots of all live sessions."""
    everyone = list(held)
    others = [one for one in everyone if one.session != me]
    before = next((one for one in everyone if one.session == me), Held(me))
    mine = _slots(wish, before, others, now)
    tokens, granted = _tokens(wish, pace, now)
    turn = max(pace.turn + 1, now)  # newer than any turn that a crash of the server forgot
    made = Pace(tokens, now, _blocked(wish, pace, now), _opened(wish, pace, now), turn)
    wait = floor(max(0.0, 1 - tokens) / wish.rate * 1000) + 1 if wish.rate else 0
    free = max(0, wish.limit - mine.slots - sum(one.slots for one in others))
    lacking = max(0, wanted(others, now) - free)
    known = Known(made.blocked_until, made.open_until, lacking, turn)
    return Decided(made, mine, Grant(wish.endpoint, granted, wait, mine.slots, known, now))


def wanted(others: Iterable[Held], now: int) -> int:
    """How many slots these lack."""
    return sum(one.lacks for one in others if _waits(one, now))


def _waits(one: Held, now: int) -> bool:
    """Whether it still asks. A server's clock that was set back makes nobody wait for ever."""
    return one.lacks > 0 and abs(now - one.at) < FRESH


def _tokens(wish: Wish, pace: Pace, now: int) -> tuple[float, int]:
    if not wish.rate:
        return pace.tokens, 0
    gained = max(0, now - pace.at) / 1000 * wish.rate
    has = min(float(wish.burst), pace.tokens + wish.back + gained)
    granted = min(wish.want, floor(has))
    return has - granted, granted


def _slots(wish: Wish, before: Held, others: list[Held], now: int) -> Held:
    """Nobody has more than is free; who lacks some of its share comes before who does not, and the
    one that has waited longest first."""
    hungry = wish.more > 0 and wish.keep < wish.fair
    since = before.since if before.lacks and hungry else now
    ahead = [
        one for one in others
        if not hungry or (one.since, one.session) < (since, before.session)
    ]  # fmt: skip
    free = wish.limit - wish.keep - sum(one.slots for one in others)
    extra = max(0, min(wish.more, free - wanted(ahead, now)))
    slots = wish.keep + extra
    lacks = max(0, min(wish.more - extra, wish.fair - slots))
    return Held(before.session, slots, lacks, since if lacks else 0, now)


def _blocked(wish: Wish, pace: Pace, now: int) -> int:
    return max(pace.blocked_until, now + wish.blocked_for if wish.blocked_for else 0)


def _opened(wish: Wish, pace: Pace, now: int) -> int:
    if wish.open_for == UNTOLD:
        return pace.open_until
    return now + wish.open_for if wish.open_for else 0
