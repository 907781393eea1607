"""Open work of a plan that cannot be used now waits, can be given up, and stops nobody else."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fql.app import Runtime
from fql.errors import WorkBlocked
from fql.plan.model import Plan
from fql.plan.stored.codec import seal
from fql.testing import MockWebhookServer
from tests.app.plans import order, plan_of, settings_of

ENTITY = """
entity Order {
  id: ID @key
  status: String
  total: Decimal
}
endpoint shop {
  url: "${RECEIVER}"
  retry: { max_attempts: 20, initial_delay: 1s, max_delay: 1s, jitter: none }
  TOKEN
}
"""
TOKEN = 'auth: { type: header, header: "X-Token", value: "${OLD_TOKEN}" }'
OBSERVERS = """
observer placed {
  on: Order.insert  when: status == "placed"
  webhook tell { endpoint: shop path: "/tell" HEADER body: { id } }
}
observer many {
  on: Order.insert  when: status == "many"
  webhook list { endpoint: shop path: "/list" HEADER body: { all: each { id } }
                 batch: { size: SIZE, timeout: 1h } }
}
observer queue {
  on: Order.insert  when: status == "queue"  order_by: { by: status, on_dead: block }
  webhook line { endpoint: shop path: "/line" HEADER body: { id } }
}
"""


def version(*, header: str = "", token: str = "", size: int = 100) -> Plan:
    text = OBSERVERS.replace("HEADER", f'headers: {{ "X-Old": "{header}" }}' if header else "")
    return plan_of(text.replace("SIZE", str(size)), entity=ENTITY.replace("TOKEN", token))


OLD = version(header="${OLD_TOKEN}")
NEW = version()


class Story:
    """One store, one receiver, one runtime after another."""

    def __init__(self, server: MockWebhookServer, folder: Path) -> None:
        self.server = server
        self.store = f"sqlite:///{folder}/s.db"

    @asynccontextmanager
    async def at_work(self, plan: Plan, *, token: bool = True) -> AsyncIterator[Runtime]:
        names = {"RECEIVER": self.server.url, **({"OLD_TOKEN": "t"} if token else {})}
        async with Runtime(
            plan, store=self.store, settings=settings_of(), environment=names, listeners=(),
        ) as running:  # fmt: skip
            yield running

    async def leave(self, *statuses: str, plan: Plan = OLD) -> list[str]:
        """Open runs of a plan, left behind; their ids."""
        self.server.always(503)
        async with self.at_work(plan) as running:
            runs: list[str] = []
            for number, status in enumerate(statuses):
                receipt = await running.emit("Order.insert", new=order(number, status=status))
                runs += receipt.runs
            await asyncio.sleep(0.3)
        self.server.always(200)
        self.server.clear()
        return runs

    def paths(self) -> list[str]:
        return sorted(request.path for request in self.server.requests)


@pytest.fixture
def story(webhook_server: MockWebhookServer, tmp_path: Path) -> Story:
    return Story(webhook_server, tmp_path)


async def states(running: Runtime, *runs: str) -> list[str]:
    shown = {one.run: one.state for one in await running.client.runs(ids=runs)}
    return [shown[run] for run in runs]


KINDS = ["placed", "many", "queue"]


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_never_idle_with_exit_code_0(story: Story, kind: str) -> None:
    [run] = await story.leave(kind)
    async with story.at_work(NEW, token=False) as running:
        receipt = await running.emit("Order.insert", new=order(7, status="placed"))
        await running.wait(receipt, 10)
        with pytest.raises(WorkBlocked, match="OLD_TOKEN") as caught:
            await running.until_idle(20)
    assert list(caught.value.runs) == [run]
    assert story.paths() == ["/tell"], "nobody else was stopped"


@pytest.mark.parametrize("kind", KINDS)
async def test_it_can_be_cancelled_and_is_never_sent(story: Story, kind: str) -> None:
    [run] = await story.leave(kind)
    async with story.at_work(NEW, token=False) as running:
        await running.client.cancel(run=run)
        assert (await running.until_idle(20)).left == 0
        assert await states(running, run) == ["cancelled"]
    async with story.at_work(NEW) as running:
        await running.until_idle(20)
    assert story.paths() == []


@pytest.mark.parametrize("kind", KINDS)
async def test_it_goes_on_when_the_name_is_set_again(story: Story, kind: str) -> None:
    runs = await story.leave(kind, kind)
    async with story.at_work(NEW, token=False) as running:
        with pytest.raises(WorkBlocked):
            await running.until_idle(20)
    async with story.at_work(NEW) as running:
        await running.until_idle(20)
        assert await states(running, *runs) == ["done", "done"]


@pytest.mark.parametrize("kind", KINDS)
async def test_it_goes_on_after_a_reload_that_has_the_name(story: Story, kind: str) -> None:
    runs = await story.leave(kind, kind)
    names = {"RECEIVER": story.server.url}
    async with Runtime(
        NEW, store=story.store, settings=settings_of(), environment=names, listeners=()
    ) as running:
        with pytest.raises(WorkBlocked):
            await running.until_idle(20)
        names["OLD_TOKEN"] = "t"
        await running.reload(NEW)
        await running.until_idle(20)
        assert await states(running, *runs) == ["done", "done"]


async def test_a_sealed_batch_waits_and_goes_on(story: Story) -> None:
    runs = await story.leave("many", "many", plan=version(header="${OLD_TOKEN}", size=2))
    names = {"RECEIVER": story.server.url}
    async with Runtime(
        NEW, store=story.store, settings=settings_of(), environment=names, listeners=()
    ) as running:
        with pytest.raises(WorkBlocked):
            await running.until_idle(20)
        names["OLD_TOKEN"] = "t"
        await running.reload(NEW)
        await running.until_idle(20)
        assert await states(running, *runs) == ["done", "done"]
    assert story.paths() == ["/list"]


async def test_a_sealed_batch_whose_members_are_cancelled_is_never_sent(story: Story) -> None:
    runs = await story.leave("many", "many", plan=version(header="${OLD_TOKEN}", size=2))
    async with story.at_work(NEW, token=False) as running:
        for run in runs:
            await running.client.cancel(run=run)
        await running.until_idle(20)
        assert await states(running, *runs) == ["cancelled", "cancelled"]
    async with story.at_work(NEW) as running:
        await running.until_idle(20)
    assert story.paths() == []


async def test_a_replay_is_refused_with_the_reason(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    story.server.always(400)
    async with story.at_work(OLD) as running:
        await running.emit("Order.insert", new=order(1, status="placed"))
        await running.until_idle(20)
    story.server.always(200)
    async with story.at_work(NEW, token=False) as running:
        [letter] = await running.client.dead_letters()
        await running.replay(letter.dlq_id)
        await running.until_idle(20)
        assert f"replay {letter.dlq_id} was not carried out" in caplog.text
        assert "OLD_TOKEN" in caplog.text
        [kept] = await running.client.dead_letters()
        assert (kept.dlq_id, kept.state) == (letter.dlq_id, "dead")
        await running.client.discard([letter.dlq_id])
        await running.until_idle(20)
        assert await running.client.dead_letters() == []


@pytest.mark.parametrize("kind", KINDS)
async def test_work_of_a_plan_that_cannot_be_read_can_be_cancelled(
    story: Story, tmp_path: Path, kind: str
) -> None:
    """Such as one of a newer version, after going back to this one."""
    runs = await story.leave(kind, kind)
    with sqlite3.connect(tmp_path / "s.db") as connection:
        [(blob,)] = connection.execute("SELECT blob FROM fql_plan").fetchall()
        later = {**json.loads(blob), "compiler": "9.1.0", "not_before": 1}
        later.pop("digest")
        connection.execute("UPDATE fql_plan SET blob = ?", (seal(later),))
    connection.close()
    async with story.at_work(NEW) as running:
        with pytest.raises(WorkBlocked, match=r"fqlc 9\.1\.0"):
            await running.until_idle(20)
        for run in runs:
            await running.client.cancel(run=run)
        await running.until_idle(20)
        assert await states(running, *runs) == ["cancelled", "cancelled"]
    assert story.paths() == []


async def test_a_name_that_only_the_endpoint_of_then_needed_is_not_missed(story: Story) -> None:
    """Secrets of a named endpoint come from the active plan."""
    [run] = await story.leave("placed", plan=version(token=TOKEN))
    async with story.at_work(NEW, token=False) as running:
        await running.until_idle(20)
        assert await states(running, run) == ["done"]


@pytest.mark.parametrize("kind", KINDS)
async def test_open_work_of_another_plan_starts(story: Story, kind: str) -> None:
    """A plan has one identity: work of any other plan is found at the start."""
    runs = await story.leave(kind, plan=NEW)
    other = version(header="x")
    async with story.at_work(other) as running:
        runs += (await running.emit("Order.insert", new=order(7, status=kind))).runs
        await running.reload(NEW)
        await running.until_idle(20)
        assert set(await states(running, *runs)) == {"done"}
