"""How things are at one moment: what the engine and the store are asked for at each scrape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LOW_SHARE, LOW_BYTES = 0.1, 1_000_000_000
"""A disk of which less is free needs somebody."""
CIRCUIT_STATES = ("closed", "open", "half_open")


@dataclass(frozen=True, slots=True)
class EndpointGauges:
    """One receiver. `circuit` is one of CIRCUIT_STATES; `waits` counts, by limit, how often work
    for it had to wait since the start. `slots` is how many requests this engine may have under way
    of those that all engines share, None where it shares nothing."""

    name: str
    in_flight: int = 0
    ready: int = 0
    circuit: str = "closed"
    waits: Mapping[str, int] = field(default_factory=dict)
    slots: int | None = None


@dataclass(frozen=True, slots=True)
class SourceGauges:
    """One source. `captured` holds for each table whether its changes are captured; `restored`
    counts histories that went back, `failures` reads that failed, `answers` requests by the
    status of their answer, since the start. `lag` is how long, in milliseconds, the oldest event
    has waited that has come and is not stored. `held` says whether an open transaction slows
    reading down. `pending` counts events that wait there, where the source knows that."""

    name: str
    ok: bool = True
    captured: Mapping[str, bool] = field(default_factory=dict)
    restored: int = 0
    failures: int = 0
    answers: Mapping[int, int] = field(default_factory=dict)
    lag: int = 0
    held: bool = False
    pending: int | None = None


@dataclass(frozen=True, slots=True)
class Gauges:
    """One moment. `oldest_due` is the age in milliseconds of the oldest work that could be sent
    and was not yet; `work` counts open nodes held in memory by state, `open_runs` all open runs;
    `emits` are events handed in and not committed; `inbox` entries of other processes that wait;
    `dead_letters` are counted by observer; sizes are bytes. `shards` are those of this engine.
    `disk` is that of the store, and `backup_age` the milliseconds since its last backup, where it
    knows them."""

    is_engine: bool = False
    shards: int = 0
    oldest_due: int = 0
    open_runs: int = 0
    work: Mapping[str, int] = field(default_factory=dict)
    endpoints: tuple[EndpointGauges, ...] = ()
    paused: frozenset[str] = frozenset()
    emits: int = 0
    inbox: int = 0
    dead_letters: Mapping[str, int] = field(default_factory=dict)
    sources: tuple[SourceGauges, ...] = ()
    store_bytes: int = 0
    store_max: int = 0
    disk: int | None = None
    disk_free: int | None = None
    backup_age: int | None = None
    reload_failed: bool = False

    @property
    def disk_low(self) -> bool | None:
        """Whether less than a tenth of the store's disk, or less than 1 GB, is free."""
        if self.disk is None or self.disk_free is None:
            return None
        return self.disk_free < max(self.disk * LOW_SHARE, LOW_BYTES)
