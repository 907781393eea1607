"""Events that the application hands in by a call, in the process that is the engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from fql.engine.core.held.inputs import NewEvent, Stranger
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.arrivals.checks import Origin, check
from fql.engine.process.arrivals.feeds import LONGEST_NAME
from fql.engine.process.receipts import Receipt, receipt_of
from fql.engine.program.bulkhead import Fault, guarded
from fql.errors import EventRefused, UsageError
from fql.events.intake import UnknownEntity
from fql.observe.events import EventsTaken
from fql.observe.logs import logger
from fql.store.choosing import RunFilter
from fql.store.history.rows import Result
from fql.store.port import Store

EVENTS = frozenset(("insert", "update", "delete"))
LONGEST_REASON = 1_000
"""Characters of the reason for a refusal that are kept."""
SLICE = 100
"""Events that are checked before others have their turn."""


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
        except EventRefused as refused:
            engine.tell(EventsTaken(self._name, refused=1))
            result: Result = "unknown" if isinstance(refused, UnknownEntity) else "refused"
            entity = str(envelope.get("entity"))[:LONGEST_NAME]
            engine.note(Stranger(self._name, entity, result, refused.message[:LONGEST_REASON]))
            raise

    async def take_many(
        self, engine: Engine, envelopes: Sequence[Mapping[str, object]]
    ) -> list[Receipt | EventRefused]:
        """What fits goes into one commit and is durable on return; in the place of what does not
        there is the reason. Raises StoreFull, StoreError; then nothing of it was stored."""
        made = [one async for one in self.each(engine, envelopes)]
        if taken := [one for one in made if isinstance(one, NewEvent)]:
            await self.store(engine, taken)
        return [receipt_of(one) if isinstance(one, NewEvent) else one for one in made]

    async def each(
        self, engine: Engine, envelopes: Sequence[Mapping[str, object]]
    ) -> AsyncIterator[NewEvent | EventRefused]:
        """The event in each envelope, or why there is none. Others have their turn in between."""
        for number, envelope in enumerate(envelopes, 1):
            made = guarded(self._checked_or_refused, engine, envelope)
            if isinstance(made, Fault):
                logger.error("source %s: an event cannot be checked: %s", self._name, made.text)
                made = EventRefused(f"the event cannot be checked: {made.text}")
            yield made
            if number % SLICE == 0:
                await asyncio.sleep(0)

    def _checked_or_refused(
        self, engine: Engine, envelope: Mapping[str, object]
    ) -> NewEvent | EventRefused:
        try:
            return self.checked(engine, envelope)
        except EventRefused as refused:
            return refused

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
