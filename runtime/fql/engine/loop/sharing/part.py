"""The part of a session that is about other engines of the same store: which shards are this one's,
and which plan all of them work by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace

from fql.engine.core.held.shards import Shards
from fql.engine.loop.sharing.asking import Asking
from fql.errors import StoreError, StoreGone
from fql.observe.events import Lifecycle, ShardsMoved, StoreTrouble
from fql.store.port import Lease, Store
from fql.store.records import Command, Snapshot, StoredPlan
from fql.store.sharing.homes import fair_share
from fql.store.sharing.limits import Grant, Wish
from fql.store.sharing.port import NO_PLAN, Active, Share, SharedStore

CALM = 60.0
"""Seconds after which being fenced is taken for news."""
SHARING = 1.0
"""Seconds between two questions of an engine for its share of a store."""
LACKING = 0.25
"""The same for one that has too little."""


class Sharing(ABC):
    """What an engine knows of its store and the others there. `tell` hears of trouble."""

    def __init__(self, store: Store, tell: Callable[[Lifecycle], None]) -> None:
        self._store = store
        self._tell = tell
        self._lease = Lease(0)
        self._held_at = self._shared_at = 0
        self._shared = store if isinstance(store, SharedStore) else None
        self._share: Share | None = None
        self._heard: Share | None = None
        self._live = 1
        self._told = 0
        self._active: Active | None = None
        self._asking = Asking(self._shared, tell)
        self.generation = NO_PLAN
        self.mine: frozenset[int] = frozenset((0,))

    @abstractmethod
    async def renew(self) -> None:
        """Hold the store for another lease, and hear what is new there. Raises StoreError."""

    @abstractmethod
    async def breathe(self) -> None:
        """Between two tries of what has just failed."""

    def held(self) -> Shards:
        """The shards that are this engine's, for a new state."""
        shared, asked = self._shared is not None, self._asking.asked()
        return Shards(self._lease.shards, self.mine, shared=shared, asked=asked)

    @property
    def shards(self) -> int:
        """How many parts the work of the store has."""
        return self._lease.shards

    def _patience(self) -> float:
        """Seconds from one renewal to the next one. Who has less than a fair share asks often: the
        others give theirs back at any time."""
        third = (self._lease.seconds or CALM) / 3
        if self._shared is None:
            return third
        count = self._lease.shards
        lacks = len(self.mine) < count - fair_share(count, self._live) * (self._live - 1)
        return min(third, LACKING if lacks else SHARING)

    def _renewed(self) -> int:
        """When the lease was last held for its time; a store that is shared is asked besides
        commits."""
        return self._held_at if self._shared is None else self._shared_at

    async def activate(self, plan: StoredPlan) -> None:
        """Where engines share the store, they are to work by this plan, if it was never active
        there. Raises StoreError."""
        if self._shared is not None:
            self._active = await self._shared.activate(plan, again=False)
            ours = self._active.short == plan.short
            self.generation = self._active.generation if ours else NO_PLAN

    def work_by(self, active: Active) -> None:
        """This engine works by the plan that is active from now on."""
        self._active, self.generation = active, active.generation

    def newer_plan(self) -> Active | None:
        """The plan that is active by the last renewal, where this engine works by an older one."""
        active = self._active
        return active if active is not None and active.generation > self.generation else None

    def news(self) -> Share | None:
        """What a renewal has told of, once."""
        share, self._share = self._share, None
        return share

    def tell_moved(self) -> None:
        """Tell how many more or fewer shards this engine has than when that was last told."""
        before, self._told = self._told, len(self.mine)
        if self._shared is not None and self._told != before:
            change = self._told - before
            taken, given = max(change, 0), max(-change, 0)
            self._tell(ShardsMoved(taken, given, self._told, self._lease.shards, self._live))

    def remind(self) -> None:
        """A new state has yet to hear what the last renewal told of, except for shards. What the
        one before it has asked for, it gives back."""
        self._asking.forget_all()
        if self._share is None and self._heard is not None:
            self._share = replace(self._heard, mine=self.mine)

    async def gain(self, share: Share) -> Snapshot | None:
        """What is stored of shards that are new, once it could be read. Raises StoreGone."""
        gained = share.mine - self.mine
        if self._shared is None or not gained:
            return None
        try:
            snapshot = await self._shared.load_shards(self._lease, gained)
        except StoreGone:
            raise
        except StoreError as problem:  # the next renewal brings them again
            self._tell(StoreTrouble(problem.message))
            return None
        self.mine |= gained
        return snapshot

    async def fetch(self, limit: int, but: frozenset[int]) -> Sequence[Command]:
        """Commands in the inbox that are for this engine. Raises StoreError."""
        if self._shared is None:
            return await self._store.fetch(limit, but)
        return await self._shared.fetch_shards(limit, but, self.mine)

    def reserve(self, wishes: list[Wish], take: Callable[[list[Grant]], None]) -> None:
        """Ask the store that keeps limits for several engines; `take` gets its answer."""
        self._asking.ask(self._lease, wishes, take)

    async def shared_clock(self) -> int:
        """The clock of a store that engines share; 0 on others. Raises StoreError."""
        return 0 if self._shared is None else await self._shared.clock()

    async def is_busy(self, since: int) -> bool:
        """Whether another engine still has work, or was not heard `since`. Raises StoreError."""
        return self._shared is not None and await self._shared.busy(
            self._lease, since, len(self.mine)
        )

    async def load(self) -> Snapshot:
        """What is stored now. Raises StoreError."""
        if self._shared is None:
            return await self._store.load(self._lease)
        return await self._shared.load_shards(self._lease, self.mine)
