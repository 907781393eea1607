"""One task for each source: fetch, check, hand in, and acknowledge after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence
from datetime import datetime

from fql.engine.core.held.inputs import Misfit, NewEvent
from fql.engine.core.held.keys import position_hash
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.arrivals.checks import Origin, check_or_misfit
from fql.errors import SettingsError, StoreError
from fql.intake.port import Arrival, Source
from fql.near import did_you_mean
from fql.observe.logs import logger
from fql.plan.model import Plan
from fql.store.records import Taken

GROUP = 500
"""Most arrivals that are handed in at once."""
TROUBLE_PAUSE = 0.5
AWAY = 0.1
"""Seconds between looks whether this engine reads the source now."""


def require_old_values(plan: Plan, source: Source) -> None:
    """Raises SettingsError FQL223 when observers need old values that the source lacks."""
    supplied = source.supplies_old
    if supplied is True:
        return
    for observer in plan.observers:
        for trigger in observer.on:
            if not observer.requires.old_values or trigger.event == "insert":
                continue
            if not isinstance(supplied, Container) or trigger.entity not in supplied:
                fields = ", ".join(observer.requires.old_values)
                raise SettingsError(
                    f"FQL223: observer {observer.name} needs old values of {trigger.entity}"
                    f" ({fields}), and source {source.name} does not supply them",
                    hint="install the capture again (`fqlc capture install`) with this plan",
                )


LONGEST_NAME = 200
"""Characters of the name of an unknown entity that are kept."""


class Feed:
    """Reads one source until it ends or is stopped. `quiet` says whether nothing was there twice,
    at least a second apart."""

    def __init__(self, source: Source, engine: Engine, clock: Clock) -> None:
        self._source = source
        self._engine = engine
        self._clock = clock
        self._empty_since: int | None = None
        self._met: set[bytes] = set()
        self._looked_over = self._begun = self._away = False
        self._strangers: set[str] = set()
        self._oldest: int | None = None
        self._earlier: set[str] = set()
        self.ended = False
        self.name = source.name

    def lag(self) -> int:
        """How long, in milliseconds, the oldest event read and not stored has waited since it was
        written; 0 where nothing waits."""
        return 0 if self._oldest is None else max(0, self._clock.now() - self._oldest)

    def quiet(self) -> bool:
        """The source has ended, or was found empty twice a second apart. One that is in trouble
        is not quiet: nobody knows what is there; and one that was another engine's until now has
        yet to be read."""
        if self._away and self._engine.owns(self._engine.home(self.name)):
            return False
        since = self._empty_since
        return self.ended or (since is not None and self._clock.now() - since >= 1000)

    async def run(self) -> None:
        """Until the source ends."""
        shard = self._engine.home(self.name)
        known = (-1, 0)
        while True:
            if not self._engine.owns(shard):
                # Another engine reads it: for this one, nothing is there.
                known, self._oldest = (-1, 0), None
                self._empty_since, self._away = self._empty_since or self._clock.now(), True
                await asyncio.sleep(AWAY)
                continue
            if self._away:
                self._empty_since, self._away = None, False
            generation = self._engine.generation
            if (generation, self._engine.tenure) != known:
                self._begin(first=known == (-1, 0))
                known = (generation, self._engine.tenure)
            arrivals = await self._source.fetch(GROUP)
            self._engine.forget(self._source.gone())
            if generation != self._engine.generation:
                continue  # another engine may have taken these rows, and have forgotten them again
            self._oldest = written_at(arrivals[0], self._clock.now()) if arrivals else None
            if arrivals:
                self._empty_since = None
                await self._take_arrivals(arrivals)
            elif self._source.ended:
                self.ended = True
                return
            else:
                self._note_empty()
                await self._source.wait(0.5)

    def _begin(self, *, first: bool) -> None:
        """Read from where the store says, or again what was read and may not have been stored."""
        if first:
            self._source.recall(self._engine.positions)
            self._looked_over, self._met = False, set()
        if self._begun:
            self._source.begin_again()
        self._begun = True

    def _note_empty(self) -> None:
        if self._source.health().trouble:
            self._empty_since = None
            return
        if self._empty_since is None:
            self._empty_since = self._clock.now()
        if not self._looked_over and self._source.health().whole:
            self._looked_over = True
            self._forget_strays()

    def _forget_strays(self) -> None:
        """All that is there was seen: rows of this outbox that the store knows and that are not
        there any more were deleted by an earlier process. Nothing comes from a former one."""
        here, met = {self._source.outbox, *self._source.health().former}, self._met
        known = self._engine.taken.items()
        self._engine.forget([id_ for id_, outbox in known if outbox in here and id_ not in met])
        self._met = set()

    async def _take_arrivals(self, arrivals: Sequence[Arrival]) -> None:
        events, misfits = self._sort(arrivals)
        if events or misfits:
            try:
                shard = self._engine.home(self.name)
                await self._engine.submit(events, misfits, self.name, shard)
            except StoreError:
                # Nothing was stored; the source still has it.
                await asyncio.sleep(TROUBLE_PAUSE)
                return
        if not self._looked_over:
            self._met.update(item.row.id for item in arrivals if item.row is not None)
        await self._source.done(arrivals)

    def _sort(self, arrivals: Sequence[Arrival]) -> tuple[list[NewEvent], list[Misfit]]:
        events: list[NewEvent] = []
        misfits: list[Misfit] = []
        for arrival in arrivals:
            if arrival.row is not None and arrival.row.id in self._engine.taken:
                continue
            made = self._made(arrival)
            if made is None:
                self._ignore(str(arrival.envelope.get("entity")))
            elif isinstance(made, NewEvent):
                events.append(made)
            else:
                misfits.append(made)
        return events, misfits

    def _ignore(self, entity: str) -> None:
        """Count it, and warn once a name: it may be a slip of whoever writes the events."""
        self._engine.ignore(self._source.name, entity[:LONGEST_NAME])
        if entity in self._strangers:
            return
        self._strangers.add(entity)
        plan = self._engine.program.plan
        names = [] if plan is None else [one.name for one in plan.entities]
        meant = did_you_mean(entity, names)
        logger.warning(
            "source %s: events of %r are ignored: the plan has no such entity%s",
            self._source.name, entity, f"; {meant}" if meant else "",
        )  # fmt: skip

    def _made(self, arrival: Arrival) -> NewEvent | Misfit | None:
        source, row = self._source, arrival.row
        origin = Origin(source.name, source.incarnation, arrival.position)
        program, problem = self._engine.program, arrival.problem
        made = check_or_misfit(program, arrival.envelope, origin, self._clock, problem)
        if arrival.older and not problem and not isinstance(made, NewEvent):
            made = self._by_an_earlier_plan(arrival, origin) or made
        if made is not None and row is not None:
            made.row = Taken(row.id, row.outbox, row.number)
        elif made is not None and made.dedup is None:
            made.dedup = position_hash(source.incarnation, arrival.position)
        return made

    def _by_an_earlier_plan(self, arrival: Arrival, origin: Origin) -> NewEvent | None:
        """What was captured for a plan that this engine had before, as that plan means it: the
        newest one that it fits. The runs of it go by that plan as well."""
        active = self._engine.program
        programs = [one for one in self._engine.state.programs.values() if one.plan is not None]
        for program in reversed(programs):
            if program.short == active.short or program.blocked:
                continue
            made = check_or_misfit(program, arrival.envelope, origin, self._clock)
            if isinstance(made, NewEvent):
                made.program = program
                self._tell_of_an_earlier_plan(program.short)
                return made
        return None

    def _tell_of_an_earlier_plan(self, plan: str) -> None:
        if plan not in self._earlier:
            self._earlier.add(plan)
            logger.info(
                "source %s: rows that were captured for plan %s are judged by it",
                self._source.name, plan,
            )  # fmt: skip


def written_at(arrival: Arrival, now: int) -> int:
    """When an event was written at its source, in milliseconds since 1970: a row of an outbox says
    so, others may. Otherwise it is `now`."""
    written = arrival.envelope.get("timestamp")
    if arrival.at is not None or arrival.row is None or not isinstance(written, str):
        return now if arrival.at is None else arrival.at
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return now
    return int(moment.timestamp() * 1000) if moment.tzinfo is not None else now
