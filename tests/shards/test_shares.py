"""Which engine has which shards of a store: never two the same, and in the end all of them."""

from __future__ import annotations

import asyncio

import pytest

from fql.errors import StoreLocked
from fql.store.postgresql.shared import SharedPostgresStore
from fql.store.postgresql.store import PostgresStore
from fql.store.records import Mutations, Remembered
from fql.store.sharing.port import Share
from tests.shards.conftest import Admin, Open

EXPIRE = """UPDATE fql_main.fql_session SET expires = clock_timestamp() - interval '1 s'
  WHERE id = %s"""
ALL = frozenset(range(64))


async def test_who_is_alone_has_all_shards_and_gives_away_half(opened: Open) -> None:
    first, second = await opened(), await opened()
    one = await first.acquire("one")
    share = await first.share(one)
    assert share is not None
    assert (share.mine, share.live) == (ALL, 1)
    two = await second.acquire("two")
    share = await second.share(two)
    assert share is not None
    assert (share.mine, share.live) == (frozenset(), 2)
    given = list(range(32, 64))
    assert await first.commit(one, Mutations(released=given)) == "ok"
    shares = [await first.share(one), await second.share(two)]
    assert [one.mine for one in shares if one] == [ALL - frozenset(given), frozenset(given)]
    assert (await second.load_shards(two, frozenset(given))).clean


async def test_engines_that_ask_at_once_never_get_the_same(opened: Open) -> None:
    stores = [await opened() for _ in range(5)]
    leases = await asyncio.gather(*(store.acquire("x") for store in stores))
    assert len({lease.session for lease in leases}) == 5
    for _ in range(3):  # who was too late for a shard looks for another one the next time
        asked = [store.share(lease) for store, lease in zip(stores, leases, strict=True)]
        shares = [share for share in await asyncio.gather(*asked) if share is not None]
        had = [shard for share in shares for shard in share.mine]
        assert len(had) == len(set(had))
    assert set(had) == ALL
    assert max(len(share.mine) for share in shares) == 13


async def test_a_dead_engine_loses_its_shards_and_its_commits_do_not_count(
    opened: Open, admin: Admin
) -> None:
    first, second = await opened(), await opened()
    one = await first.acquire("one")
    await first.share(one)
    two = await second.acquire("two")
    admin.execute(EXPIRE, (one.session,))
    share = await second.share(two)
    assert share is not None
    assert share.mine == ALL
    assert await first.commit(one, Mutations(pauses={"x": True})) == "fenced"
    assert await first.share(one) is None
    assert not (await second.load_shards(two, ALL)).clean, "it may have had work on the wire"


async def test_a_drained_engine_leaves_nothing_to_fear(opened: Open) -> None:
    first, second = await opened(), await opened()
    one = await first.acquire("one")
    await first.share(one)
    await first.release(one, clean=True)
    two = await second.acquire("two")
    share = await second.share(two)
    assert share is not None
    assert (share.mine, share.live) == (ALL, 1)
    assert (await second.load_shards(two, ALL)).clean


async def test_a_key_is_accepted_by_one_engine(opened: Open) -> None:
    first, second = await opened(), await opened()
    one, two = await first.acquire("one"), await second.acquire("two")
    new = Mutations(remembered=[Remembered(b"k" * 16, 1, 1, b"")])
    assert await first.commit(one, new) == "ok"
    assert await second.commit(two, new) == "conflict"
    assert await second.commit(two, Mutations(pauses={"x": True})) == "ok", "nothing was counted"


async def test_an_engine_that_is_alone_and_one_that_shares_keep_apart(
    opened: Open, postgresql_url: str
) -> None:
    alone, shared = PostgresStore(postgresql_url), await opened()
    await alone.open()
    lease = await alone.acquire("alone")
    with pytest.raises(StoreLocked, match="process alone"):
        await shared.acquire("shared")
    await alone.release(lease, clean=True)
    await shared.acquire("shared")
    with pytest.raises(StoreLocked, match="process shared"):
        await alone.acquire("alone")
    await alone.close()


async def test_the_work_of_a_dead_engine_is_taken_at_the_second_look(
    opened: Open, postgresql_url: str
) -> None:
    """Its beacon is dark; one that only lost its connection lights it again meanwhile."""
    dying, other = SharedPostgresStore(postgresql_url), await opened()
    await dying.open()
    one = await dying.acquire("one")
    assert await dying.share(one) is not None
    two = await other.acquire("two")
    await dying._writing.call(lambda wire: wire.connection.close())
    share = await other.share(two)
    assert share is not None
    assert share.live == 2
    assert await dying.share(one) is not None, "it is connected again"
    share = await other.share(two)
    assert share is not None
    assert share.live == 2
    await dying._writing.call(lambda wire: wire.connection.close())
    looks: list[Share] = []
    while not looks or (looks[-1].live == 2 and len(looks) < 50):  # the server may end it late
        share = await other.share(two)
        assert share is not None
        looks.append(share)
    assert [(one.live, one.mine) for one in (looks[0], looks[-1])] == [(2, frozenset()), (1, ALL)]
    assert await dying.share(one) is None
    await dying.close()
