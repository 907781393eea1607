"""A source has one reader among the engines of a store, and goes on with the next one."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence

from fql.app import Runtime
from fql.intake.port import Arrival
from fql.testing import MockWebhookServer
from tests.app.test_runtime import ListSource, arrivals
from tests.shards.conftest import Admin, Open
from tests.shards.test_engines import sent, shared, until
from tests.shards.test_shares import EXPIRE

ROWS = 40
LATER = 2.5
"""Seconds: longer than a source has to be empty."""


class TableSource(ListSource):
    """One engine's view of a table, whose rows it deletes some time after they are stored."""

    name = "table"
    outbox = "outbox-1"

    def __init__(self, table: list[Arrival]) -> None:
        super().__init__([])
        self.table = table
        self.reads = 0

    async def open(self, *_: object) -> None:
        self.ended = False

    async def fetch(self, limit: int) -> list[Arrival]:
        found = self.table[:10]
        self.reads += bool(found)
        await asyncio.sleep(0.05)
        return found

    async def done(self, arrivals: Sequence[Arrival]) -> None:
        await asyncio.sleep(0.05)
        for one in arrivals:
            if one in self.table:
                self.table.remove(one)


async def test_each_row_is_taken_once_by_whoever_reads_the_source(
    postgresql_url: str, webhook_server: MockWebhookServer, opened: Open
) -> None:
    table = arrivals(*range(ROWS), rows=True)
    running: list[tuple[Runtime, TableSource]] = []

    async def start() -> None:
        view = TableSource(table)
        made = shared(postgresql_url, webhook_server, view)  # type: ignore[arg-type]
        await made.__aenter__()
        running.append((made, view))

    await start()
    await start()
    for number in itertools.count():
        if not table:
            break
        await until(lambda: not table or any(view.reads for _, view in running))
        await asyncio.sleep(0.04 * (number % 6))  # before, between and after commit and deletion
        running.sort(key=lambda one: -one[1].reads)
        await running.pop(0)[0].__aexit__(None, None, None)
        await start()
    await asyncio.gather(*(one.until_idle(60) for one, _ in running))
    for one, _ in running:
        await one.__aexit__(None, None, None)
    store = await opened()
    assert (await store.counts()).events == ROWS
    keys = Counter(str(one.headers["webhook-id"]) for one in webhook_server.requests)
    assert max(keys.values()) == 1
    assert sorted(sent(webhook_server, "/free")) == sorted(f"o{n}" for n in range(ROWS))


async def test_who_waits_until_nothing_is_left_waits_for_the_source_of_a_dead_engine(
    postgresql_url: str, webhook_server: MockWebhookServer, admin: Admin
) -> None:
    """No run is open, and nobody reads the source until the lease of the dead one is over."""
    table: list[Arrival] = []
    dead = shared(postgresql_url, webhook_server, TableSource(table))  # type: ignore[arg-type]
    await dead.__aenter__()
    await until(lambda: len(dead.engine.state.shards.mine) == 64)
    await dead.engine.kill()
    table += arrivals(*range(3), rows=True)
    view = TableSource(table)
    async with shared(postgresql_url, webhook_server, view) as alive:  # type: ignore[arg-type]
        waiting = asyncio.create_task(alive.until_idle(30))
        await asyncio.sleep(LATER)
        admin.execute(EXPIRE, (dead.engine.session,))
        await waiting
        assert sorted(sent(webhook_server, "/free")) == ["o0", "o1", "o2"]
    await dead.__aexit__(None, None, None)
