"""What happens to a store on PostgreSQL between two engines, or below one: restores, other names,
other roles, other versions, other times."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from fql.app import Runtime
from fql.client import open_client
from fql.errors import StoreError, StoreLocked
from fql.store.opening import store_of
from fql.store.postgresql.tables.schema import FORMAT
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import ONE, order, plan_of, settings_of
from tests.servers.databases import Databases
from tests.servers.postgresql import Server

TWO = ONE.replace('path: "/orders"', 'path: "/second"')


ALONE = '[store]\nengines = "single"\n'


def shop(url: str, receiver: str, text: str = ONE, settings: str = ALONE) -> Runtime:
    found = settings_of(settings)
    return Runtime(
        plan_of(text), store=url, settings=found, environment={"RECEIVER": receiver},
        takes_over=False,
    )  # fmt: skip


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def run(server: Server, program: str, *arguments: str) -> None:
    command = [str(server.binaries / program), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def server(postgresql_server: Databases) -> Server:
    if not isinstance(postgresql_server, Server):
        pytest.skip("a server of your own has no programs here")
    return postgresql_server


async def test_a_dump_that_is_restored_below_an_engine_is_noticed(
    server: Server, postgresql_url: str, webhook_server: MockWebhookServer, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The engine says how much is lost, sends again what it finds open, under the same keys, and
    goes on."""
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.05)
    dump = str(tmp_path / "store.dump")
    async with shop(postgresql_url, webhook_server.url) as runtime:
        await runtime.emit("Order.insert", new=order(1), key="1")
        await runtime.until_idle()
        run(server, "pg_dump", "-Fc", "-f", dump, postgresql_url)
        for number in (2, 3):
            await runtime.emit("Order.insert", new=order(number), key=str(number))
        await runtime.until_idle()
        run(server, "pg_restore", "--clean", "--single-transaction", "-d", postgresql_url, dump)
        async with asyncio.timeout(30):
            while True:
                try:
                    await runtime.emit("Order.insert", new=order(4), key="4")
                    break
                except StoreError:
                    await asyncio.sleep(0.05)
        await runtime.until_idle()
        assert {one.state for one in await runtime.client.runs()} == {"done"}
        assert len(await runtime.client.runs()) == 2
    assert "commits are lost" in caplog.text
    assert [one.payload for one in webhook_server.requests][-1] == {
        "id": "o4", "status": "new", "total": "100.50",
    }  # fmt: skip


async def test_a_dump_that_is_restored_elsewhere_goes_on_with_what_was_open(
    server: Server, postgresql_url: str, webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Under the same keys; numbers of runs and entries are drawn after those of the dump."""
    dump = str(tmp_path / "store.dump")
    webhook_server.always(Reply(503, headers={"Retry-After": "3"}))  # the pause comes before it
    async with shop(postgresql_url, webhook_server.url) as runtime:
        await runtime.emit("Order.insert", new=order(1), key="1")
        assert await webhook_server.arrived(1, 20)
        await runtime.client.pause("shop")
        await runtime.client.wait_taken()
    run(server, "pg_dump", "-Fc", "-n", "fql_main", "-f", dump, postgresql_url)
    with server.database() as other:
        run(server, "pg_restore", "--no-owner", "-d", other, dump)
        webhook_server.always(200)
        async with shop(other, webhook_server.url) as runtime:
            await runtime.client.resume("shop")
            await runtime.emit("Order.insert", new=order(2), key="2")
            receipt = await runtime.emit("Order.insert", new=order(1), key="1")
            assert receipt.duplicate
            await runtime.until_idle(60)
            assert {one.state for one in await runtime.client.runs()} == {"done"}
    keys = {one.headers["webhook-id"] for one in webhook_server.requests}
    assert len(keys) == 2


async def test_a_schema_that_is_moved_is_found_by_its_new_name(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    async with shop(postgresql_url, webhook_server.url) as runtime:
        await runtime.client.pause("shop")
        await runtime.client.wait_taken()
        await runtime.emit("Order.insert", new=order(1), key="1")
    execute(postgresql_url, "ALTER SCHEMA fql_main RENAME TO elsewhere")
    settings = f'[store]\nurl = "{postgresql_url}"\nschema = "elsewhere"\n'
    made, _ = store_of(None, settings_of(settings))
    assert made is None
    runtime = Runtime(
        plan_of(ONE), settings=settings_of(settings), environment={"RECEIVER": webhook_server.url}
    )
    async with runtime:
        await runtime.client.resume("shop")
        assert (await runtime.emit("Order.insert", new=order(1), key="1")).duplicate
        await runtime.until_idle()
    assert webhook_server.call_count == 1


async def test_another_role_takes_the_store_over_once_it_may(
    server: Server, webhook_server: MockWebhookServer
) -> None:
    with server.role() as role, server.database() as url:
        async with shop(url, webhook_server.url) as runtime:
            await runtime.emit("Order.insert", new=order(1), key="1")
            await runtime.until_idle()
        theirs = role.url(url)
        with pytest.raises(StoreError, match="the role lacks a right"):
            await shop(theirs, webhook_server.url).__aenter__()
        name = sql.Identifier(role.name).as_string(None)
        execute(
            url,
            f"GRANT USAGE ON SCHEMA fql_main TO {name}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA fql_main TO {name}",
        )
        async with shop(theirs, webhook_server.url) as runtime:
            assert (await runtime.emit("Order.insert", new=order(1), key="1")).duplicate
            await runtime.emit("Order.insert", new=order(2), key="2")
            await runtime.until_idle()
    assert webhook_server.call_count == 2


NEWER = f"UPDATE fql_main.fql_meta SET value = '{FORMAT + 1}' WHERE name = 'version'"
OTHER = f"UPDATE fql_main.fql_meta SET value = '{FORMAT}' WHERE name = 'version'"


async def test_a_store_that_another_version_has_upgraded_is_left_to_it(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """A standby of the older version does not take over what it cannot read, and says why."""
    async with shop(postgresql_url, webhook_server.url):
        pass
    execute(postgresql_url, NEWER)
    with pytest.raises(StoreError, match=f"newer version of fql: it has format {FORMAT + 1}"):
        await shop(postgresql_url, webhook_server.url).__aenter__()
    execute(postgresql_url, OTHER)
    async with shop(postgresql_url, webhook_server.url) as runtime:
        await runtime.emit("Order.insert", new=order(1))
        await runtime.until_idle()
    assert webhook_server.call_count == 1


async def test_the_plan_of_the_standby_is_the_one_that_it_takes_over_with(
    postgresql_url: str, webhook_server: MockWebhookServer
) -> None:
    """What is open goes on by the plan that it began with."""
    webhook_server.always(503)
    first = shop(postgresql_url, webhook_server.url)
    await first.__aenter__()
    second = Runtime(
        plan_of(TWO), store=postgresql_url, settings=settings_of(ALONE),
        environment={"RECEIVER": webhook_server.url},
    )  # fmt: skip
    async with second:
        await first.emit("Order.insert", new=order(1))
        assert await webhook_server.arrived(1, 20)
        webhook_server.always(200)
        await first.__aexit__(None, None, None)
        async with asyncio.timeout(20):
            while not second.leads:
                await asyncio.sleep(0.02)
        await second.emit("Order.insert", new=order(2))
        await second.until_idle(60)
    paths = [one.path for one in webhook_server.requests]
    assert sorted(set(paths)) == ["/orders", "/second"]
    async with open_client(postgresql_url) as client:
        assert {one.state for one in await client.runs()} == {"done"}


DAY = "interval '1 day'"


@pytest.mark.parametrize("jump", [f"- {DAY}", f"+ {DAY}"])
async def test_a_server_whose_clock_has_jumped(
    postgresql_url: str, webhook_server: MockWebhookServer, jump: str
) -> None:
    """Seen from the server, all that is stored is from a day before or after. The lease of a live
    engine is then over, or for a day: never two engines work, and a dead one is followed."""
    first = shop(postgresql_url, webhook_server.url)
    await first.__aenter__()
    await first.emit("Order.insert", new=order(1), key="1")
    await first.until_idle()
    execute(
        postgresql_url,
        f"UPDATE fql_main.fql_session SET expires = expires {jump}, lit = lit {jump}",
    )
    await first.emit("Order.insert", new=order(2), key="2")
    with pytest.raises(StoreLocked):
        await shop(postgresql_url, webhook_server.url).__aenter__()
    await first.__aexit__(None, None, None)
    async with shop(postgresql_url, webhook_server.url) as second:
        assert (await second.emit("Order.insert", new=order(1), key="1")).duplicate
        await second.emit("Order.insert", new=order(3), key="3")
        await second.until_idle()
    assert webhook_server.call_count == 3
