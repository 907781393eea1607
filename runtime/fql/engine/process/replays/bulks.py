"""Walks over the dead letters of bulk replays, newest first, and marks them page by page.

A bulk is a row with a cursor. What it marks and where the cursor is then are one commit of the
engine, so each dead letter is passed once, whoever dies meanwhile. Decision 0290.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from fql.engine.core.held.inputs import Marks, Order
from fql.engine.loop.clock import Clock
from fql.engine.loop.engine import Engine
from fql.engine.process.replays.marking import Judging, Manner, Marking
from fql.engine.program.bulkhead import Fault, guarded
from fql.engine.program.model import Program
from fql.errors import StoreError
from fql.exact.writing import write_json
from fql.observe.logs import logger
from fql.store.choosing import newest_last
from fql.store.history.rows import RUNNING, BulkRow, Posted
from fql.store.port import Store
from fql.store.records import LetterRow
from fql.store.sharing.homes import FIRST
from fql.store.showing.bulks import STOP, BulkAsked, read_asked, with_passed

MOST = 500
"""How many are marked in one commit."""
TICK = 0.2
"""Seconds between two looks at bulks that go on, at most."""
SHORT = 0.05
"""The same at least, where more than one falls due in it."""
CALM = 1.0
"""The same where there is none, or where the store does not answer."""
ROWS = 10_000
"""How many bulks are looked at, the newest first."""


class Pace:
    """So many a second at most; what was missed for more than a second is not made up for."""

    def __init__(self) -> None:
        self._room = 1.0
        self._at: int | None = None

    def room(self, rate: float, now: int) -> int:
        """How many may be marked now."""
        passed = 0 if self._at is None else max(0, now - self._at)
        self._at = now
        self._room = min(self._room + passed * rate / 1000, max(1.0, rate))
        return min(int(self._room), MOST)

    def spend(self, marked: int) -> None:
        """So many were marked."""
        self._room -= marked

    def wait(self, rate: float) -> float:
        """Seconds until there is room for one more; 0 where there is room now."""
        if self._room >= 1:
            return 0.0
        least = SHORT if rate * SHORT > 1 else 0.0
        return min(TICK, max(least, (1 - self._room) / rate))


class Walked:
    """A bulk that goes on: its pace, and what judges its dead letters by the active plan."""

    def __init__(self) -> None:
        self.pace = Pace()
        self._start: int | None = None
        self._judged: tuple[str, Judging] | None = None

    def begins(self, asked: BulkAsked, clock: Clock) -> int:
        """When it begins by our clock: it was asked for by that of the wall, which ours may be on
        its way to."""
        if self._start is None:
            self._start = asked.start - clock.drift() if asked.start else 0
        return self._start

    def judging(self, store: Store, asked: BulkAsked, program: Program) -> Judging:
        """What judges them."""
        if self._judged is None or self._judged[0] != program.short:
            manner = Manner(asked.original, asked.force, asked.answer)
            self._judged = program.short, Judging(store, manner, program.plan)
        return self._judged[1]


class Bulks:
    """The bulk replays of a store, in the engine that has the first shard."""

    def __init__(self, store: Store, engine: Engine, clock: Clock) -> None:
        self._store = store
        self._engine = engine
        self._clock = clock
        self._walked: dict[int, Walked] = {}
        self._tenure = -1

    def waits(self) -> bool:
        """Whether there may be some to mark yet."""
        return self._engine.owns(FIRST) and (self._has_news() or bool(self._walked))

    def _has_news(self) -> bool:
        return self._engine.bulk_begun.is_set() or self._tenure != self._engine.tenure

    async def run(self) -> None:
        """For ever."""
        while True:
            pause = CALM
            if self._engine.owns(FIRST):
                with suppress(StoreError):
                    pause = await self.step()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._engine.bulk_begun.wait()

    async def step(self) -> float:
        """Mark what there is room for; gives the seconds until the next time."""
        await self._look()
        pauses = [await self._walk(number) for number in list(self._walked)]
        if not self._walked:
            return CALM
        pause = min(pauses)
        return TICK if not pause and (await self._store.size()).inbox > 2 * MOST else pause

    async def _look(self) -> None:
        """Which bulks go on."""
        if not self._has_news():
            return
        self._engine.bulk_begun.clear()
        tenure = self._engine.tenure
        rows = await self._store.bulks(limit=ROWS)
        running = [row.id for row in rows if row.state == RUNNING]
        self._walked = {number: self._walked.get(number) or Walked() for number in running}
        self._tenure = tenure

    async def _walk(self, number: int) -> float:
        """Mark the next ones of a bulk; gives the seconds until there is room for more."""
        seen = (self._engine.generation, self._engine.tenure)
        rows = await self._store.bulks([number])
        if not rows or rows[0].state != RUNNING:
            del self._walked[number]
            return CALM
        row, walked = rows[0], self._walked[number]
        asked = guarded(read_asked, row.asked)
        if isinstance(asked, Fault):
            logger.error("bulk %x is stopped, as it cannot be read: %s", number, asked.text)
            self._engine.order(Order(STOP, bulk=number))
            return CALM
        now = self._clock.now()
        if walked.begins(asked, self._clock) > now:
            return TICK
        room = walked.pace.room(asked.rate, now)
        if not room:
            return walked.pace.wait(asked.rate)
        judging = walked.judging(self._store, asked, self._engine.program)
        marks = await self._next(row, asked, room, judging)
        await self._engine.mark(marks, seen)
        if marks.last:
            del self._walked[number]
            return CALM
        walked.pace.spend(len(marks.replays))
        return walked.pace.wait(asked.rate)

    async def _next(self, row: BulkRow, asked: BulkAsked, room: int, judging: Judging) -> Marks:
        """The next ones that are replayed, and how far that is. Those that are not are passed, and
        counted by the reason."""
        cursor, limit = (row.cursor_at, row.cursor_id), room
        passed = Counter[str]()
        while True:
            wanted = replace(asked.letters, below=cursor, limit=limit)
            page = await self._store.letters(wanted)
            within = [
                one for one in page if asked.oldest is None or newest_last(one) >= asked.oldest
            ]
            why_not = await judging.obstacles(within)
            chosen = [one for one in within if one.id not in why_not][:room]
            over = len(page) < limit or len(within) < len(page)
            if len(chosen) == room:
                over = over and chosen[-1] is within[-1]
                cursor = newest_last(chosen[-1])
            elif within:
                cursor = newest_last(within[-1])
            looked_at = (one for one in within if newest_last(one) >= cursor)
            passed.update(why_not[one.id] for one in looked_at if one.id in why_not)
            if over or chosen:
                posted = self._posted(row, judging.marking, chosen)
                return Marks(row.id, cursor, posted, over, with_passed(row.asked, passed))
            limit = MOST

    def _posted(
        self, bulk: BulkRow, marking: Marking, letters: Sequence[LetterRow]
    ) -> list[Posted]:
        at, made = self._clock.now() + self._clock.drift(), []
        for letter in letters:
            kind, body = marking.command(letter, bulk=bulk.id)
            home = letter.shard if letter.run is not None else self._engine.home(letter.source)
            made.append(Posted(kind, write_json(body), at, bulk.by, home))
        return made
