"""The loop follows what other engines of its store, and people, have brought about: shards that
have come or must leave, and another plan that all are to work by. Decision 0222."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fql.engine.loop.cycle import Waiting
from fql.engine.loop.sharing.part import Sharing
from fql.engine.program.model import Program
from fql.errors import StoreError, StoreGone
from fql.observe.events import Lifecycle, StoreTrouble
from fql.store.records import Snapshot

Programs = tuple[Program, Mapping[str, Program]]
Adopt = Callable[[str], Awaitable[Programs]]
"""Makes the program of a stored plan, by its short digest, which the engine is to work by from now
on, and those of other stored plans. Raises StoreError when that must be tried again."""


class Following:
    """Asked before each cycle. `tell` hears of what has changed."""

    def __init__(
        self, session: Sharing, tell: Callable[[Lifecycle], None], adopt: Adopt | None
    ) -> None:
        self._session = session
        self._tell = tell
        self._adopt = adopt

    async def shares(self, waiting: Waiting) -> Snapshot | None:
        """Let the next step know of shards that have been taken, and of others that should leave;
        gives what is stored of new ones. Raises StoreGone."""
        share = self._session.news()
        if share is None:
            return None
        waiting.share, waiting.gained = share, await self._session.gain(share)
        self._session.tell_moved()
        return waiting.gained

    async def plan(self) -> Programs | None:
        """What to work by from now on, where another plan is active. Raises StoreGone."""
        active = self._session.newer_plan()
        if active is None or self._adopt is None:
            return None
        try:
            programs = await self._adopt(active.short)
        except StoreGone:
            raise
        except StoreError as problem:
            self._tell(StoreTrouble(problem.message))
            await self._session.breathe()
            return None
        self._session.work_by(active)
        return programs

    async def look(self) -> None:
        """Ask which plan is active: a commit was refused for that."""
        try:
            await self._session.renew()
        except StoreError as problem:
            self._tell(StoreTrouble(problem.message))
