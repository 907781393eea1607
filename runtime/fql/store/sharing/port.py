"""The port of a store that several engines use at once, each with some of its shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from fql.store.port import Lease, Store
from fql.store.records import Command, Snapshot, StoredPlan
from fql.store.sharing.holding import Holding
from fql.store.sharing.limits import Grant, Known, Wish

NO_PLAN = 0
"""The generation before the first one."""
ANY_PLAN = 1 << 62
"""In place of a generation: a commit counts whatever plan is active."""


class Active(NamedTuple):
    """The plan that is active on a store, by its short digest. Each activation has the next
    `generation`."""

    generation: int = NO_PLAN
    short: str = ""


NOTHING = Active()
"""Before the first plan."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one engine has of a store. `live` is how many engines there are, `active` the plan that
    all of them work by, `pauses` what people have paused, as it is stored, `known` what the engines
    know of endpoints of which something has been said lately, `now` the store's clock in
    milliseconds since 1970. `watched` says that the engine with the first shard is, and has said so
    within three seconds."""

    mine: frozenset[int]
    live: int
    pauses: frozenset[str] = frozenset()
    known: Mapping[str, Known] = field(default_factory=dict)
    now: int = 0
    active: Active = NOTHING
    watched: bool = False


@runtime_checkable
class SharedStore(Store, Protocol):
    """A store that more than one engine may use: `acquire` begins a session beside others, and its
    lease is `shared`. Calls raise StoreError."""

    async def share(self, lease: Lease) -> Share | None:
        """Renew the lease, fence engines whose lease is over, and take free shards up to a fair
        share; None where this session is fenced itself. An engine gives shards back in a commit,
        as `Mutations.released`."""
        ...

    async def activations(self) -> Sequence[Active]:
        """Each plan that was ever active, and when last: oldest first."""
        ...

    async def activate(self, plan: StoredPlan, *, again: bool) -> Active:
        """Let all engines work by this plan; unless it is to be so `again`, only where it was never
        active. Gives what is active then."""
        ...

    async def load_shards(self, lease: Lease, shards: frozenset[int]) -> Snapshot:
        """What an engine needs of shards that it has taken."""
        ...

    async def fetch_shards(
        self, limit: int, but: frozenset[int], shards: frozenset[int]
    ) -> Sequence[Command]:
        """As `fetch`, for these shards."""
        ...

    async def reserve(self, lease: Lease, wishes: Sequence[Wish]) -> list[Grant]:
        """Tokens and slots that all engines share, and what they know of the endpoints."""
        ...

    async def holdings(self) -> Sequence[Holding]:
        """Which engine has which shards and slots."""
        ...

    async def clock(self) -> int:
        """The store's clock, in milliseconds since 1970."""
        ...

    async def busy(self, lease: Lease, since: int, mine: int) -> bool:
        """Whether an engine, whichever, has open runs or entries of the inbox to work on, or shards
        are with no engine that was heard `since` a time of the store's clock, or this one has not
        as many as it knows of, `mine`: nobody knows what there is to do in those, such as a source
        that nobody reads."""
        ...
