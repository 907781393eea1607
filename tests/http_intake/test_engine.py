"""The intake and the engine behind it: stores that are full or slow, other plans, the end, a
standby, sources of other kinds beside it."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import nats
import pytest

from fql.errors import StoreFull
from fql.intake.http import handing
from fql.outbox.sqlite.installing import install
from fql.outbox.sqlite.tables import Names
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Verdict
from fql.store.records import Mutations
from fql.testing import MockWebhookServer
from tests.app.plans import CHANGED, ENTITY, ONE, plan_of
from tests.http_intake.support import (
    SETTINGS,
    Answer,
    Running,
    answer,
    lines,
    order,
    request,
    running,
)
from tests.observe.support import scrape
from tests.servers.nats import fresh
from tests.servers.nats import running as nats_running


class Moody(MemoryStore):
    """Full, or slow, while it is told to be."""

    full = False

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()
        self.free.set()

    async def commit(self, lease: Lease, batch: Mutations) -> Verdict:
        if batch.events:
            await self.free.wait()
            if self.full:
                raise StoreFull("no space is left", hint="make some")
        return await super().commit(lease, batch)


async def test_a_full_store_takes_nothing_and_loses_nothing(
    webhook_server: MockWebhookServer,
) -> None:
    store = Moody()
    async with running(webhook_server, store=store) as web:
        store.full = True
        refused = await web.post(order(1, key="k"))
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        store.full = False
        taken = await eventually(web, order(1, key="k"), 202)
        assert not taken["duplicate"]
        await web.runtime.until_idle(30)
    assert webhook_server.call_count == 1


async def eventually(web: Running, value: object, status: int) -> dict[str, object]:
    """Repeat what is answered with 503."""
    for _ in range(100):
        got = await web.post(value)
        if got.status != 503:
            break
        await asyncio.sleep(0.1)
    assert got.status == status
    found: dict[str, object] = got.value
    return found


async def test_a_slow_store_is_not_waited_for_for_ever(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was handed in may still be stored: the same key tells."""
    monkeypatch.setattr(handing, "PATIENCE", 0.2)
    store = Moody()
    async with running(webhook_server, store=store) as web:
        store.free.clear()
        late = await web.post(order(1, key="k"))
        assert (late.status, "repeat it" in late.value["hint"]) == (503, True)
        assert web.runtime._watched.arrivals[0].lag() > 0
        store.free.set()
        assert (await eventually(web, order(1, key="k"), 200))["duplicate"]
        await web.runtime.until_idle(30)
    assert webhook_server.call_count == 1


async def test_what_was_handed_in_is_answered_before_the_end_and_nothing_else(
    webhook_server: MockWebhookServer,
) -> None:
    store = Moody()
    async with running(webhook_server, store=store) as web:
        idle, half, whole = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(3)]
        store.free.clear()
        whole[1].write(request(lines(order(1))))
        half[1].write(request(b"x" * 100)[:-50])
        await asyncio.sleep(0.3)
        port, ending = web.port, asyncio.ensure_future(web.end())
        assert (await answer(half[0])).status == 503
        assert await idle[0].read() == b""
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        store.free.set()
        last = await answer(whole[0])
        assert (last.status, last.headers["connection"]) == (202, "close")
        for _, writer in (idle, half, whole):
            writer.close()
        await ending
    assert webhook_server.call_count <= 1


NEW = {"id": "o1", "status": "new", "total": "100.50"}


async def test_another_plan_is_used_at_once(webhook_server: MockWebhookServer) -> None:
    async with running(webhook_server, text=CHANGED) as web:
        before = await web.post(order(1))
        sending = asyncio.gather(*(web.post(order(n)) for n in range(20)))
        await web.runtime.reload(plan_of(ONE))
        after = await web.post(order(2))
        assert {one.status for one in await sending} == {202}
    assert (len(before.value["runs"]), len(after.value["runs"])) == (0, 1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


async def test_who_stands_by_does_not_listen_and_who_takes_over_does(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    settings = SETTINGS.replace(":0", f":{free_port()}")
    store = f"sqlite:///{tmp_path}/s.db"
    async with (
        running(webhook_server, store=store, settings=settings) as first,
        running(webhook_server, store=store, settings=settings) as second,
    ):
        assert (first.runtime.leads, second.runtime.leads, second.port) == (True, False, 0)
        assert (await first.post(order(1))).status == 202
        await first.end()
        for _ in range(200):
            if second.port:
                break
            await asyncio.sleep(0.05)
        assert (await second.post(order(2))).status == 202


async def test_an_engine_that_cannot_listen_after_a_take_over_works_and_tries_again(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """The process before may be stopped, and still have the port."""
    port, store = free_port(), f"sqlite:///{tmp_path}/s.db"
    settings = SETTINGS.replace(":0", f":{port}")
    async with (
        running(webhook_server, store=store) as first,
        running(webhook_server, store=store, settings=settings) as second,
    ):
        with socket.create_server(("127.0.0.1", port)):
            await first.end()
            for _ in range(200):
                if second.runtime.leads and second.intake.health().trouble:
                    break
                await asyncio.sleep(0.05)
            assert "cannot listen" in second.runtime._watched.unready()
            await second.runtime.emit("Order.insert", new=NEW)
            assert await webhook_server.arrived(1, 20)
        assert (await eventually_listens(second)).status == 202


async def eventually_listens(web: Running) -> Answer:
    for _ in range(200):
        if web.port:
            break
        await asyncio.sleep(0.05)
    return await web.post(order(2))


IN_TABLE = ENTITY.replace("Order {", 'Order from "orders" {')


async def test_sources_of_several_kinds_work_side_by_side(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Each has its own lag; a broker that is killed and an outbox that is gone stop no other."""
    database, stream = tmp_path / "shop.db", fresh()
    with closing(sqlite3.connect(database)) as connection, nats_running() as broker:
        connection.execute("CREATE TABLE orders (id TEXT PRIMARY KEY, status TEXT, total TEXT)")
        install(connection, plan_of(entity=IN_TABLE), Names("main"))
        connection.commit()
        await publish(broker.url, stream, order("message"))
        events = tmp_path / "events.jsonl"
        events.write_text("not JSON\n")
        settings = (
            f'{SETTINGS}[sources.shop]\nkind = "sqlite"\ndatabase = "{database}"\n'
            f'[sources.file]\nkind = "json_lines"\npath = "{events}"\n'
            f'[nats]\nurl = "{broker.url}"\n[sources.feed]\nkind = "nats"\nstream = "{stream}"\n'
            "[observability.prometheus]\nport = 0\n"
        )
        async with running(webhook_server, entity=IN_TABLE, settings=settings) as web:
            connection.execute("INSERT INTO orders VALUES ('row', 'new', '50')")
            connection.commit()
            assert (await web.post(order(1))).status == 202
            assert await webhook_server.arrived(3, 30)
            broker.kill()
            connection.execute("INSERT INTO orders VALUES ('more', 'new', '50')")
            connection.commit()
            assert (await web.post(order(2))).status == 202
            assert await webhook_server.arrived(5, 30)
            connection.execute("ALTER TABLE fql_main_outbox RENAME TO elsewhere")
            connection.commit()
            assert (await web.post(order(3))).status == 202
            assert await webhook_server.arrived(6, 30)
            series = await scrape(web.runtime)
    lags = {one.labels["source"] for one in series.samples if one.name == "fql_source_lag_seconds"}
    assert lags == {"shop", str(events), "feed", "web"}
    assert series.value("fql_source_requests_total", source="web", status="202") == 3
    names = {one.payload["id"] for one in webhook_server.requests}  # type: ignore[index]
    assert names == {"row", "more", "omessage", "o1", "o2", "o3"}


async def publish(url: str, stream: str, event: object) -> None:
    """One message in a stream of its own."""
    connection = await nats.connect(url)
    jetstream = connection.jetstream()
    await jetstream.add_stream(name=stream, subjects=[f"{stream}.>"])
    await jetstream.publish(f"{stream}.x", lines(event))
    await connection.close()
