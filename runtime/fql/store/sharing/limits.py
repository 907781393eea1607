"""What engines tell each other of an endpoint, and what of its limits each asks for and gets."""

from __future__ import annotations

from typing import NamedTuple

UNTOLD = -1
"""In place of a time: the store keeps what it has."""


class Known(NamedTuple):
    """What all engines know of an endpoint, in milliseconds since 1970 by the store's own clock:
    until when it asked to be left alone, and until when its circuit is open; 0 where neither is so.
    `wanted` is how many slots other engines lack of their share. A higher `turn` is newer."""

    blocked_until: int = 0
    open_until: int = 0
    wanted: int = 0
    turn: int = 0


UNKNOWN = Known()
"""Of an endpoint that nobody has said anything of."""


class Wish(NamedTuple):
    """What one engine asks for.

    - `want` tokens of a bucket of `burst` that is refilled at `rate` a second; `back` are tokens
      that it had and did not use.
    - Of `limit` slots (0: it needs none) it goes on using `keep`, which may be fewer than it had,
      and asks for `more`; with fewer than `fair` it lacks some, and others make room for it.
    - News: for how many milliseconds the endpoint asked to be left alone, and its circuit is open
      (0: it has closed; UNTOLD: no news).
    """

    endpoint: str
    rate: float = 0.0
    burst: int = 1
    want: int = 0
    back: float = 0.0
    limit: int = 0
    keep: int = 0
    more: int = 0
    fair: int = 0
    blocked_for: int = 0
    open_for: int = UNTOLD


class Grant(NamedTuple):
    """What it gets: `tokens` now; after `wait` milliseconds there may be more. `slots` are all that
    it has. `known` is None where the store did not answer; `now` is its clock, in milliseconds
    since 1970."""

    endpoint: str
    tokens: int = 0
    wait: int = 1_000
    slots: int = 0
    known: Known | None = None
    now: int = 0
