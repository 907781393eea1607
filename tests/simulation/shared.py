"""A database that several engines may use, and the line of each of them to it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from fql.errors import StoreLocked
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Verdict
from fql.store.records import Mutations
from fql.store.tables import Tables

LEASE = 10.0
"""Seconds."""
STORED = ("_sessions", "_lease", "_clean", "tables", "_cycle", "_settled", "expires")


class Database(MemoryStore):
    """Leases by time; a commit is a statement that carries what its sender knew. `now` gives
    milliseconds since 1970."""

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__(seconds=lambda: now() / 1000)
        self.now = now
        self.expires = 0

    def extend(self) -> None:
        self.expires = self.now() + int(LEASE * 1000)

    async def acquire(self, holder: str) -> Lease:
        if self._lease is not None and self.now() < self.expires:
            raise StoreLocked(f"the store is used by {self._lease.holder}")
        if self._lease is not None:
            self._lease, self._clean = None, False
        self._lease = replace(await super().acquire(holder), seconds=LEASE)
        self.extend()
        return self._lease

    async def renew(self, lease: Lease) -> bool:
        live = await super().renew(lease)
        if live:
            self.extend()
        return live

    def serve(self, lease: Lease, count: int, mutations: Mutations) -> Verdict:
        """What the server does, whenever the statement arrives."""
        if self._lease != lease or self._cycle != count:
            return "fenced"
        self.apply(mutations)
        self._cycle += 1
        self.extend()
        return "ok"

    def saved(self) -> dict[str, Any]:
        """A backup: rows never change, so that copies of what holds them are enough."""
        return {name: _copied(getattr(self, name)) for name in STORED}

    def restore(self, backup: dict[str, Any]) -> None:
        for name, value in backup.items():
            setattr(self, name, _copied(value))


def _copied(value: Any) -> Any:
    if isinstance(value, Tables):
        made = Tables()
        for name, held in vars(value).items():
            setattr(made, name, _copied(held))
        return made
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    return value.copy() if isinstance(value, set | list) else value


@dataclass
class Line:
    """One engine's connection: at times a reply is lost, and what was sent arrives late or not at
    all. `late` is on its way."""

    database: Database
    chance: random.Random
    doubts: float = 0.0
    count: int = 0
    late: list[tuple[Lease, int, Mutations]] = field(default_factory=list)

    async def acquire(self, holder: str) -> Lease:
        self.count = 0
        return await self.database.acquire(holder)

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        statement = (lease, self.count, mutations)
        if self.chance.random() >= self.doubts:
            verdict = self.database.serve(*statement)
            self.count += verdict == "ok"
            return verdict
        if self.chance.random() < 0.5:
            self.database.serve(*statement)
        else:
            self.late.append(statement)
        return "ambiguous"

    async def settle(self, lease: Lease, expected: int) -> bool | None:
        assert expected == self.count, "engine and line count the same"
        if self.chance.random() < self.doubts:
            await self.database.settle(lease, expected)  # its reply is lost, and it is asked again
        counted = await self.database.settle(lease, expected)
        if counted is not None:
            self.count = expected + 1
            self.database.extend()
        return counted

    def __getattr__(self, name: str) -> Any:
        return getattr(self.database, name)
