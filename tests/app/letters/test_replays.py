"""Replays as people make them: from Python and from other processes, beside a running engine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.errors import UsageError
from fql.plan.model import Plan
from fql.testing import MockWebhookServer, Reply
from fql.webhooks import replay_dlq
from tests.app.plans import CHAIN, order, plan_of, settings_of

Entries = list[dict[str, object]]

BATCHED = """
observer placed {
  on: Order.insert
  webhook many {
    endpoint: shop path: "/many" retry: { max_attempts: 1 }
    batch: { size: 2, timeout: 1s }
    body: { orders: each { id } }
  }
}
"""


@asynccontextmanager
async def engine(
    server: MockWebhookServer, folder: Path, plan: Plan | None = None, text: str = ""
) -> AsyncIterator[Runtime]:
    """A runtime on a store in the folder."""
    async with Runtime(
        plan or plan_of(CHAIN), store=f"sqlite:///{folder}/s.db", settings=settings_of(text),
        environment={"RECEIVER": server.url}, listeners=(),
    ) as running:  # fmt: skip
        yield running


async def fail(running: Runtime, server: MockWebhookServer, *numbers: int) -> None:
    """Leave one dead letter behind for each number, and forget the requests."""
    server.always(503)
    for number in numbers:
        await running.emit("Order.insert", new=order(number))
    await running.until_idle(30)
    server.always(200)
    server.clear()


async def replayed(*arguments: object, **options: object) -> Entries:
    """`replay_dlq` as a script calls it: from a thread without a loop."""
    call: Callable[[], Entries] = partial(replay_dlq, *arguments, **options)  # type: ignore[arg-type]
    return await asyncio.to_thread(call)


def paths(server: MockWebhookServer) -> list[str]:
    return [request.path for request in server.requests]


async def test_two_replays_at_once_send_once(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Two processes mark the same entry at the same time, beside the engine."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1)
        [letter] = await running.client.dead_letters()
        command = ("-m", "fqlc", "dlq", "replay", letter.dlq_id, "--store")
        both = [
            await asyncio.create_subprocess_exec(
                sys.executable, *command, f"sqlite:///{tmp_path}/s.db", cwd=tmp_path,
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )
            for _ in range(2)
        ]  # fmt: skip
        await asyncio.gather(*(process.wait() for process in both))
        await running.client.wait_taken()
        await running.until_idle(30)
    assert paths(webhook_server) == ["/reserve", "/label"]


async def test_a_failed_replay_keeps_the_entry_and_adds_to_its_history(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1)
        [letter] = await running.client.dead_letters()
        webhook_server.always(500)
        [entry] = await replayed(letter.dlq_id, wait=True)
        assert (entry["dlq_id"], entry["state"]) == (letter.dlq_id, "dead")
        assert [one["status"] for one in entry["attempts"]] == [503, 500]  # type: ignore[attr-defined]
        webhook_server.always(200)
        [entry] = await replayed(letter.dlq_id, wait=True)
        assert entry["state"] == "resolved"
        assert await running.client.dead_letters() == []
        assert letter.run is not None
        story = await running.client.trace(letter.run)
        found = [one.status for one in story.attempts[letter.run] if one.action == "reserve"]
        assert found == [503, 500, 200]
    assert len({request.key for request in webhook_server.requests[:2]}) == 1


async def test_a_response_is_supplied_without_sending(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """The DAG goes on behind the action, which is not called again."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1)
        [letter] = await running.client.dead_letters()
        await replayed(letter.dlq_id, response={"id": "r1"}, wait=True)
        await running.until_idle(30)
    assert paths(webhook_server) == ["/label"]


@pytest.mark.parametrize(("plan", "path"), [("active", "/v2"), ("original", "/reserve")])
async def test_the_plan_of_then_or_the_active_one(
    webhook_server: MockWebhookServer, tmp_path: Path, plan: str, path: str
) -> None:
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1)
        await running.reload(plan_of(CHAIN.replace('"/reserve"', '"/v2"')))
        await replayed(failed_after="2025-02-10", plan=plan, wait=True)
        await running.until_idle(30)
    assert paths(webhook_server)[0] == path


async def test_an_action_that_is_gone_is_said_and_nothing_changes(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1)
        await running.reload(plan_of(CHAIN.replace("reserve", "hold")))
        [letter] = await running.client.dead_letters()
        with pytest.raises(UsageError, match="no longer has this action"):
            await replayed(letter.dlq_id)
        assert [one.state for one in await running.client.dead_letters()] == ["dead"]
    assert webhook_server.call_count == 0


async def test_delay_and_rate_spread_replays(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Half a second later, ten a second, as the receiver sees it."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2, 3, 4)
        began = asyncio.get_running_loop().time()
        entries = await replayed(filter={"observer": "placed"}, delay="500ms", rate=10)
        await running.client.wait_taken()
        await running.until_idle(30)
    times = [request.at for request in webhook_server.requests if request.path == "/reserve"]
    assert len(entries) == len(times) == 4
    assert times[0] - began > 0.45
    assert times[-1] - times[0] > 0.25, "what an engine missed is made up for, so the gaps vary"


async def test_filters_limit_and_dry_run(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1, 2, 3)
        for chosen, count in (
            ({"filter": {"observer": "placed", "action": "reserve", "class": "exhausted"}}, 3),
            ({"filter": {"action": "label"}}, 0),
            ({"filter": {"class": "poison"}}, 0),
            ({"failed_after": "2999-01-01"}, 0),
            ({"failed_before": "2025-02-10T00:00:00Z"}, 0),
            ({"failed_after": "2025-02-10", "failed_before": "2999-01-01", "limit": 2}, 2),
        ):
            assert len(await replayed(**chosen, dry_run=True)) == count
        await running.until_idle(30)
        assert webhook_server.call_count == 0
        assert len(await replayed(failed_after="2025-02-10", limit=1, wait=True)) == 1
        assert len(await running.client.dead_letters()) == 2


async def test_a_batch_is_replayed_by_its_id(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with engine(webhook_server, tmp_path, plan_of(BATCHED)) as running:
        await fail(running, webhook_server, 1, 2, 3, 4)
        letters = await running.client.dead_letters()
        batch = letters[0].batch
        members = {letter.key for letter in letters if letter.batch == batch}
        assert (len(letters), len(members)) == (4, 2)
        assert len(await replayed(filter={"batch": batch}, wait=True)) == 2
        await running.until_idle(30)
        assert len(await running.client.dead_letters()) == 2
    assert {request.key for request in webhook_server.requests} == members


async def test_the_table_of_the_settings_is_found(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Also when only the store is named."""
    text = '[webhooks.dlq]\ntable = "given_up"\n'
    async with engine(webhook_server, tmp_path, text=text) as running:
        await fail(running, webhook_server, 1, 2)
        assert len(await replayed(failed_after="2025-02-10", limit=1, wait=True)) == 1
        store = f"sqlite:///{tmp_path}/s.db"
        assert len(await replayed(failed_after="2025-02-10", store=store, wait=True)) == 1


async def test_misuse_is_explained(webhook_server: MockWebhookServer, tmp_path: Path) -> None:
    async with engine(webhook_server, tmp_path):
        with pytest.raises(UsageError, match="inside an event loop"):
            replay_dlq("dlq_1")
        with pytest.raises(UsageError, match="say which dead letters"):
            await replayed()
        with pytest.raises(UsageError, match="not 'colour'"):
            await replayed(filter={"colour": "red"})
        with pytest.raises(UsageError, match="not a date"):
            await replayed(failed_after="yesterday")


async def test_runs_are_asked_for_in_words_that_mean_something(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    async with engine(webhook_server, tmp_path) as running:
        client = running.client
        for wrong in (
            {"ids": [""]}, {"ids": ["evt_1"]}, {"observer": ""}, {"observer": "nope"},
            {"state": "bogus"}, {"state": ""}, {"event": ""}, {"limit": 0}, {"limit": -1},
            {"limit": True},
        ):  # fmt: skip
            with pytest.raises(UsageError):
                await client.runs(**wrong)
        for call in (
            client.trace(""), client.cancel(run=""), client.cancel(observer=""),
            client.cancel(observer="nope"), client.resend(""), client.discard([]),
            client.discard([""]), client.dead_letter(""), client.pause(""), client.resume(""),
            client.dead_letters(filter={"observer": "nope"}),
            client.dead_letters(filter={"action": "nope"}), client.cancel(),
        ):  # fmt: skip
            with pytest.raises(UsageError):
                await call
        assert await client.runs(limit=10**30) == []


async def a_delayed_replay(running: Runtime, delay: str) -> str:
    """The id of a dead letter whose replay waits for its time."""
    [letter] = await running.client.dead_letters()
    [one] = await running.replay(letter.dlq_id, delay=delay)
    assert not one.skipped
    return letter.dlq_id


@pytest.mark.parametrize("again", [False, True])
async def test_a_discard_stops_a_delayed_replay(
    webhook_server: MockWebhookServer, tmp_path: Path, again: bool
) -> None:
    """Also when another engine carries it out."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1)
        name = await a_delayed_replay(running, "3s")
        if not again:
            assert len(await running.client.discard([name])) == 1
            await running.client.wait_taken()
    async with engine(webhook_server, tmp_path) as running:
        if again:
            await running.client.discard([name])
            await running.client.wait_taken()
        assert await running.client.dead_letters() == []
        await asyncio.sleep(3.2)
        assert (await running.until_idle(10)).left == 0
        [run] = await running.client.runs()
    assert run.state == "cancelled"
    assert webhook_server.call_count == 0


async def test_a_discard_while_its_observer_is_paused(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Pause, replay, discard, resume: nothing is sent."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1)
        [letter] = await running.client.dead_letters()
        for name in ("placed", "shop"):
            await running.client.pause(name)
        await running.replay(letter.dlq_id)
        await running.client.discard([letter.dlq_id])
        for name in ("placed", "shop"):
            await running.client.resume(name)
        await running.client.wait_taken()
        assert (await running.until_idle(10)).left == 0
    assert webhook_server.call_count == 0


async def test_a_discard_of_what_is_on_the_wire(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """The try under way ends; a failure is neither tried again nor a dead letter."""
    async with engine(webhook_server, tmp_path) as running:
        await fail(running, webhook_server, 1)
        [letter] = await running.client.dead_letters()
        webhook_server.always(Reply(503, delay=0.5))
        await running.replay(letter.dlq_id)
        assert await webhook_server.arrived(1)
        await running.client.discard([letter.dlq_id])
        assert (await running.until_idle(20)).left == 0
        assert await running.client.dead_letters() == []
    assert webhook_server.call_count == 1


async def test_a_discarded_replay_that_an_else_chain_had_handled(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    text = CHAIN.rstrip()[:-1] + "  flow { reserve  reserve else label }\n}\n"
    plan = plan_of(text)
    async with engine(webhook_server, tmp_path, plan) as running:
        webhook_server.reply(503)
        await running.emit("Order.insert", new=order(1))
        await running.until_idle(20)
        webhook_server.clear()
        [letter] = await running.client.dead_letters()
        assert letter.handled
        await running.replay(letter.dlq_id, delay="500ms", force=True)
        await running.client.discard([letter.dlq_id])
        await asyncio.sleep(0.7)
        assert (await running.until_idle(10)).left == 0
        assert await running.client.dead_letters() == []
        [run] = await running.client.runs()
    assert run.state == "done"
    assert webhook_server.call_count == 0
