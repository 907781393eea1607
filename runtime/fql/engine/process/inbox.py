"""The inbox: what clients in other processes ask for becomes inputs of the next step."""

from __future__ import annotations

import asyncio

from fql.engine.core.inputs import Misfit, NewEvent, Order
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.checks import Origin, check_or_misfit, handed_in
from fql.errors import StoreError, StoreGone
from fql.exact.reading import read_object
from fql.store.port import Store
from fql.store.records import Command

PAGE = 500
LONGEST_WAIT = 0.5
"""Seconds between looks at a store that nobody writes to: it may have been removed."""


class Inbox:
    """Watches a store's inbox. An entry is deleted in the commit that carries it out."""

    def __init__(self, store: Store, engine: Engine, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._after = 0
        self._generation = engine.generation
        self._reading = asyncio.Lock()

    async def run(self) -> None:
        """For as long as the store is there."""
        while True:
            try:
                if not await self.read():
                    await self._store.wait(LONGEST_WAIT)
            except StoreGone as problem:
                self._engine.lose(problem)
                return
            except StoreError:
                await asyncio.sleep(LONGEST_WAIT)

    async def obey_pauses(self) -> None:
        """Before the engine starts: what is paused by now is paused in its very first step."""
        last = 0
        while commands := await self._store.fetch(PAGE, last):
            last = commands[-1].id
            stops = [one for one in commands if one.kind in ("pause", "resume")]
            self._engine.order(
                *(Order(one.kind, consumed=one.id, **read_object(one.body)) for one in stops)
            )

    async def read(self) -> int:
        """Take what is there; gives how much it was. One at a time: two readers at once would carry
        out the same entries."""
        async with self._reading:
            return await self._read()

    async def _read(self) -> int:
        if self._generation != self._engine.generation:
            self._after, self._generation = 0, self._engine.generation
        commands = await self._store.fetch(PAGE, self._after)
        if not commands:
            return 0
        events, misfits, orders = self._sort(commands)
        self._engine.order(*orders)
        self._after = commands[-1].id
        try:
            if events or misfits:
                await self._engine.submit(events, misfits, "inbox")
        except StoreError:
            self._after = 0
            raise
        return len(commands)

    def _sort(self, commands: list[Command]) -> tuple[list[NewEvent], list[Misfit], list[Order]]:
        events: list[NewEvent] = []
        misfits: list[Misfit] = []
        orders: list[Order] = []
        for command in commands:
            if command.kind not in ("emit", "recapture"):
                body = read_object(command.body)
                orders.append(Order(command.kind, consumed=command.id, **body))
                continue
            made = self._event(command)
            if isinstance(made, NewEvent):
                events.append(made)
            elif made is not None:
                misfits.append(made)
            else:
                self._engine.ignore("inbox")
                orders.append(Order("ignore", consumed=command.id))
        return events, misfits, orders

    def _event(self, command: Command) -> NewEvent | Misfit | None:
        body = read_object(command.body)
        origin = Origin(body.get("name", "emit"), body["source"], body["position"])
        made = check_or_misfit(self._engine.program, body["envelope"], origin, self._clock)
        letter = body.get("letter", "")
        if isinstance(made, NewEvent):
            made.consumed, made.resolves = command.id, letter or None
            made.dedup = handed_in(body["envelope"], origin, letter)
        elif made is not None:
            made.consumed, made.letter = command.id, letter
        return made
