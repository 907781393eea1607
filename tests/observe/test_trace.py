"""`fqlc trace` tells the whole story of an event: runs, attempts, what comes next, what is dead."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import click
import pytest

from fql.cli.stored.trace import story
from fql.intake.json_lines import JsonLines
from fql.testing import MockWebhookServer
from fqlc.cli.main import run
from tests.observe.support import SOURCE, order, runtime, sqlite

MORE = (
    SOURCE.replace("initial_delay: 20ms", "initial_delay: 300ms")
    + """
observer many {
  on: Order.insert
  webhook list {
    endpoint: shop  path: "/many"  batch: { size: 2, timeout: 20s }  body: { all: each { id } }
  }
}
observer handled {
  on: Order.delete
  webhook try_it { endpoint: shop  path: "/try" }
  webhook undo { endpoint: shop  path: "/undo" }
  flow { try_it else undo }
}
"""
)
GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def told(lines: list[str]) -> str:
    """The story with its ids and times made equal."""
    text = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "TIME", click.unstyle("\n".join(lines)))
    return re.sub(r"(run|bat)_[0-9a-f]+", r"\1_ID", re.sub(r"dlq_[0-9a-f]+", "dlq_ID", text))


async def test_story_of_an_event_with_all_that_can_happen(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    webhook_server.reply(503, path="/orders")
    webhook_server.reply(404, path="/try")
    async with runtime(webhook_server, text=MORE, store=sqlite(tmp_path)) as running:
        context = {"traceparent": GIVEN}
        await running.emit("Order.insert", new=order(1), id="evt-1", context=context)
        await running.emit("Order.delete", old=order(1), id="evt-2")
        await webhook_server.arrived(3)
        await asyncio.sleep(0.1)
        waiting = told(list(story(await running.client.trace("evt-1"))))
        await running.emit("Order.insert", new=order(2))
        await running.until_idle(30)
        ended = told(list(story(await running.client.trace("evt-1"))))
        dead = told(list(story(await running.client.trace("evt-2"))))
    head = "Order.insert evt-1 at TIME\n  trace 0af7651916cd43dd8448eb211c80319c\n"
    assert waiting.startswith(head)
    assert "  placed (run_ID): open, TIME\n    tell: scheduled, next at TIME\n" in waiting
    assert re.search(r"      1\. TIME  503  \d+ ms", waiting)
    assert "    list: buffered, next at TIME" in waiting
    assert "  placed (run_ID): done, TIME to TIME\n    tell: done\n" in ended
    assert re.search(r"      2\. TIME  200  \d+ ms", ended)
    assert re.search(r"    list: done, in batch bat_ID\n      1\. TIME  200  \d+ ms", ended)
    assert "  dead letter dlq_ID_try_it: try_it: status 404 (its `else` chain took over)" in dead


async def test_story_of_a_change_that_did_not_fit(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """There is no run of it; its dead letter says why."""
    lines = tmp_path / "events.jsonl"
    lines.write_text('{"entity": "Order", "event": "insert", "id": "bad", "new": {"id": "1"}}\n')
    store = sqlite(tmp_path)
    async with runtime(webhook_server, store=store, sources=[JsonLines(str(lines))]) as running:
        await running.until_idle(30)
        (line,) = story(await running.client.trace("bad"))
    assert "Order.insert bad was refused: " in line
    assert "status" in line


async def test_story_of_an_event_nobody_wanted(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    text = SOURCE.replace("on: Order.insert", "on: Order.insert  when: total > 1000")
    async with runtime(webhook_server, text=text, store=sqlite(tmp_path)) as running:
        await running.emit("Order.insert", new=order(1), id="evt-1")
        lines = list(story(await running.client.trace("evt-1")))
    assert lines[1:] == ["  no observer matched it"]


async def test_unknown_name_is_an_error_with_a_hint(
    webhook_server: MockWebhookServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with runtime(webhook_server, store=sqlite(tmp_path)):
        pass
    arguments = ["trace", "nothing", "--store", sqlite(tmp_path)]
    assert await asyncio.to_thread(run, arguments) == 2
    said = capfd.readouterr().err
    assert "error: this store has no event or run nothing\n  help: see `fqlc runs`" in said
