"""A dead letter without a run that is replayed later is read again at that time, not before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Unpack

from fql.app import Runtime
from fql.client import Client, open_client
from fql.intake.port import Arrival
from fql.letters import Replayed, Wanted
from fql.testing import MockWebhookServer
from tests.app.plans import ONE, plan_of
from tests.app.test_runtime import ListSource, runtime
from tests.histories.played import Shifted

FITS = plan_of(
    ONE,
    entity="entity Order { id: ID @key status: String? total: Decimal }\n"
    'endpoint shop { url: "${RECEIVER}" }\n',
)
HOUR = 3_600_000


@asynccontextmanager
async def with_letters(
    server: MockWebhookServer, folder: Path, clock: Shifted, count: int = 1
) -> AsyncIterator[Runtime]:
    """An engine with dead letters of class `capture`, which its plan of now would take."""
    found = [
        Arrival(
            {"entity": "Order", "event": "insert", "new": {"id": f"x{n}", "total": "50"}}, f"{n}"
        )
        for n in range(count)
    ]
    store = f"sqlite:///{folder}/s.db"
    source = ListSource(found)
    async with runtime(server, sources=[source], store=store, clock=clock) as running:
        await running.until_idle(30)
        assert len(await running.client.dead_letters()) == count
        await running.reload(FITS)
        yield running


async def put_off(client: Client, **how: Unpack[Wanted]) -> list[Replayed]:
    """Replay them by their ids, later; one of them waits for the end."""
    ids = [one.dlq_id for one in await client.dead_letters()]
    replayed = await client.replay_these(ids, **how)
    return await client.ended(replayed) if how.get("wait") else replayed


async def test_it_is_read_again_when_its_time_has_come(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    clock = Shifted()
    async with with_letters(webhook_server, tmp_path, clock) as running:
        [one] = await put_off(running.client, delay="1h")
        assert await running.client.wait_taken(1), "it waits for its time, not for an engine"
        await asyncio.sleep(0.1)
        assert webhook_server.call_count == 0
        assert len(await running.client.dead_letters()) == 1
        assert one.due
        clock.shift = HOUR
        await running.until_idle(30)
        assert await running.client.dead_letters() == []
    assert webhook_server.call_count == 1


async def test_it_waits_over_a_restart(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    clock = Shifted()
    async with with_letters(webhook_server, tmp_path, clock) as running:
        await put_off(running.client, delay="1h")
    store = f"sqlite:///{tmp_path}/s.db"
    async with runtime(webhook_server, plan=FITS, store=store, clock=clock) as running:
        await asyncio.sleep(0.1)
        assert webhook_server.call_count == 0
        clock.shift = HOUR
        await running.until_idle(30)
    assert webhook_server.call_count == 1


async def test_a_rate_spreads_them(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    clock = Shifted()
    async with with_letters(webhook_server, tmp_path, clock, 3) as running:
        await put_off(running.client, rate=0.001)
        for sent in (1, 2, 3):
            assert await webhook_server.arrived(sent)
            await asyncio.sleep(0.05)
            assert webhook_server.call_count == sent
            clock.shift += 1_000_000
        await running.until_idle(30)


async def test_until_idle_waits_for_it(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    async with with_letters(webhook_server, tmp_path, Shifted()) as running:
        await put_off(running.client, delay=0.4)
        await running.until_idle(30)
    assert webhook_server.call_count == 1


async def test_the_ends_can_be_waited_for(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with with_letters(webhook_server, tmp_path, Shifted()) as running:
        [one] = await put_off(running.client, delay=0.4, wait=True)
        assert one.letter.state == "resolved"


async def test_a_discard_stops_it(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    clock = Shifted()
    async with with_letters(webhook_server, tmp_path, clock) as running:
        [one] = await put_off(running.client, delay="1h")
        await running.client.discard([one.letter.dlq_id])
        assert await running.client.wait_taken(5)
        clock.shift = HOUR
        await running.until_idle(30)
        assert await running.client.dead_letters() == []
    assert webhook_server.call_count == 0


async def test_a_discard_stops_it_also_where_no_engine_has_seen_either(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    clock, store = Shifted(), f"sqlite:///{tmp_path}/s.db"
    async with with_letters(webhook_server, tmp_path, clock):
        pass
    async with open_client(store) as client:
        [one] = await put_off(client, delay="1h")
        await client.discard([one.letter.dlq_id])
    async with runtime(webhook_server, plan=FITS, store=store, clock=clock) as running:
        assert await running.client.wait_taken(5)
        clock.shift = HOUR
        await running.until_idle(30)
        assert await running.client.dead_letters() == []
    assert webhook_server.call_count == 0
