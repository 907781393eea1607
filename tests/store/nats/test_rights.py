"""A user with the rights that docs/how-to/nats.md lists, and no others, can do all."""

from __future__ import annotations

from fql.store.choosing import RunFilter
from fql.store.nats.store import NatsStore
from fql.store.records import Mutations, Retention
from tests.servers.nats import running
from tests.store.rows import one_run, patch, run

USER = """authorization { users: [{ user: fqlc, password: secret, permissions: {
  publish: ["fql.shop.>", "$JS.API.STREAM.*.FQL_shop", "$JS.API.STREAM.MSG.GET.FQL_shop",
    "$JS.API.DIRECT.GET.FQL_shop"],
  subscribe: ["_INBOX.>", "fql.shop.inbox.>"] } }] }"""


async def test_the_rights_that_are_listed_are_enough() -> None:
    with running(USER) as server:
        url = server.url.replace("//", "//fqlc:secret@")
        store, beside = NatsStore([url], project="shop"), NatsStore([url], project="shop")
        await store.open()
        await beside.open()
        lease = await store.acquire("test")
        assert await store.commit(lease, one_run()) == "ok"
        ids = await beside.append([("pause", b"{}")], now=1)
        assert await store.wait(5), "the engine hears of it"
        assert [one.id for one in await store.fetch(10, frozenset())] == ids
        done = patch(run(11, 10), state="done", due=None, ended=7)
        assert await store.commit(lease, Mutations(patches=[done], consumed=ids)) == "ok"
        assert (await store.prune(Retention(100, 0, 0))).runs == 1
        await store.stream.drop("log.>", 1)
        assert await beside.runs(RunFilter()) == []
        assert (await store.size()).bytes > 0
        await beside.close()
        await store.close()
