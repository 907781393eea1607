"""How many requests are under way at once is counted over all engines of a store."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

from fql.app import Runtime
from fql.store.postgresql.shared import SharedPostgresStore
from fql.store.records import Mutations
from fql.store.sharing.limits import Wish
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import order, plan_of, settings_of
from tests.shards.conftest import Admin, Open
from tests.shards.test_engines import until
from tests.shards.test_shares import EXPIRE

FREE = """
observer free { on: Order.insert  webhook tell { endpoint: shop path: "/free" body: { id } } }
"""
ENTITY = """
entity Order { id: ID @key  status: String  total: Decimal }
endpoint shop { url: "${RECEIVER}"  concurrency: CONCURRENCY }
"""
TAKES = 0.02
"""Seconds that the receiver needs."""


class Ledger:
    """When each request was there, as the receiver saw it."""

    def __init__(self, receiver: MockWebhookServer) -> None:
        self.began: list[float] = []
        receiver.always(self._answer)

    def _answer(self, _: object) -> Reply:
        self.began.append(time.monotonic())
        return Reply(delay=TAKES)

    def most_at_once(self) -> int:
        times = sorted(self.began)
        return max(sum(one - TAKES < other <= one for other in times) for one in times)


def limited(url: str, receiver: MockWebhookServer, concurrency: int) -> Runtime:
    return Runtime(
        plan_of(FREE, entity=ENTITY.replace("CONCURRENCY", str(concurrency))),
        store=SharedPostgresStore(url), settings=settings_of(),
        environment={"RECEIVER": receiver.url},
    )  # fmt: skip


async def test_three_engines_are_one_holder_even_where_one_of_them_is_killed(
    postgresql_url: str, webhook_server: MockWebhookServer, admin: Admin
) -> None:
    """With one slot it goes round, and that of a dead engine is free with its session."""
    ledger = Ledger(webhook_server)
    engines = [limited(postgresql_url, webhook_server, 1) for _ in range(3)]
    for one in engines:
        await one.__aenter__()
    for number in range(90):
        await engines[number % 3].emit("Order.insert", new=order(number))
    states = [one.engine.state for one in engines]
    await until(lambda: all(state.tally.sent for state in states))
    holder = await _holder(engines)
    await holder.engine.kill()
    admin.execute(EXPIRE, (holder.engine.session,))
    left = [one for one in engines if one is not holder]
    await asyncio.gather(*(one.until_idle(60) for one in left))
    for one in engines:
        await one.__aexit__(None, None, None)
    keys = Counter(str(one.headers["webhook-id"]) for one in webhook_server.requests)
    assert len(keys) == 90
    assert sum(keys.values()) <= 91, "what was on the wire comes again"
    assert ledger.most_at_once() == 1


async def _holder(engines: list[Runtime]) -> Runtime:
    """Who has a request on the wire at this moment."""
    while True:
        for one in engines:
            if one.engine.state.in_flight:
                return one
        await asyncio.sleep(0.001)


async def test_slots_are_never_given_twice(opened: Open, admin: Admin) -> None:
    """Stores that ask and give back at the same time; one session is fenced meanwhile."""
    stores = [await opened() for _ in range(3)]
    leases = [await store.acquire("x") for store in stores]
    chance, kept, fenced = random.Random(3), [0, 0, 0], False

    async def live(me: int) -> None:
        for number in range(25):
            kept[me] = chance.randint(0, kept[me])
            wish = Wish("e", limit=7, keep=kept[me], more=chance.randint(0, 4), fair=2)
            (grant,) = await stores[me].reserve(leases[me], [wish])
            if grant.known is not None:
                kept[me] = grant.slots
            assert sum(kept[1:] if fenced else kept) <= 7
            if me == 0 and number == 10:
                return

    await asyncio.gather(*map(live, range(3)))
    fenced = True
    admin.execute(EXPIRE, (leases[0].session,))
    assert await stores[1].share(leases[1]) is not None
    assert await stores[0].commit(leases[0], Mutations(pauses={"x": True})) == "fenced"
    await stores[0].reserve(leases[0], [Wish("e", limit=7, keep=7)])
    for me in (1, 2):
        await stores[me].reserve(leases[me], [Wish("e", limit=7)])
    (grant,) = await stores[2].reserve(leases[2], [Wish("e", limit=7, more=9)])
    assert grant.slots == 7, "what a fenced session says it has does not count"
    one, two = await stores[1].holdings()
    assert (one.session, one.slots, one.lacks) == (leases[1].session, {}, {})
    assert (two.session, two.slots, two.shared) == (leases[2].session, {"e": 7}, True)
    assert len(one.shards) == 32 and two.left > 0


async def test_what_gives_slots_is_on_disk_and_what_gives_tokens_need_not_be(
    opened: Open, admin: Admin
) -> None:
    """A server that crashes may forget tokens, and must not forget who has a slot."""
    flushed = "SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()"
    store = await opened()
    lease = await store.acquire("x")
    await store.reserve(lease, [Wish("e", limit=7)])
    for _ in range(20):
        await store.reserve(lease, [Wish("e", limit=7, more=2)])
        assert admin.execute(flushed).fetchone() == (True,)
        await store.reserve(lease, [Wish("e", limit=7)])
