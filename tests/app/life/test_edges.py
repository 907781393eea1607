"""The edges of a runtime's life: reloads under way, full disks at the end, calls out of season."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.client import open_client
from fql.errors import StoreError, StoreFull, UsageError
from fql.store.memory import MemoryStore
from fql.store.port import Lease, Verdict
from fql.store.records import Mutations
from fql.store.sqlite.store import SqliteStore
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import ENTITY, ONE, order, plan_of, settings_of
from tests.app.test_runtime import runtime

BATCHED = """
observer placed {
  on: Order.insert
  webhook tell {
    endpoint: shop path: "/orders" body: { all: each { id } } batch: { size: 3, timeout: 60s }
  }
}
"""
TYPED = """
type Reservation { number: Int }
observer placed {
  on: Order.insert
  webhook reserve { endpoint: shop path: "/reserve" body: { id } response: Reservation }
  webhook label {
    endpoint: shop path: "/label" body: { id, number: reserve.response.number }
  }
}
"""


async def test_open_work_goes_to_the_address_its_endpoint_has_now(
    webhook_server: MockWebhookServer,
) -> None:
    """A receiver moves while a run of the old plan is between two tries."""
    webhook_server.reply(503)
    with MockWebhookServer() as moved:
        entity = ENTITY.replace("RECEIVER", "MOVED")
        places = {"RECEIVER": webhook_server.url, "MOVED": moved.url}
        running = Runtime(plan_of(), store="memory:", environment=places, settings=settings_of())
        async with running:
            await running.emit("Order.insert", new=order(1))
            assert await webhook_server.arrived(1)
            await running.reload(plan_of(ONE, entity=entity))
            await running.until_idle(30)
        assert [request.attempt for request in moved.requests] == [2]
    assert webhook_server.call_count == 1


async def test_a_name_that_an_old_plan_lacks_blocks_its_work_until_a_reload_finds_it(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    webhook_server.always(503)
    store = f"sqlite:///{tmp_path}/s.db"
    async with runtime(webhook_server, store=store) as running:
        await running.emit("Order.insert", new=order(1))
        assert await webhook_server.arrived(1)
    other = ENTITY.replace("RECEIVER", "OTHER").replace("shop", "other")
    plan = plan_of(ONE.replace("shop", "other"), entity=other)
    webhook_server.always(200)
    names = {"OTHER": webhook_server.url}
    running = Runtime(plan, store=store, environment=names, settings=settings_of())
    async with running:
        await running.emit("Order.insert", new=order(2))
        assert await webhook_server.arrived(2)
        names["RECEIVER"] = webhook_server.url
        await running.reload(plan)
        assert (await running.until_idle(30)).left == 0
    sent = [request.payload["id"] for request in webhook_server.requests]  # type: ignore[index]
    assert sent == ["o1", "o2", "o1"]


async def test_a_runtime_out_of_season_says_so(webhook_server: MockWebhookServer) -> None:
    """Neither before its start nor after its end does a call hang."""
    running = runtime(webhook_server)
    with pytest.raises(UsageError, match="not been started"):
        await running.emit("Order.insert", new=order(1))
    async with running:
        pass
    with pytest.raises(UsageError, match="has ended"):
        await asyncio.wait_for(running.emit("Order.insert", new=order(1)), 30)
    assert not webhook_server.called


async def test_an_emit_during_the_end_is_stored_or_refused(
    webhook_server: MockWebhookServer,
) -> None:
    """What was accepted while the runtime drained is sent by the next one."""
    webhook_server.always(Reply(200, delay=0.2))
    store = MemoryStore()
    running = runtime(webhook_server, store=store)
    await running.__aenter__()
    await running.emit("Order.insert", new=order(0))
    leaving = asyncio.create_task(running.__aexit__(None, None, None))
    accepted = 0
    number = 0
    while not leaving.done():
        number += 1
        try:
            await asyncio.wait_for(running.emit("Order.insert", new=order(number)), 30)
        except (UsageError, StoreError):
            break
        accepted += 1
        await asyncio.sleep(0.01)
    await leaving
    webhook_server.always(200)
    async with runtime(webhook_server, store=store) as again:
        await again.until_idle(30)
    ids = {request.payload["id"] for request in webhook_server.requests}  # type: ignore[index]
    assert ids == {f"o{n}" for n in range(accepted + 1)}


async def test_a_repeated_key_gives_the_first_receipt(webhook_server: MockWebhookServer) -> None:
    """The runs of the first time too, so that one can wait for them."""
    webhook_server.always(Reply(200, delay=0.1))
    async with runtime(webhook_server) as running:
        first = await running.emit("Order.insert", new=order(1), key="k")
        again = await running.emit("Order.insert", new=order(1), key="k")
        assert (again.id, again.runs, again.duplicate) == (first.id, first.runs, True)
        ended = await running.wait(again, 30)
    assert list(ended.states.values()) == ["done"]


async def test_a_known_key_with_another_payload_is_logged(
    webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with runtime(webhook_server) as running:
        await running.emit("Order.insert", new=order(1), key="k")
        again = await running.emit("Order.insert", new=order(2), key="k")
        await running.until_idle(30)
    assert again.duplicate
    assert "a different payload" in caplog.text
    assert webhook_server.call_count == 1


class Filling(MemoryStore):
    """A disk that is full from some time on."""

    full = False

    async def commit(self, lease: Lease, mutations: Mutations) -> Verdict:
        if self.full:
            raise StoreFull("no space is left for the store")
        return await super().commit(lease, mutations)


async def test_leaving_with_a_full_disk_ends_and_loses_nothing(
    webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The outcome cannot be stored, so the next engine sends again under the same key."""
    webhook_server.always(Reply(200, delay=0.2))
    store = Filling()
    settings = settings_of('[webhooks.dispatch]\ntimeout = "500ms"\n')
    async with runtime(webhook_server, store=store, settings=settings) as running:
        await running.emit("Order.insert", new=order(1))
        assert await webhook_server.arrived(1)
        store.full = True
    assert "could not be stored" in caplog.text
    store.full = False
    async with runtime(webhook_server, store=store) as running:
        assert (await running.until_idle(30)).left == 0
    assert [request.attempt for request in webhook_server.requests] == [1, 2]
    assert len({request.key for request in webhook_server.requests}) == 1


async def test_a_buffer_stays_stored_on_leaving_and_fills_up_later(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    for numbers in ((1, 2), (3,)):
        async with runtime(webhook_server, store=store, plan=plan_of(BATCHED)) as running:
            for number in numbers:
                await running.emit("Order.insert", new=order(number))
            await running.until_idle(0.3)
    assert [request.payload for request in webhook_server.requests] == [
        {"all": [{"id": "o1"}, {"id": "o2"}, {"id": "o3"}]}
    ]


async def test_an_answer_that_does_not_fit_is_dead_and_can_be_supplied(
    webhook_server: MockWebhookServer,
) -> None:
    webhook_server.reply(Reply(200, {"number": "seven"}), path="/reserve")
    async with runtime(webhook_server, plan=plan_of(TYPED)) as running:
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(30)
        [letter] = await running.client.dead_letters()
        assert letter.error_class == "permanent"
        assert letter.reason.startswith("response")
        await running.replay(letter.dlq_id, response={"number": 7})
        summary = await running.until_idle(30)
    assert (summary.left, webhook_server.last_payload) == (0, {"id": "o1", "number": 7})
    assert [request.path for request in webhook_server.requests] == ["/reserve", "/label"]


async def test_an_engine_that_is_broken_refuses_events_until_it_is_not(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in the engine itself never leaves a caller hanging. It goes on trying, so that the
    next event is stored once the fault is gone."""
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.01)
    async with runtime(webhook_server) as running:

        def broken(*_: object) -> None:
            raise ZeroDivisionError("a fault of ours")

        with monkeypatch.context() as patch:
            patch.setattr("fql.engine.loop.cycles.step", broken)
            for number in (1, 2):
                with pytest.raises(StoreError, match="cannot continue: ZeroDivisionError"):
                    await asyncio.wait_for(running.emit("Order.insert", new=order(number)), 30)
        await running.emit("Order.insert", new=order(3))
        assert (await running.until_idle(30)).events == 1
    assert webhook_server.last_payload == {"id": "o3", "status": "new", "total": "100.50"}


EMITTER = """
import asyncio, sys
from fql.client import open_client

async def main(store, first):
    async with open_client(store) as client:
        for number in range(first, first + 25):
            new = {"id": f"o{number}", "status": "new", "total": "100.50"}
            await client.emit({"entity": "Order", "event": "insert", "new": new})

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_four_processes_emit_into_one_store(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    async with runtime(webhook_server, store=store) as running:
        emitters = [
            subprocess.Popen([sys.executable, "-c", EMITTER, store, str(100 * n)]) for n in range(4)
        ]
        codes = await asyncio.gather(*(asyncio.to_thread(one.wait, 30) for one in emitters))
        assert codes == [0] * 4
        assert await webhook_server.arrived(100, 30)
        await running.until_idle(30)
    ids = [request.payload["id"] for request in webhook_server.requests]  # type: ignore[index]
    assert sorted(ids) == sorted(f"o{100 * n + k}" for n in range(4) for k in range(25))


async def test_two_engines_at_once_one_leads_and_the_other_waits(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    one, two = runtime(webhook_server, store=store), runtime(webhook_server, store=store)
    await asyncio.gather(one.__aenter__(), two.__aenter__())
    try:
        await asyncio.gather(
            *(r.emit("Order.insert", new=order(n)) for n, r in enumerate((one, two) * 5))
        )
        assert await webhook_server.arrived(10)
    finally:
        await asyncio.gather(one.__aexit__(None, None, None), two.__aexit__(None, None, None))
    assert webhook_server.call_count == 10


class Doubtful(SqliteStore):
    """A real file, whose replies to commits get lost: after or before they were applied."""

    lose = ""

    def _commit(self, *arguments: object) -> Verdict:
        how, self.lose = self.lose, ""
        if how == "before":
            raise StoreError("the reply was lost")
        verdict: Verdict = super()._commit(*arguments)  # type: ignore[arg-type]
        if how == "after":
            raise StoreError("the reply was lost")
        return verdict


@pytest.mark.parametrize("how", ["before", "after"])
async def test_a_lost_reply_is_settled_by_the_session_row(
    webhook_server: MockWebhookServer, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it counted is read back, never guessed: one event, one delivery, no lost lease."""
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.02)
    store = Doubtful(tmp_path / "s.db")
    async with runtime(webhook_server, store=store) as running:
        session = running.engine.session
        store.lose = how
        if how == "before":
            with pytest.raises(StoreError, match="reply was lost"):
                await running.emit("Order.insert", new=order(1))
        receipt = await running.emit("Order.insert", new=order(1))
        assert (await running.wait(receipt, 30)).ended
        assert running.engine.session == session
        async with open_client(f"sqlite:///{tmp_path}/s.db") as client:
            assert len(await client.runs()) == 1
    assert [request.attempt for request in webhook_server.requests] == [1]


async def test_a_pause_is_obeyed_by_the_next_engine_before_it_sends_anything(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    webhook_server.reply(Reply(503, headers={"Retry-After": "1"}))
    async with runtime(webhook_server, store=store) as running:
        await running.emit("Order.insert", new=order(1))
        assert await webhook_server.arrived(1)
    async with open_client(store) as client:
        await client.pause("shop")
    async with runtime(webhook_server, store=store) as running:
        await running.emit("Order.insert", new=order(2))
        assert (await running.until_idle(1.5)).left == 2
        assert webhook_server.call_count == 1
        await running.client.resume("shop")
        assert (await running.until_idle(30)).left == 0
    assert webhook_server.call_count == 3


async def test_a_forked_child_cannot_use_its_parents_runtime(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """In a process of its own, with a real fork."""
    code = (
        "import asyncio, os\n"
        "from tests.app.plans import *\n"
        "from fql import Runtime\n"
        "from fql.errors import UsageError\n"
        "async def main():\n"
        f"    async with Runtime(plan_of(), store='sqlite:///{tmp_path}/s.db',\n"
        f"            environment={{'RECEIVER': '{webhook_server.url}'}},\n"
        "            settings=settings_of(), listeners=()) as running:\n"
        "        child = os.fork()\n"
        "        if child == 0:\n"
        "            try:\n"
        "                running.emit('Order.insert', new=order(1)).send(None)\n"
        "            except UsageError as error:\n"
        "                os._exit(7 if 'another process' in error.message else 1)\n"
        "            os._exit(2)\n"
        "        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "        await running.emit('Order.insert', new=order(2))\n"
        "        await running.until_idle(30)\n"
        "asyncio.run(main())\n"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "7\n", done.stderr
    assert webhook_server.last_payload == {"id": "o2", "status": "new", "total": "100.50"}
