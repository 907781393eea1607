"""Who has what of a store that several engines use, for people to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Holding:
    """One live engine. `holder` says which process it is; its lease lasts for `left` seconds more
    unless it is renewed, and is over at 0 or below. `slots` are how many requests it may have under
    way, by endpoint, and `lacks` how many it wants besides to have its share."""

    session: int
    holder: str
    left: float
    shared: bool
    shards: tuple[int, ...] = ()
    slots: Mapping[str, int] = field(default_factory=dict)
    lacks: Mapping[str, int] = field(default_factory=dict)
