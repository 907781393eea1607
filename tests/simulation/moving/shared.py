"""A store that several engines share, as PostgreSQL does it: sessions with leases, shards that are
free, owned, taken and given back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fql.engine.core.held.inputs import Order
from fql.store.changing import changes_of
from fql.store.records import Mutations, Page, Paged, Snapshot
from fql.store.sharing.homes import HINT, fair_share
from fql.store.sharing.port import Share
from fql.store.tables import Change, Tables

SHARDS = 6
LEASE = 10_000
"""Milliseconds."""


@dataclass
class Session:
    """One engine, as the store knows it."""

    expires: int
    cycle: int = 0
    state: str = "live"


@dataclass
class Shared:
    """All rows, and who has which shards. `now` is the server's clock, in milliseconds."""

    now: Callable[[], int]
    tables: Tables = field(default_factory=Tables)
    sessions: dict[int, Session] = field(default_factory=dict)
    owner: dict[int, int] = field(default_factory=dict)
    crashed: set[int] = field(default_factory=set)
    inbox: dict[int, Order] = field(default_factory=dict)
    _entries: int = 0

    def begin(self) -> int:
        """A new session; its number makes its ids."""
        number = len(self.sessions) + 1
        self.sessions[number] = Session(self.now() + LEASE)
        return number

    def share(self, me: int) -> Share | None:
        """Renew, fence who has lost the lease, take what is free up to a fair share."""
        if self.sessions[me].state != "live":
            return None
        self.sessions[me].expires = self.now() + LEASE
        for number, session in self.sessions.items():
            if number != me and session.state == "live" and session.expires < self.now():
                session.state = "fenced"
        live = sum(one.state == "live" for one in self.sessions.values())
        free = [shard for shard in range(SHARDS) if self._is_free(shard)]
        for shard in free[: max(0, fair_share(SHARDS, live) - len(self.mine(me)))]:
            before = self.owner.get(shard)
            state = "drained" if before is None else self.sessions[before].state
            self.crashed.discard(shard)
            self.crashed |= {shard} if state != "drained" else set()
            self.owner[shard] = me
        return Share(self.mine(me), live, frozenset(self.tables.pauses))

    def mine(self, me: int) -> frozenset[int]:
        """The shards of a session."""
        return frozenset(shard for shard, owner in self.owner.items() if owner == me)

    def _is_free(self, shard: int) -> bool:
        owner = self.owner.get(shard)
        return owner is None or self.sessions[owner].state != "live"

    def load(self, shards: frozenset[int]) -> Snapshot:
        """What an engine needs of shards that it has taken."""
        snapshot = self._part(shards).snapshot(clean=not shards & self.crashed)
        snapshot.shards = shards
        return snapshot

    def page(self, page: Page) -> Paged:
        """Stored runs, of some shards or of all."""
        part = self.tables if page.shards is None else self._part(page.shards)
        return part.read(page)

    def _part(self, shards: frozenset[int]) -> Tables:
        """The rows of some shards alone."""
        part = Tables()
        for name in ("events", "limits", "pauses"):
            setattr(part, name, getattr(self.tables, name))
        for table in ("runs", "batches"):
            for key, row in getattr(self.tables, table).items():
                if row.shard in shards:
                    part.take(Change(table, key, row))
        return part

    def commit(self, me: int, cycle: int, mutations: Mutations) -> bool:
        """All of it, or nothing where the session is fenced."""
        session = self.sessions[me]
        if session.state != "live" or session.cycle != cycle:
            return False
        session.cycle, session.expires = cycle + 1, self.now() + LEASE
        for change in changes_of(self.tables, mutations):
            if change.table != "inbox":
                self.tables.take(change)
        for number in mutations.consumed:
            del self.inbox[number]
        for shard, hint in mutations.hints.items():
            self._entries += 1
            order = Order(HINT, consumed=self._entries, shard=shard, hint=hint)
            self.inbox[self._entries] = order
        for shard in mutations.released:
            assert self.owner[shard] == me, "nobody gives away what is another's"
            del self.owner[shard]
            self.crashed.discard(shard)
        return True

    def settle(self, me: int, expected: int) -> bool | None:
        """Whether the commit of which no reply came has counted; if not, it never will. None where
        the session is fenced."""
        session = self.sessions[me]
        if session.state != "live":
            return None
        counted, session.cycle = session.cycle > expected, expected + 1
        return counted

    def ask(self, kind: str, shard: int, **more: object) -> None:
        """Somebody asks for something: an entry for the owner of a shard."""
        self._entries += 1
        self.inbox[self._entries] = Order(kind, consumed=self._entries, shard=shard, **more)  # type: ignore[arg-type]

    def end(self, me: int) -> None:
        """An engine that drained."""
        if self.sessions[me].state == "live":
            self.sessions[me].state = "drained"

    def entries(self, shards: frozenset[int]) -> list[Order]:
        """What is in the inbox for these shards."""
        return [order for order in self.inbox.values() if order.shard in shards]
