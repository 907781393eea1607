"""The inbox: what clients in other processes ask for becomes inputs of the next step."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fql.engine.core.held.inputs import Misfit, NewEvent, Order
from fql.engine.core.held.keys import form_hash
from fql.engine.core.held.storable import is_storable
from fql.engine.core.orders import KINDS
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.arrivals.checks import Origin, check_or_misfit, handed_in, unchecked
from fql.engine.process.arrivals.feeds import LONGEST_NAME
from fql.engine.process.arrivals.putoff import PutOff, due_of
from fql.engine.program.bulkhead import Fault, PlainError, guarded
from fql.errors import StoreError, StoreGone
from fql.exact.kinds import as_a, as_object
from fql.exact.reading import read_object
from fql.observe.logs import logger
from fql.store.port import Store
from fql.store.records import Command
from fql.store.sharing.homes import HINT, read_hint
from fql.store.showing.bulks import BULK, begun, read_asked

PAGE = 500
LONGEST_WAIT = 0.5
"""Seconds between looks at a store that nobody writes to: it may have been removed."""

Taken = NewEvent | Misfit | Order
"""What an entry becomes."""


class Inbox:
    """Watches a store's inbox. An entry is deleted in the commit that carries it out."""

    def __init__(self, store: Store, engine: Engine, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._put_off = PutOff()
        self._told = ""
        self._generation = engine.generation
        self._reading = asyncio.Lock()

    async def run(self) -> None:
        """For as long as the store is there."""
        while True:
            try:
                if not await self.read():
                    await self._store.wait(self._patience())
            except StoreGone as problem:
                self._engine.lose(problem)
                return
            except StoreError as problem:
                self._tell(problem)
                await asyncio.sleep(LONGEST_WAIT)
            else:
                self._told = ""

    def waits(self) -> bool:
        """Whether entries wait for their time."""
        return bool(self._put_off)

    def _patience(self) -> float:
        """Seconds until the next look, if nobody writes to the store."""
        due = self._put_off.next_due()
        left = LONGEST_WAIT if due is None else (due - self._clock.now()) / 1000
        return min(LONGEST_WAIT, max(0.0, left))

    def _tell(self, problem: StoreError) -> None:
        """Each reason once."""
        if problem.message != self._told:
            logger.error("the inbox cannot be read, and is tried again: %s", problem.message)
        self._told = problem.message

    async def obey_pauses(self) -> None:
        """Before the engine's first step: what is paused by now is paused in that already."""
        seen: set[int] = set()
        while commands := await self._engine.fetch(PAGE, frozenset(seen)):
            seen.update(one.id for one in commands)
            stops = [one for one in commands if one.kind in ("pause", "resume")]
            self._engine.order(*map(self._order, stops))

    async def read(self) -> int:
        """Take what is there; gives how much it was. One at a time: two readers at once would carry
        out the same entries."""
        async with self._reading:
            return await self._read_commands()

    async def _read_commands(self) -> int:
        generation = self._engine.generation
        if self._generation != generation:
            self._generation = generation
            self._put_off.clear()
        ripe = self._put_off.due(self._clock.now())[:PAGE]
        in_hand = self._put_off.entries().difference(ripe) | self._engine.entries
        new = await self._engine.fetch(PAGE, in_hand)
        if not new or generation != self._engine.generation:
            return len(new)
        self._put_off.drop(ripe)
        dues = {one.id: self._by_our_clock(due_of(one)) for one in new if one.id not in ripe}
        waiting = [one for one in new if dues.get(one.id, 0) > self._clock.now()]
        for one in waiting:
            self._put_off.put(dues[one.id], one)
        await self._hand_in([one for one in new if one not in waiting])
        return len(new)

    async def _hand_in(self, commands: Sequence[Command]) -> None:
        """Nothing is handed in before all has been understood."""
        taken = [one for command in commands for one in self._with_replays(self._taken(command))]
        events = [one for one in taken if isinstance(one, NewEvent)]
        misfits = [one for one in taken if isinstance(one, Misfit)]
        in_hand = {one.consumed for one in taken if one.consumed is not None}
        try:
            self._engine.entries.update(in_hand)
            self._engine.order(*(one for one in taken if isinstance(one, Order)))
            if events or misfits:
                await self._engine.submit(events, misfits, "inbox")
        except BaseException:  # what is in hand and was not handed in would never be read again
            self._engine.entries.difference_update(in_hand)
            raise

    def _taken(self, command: Command) -> Taken:
        if command.kind not in ("emit", "recapture"):
            return self._order(command)
        made = guarded(self._event, command)
        if isinstance(made, Fault):
            return self._misfit(command, made)
        if made is None:
            self._engine.ignore("inbox", _entity_of(command))
            return Order("ignore", consumed=command.id, shard=command.shard, bulk=bulk_of(command))
        made.shard = command.shard
        return made

    def _with_replays(self, taken: Taken) -> list[Taken]:
        """A discard stops a replay of its dead letter that has not begun."""
        if not isinstance(taken, Order) or taken.kind != "discard":
            return [taken]
        stopped = self._put_off.of_letter(taken.letter)
        self._put_off.drop(stopped)
        return [*(Order("ignore", entry, shard=taken.shard) for entry in stopped), taken]

    def _order(self, command: Command) -> Order:
        """One that cannot be read, or that nobody knows, is taken out and told of."""
        order = guarded(_order_of, command)
        if isinstance(order, Order):
            return replace(order, due=self._by_our_clock(order.due), shard=command.shard)
        logger.error(
            "entry %d of the inbox, %s, cannot be carried out: %s",
            command.id, command.kind, order.text,
        )  # fmt: skip
        return Order("ignore", consumed=command.id, shard=command.shard)

    def _by_our_clock(self, due: int) -> int:
        """Clients write times of the wall clock, which ours may be on its way to. 0 is at once."""
        return max(1, due - self._clock.drift()) if due else 0

    def _event(self, command: Command) -> NewEvent | Misfit | None:
        body = read_object(command.body)
        origin = Origin(
            as_a(str, body.get("name", "emit")), as_a(str, body["source"]),
            as_a(str, body["position"]),
        )  # fmt: skip
        envelope = as_object(body["envelope"])
        made = check_or_misfit(self._engine.program, envelope, origin, self._clock)
        letter = as_a(str, body.get("letter", ""))
        if isinstance(made, NewEvent):
            made.consumed, made.resolves = command.id, letter or None
            made.dedup = handed_in(envelope, origin, letter)
            made.only = as_a(str, body.get("only", ""))
        elif made is not None:
            made.consumed, made.letter = command.id, letter
        if made is not None:
            made.bulk = bulk_of(command)
        return made

    def _misfit(self, command: Command, fault: Fault) -> Misfit:
        """An event that cannot even be read is a dead letter with what there is of it."""
        text = command.body.decode("utf-8", "replace")
        origin = Origin("inbox", "inbox", str(command.id))
        made = unchecked({"entry": text}, origin, fault)
        made.consumed, made.shard = command.id, command.shard
        return made


def _entity_of(command: Command) -> str:
    """The name of an entity that the plan does not know."""
    envelope = as_object(read_object(command.body)["envelope"])
    return str(envelope.get("entity"))[:LONGEST_NAME]


def bulk_of(command: Command) -> int:
    """The bulk that an entry is part of, or 0. Raises TypeError."""
    return as_a(int, read_object(command.body).get("bulk", 0))


FIELDS: Mapping[str, type] = {
    "run": int, "node": str, "letter": str, "name": str, "due": int, "force": bool,
    "new_key": str, "original": bool, "bulk": int, "shard": int,
}  # fmt: skip
"""What a command may say, besides an `answer`."""


def _order_of(command: Command) -> Order:
    """Raises PlainError for what is not a command."""
    if command.kind == HINT:
        return Order(HINT, consumed=command.id, hint=read_hint(command.body))
    if command.kind == BULK:
        row = begun(command)
        form = read_asked(row.asked).form
        return Order(BULK, consumed=command.id, begins=row, dedup=form_hash(form) if form else None)
    if command.kind not in KINDS:
        raise PlainError("there is no such command")
    body: dict[str, Any] = read_object(command.body)  # the loop makes sure of each part
    for name, value in body.items():
        if name != "answer" and not (type(value) is FIELDS.get(name) and is_storable(value)):
            raise PlainError(f"`{name}` is not valid")
    return Order(command.kind, consumed=command.id, **body)
