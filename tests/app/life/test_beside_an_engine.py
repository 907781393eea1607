"""A runtime that is not the engine of its store: its calls follow the event to the one that is."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fql import blocking
from fql.app import Runtime
from fql.errors import EventRefused
from fql.plan.stored.codec import load_plan
from fql.testing import MockWebhookServer, Reply
from tests.app.plans import ENTITY, order, plan_of, settings_of
from tests.app.test_runtime import runtime
from tests.cli_runtime.shop import write_project

ANSWER = Reply(200, delay=0.3)


@pytest.fixture
async def client(webhook_server: MockWebhookServer, tmp_path: Path) -> AsyncIterator[Runtime]:
    """Beside the engine, on the same store: the second worker of a web server."""
    webhook_server.always(ANSWER)
    store = f"sqlite:///{tmp_path}/s.db"
    async with (
        runtime(webhook_server, store=store),
        runtime(webhook_server, store=store) as second,
    ):
        assert second._engine is None
        yield second


async def test_wait_follows_the_event(client: Runtime, webhook_server: MockWebhookServer) -> None:
    receipt = await client.emit("Order.insert", new=order(1), id="evt-1")
    assert not receipt.ended
    early = await client.wait(receipt, 0.05)
    assert not early.ended
    ended = await client.wait(receipt, 20)
    assert ended.ended
    assert list(ended.states.values()) == ["done"]
    assert ended.runs == tuple(ended.states)
    assert (ended.event_id, ended.handed) == ("evt-1", None)
    assert webhook_server.call_count == 1
    assert (await client.client.runs(event=ended.id))[0].run == ended.runs[0]


async def test_an_event_that_nobody_wants_has_ended(client: Runtime) -> None:
    receipt = await client.emit("Order.insert", new=order(1, total="5"))
    ended = await client.wait(receipt, 20)
    assert (ended.ended, ended.runs) == (True, ())


async def test_a_repeated_key_is_known(client: Runtime, webhook_server: MockWebhookServer) -> None:
    first = await client.wait(await client.emit("Order.insert", new=order(1), key="k"), 20)
    again = await client.emit("Order.insert", new=order(1), key="k")
    assert again.duplicate
    ended = await client.wait(again, 20)
    assert (ended.id, ended.runs, ended.duplicate) == (first.id, first.runs, True)
    assert webhook_server.call_count == 1


async def test_until_idle_waits_for_the_others_work(
    client: Runtime, webhook_server: MockWebhookServer
) -> None:
    for number in range(3):
        await client.emit("Order.insert", new=order(number))
    assert (await client.until_idle(0.05)).left > 0
    summary = await client.until_idle(20)
    assert summary.left == client.status().left == 0
    assert webhook_server.call_count == 3


async def test_synchronous_dispatch_waits_as_well(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    webhook_server.always(ANSWER)
    store = f"sqlite:///{tmp_path}/s.db"
    text = '[webhooks.dispatch]\nasync = false\ntimeout = "{}"\n'
    async with runtime(webhook_server, store=store):
        patient = settings_of(text.format("20s"))
        async with runtime(webhook_server, store=store, settings=patient) as second:
            assert (await second.emit("Order.insert", new=order(1))).ended
        hasty = settings_of(text.format("20ms"))
        async with runtime(webhook_server, store=store, settings=hasty) as second:
            assert not (await second.emit("Order.insert", new=order(2))).ended


async def test_a_receipt_is_good_after_the_change_of_engines(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """The engine ends before it takes the event, and the client becomes the engine."""
    store = f"sqlite:///{tmp_path}/s.db"
    first = runtime(webhook_server, store=store)
    await first.__aenter__()
    async with runtime(webhook_server, store=store) as second:
        receipt = await second.emit("Order.insert", new=order(1))
        await first.__aexit__(None, None, None)
        ended = await second.wait(receipt, 30)
    assert list(ended.states.values()) == ["done"]


async def test_an_event_that_the_engine_does_not_take_is_no_success(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Its plan changed between the check here and the taking there."""
    store = f"sqlite:///{tmp_path}/s.db"
    other = ENTITY.replace("status: String", "status: Int")
    first = runtime(webhook_server, store=store)
    await first.__aenter__()
    async with runtime(webhook_server, store=store) as second:
        await first.__aexit__(None, None, None)
        receipt = await second.emit("Order.insert", new=order(1))
        third = Runtime(
            plan_of(entity=other), store=store, settings=settings_of(),
            environment={"RECEIVER": webhook_server.url}, takes_over=False,
        )  # fmt: skip
        async with third:
            with pytest.raises(EventRefused, match="did not take the event"):
                await second.wait(receipt, 20)
            letters = await third.client.dead_letters(filter={"class": "capture"})
            assert len(letters) == 1
    assert not webhook_server.called


@contextmanager
def command(folder: Path, server: MockWebhookServer) -> Iterator[subprocess.Popen[str]]:
    """`fqlc run` in the folder, ready."""
    write_project(folder, server.url)
    with subprocess.Popen(
        [sys.executable, "-m", "fqlc", "run", "shop.fql"], cwd=folder, text=True,
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert any("ready" in line for line in process.stderr), "it ended at once"
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def test_beside_a_command_and_over_its_end(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Two processes: the application hands over, waits, and goes on alone."""
    webhook_server.always(Reply(200, delay=0.1))
    with command(tmp_path, webhook_server):
        subprocess.run(
            [sys.executable, "-m", "fqlc", "compile", "shop.fql", "-o", "plan.json"],
            cwd=tmp_path, check=True,
        )  # fmt: skip
        old = {"id": 1, "status": "new", "total": "9.90"}
        with blocking.Runtime(
            load_plan(tmp_path / "plan.json"), store=f"sqlite:///{tmp_path}/fql.db",
            settings=settings_of(),
        ) as running:  # fmt: skip
            receipt = running.emit("Order.update", old=old, new={**old, "status": "paid"})
            ended = running.wait(receipt, 30)
            assert list(ended.states.values()) == ["done"]
            assert running.until_idle(30).left == 0
    assert [request.path for request in webhook_server.requests] == ["/stock/1", "/books/1"]


async def test_waiting_ends_with_the_runtime(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    webhook_server.always(Reply(503, headers={"retry-after": "60"}))
    async with runtime(webhook_server) as running:
        receipt = await running.emit("Order.insert", new=order(1))
        waiting = asyncio.create_task(running.wait(receipt))
        await asyncio.sleep(0.05)
    with pytest.raises(Exception, match="has ended"):
        await asyncio.wait_for(waiting, 10)
