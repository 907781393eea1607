"""The inbox: what clients in other processes ask for becomes inputs of the next step."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fql.engine.core.inputs import Misfit, NewEvent, Order
from fql.engine.core.orders import KINDS
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.checks import Origin, check_or_misfit, handed_in, unchecked
from fql.engine.program.bulkhead import Fault, PlainError, guarded
from fql.errors import StoreError, StoreGone
from fql.exact.reading import read_object
from fql.observe.logs import logger
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
        self._told = ""
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
            except StoreError as problem:
                self._tell(problem)
                await asyncio.sleep(LONGEST_WAIT)
            else:
                self._told = ""

    def _tell(self, problem: StoreError) -> None:
        """Each reason once."""
        if problem.message != self._told:
            logger.error("the inbox cannot be read, and is tried again: %s", problem.message)
        self._told = problem.message

    async def obey_pauses(self) -> None:
        """Before the engine starts: what is paused by now is paused in its very first step."""
        last = 0
        while commands := await self._store.fetch(PAGE, last):
            last = commands[-1].id
            stops = [one for one in commands if one.kind in ("pause", "resume")]
            self._engine.order(*map(self._order, stops))

    async def read(self) -> int:
        """Take what is there; gives how much it was. One at a time: two readers at once would carry
        out the same entries."""
        async with self._reading:
            return await self._read()

    async def _read(self) -> int:
        generation = self._engine.generation
        if self._generation != generation:
            self._after, self._generation = 0, generation
        commands = await self._store.fetch(PAGE, self._after)
        if not commands or generation != self._engine.generation:
            return len(commands)
        await self._hand_in(commands)
        self._after = commands[-1].id
        return len(commands)

    async def _hand_in(self, commands: Sequence[Command]) -> None:
        """Nothing is handed in before all has been understood."""
        taken = [self._taken(command) for command in commands]
        events = [one for one in taken if isinstance(one, NewEvent)]
        misfits = [one for one in taken if isinstance(one, Misfit)]
        self._engine.order(*(one for one in taken if isinstance(one, Order)))
        if events or misfits:
            await self._engine.submit(events, misfits, "inbox")

    def _taken(self, command: Command) -> NewEvent | Misfit | Order:
        if command.kind not in ("emit", "recapture"):
            return self._order(command)
        made = guarded(self._event, command)
        if isinstance(made, Fault):
            return self._misfit(command, made)
        if made is None:
            self._engine.ignore("inbox")
            return Order("ignore", consumed=command.id)
        return made

    def _order(self, command: Command) -> Order:
        """One that cannot be read, or that nobody knows, is taken out and told of."""
        order = guarded(_order_of, command)
        if isinstance(order, Order):
            return self._by_our_clock(order)
        logger.error(
            "entry %d of the inbox, %s, cannot be carried out: %s",
            command.id, command.kind, order.text,
        )  # fmt: skip
        return Order("ignore", consumed=command.id)

    def _by_our_clock(self, order: Order) -> Order:
        """Clients write times of the wall clock, which ours may be on its way to."""
        if not order.due:
            return order
        return replace(order, due=max(1, order.due - self._clock.drift()))

    def _event(self, command: Command) -> NewEvent | Misfit | None:
        body = read_object(command.body)
        origin = Origin(body.get("name", "emit"), body["source"], body["position"])
        made = check_or_misfit(self._engine.program, body["envelope"], origin, self._clock)
        letter = body.get("letter", "")
        if isinstance(made, NewEvent):
            made.consumed, made.resolves = command.id, letter or None
            made.dedup = handed_in(body["envelope"], origin, letter)
            made.only = body.get("only", "")
        elif made is not None:
            made.consumed, made.letter = command.id, letter
        return made

    def _misfit(self, command: Command, fault: Fault) -> Misfit:
        """An event that cannot even be read is a dead letter with what there is of it."""
        text = command.body.decode("utf-8", "replace")
        origin = Origin("inbox", "inbox", str(command.id))
        made = unchecked({"entry": text}, origin, fault)
        made.consumed = command.id
        return made


FIELDS: Mapping[str, type] = {
    "run": int, "node": str, "letter": str, "name": str, "due": int, "force": bool,
    "new_key": str, "original": bool,
}  # fmt: skip
"""What a command may say, besides an `answer`."""


def _order_of(command: Command) -> Order:
    """Raises PlainError for what is no command."""
    if command.kind not in KINDS:
        raise PlainError("there is no such command")
    body = read_object(command.body)
    for name, value in body.items():
        if name != "answer" and type(value) is not FIELDS.get(name):
            raise PlainError(f"`{name}` is not what it should be")
    return Order(command.kind, consumed=command.id, **body)
