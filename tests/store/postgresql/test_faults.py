"""What befalls a server below a running engine: nothing is lost, and it goes on by itself."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from fql.app import Runtime
from fql.errors import StoreError, StoreFull
from fql.testing import MockWebhookServer
from tests.app.plans import order
from tests.servers.databases import Databases
from tests.servers.postgresql import Server
from tests.store.postgresql.test_engine import runtime_at

Admin = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.05)
    monkeypatch.setattr("fql.engine.process.keeping.PAUSE", 0.05)


class Shop:
    """An engine that takes orders, each until it is accepted."""

    def __init__(self, runtime: Runtime, server: MockWebhookServer) -> None:
        self.runtime = runtime
        self.server = server
        self.problems: list[StoreError] = []
        self.taken = 0

    async def order(self, count: int = 1) -> None:
        await asyncio.gather(*(self._order(self.taken + n) for n in range(count)))
        self.taken += count

    async def _order(self, number: int) -> None:
        async with asyncio.timeout(30):
            while True:
                try:
                    await self.runtime.emit("Order.insert", new=order(number), key=str(number))
                except StoreError as problem:
                    self.problems.append(problem)
                    await asyncio.sleep(0.02)
                else:
                    return

    async def refused(self) -> StoreError:
        """What an order is answered while the store takes nothing."""
        async with asyncio.timeout(20):
            while True:
                try:
                    await self.runtime.emit("Order.insert", new=order(999), key="999")
                except StoreError as problem:
                    return problem
                await asyncio.sleep(0.02)


@asynccontextmanager
async def open_shop(url: str, server: MockWebhookServer) -> AsyncIterator[Shop]:
    async with runtime_at(url, server.url) as runtime:
        shop = Shop(runtime, server)
        await shop.order(3)
        yield shop
        await shop.order(3)
        summary = await runtime.until_idle(30)
        assert summary.left == 0
    told = {str(one.payload["id"]) for one in server.requests if isinstance(one.payload, dict)}
    assert told >= {f"o{number}" for number in range(shop.taken)}
    keys = {(one.payload["id"], one.headers["webhook-id"]) for one in server.requests}  # type: ignore[index]
    assert len(keys) == len(told), "each under one key"


FULL = """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON fql_main.fql_event FOR EACH ROW
  EXECUTE FUNCTION full_disk()"""


async def test_a_disk_that_is_full_and_has_space_again(
    postgresql_url: str, admin: Admin, webhook_server: MockWebhookServer
) -> None:
    async with open_shop(postgresql_url, webhook_server) as shop:
        admin.execute(FULL)
        problem = await shop.refused()
        assert isinstance(problem, StoreFull)
        assert "no space is left on the server" in problem.message
        admin.execute("DROP TRIGGER full_disk ON fql_main.fql_event")


@pytest.fixture
def small_disk(postgresql_server: Databases, tmp_path: Path) -> Iterator[Path]:
    """A folder of 12 MB in which the server may write."""
    if not isinstance(postgresql_server, Server) or os.geteuid() != 0:
        pytest.skip("a small disk needs root and a server of ours")
    folder = postgresql_server.folder / "small"
    folder.mkdir()
    owner = postgresql_server.folder.stat()
    made = [
        "mount",
        "-t",
        "tmpfs",
        "-o",
        f"size=14m,uid={owner.st_uid},gid={owner.st_gid}",
        "tmpfs",
        str(folder),
    ]
    if subprocess.run(made, check=False, capture_output=True).returncode != 0:
        folder.rmdir()
        pytest.skip("file systems cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


async def test_a_real_disk_that_is_full(
    postgresql_server: Server, small_disk: Path, webhook_server: MockWebhookServer
) -> None:
    """The tables are on a disk of their own, so the server itself lives on."""
    with psycopg.connect(postgresql_server.admin, autocommit=True) as by_admin:
        by_admin.execute(f"CREATE TABLESPACE small LOCATION '{small_disk}'".encode())
        by_admin.execute("CREATE DATABASE small TEMPLATE template0 TABLESPACE small")
        try:
            async with open_shop(postgresql_server.url("small"), webhook_server) as shop:
                filler = small_disk / "filler"
                with suppress(OSError):  # the server may write meanwhile
                    filler.write_bytes(bytes(os.statvfs(small_disk).f_bavail * 4096))
                with pytest.raises(StoreFull, match=r"could not (extend file|write blocks)"):
                    for number in range(100, 2000):
                        big = order(number, status="x" * 5000)
                        await shop.runtime.emit("Order.insert", new=big)
                filler.unlink()
        finally:
            by_admin.execute("DROP DATABASE small WITH (FORCE)")
            by_admin.execute("DROP TABLESPACE small")


async def test_connections_that_are_ended_again_and_again(
    postgresql_url: str, admin: Admin, webhook_server: MockWebhookServer
) -> None:
    """Also in the middle of commits."""
    async with open_shop(postgresql_url, webhook_server) as shop:
        for _ in range(10):
            ordering = asyncio.create_task(shop.order(5))
            await asyncio.sleep(0.003)
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await ordering


SETTINGS = {
    "statement_timeout": "'200ms'",
    "lock_timeout": "'100ms'",
    "idle_in_transaction_session_timeout": "'1ms'",
    "idle_session_timeout": "'20ms'",
    "standard_conforming_strings": "off",
    "search_path": "odd, pg_catalog",
    "DateStyle": "'SQL, DMY'",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "enable_indexscan": "off",
    "work_mem": "'64kB'",
    "client_min_messages": "debug5",
    "check_function_bodies": "off",
    "TimeZone": "'Asia/Kathmandu'",
    "default_transaction_deferrable": "on",
    "row_security": "off",
    "plan_cache_mode": "force_custom_plan",
    "escape_string_warning": "on",
    "array_nulls": "off",
}


async def test_whatever_is_set_for_a_role(
    postgresql_url: str,
    admin: Admin,
    webhook_server: MockWebhookServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And functions of other schemas are not met."""
    admin.execute("CREATE SCHEMA odd")
    admin.execute(
        "CREATE FUNCTION odd.hashtextextended(text, int) RETURNS bigint"
        " LANGUAGE sql AS 'SELECT 1 / 0'"
    )
    for name, value in SETTINGS.items():
        admin.execute(f'ALTER DATABASE "{admin.info.dbname}" SET {name} = {value}'.encode())
    async with open_shop(postgresql_url, webhook_server) as shop:
        await shop.order(50)
        patient = "-c idle_in_transaction_session_timeout=0"
        with psycopg.connect(postgresql_url, options=patient) as slow:
            slow.execute("SELECT FROM fql_main.fql_session FOR UPDATE")
            ordering = asyncio.create_task(shop.order(3))
            await asyncio.sleep(0.4)
            slow.commit()
            await ordering
    assert shop.problems == []
    assert "division by zero" not in caplog.text
