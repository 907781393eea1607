"""How engine and store are at this moment, for metrics. Read on the engine's own event loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from fql.engine.core.held.endpoints import LIMITS, Endpoint
from fql.engine.core.held.lanes import MIXED
from fql.engine.core.held.state import State
from fql.engine.core.history.present import circuit_state, oldest_due, works
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.program.bulkhead import fault_of
from fql.errors import StoreError
from fql.intake.port import Entrance, Source
from fql.observe.series.gauges import EndpointGauges, Gauges, SourceGauges
from fql.store.port import Store, StoreSize
from fql.store.works import STATE_NAMES, TERMINAL

Label = Callable[[str], str]
LONGEST = 500
"""Characters that a pulse has of what is wrong with a source."""


class Arriving(Protocol):
    """How events of one source come in."""

    name: str

    def lag(self) -> int:
        """How long the oldest one has waited that is not stored yet, in milliseconds."""
        ...


class Watched:
    """A runtime as metrics and probes see it; `engine` is there while this process is it.

    `label` shows an endpoint's name without values of the environment.
    """

    def __init__(self, store: Store, clock: Clock, store_max: int, label: Label) -> None:
        self._store = store
        self._clock = clock
        self._store_max = store_max
        self._label = label
        self._size = StoreSize({}, 0, 0)
        self.engine: Engine | None = None
        self._since = 0
        self.sources: Sequence[Source | Entrance] = ()
        self.arrivals: Sequence[Arriving] = ()
        self.draining = False
        self.reload_failed = False

    def lead(self, engine: Engine) -> None:
        """This process is the engine from now on."""
        self.engine, self._since = engine, self._clock.now()

    async def gauges(self) -> Gauges:
        """Everything that is asked for at a scrape. While the store does not answer, its size is
        the last one known: metrics matter most when something is wrong."""
        with suppress(StoreError):
            self._size = await self._store.size()
        size = self._size
        disk, free = size.disk or (None, None)
        alone = Gauges(
            inbox=size.inbox, dead_letters=size.letters, store_bytes=size.bytes,
            store_max=self._store_max, sources=self._of_sources(), disk=disk, disk_free=free,
            backup_age=None if size.backup is None else max(0, self._clock.now() - size.backup),
            reload_failed=self.reload_failed,
        )  # fmt: skip
        return alone if self.engine is None else self._of_engine(self.engine, alone)

    def _of_sources(self) -> tuple[SourceGauges, ...]:
        lags = {one.name: one.lag() for one in self.arrivals}
        return tuple(_source(one, lags.get(one.name, 0)) for one in self.sources)

    def _of_engine(self, engine: Engine, alone: Gauges) -> Gauges:
        state, now, label = engine.state, self._clock.now(), self._label
        return replace(
            alone,
            is_engine=True,
            shards=len(state.shards.mine),
            oldest_due=max(0, now - oldest_due(state, now)),
            open_runs=max(0, state.tally.open_runs),
            work=work_by_state(state),
            endpoints=tuple(
                _endpoint(one, now, label) for one in state.endpoints.values() if one.name != MIXED
            ),
            paused=frozenset(map(label, paused(state))),
            emits=engine.uncommitted,
        )

    def present(self) -> Mapping[str, object]:
        """What a pulse tells besides the work: since when this process is the engine, and the
        sources that it reads, each with what is wrong with it."""
        engine = self.engine
        if engine is None:
            return {}
        lags = {one.name: one.lag() for one in self.arrivals}
        mine = [one for one in self.sources if engine.owns(engine.home(one.name))]
        return {
            "since": self._since,
            "sources": [_told(one, lags.get(one.name, 0)) for one in mine],
        }

    def trouble(self) -> str:
        """Why the engine does not work, or nothing."""
        if self.engine is None:
            return ""
        problem, broken = self.engine.failed(), self.engine.broken
        if problem is not None:
            return f"the engine has stopped: {fault_of(problem).text}"
        return f"the engine cannot continue: {broken}" if broken else ""

    def unready(self) -> str:
        """Why no events are taken now, or nothing."""
        if self.draining:
            return "draining"
        if self.engine is not None and self.engine.recovering:
            return self.engine.trouble
        return "; ".join(filter(None, (source.health().trouble for source in self.sources)))


def _source(source: Source | Entrance, lag: int) -> SourceGauges:
    health = source.health()
    return SourceGauges(
        source.name,
        ok=not health.trouble,
        captured=health.captured,
        restored=health.restored,
        failures=health.failures,
        answers=health.answers,
        lag=lag,
        held=bool(health.notice),
        pending=health.pending,
    )


def _told(source: Source | Entrance, lag: int) -> Mapping[str, object]:
    trouble = source.health().trouble
    return {"name": source.name, "ok": not trouble, "lag": lag, "trouble": trouble[:LONGEST]}


def work_by_state(state: State) -> dict[str, int]:
    """Open nodes in memory by state; every state is there."""
    found = Counter(dict.fromkeys(("waiting", "ready", "armed", "scheduled", "buffered"), 0))
    found.update(STATE_NAMES[w.state] for w in works(state) if w.state not in TERMINAL)
    return dict(found)


def paused(state: State) -> set[str]:
    """Names of endpoints and observers."""
    return state.paused | {one.name for one in state.endpoints.values() if one.paused}


def _endpoint(one: Endpoint, now: int, label: Label) -> EndpointGauges:
    waits = {limit: one.waits[limit] for limit in LIMITS}
    return EndpointGauges(
        label(one.name),
        len(one.flying),
        len(one.ready) + len(one.suspects),
        circuit_state(one, now),
        waits,
        one.slots.count if one.slots.granted else None,
    )
