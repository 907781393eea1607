"""Sessions of a PostgreSQL store: one engine at a time, whoever is slow, late or dead."""

from __future__ import annotations

import asyncio
import time

import psycopg
import pytest

from fql.errors import StoreLocked, StoreRewound
from fql.store.choosing import RunFilter
from fql.store.postgresql.store import PostgresStore
from fql.store.postgresql.writing import session
from fql.store.records import Mutations
from tests.store.postgresql.conftest import Open
from tests.store.rows import event, one_run, run

Admin = psycopg.Connection[tuple[object, ...]]
EXPIRE = "UPDATE fql_main.fql_session SET expires = clock_timestamp() - interval '1 s'"


async def test_a_second_engine_is_refused_and_told_who_has_the_store(opened: Open) -> None:
    first, second = await opened(), await opened()
    await first.acquire("12")
    with pytest.raises(StoreLocked, match="its engine is process 12 on ") as caught:
        await second.acquire("13")
    assert "lease lasts for" in caught.value.message


async def test_many_that_want_to_lead_at_once_are_one(opened: Open) -> None:
    stores = [await opened() for _ in range(6)]
    took = await asyncio.gather(*(s.acquire("x") for s in stores), return_exceptions=True)
    assert sum(not isinstance(one, StoreLocked) for one in took) == 1


async def test_an_expired_session_is_fenced_and_commits_nothing(opened: Open, admin: Admin) -> None:
    first, second = await opened(), await opened()
    old = await first.acquire("slow")
    admin.execute(EXPIRE)
    new = await second.acquire("next")
    assert new.session > old.session
    assert await first.commit(old, one_run()) == "fenced"
    assert not await first.renew(old)
    assert await first.settle(old, 0) is None
    assert await second.runs(RunFilter()) == []
    assert await second.commit(new, one_run()) == "ok"


async def test_a_commit_and_a_renewal_hold_the_lease(opened: Open, admin: Admin) -> None:
    first, second = await opened(), await opened()
    lease = await first.acquire("busy")
    admin.execute(EXPIRE)
    assert await first.commit(lease, one_run()) == "ok"
    with pytest.raises(StoreLocked):
        await second.acquire("next")
    admin.execute(EXPIRE)
    assert await first.renew(lease)
    with pytest.raises(StoreLocked):
        await second.acquire("next")


async def test_a_takeover_waits_for_a_commit_in_flight_and_finds_the_lease_renewed(
    opened: Open, admin: Admin, postgresql_url: str
) -> None:
    """The commit holds the row's lock; who waits for it checks the row again."""
    first, second = await opened(), await opened()
    lease = await first.acquire("busy")
    admin.execute(EXPIRE)
    with psycopg.connect(postgresql_url) as slow:
        slow.execute(
            "UPDATE fql_main.fql_session SET cycle = cycle + 1,"
            " expires = clock_timestamp() + interval '10 s' WHERE id = %s",
            (lease.session,),
        )
        taking = asyncio.create_task(second.acquire("next"))
        await asyncio.sleep(0.1)
        assert not taking.done()
        slow.commit()
    with pytest.raises(StoreLocked):
        await taking


async def test_a_dead_engine_is_replaced_long_before_its_lease_ends(
    opened: Open, postgresql_url: str
) -> None:
    """Its connection has ended, so the beacon's lock is free."""
    dead, standby = PostgresStore(postgresql_url), await opened()
    await dead.open()
    await dead.acquire("dies")
    with pytest.raises(StoreLocked):
        await standby.acquire("next")
    began = time.monotonic()
    cut(dead)
    while True:
        try:
            await standby.acquire("next")
            break
        except StoreLocked:
            await asyncio.sleep(0.01)
    assert time.monotonic() - began < 1
    await dead.close()


def cut(store: PostgresStore) -> None:
    """End its connections without a word to it, as the end of its process would."""
    for line in (store._writing, store._reading):
        if line._wire is not None:
            line._wire.connection.pgconn.finish()


async def test_an_engine_that_reconnects_lights_its_beacon_again(
    opened: Open, admin: Admin
) -> None:
    first, second = await opened(), await opened()
    lease = await first.acquire("busy")
    _end_connections(admin)
    assert await first.commit(lease, one_run()) == "ambiguous"
    assert await first.settle(lease, 0) is False
    assert await first.commit(lease, one_run()) == "ok"
    lit = "SELECT lit > clock_timestamp() - interval '2 s' FROM fql_main.fql_session"
    assert admin.execute(lit).fetchone() == (True,)
    with pytest.raises(StoreLocked):
        await second.acquire("next")


def _end_connections(admin: Admin) -> None:
    admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


async def test_a_lock_that_a_restart_has_freed_proves_no_death(opened: Open, admin: Admin) -> None:
    """The beacon was lit before the server started: its lock says nothing."""
    first, second = await opened(), await opened()
    await first.acquire("busy")
    admin.execute("UPDATE fql_main.fql_session SET lit = '2020-01-01'")
    cut(first)
    await asyncio.sleep(0.1)
    with pytest.raises(StoreLocked):
        await second.acquire("next")


async def test_a_late_commit_counts_no_more_once_it_is_settled(opened: Open, admin: Admin) -> None:
    store = await opened()
    lease = await store.acquire("x")
    late = session.ADVANCE.replace("{s}", "fql_main").replace("$1", "%s").replace("$2", "%s")
    assert await store.settle(lease, 0) is False
    assert admin.execute(late.encode(), (lease.session, 0)).fetchone() is None
    assert await store.commit(lease, one_run()) == "ok"


async def test_a_settlement_whose_reply_is_lost_is_not_taken_for_the_commit(
    opened: Open,
) -> None:
    store = await opened()
    lease = await store.acquire("x")
    assert await store.settle(lease, 0) is False
    assert await store.settle(lease, 0) is False, "asked again, as the first answer was lost"
    assert await store.commit(lease, one_run()) == "ok"
    assert await store.settle(lease, 1) is True, "this time it is the commit that counted"


async def test_a_store_that_went_back_says_so(opened: Open, admin: Admin) -> None:
    store = await opened()
    lease = await store.acquire("x")
    for number in range(3):
        changed = Mutations(events=[event(number)], runs=[run(number + 10, number)])
        assert await store.commit(lease, changed) == "ok"
    admin.execute("UPDATE fql_main.fql_session SET cycle = 1")
    assert await store.commit(lease, Mutations(pauses={"x": True})) == "fenced"
    with pytest.raises(StoreRewound, match="the last 2 commits are lost"):
        await store.settle(lease, 3)


async def test_sessions_follow_the_clock_of_the_database(opened: Open, admin: Admin) -> None:
    """A store that went back does not number a session as one that it has forgotten."""
    store = await opened()
    lease = await store.acquire("x")
    await store.release(lease, clean=True)
    admin.execute("TRUNCATE fql_main.fql_session")
    await asyncio.sleep(1.1)
    assert (await store.acquire("x")).session > lease.session


async def test_closing_gives_the_lease_back_as_not_drained(opened: Open) -> None:
    first, second = await opened(), await opened()
    await first.acquire("x")
    await first.close()
    lease = await second.acquire("y")
    assert not (await second.load(lease)).clean
