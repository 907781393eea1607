"""The port of a store that several engines use at once, each with some of its shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from fql.store.port import Lease, Store
from fql.store.records import Command, Snapshot
from fql.store.sharing.holding import Holding
from fql.store.sharing.limits import Grant, Known, Wish


@dataclass(frozen=True, slots=True)
class Share:
    """What one engine has of a store. `live` is how many engines there are, `pauses` what people
    have paused, as it is stored, `known` what the engines know of endpoints of which something has
    been said lately, `now` the store's clock in milliseconds since 1970."""

    mine: frozenset[int]
    live: int
    pauses: frozenset[str] = frozenset()
    known: Mapping[str, Known] = field(default_factory=dict)
    now: int = 0


@runtime_checkable
class SharedStore(Store, Protocol):
    """A store that more than one engine may use: `acquire` begins a session beside others, and its
    lease is `shared`. Calls raise StoreError."""

    async def share(self, lease: Lease) -> Share | None:
        """Renew the lease, fence engines whose lease is over, and take free shards up to a fair
        share; None where this session is fenced itself. An engine gives shards back in a commit,
        as `Mutations.released`."""
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

    async def busy(self, lease: Lease) -> bool:
        """Whether an engine, whichever, has open runs or entries of the inbox to work on."""
        ...
