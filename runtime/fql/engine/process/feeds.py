"""One task for each source: fetch, check, hand in, and acknowledge after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence

from fql.engine.core.inputs import Misfit, NewEvent
from fql.engine.core.keys import position_hash
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.checks import Origin, check_or_misfit
from fql.errors import SettingsError, StoreError
from fql.intake.port import Arrival, Source
from fql.plan.model import Plan

GROUP = 500
"""Most arrivals that are handed in at once."""
TROUBLE_PAUSE = 0.5


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


class Feed:
    """Reads one source until it ends or is stopped. `empty` counts how often in a row nothing was
    there, at least a second apart."""

    def __init__(self, source: Source, engine: Engine, clock: Clock) -> None:
        self._source = source
        self._engine = engine
        self._clock = clock
        self._empty_since: int | None = None
        self.ended = False

    def quiet(self) -> bool:
        """The source has ended, or was found empty twice a second apart."""
        since = self._empty_since
        return self.ended or (since is not None and self._clock.now() - since >= 1000)

    async def run(self) -> None:
        """Until the source ends."""
        while True:
            arrivals = await self._source.fetch(GROUP)
            if arrivals:
                self._empty_since = None
                await self._take(arrivals)
            elif self._source.ended:
                self.ended = True
                return
            else:
                if self._empty_since is None:
                    self._empty_since = self._clock.now()
                await self._source.wait(0.5)

    async def _take(self, arrivals: Sequence[Arrival]) -> None:
        events, misfits = self._sort(arrivals)
        while events or misfits:
            try:
                await self._engine.submit(events, misfits, self._source.name)
                break
            except StoreError:
                # Nothing was stored; the source still has it.
                await asyncio.sleep(TROUBLE_PAUSE)
                return
        await self._source.done(arrivals)

    def _sort(self, arrivals: Sequence[Arrival]) -> tuple[list[NewEvent], list[Misfit]]:
        source, engine = self._source, self._engine
        last = engine.positions.get(source.incarnation, -1) if source.ordered else -1
        events: list[NewEvent] = []
        misfits: list[Misfit] = []
        for arrival in arrivals:
            if arrival.order is not None and arrival.order <= last:
                continue
            made = self._made(arrival)
            if made is None:
                engine.ignore(source.name)
            elif isinstance(made, NewEvent):
                events.append(made)
            else:
                misfits.append(made)
        return events, misfits

    def _made(self, arrival: Arrival) -> NewEvent | Misfit | None:
        source = self._source
        origin = Origin(source.name, source.incarnation, arrival.position)
        made = check_or_misfit(
            self._engine.program, arrival.envelope, origin, self._clock, arrival.problem
        )
        if made is not None:
            made.order = arrival.order
            if made.dedup is None and not source.ordered:
                made.dedup = position_hash(source.incarnation, arrival.position)
        return made
