"""A commit on PostgreSQL whose fate is not known is settled rightly, however late it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from fql.errors import StoreError
from fql.store.choosing import RunFilter
from fql.store.postgresql import store as postgres
from fql.store.postgresql.store import PostgresStore
from tests.servers import postgresql
from tests.servers.postgresql import Server
from tests.servers.proxy import Kind, StatementProxy
from tests.store.rows import one_run

COMMIT = b"WITH .*fql_session SET cycle"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One that a proxy stands in front of."""
    with postgresql.running() as started:
        yield started


@pytest.fixture
async def proxied(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[StatementProxy, PostgresStore]]:
    """A store behind a proxy, which is patient for a second."""
    monkeypatch.setattr(postgres, "WRITE_PATIENCE", 1.0)
    with server.database() as url, StatementProxy(server.port) as proxy:
        name = url.split("?")[0].rpartition("/")[2]
        store = PostgresStore(proxy.address(server.url(name, tcp=True)))
        await store.open()
        yield proxy, store
        await store.close()


async def runs(store: PostgresStore) -> int:
    """How many are stored."""
    return len(await store.runs(RunFilter(limit=9)))


async def test_a_held_commit_never_counts_once_it_is_settled(
    proxied: tuple[StatementProxy, PostgresStore],
) -> None:
    proxy, store = proxied
    lease = await store.acquire("test")
    late = proxy.next("hold", of=COMMIT)
    assert await store.commit(lease, one_run()) == "ambiguous"
    assert await store.settle(lease, 0) is False
    await asyncio.to_thread(late.release)
    assert await runs(store) == 0
    assert await store.commit(lease, one_run()) == "ok"
    assert await runs(store) == 1


@pytest.mark.parametrize(("kind", "counted"), [("cut_before", 0), ("cut_after", 1), ("swallow", 1)])
async def test_a_commit_that_was_cut_off_is_settled_as_it_went(
    proxied: tuple[StatementProxy, PostgresStore], kind: Kind, counted: int
) -> None:
    proxy, store = proxied
    lease = await store.acquire("test")
    proxy.next(kind, of=COMMIT)
    assert await store.commit(lease, one_run()) == "ambiguous"
    assert await store.settle(lease, 0) is bool(counted)
    assert await runs(store) == counted


async def test_a_settlement_whose_reply_was_lost_is_not_taken_for_the_commit(
    proxied: tuple[StatementProxy, PostgresStore],
) -> None:
    proxy, store = proxied
    lease = await store.acquire("test")
    proxy.next("cut_before", of=COMMIT)
    assert await store.commit(lease, one_run()) == "ambiguous"
    proxy.next("cut_after", of=b"UPDATE .*settled")
    with pytest.raises(StoreError, match="cannot be reached"):
        await store.settle(lease, 0)
    assert await store.settle(lease, 0) is False
    assert await runs(store) == 0
