"""A store on PostgreSQL that several engines use at once, each with some of its shards."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from fql.store.port import Lease
from fql.store.postgresql import copies, inbox
from fql.store.postgresql.reading import read
from fql.store.postgresql.store import WRITE_PATIENCE, PostgresStore
from fql.store.postgresql.wire.line import Line, Wire
from fql.store.postgresql.writing import limits, plans, shares
from fql.store.records import Command, Snapshot, StoredPlan
from fql.store.sharing.limits import Grant, Wish
from fql.store.sharing.port import Active, Share

QUICK = ("SET synchronous_commit = off",)
"""For what engines reserve, which nobody waits for on a disk."""


class SharedPostgresStore(PostgresStore):
    """Implements `fql.store.sharing.SharedStore`: engines on one schema of a database."""

    def __init__(self, url: str, *, schema: str = "fql_main", within: float = 0.0) -> None:
        super().__init__(url, schema=schema, within=within)
        self._dark: frozenset[int] = frozenset()
        self._limits = Line(url, schema, self.where, patience=WRITE_PATIENCE, settings=QUICK)

    async def open(self) -> None:
        """Connect, and make the tables where there are none."""
        self._limits.start()
        await super().open()

    async def close(self) -> None:
        """End the connections; a lease ends with them."""
        await super().close()
        await self._limits.close()

    def _begin(self, wire: Wire, holder: str) -> Lease:
        lease = shares.begin(wire, f"{holder} on {socket.gethostname()}", self.where)
        with wire.connection.transaction():
            copies.begin(wire, wanted=self._notes)
        return lease

    async def until_free(self, seconds: float) -> None:
        """An engine that is alone on the store gives it back in its own time."""
        await asyncio.sleep(seconds)

    async def share(self, lease: Lease) -> Share | None:
        """Renew the lease, and take free shards up to a fair share."""
        return await self._writing.call(lambda wire: self._shared(wire, lease), again=True)

    def _shared(self, wire: Wire, lease: Lease) -> Share | None:
        """Who was dark at the last look and still is has died, long before its lease ends."""
        before, self._dark = self._dark, shares.dark(wire, lease)
        return shares.share(wire, lease, before & self._dark)

    async def activations(self) -> Sequence[Active]:
        """Each plan that was ever active, and when last: oldest first."""
        return await self._read(plans.activations)

    async def activate(self, plan: StoredPlan, *, again: bool) -> Active:
        """Let all engines work by this plan; unless it is to be so `again`, only where it was never
        active."""
        work = lambda wire: plans.activate(wire, plan, again=again)  # noqa: E731
        return await self._writing.call(work, again=True)

    async def load_shards(self, lease: Lease, shards: frozenset[int]) -> Snapshot:
        """What an engine needs of shards that it has taken."""
        return await self._read(lambda wire: read.load(wire, lease, shards))

    async def fetch_shards(
        self, limit: int, but: frozenset[int], shards: frozenset[int]
    ) -> Sequence[Command]:
        """Commands for these shards, oldest first, without those that the engine has in hand."""
        mine = sorted(shards)
        return await self._read(lambda wire: inbox.commands_of(wire, limit, sorted(but), mine))

    async def clock(self) -> int:
        """The server's clock."""
        return await self._read(shares.clock)

    async def busy(self, lease: Lease, since: int, mine: int) -> bool:
        """Whether another engine still has work, or shards are with nobody who knows of them."""
        return await self._read(lambda wire: shares.busy(wire, lease, since, mine))

    async def reserve(self, lease: Lease, wishes: Sequence[Wish]) -> list[Grant]:
        """Tokens and slots that all engines share. What a crash of the server forgets of tokens is
        less than a second old; of slots it forgets nothing that an engine was given."""
        return await self._limits.call(lambda wire: limits.reserve(wire, lease, wishes))
