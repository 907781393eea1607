"""What engines tell each other of an endpoint, and the tokens of its rate that each gets."""

from __future__ import annotations

from typing import NamedTuple

UNTOLD = -1
"""In place of a time: the store keeps what it has."""


class Known(NamedTuple):
    """What all engines know of an endpoint, in milliseconds since 1970: until when it asked to be
    left alone, and until when its circuit is open; 0 where neither is so."""

    blocked_until: int = 0
    open_until: int = 0


UNKNOWN = Known()
"""Of an endpoint that nobody has said anything of."""


class Wish(NamedTuple):
    """What one engine asks for: `want` tokens of a bucket of `burst` that is refilled at `rate` a
    second; `back` are tokens that it had and did not use. `known` is what it knows."""

    endpoint: str
    rate: float
    burst: int
    want: int
    back: float
    known: Known


class Grant(NamedTuple):
    """What it gets: `tokens` now; after `wait` milliseconds there may be more. `known` is None
    where the store did not answer."""

    endpoint: str
    tokens: int = 0
    wait: int = 1_000
    known: Known | None = None
