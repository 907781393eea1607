"""Events handed in at a store from outside its engine.

What an event costs does not grow with the plan: the plan is read when another becomes active, and
many events that wait at the same time share one look at the store and one commit.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fql.engine.loop.clock import Clock
from fql.engine.process.arrivals.checks import Origin, check, handed_in
from fql.engine.process.receipts import Handed, Receipt, Taken
from fql.engine.program.bulkhead import Fault, guarded
from fql.engine.program.model import Program
from fql.errors import FqlError, UsageError
from fql.events.intake import Intake
from fql.looking import active_plan, encoded
from fql.plan.model import Plan
from fql.store.port import Store
from fql.store.works import inbox_name

MOST = 1_000
"""Events that share a commit; a caller who brings more at once gets one for them alone."""


@dataclass(slots=True)
class _Unit:
    """Events whose caller waits for their receipts. If they belong together (`whole`), all of them
    are handed in or none; otherwise those that fit."""

    envelopes: Sequence[Mapping[str, object]]
    receipts: asyncio.Future[list[Taken]]
    whole: bool
    made: list[_Ready | FqlError] = field(default_factory=list)


class _Ready(NamedTuple):
    """A checked event: `body` is what goes into the inbox."""

    event_id: str
    known_by: bytes
    body: bytes


class Emitter:
    """Hands events in at one store, in the order of the calls. Used in one event loop."""

    def __init__(self, store: Store, clock: Clock, by: str = "") -> None:
        self._store = store
        self._clock = clock
        self._by = by
        self._short: str | None = None
        self._program: Program | None = None
        self._waiting: deque[_Unit] = deque()
        self._work: asyncio.Task[None] | None = None

    async def emit(self, envelopes: Iterable[Mapping[str, object]], *, whole: bool) -> list[Taken]:
        """See `Client.emit_many`; and `Client.emit_all`, if they are to be taken as a `whole`."""
        given = listed(envelopes)
        if not given:
            return []
        unit = _Unit(given, asyncio.get_running_loop().create_future(), whole)
        self._waiting.append(unit)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._hand_in())
        return await unit.receipts

    async def _hand_in(self) -> None:
        """Until nobody waits: what waits now, in one commit."""
        while self._waiting:
            group = self._next()
            (problem,) = await asyncio.gather(self._together(group), return_exceptions=True)
            if problem is not None:
                for unit in group:
                    _tell(unit, problem)

    def _next(self) -> list[_Unit]:
        """The first units that fit into a commit; one that is larger goes alone."""
        group = [self._waiting.popleft()]
        events = len(group[0].envelopes)
        while self._waiting and events + len(self._waiting[0].envelopes) <= MOST:
            group.append(self._waiting.popleft())
            events += len(group[-1].envelopes)
        return [unit for unit in group if not unit.receipts.done()]

    async def _together(self, group: Sequence[_Unit]) -> None:
        program = await self._active()
        sound = [unit for unit in group if self._is_sound(unit, program)]
        entries = await self._stored([one for unit in sound for one in unit.made])
        for unit in sound:
            receipts = [one if isinstance(one, FqlError) else next(entries) for one in unit.made]
            if not unit.receipts.done():
                unit.receipts.set_result(receipts)

    async def _stored(self, made: Sequence[_Ready | FqlError]) -> Iterator[Receipt]:
        """The receipts of what fits, in order."""
        ready = [one for one in made if isinstance(one, _Ready)]
        if not ready:
            return iter(())
        known = set(await self._store.known([one.known_by for one in ready]))
        commands = [("emit", one.body) for one in ready]
        entries = await self._store.append(commands, self._clock.now(), self._by)
        receipts = []
        for one, entry in zip(ready, entries, strict=True):
            receipts.append(_receipt(one, entry, one.known_by in known))
            known.add(one.known_by)
        return iter(receipts)

    def _is_sound(self, unit: _Unit, program: Program | None) -> bool:
        """Whether it may be handed in; if not, its caller is told why, and nobody else."""
        for number, envelope in enumerate(unit.envelopes, 1):
            made = guarded(self._checked, envelope, program)
            if isinstance(made, Fault):
                why = f"the event cannot be checked: {made.text}"
                made = FqlError(why, hint="report this fault")
            if unit.whole and isinstance(made, FqlError):
                _tell(unit, made.one_of_many(number) if len(unit.envelopes) > 1 else made)
                return False
            unit.made.append(made)
        return True

    def _checked(
        self, envelope: Mapping[str, object], program: Program | None
    ) -> _Ready | FqlError:
        try:
            return self._one(envelope, program)
        except FqlError as refused:
            return refused

    def _one(self, envelope: Mapping[str, object], program: Program | None) -> _Ready:
        position = uuid.uuid4().hex
        origin = Origin("emit", "inbox", position)
        if program is not None:
            check(program, envelope, origin, self._clock)
        body = {"source": "inbox", "position": position, "envelope": dict(envelope)}
        return _Ready(str(envelope.get("id") or ""), handed_in(envelope, origin), encoded(body))

    async def _active(self) -> Program | None:
        """What checks events by the plan that is active now; None before the first engine."""
        short = await self._store.active()
        if short != self._short:
            plan = await active_plan(self._store)
            self._program = None if plan is None else _checking(plan)
            self._short = short
        return self._program


def listed(envelopes: Iterable[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """Many envelopes as a list. Raises UsageError for a single one."""
    if isinstance(envelopes, Mapping | str | bytes):
        raise UsageError("a single event was given where many are taken", hint="give a list of it")
    return list(envelopes)


def _receipt(one: _Ready, entry: int, duplicate: bool) -> Receipt:
    handed = Handed(entry, one.known_by)
    return Receipt(inbox_name(entry), one.event_id, duplicate=duplicate, handed=handed)


def _tell(unit: _Unit, problem: BaseException) -> None:
    if not unit.receipts.done():
        unit.receipts.set_exception(problem)


def _checking(plan: Plan) -> Program:
    """A program that can check events and nothing else."""
    intake = Intake(plan)
    return Program("", plan.digest, {}, lambda _event: (), intake.restore, plan=plan, intake=intake)
