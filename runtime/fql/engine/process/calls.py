"""Events that the application hands in by a call, in the process that is the engine."""

from __future__ import annotations

from collections.abc import Mapping

from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.arrivals.checks import Origin, check
from fql.engine.process.receipts import Receipt, receipt_of
from fql.errors import EventRefused, UsageError
from fql.observe.events import EventsTaken
from fql.observe.logs import logger
from fql.store.port import Store
from fql.store.records import RunFilter

EVENTS = frozenset(("insert", "update", "delete"))


def envelope_of(event: str, given: Mapping[str, object]) -> dict[str, object]:
    """The envelope of an event such as `Order.insert`; what is None is left out. Raises
    UsageError for what is not an event."""
    entity, _, kind = str(event).partition(".")
    if kind not in EVENTS:
        raise UsageError(f"{event!r} is not an event", hint='write "Entity.insert", ".update"...')
    envelope: dict[str, object] = {"entity": entity, "event": kind}
    return envelope | {name: value for name, value in given.items() if value is not None}


class Calls:
    """The source of these events: its calls are numbered within an `incarnation`, a name that no
    other start has."""

    def __init__(self, store: Store, clock: Clock, incarnation: str) -> None:
        self._store = store
        self._clock = clock
        self._incarnation = incarnation
        self._position = 0

    async def take(self, engine: Engine, envelope: Mapping[str, object]) -> Receipt:
        """Durable on return. Raises EventRefused, StoreFull, StoreError; then nothing of it was
        stored."""
        self._position += 1
        origin = Origin("emit", self._incarnation, str(self._position))
        try:
            new = check(engine.program, envelope, origin, self._clock)
        except EventRefused:
            engine.tell(EventsTaken("emit", refused=1))
            raise
        await engine.submit((new,), source="emit")
        if new.conflict:
            logger.warning("a known key came with a different payload: event %s", new.event.id)
        if new.duplicate and not new.runs:
            stored = await self._store.runs(RunFilter(event=new.number))
            new.runs = sorted(one.run.id for one in stored)
        return receipt_of(new)
