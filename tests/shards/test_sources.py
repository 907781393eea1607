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
from tests.shards.conftest import Open
from tests.shards.test_engines import sent, shared, until

ROWS = 40


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
