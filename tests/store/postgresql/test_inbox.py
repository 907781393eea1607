"""The inbox of a PostgreSQL store: an entry is made once, whatever becomes of the reply."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from fql.errors import StoreError
from fql.store.postgresql import inbox
from fql.store.postgresql import store as stores
from tests.servers.databases import Databases
from tests.servers.postgresql import Server
from tests.servers.proxy import Kind, StatementProxy
from tests.store.postgresql.conftest import Open

Admin = psycopg.Connection[tuple[object, ...]]
RESEND = [("resend", b'{"run": 1, "new_key": "k"}'), ("pause", b'{"name": "x"}')]
ENTRIES = "SELECT id FROM fql_main.fql_inbox ORDER BY id"


@pytest.fixture
def proxy(postgresql_server: Databases) -> Iterator[StatementProxy]:
    if not isinstance(postgresql_server, Server):
        pytest.skip("a server of your own may not listen here")
    with StatementProxy(postgresql_server.port) as between:
        yield between


@pytest.fixture
def through(proxy: StatementProxy, postgresql_server: Server, postgresql_url: str) -> str:
    """The test's database, through the proxy."""
    return proxy.address(postgresql_server.url(urlsplit(postgresql_url).path[1:], tcp=True))


@pytest.mark.parametrize("pools", [False, True])
@pytest.mark.parametrize("statement", [b"INSERT INTO", b"^COMMIT"])
@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
async def test_a_lost_reply_enters_nothing_twice(
    opened: Open, admin: Admin, proxy: StatementProxy, through: str,
    kind: Kind, statement: bytes, pools: bool,
) -> None:  # fmt: skip
    proxy.pools = pools
    store = await opened(through)
    await store.append(RESEND[1:], now=1)
    fault = proxy.next(kind, statement)
    numbers = await store.append(RESEND, now=2)
    assert fault.met.is_set()
    found = [row[0] for row in admin.execute(ENTRIES).fetchall()]
    assert found[1:] == numbers
    assert len(numbers) == 2


async def test_one_that_an_engine_has_taken_meanwhile_is_not_entered_again(
    opened: Open, admin: Admin, proxy: StatementProxy, through: str
) -> None:
    store = await opened(through)
    await store.append(RESEND[1:], now=1)
    fault = proxy.next("cut_after", b"^COMMIT")
    asked = proxy.next("hold", b"pg_xact_status")
    entering = asyncio.create_task(store.append(RESEND[:1], now=2))
    await asyncio.to_thread(fault.wait)
    await asyncio.to_thread(asked.wait)
    admin.execute("DELETE FROM fql_main.fql_inbox")
    await asyncio.to_thread(asked.release)
    await entering
    assert admin.execute(ENTRIES).fetchall() == []


async def test_while_it_is_being_entered_nobody_says_that_it_was_not(
    opened: Open, admin: Admin, proxy: StatementProxy, through: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """As with a commit that waits for another server to confirm it."""
    monkeypatch.setattr(stores, "WRITE_PATIENCE", 0.5)
    store = await opened(through)
    fault = proxy.next("hold", b"^COMMIT")
    with pytest.raises(StoreError, match=r"still entering .* is not known") as caught:
        await store.append(RESEND, now=2)
    assert "before you repeat it" in caught.value.hint
    await asyncio.to_thread(fault.release)
    assert len(admin.execute(ENTRIES).fetchall()) == 2


async def test_a_refused_entry_leaves_the_connection_usable(opened: Open, admin: Admin) -> None:
    store = await opened()
    admin.execute("ALTER TABLE fql_main.fql_inbox ADD CHECK (kind <> 'resend')")
    with pytest.raises(StoreError, match="cannot be used"):
        await store.append(RESEND, now=1)
    assert len(await store.append(RESEND[1:], now=1)) == 1


@pytest.mark.parametrize(
    ("calm", "pause"), [(0.0, 0.05), (0.2, 0.05), (1.0, 0.25), (4.0, 1.0), (3600.0, 1.0)]
)
def test_looks_are_brisk_after_work_and_rare_when_all_is_quiet(calm: float, pause: float) -> None:
    assert inbox.pause_between_looks(calm) == pause


async def test_an_entry_ends_the_wait(opened: Open) -> None:
    store, other = await opened(), await opened()
    await store.wait(0)
    waiting = asyncio.create_task(store.wait(30))
    await other.append(RESEND, now=1)
    assert await asyncio.wait_for(waiting, 10)
