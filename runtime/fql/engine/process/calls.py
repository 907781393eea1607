"""Events that the application hands in by a call, in the process that is the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fql.engine.core.held.inputs import NewEvent
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.arrivals.checks import Origin, check
from fql.engine.process.receipts import Receipt, receipt_of
from fql.errors import EventRefused, UsageError
from fql.observe.events import EventsTaken
from fql.observe.logs import logger
from fql.store.choosing import RunFilter
from fql.store.port import Store

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
    """A source whose events are handed in by calls. They are numbered within an `incarnation`, a
    name that no other start has; `name` is the scope of their keys."""

    def __init__(self, store: Store, clock: Clock, incarnation: str, name: str = "emit") -> None:
        self._store = store
        self._clock = clock
        self._incarnation = incarnation
        self._name = name
        self._position = 0

    async def take(self, engine: Engine, envelope: Mapping[str, object]) -> Receipt:
        """Durable on return. Raises EventRefused, StoreFull, StoreError; then nothing of it was
        stored."""
        new = self.checked(engine, envelope)
        await engine.submit((new,), source=self._name)
        if new.duplicate:
            await self._remember(new)
        if new.conflict:
            logger.warning("a known key came with a different payload: event %s", new.event.id)
        return receipt_of(new)

    def checked(self, engine: Engine, envelope: Mapping[str, object]) -> NewEvent:
        """The event in an envelope. Raises EventRefused."""
        self._position += 1
        origin = Origin(self._name, self._incarnation, str(self._position))
        try:
            return check(engine.program, envelope, origin, self._clock)
        except EventRefused:
            engine.tell(EventsTaken(self._name, refused=1))
            raise

    async def store(self, engine: Engine, events: Sequence[NewEvent]) -> None:
        """All of them are durable on return, or none. Raises StoreError."""
        await engine.submit(events, source=self._name)
        for new in events:
            if new.duplicate:
                await self._remember(new)

    async def _remember(self, new: NewEvent) -> None:
        """The ids of the first time, as far as they are still stored."""
        stored = await self._store.runs(RunFilter(event=new.number))
        if stored:
            new.runs = sorted(one.run.id for one in stored)
            new.event = new.event._replace(id=stored[0].event.event_id)
