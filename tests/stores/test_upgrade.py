"""Stores and outboxes of older formats are upgraded, and everything in them comes to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fql import Runtime, load_plan
from fql.errors import WorkBlocked
from fql.intake.json_lines import JsonLines
from fql.intake.sqlite.source import OutboxSqlite
from fql.settings.model import Settings
from fql.settings.reading import read_settings
from fql.store.sqlite.caring.info import info_of
from fql.testing import MockWebhookServer
from tests.stores import plan_file, unpacked

SETTINGS = """
[egress]
allow = ["127.0.0.0/8"]
[store]
keep_runs = "3650d"
[webhooks.dlq]
retention = "3650d"
"""

FORMS = (1, 2, 3, 4)
DEAD = {
    "broken": 2, "mended": 1, "sealed_dead": 4, "late": 1, "ordered": 1,
}  # fmt: skip
"""Dead letters of the store, by observer."""


def settings() -> Settings:
    return read_settings(SETTINGS, "fql.toml")


def at_work(
    store: Path, server: MockWebhookServer, form: int, plan: str = "second", **names: str
) -> Runtime:
    return Runtime(
        load_plan(plan_file(plan, form)), store=f"sqlite:///{store}", settings=settings(),
        environment={"RECEIVER": server.url, **names}, listeners=(),
        sources=(JsonLines(os.devnull),),  # it ends at once, so that no batch waits for more
    )  # fmt: skip


async def observers(running: Runtime, *open_states: str) -> Counter[str]:
    """How many runs of each observer are in these states."""
    shown = await running.client.runs(limit=1_000)
    return Counter(one.observer for one in shown if one.state in open_states)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("plan", ["second", "first"])
async def test_everything_comes_to_its_end(
    tmp_path: Path, webhook_server: MockWebhookServer, plan: str, form: int
) -> None:
    """By the plan that was active, and by the one before it, which is another change of plans."""
    store = unpacked(tmp_path, "store.db", form)
    async with at_work(store, webhook_server, form, plan, OLD_TOKEN="t-0123456789") as running:
        await running.client.replay(all=True, force=True)
        await running.until_idle(60)
        left = await running.client.dead_letters()
        assert left == [], [(one.dlq_id, one.reason) for one in left]
        assert await observers(running, "open", "dead") == Counter()
        assert await observers(running, "cancelled") == {"paused": 1}, "as the inbox asked"
    paths = Counter(request.path for request in webhook_server.requests)
    assert paths == {
        "/busy/label": 2, "/ok/record": 2, "/refuse/first": 2, "/ok/after": 2,
        "/refuse/attempt": 1, "/ok/many": 1, "/busy/pair": 2, "/refuse/pair": 4,
        "/refuse/line": 3, "/hang/hang": 1, "/busy/token": 1, "/late/turn": 1, "/ok/row": 1,
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
async def test_dead_letters_and_runs_are_shown_as_before(
    tmp_path: Path, webhook_server: MockWebhookServer, form: int
) -> None:
    store = unpacked(tmp_path, "store.db", form)
    webhook_server.always(503)
    async with at_work(store, webhook_server, form, OLD_TOKEN="t-0123456789") as running:
        letters = await running.client.dead_letters()
        assert Counter(one.observer for one in letters) == DEAD
        assert all(one.attempts for one in letters)
        plans = {one.digest for one in (await running.client._store.plans())[0]}
        assert {one.plan_digest for one in letters} <= plans
        runs = await running.client.runs(limit=1_000)
        assert all(not node["name"].isdigit() for one in runs for node in one.nodes)


@pytest.mark.parametrize("form", FORMS)
async def test_what_lacks_a_name_waits_and_the_rest_goes_on(
    tmp_path: Path, webhook_server: MockWebhookServer, form: int
) -> None:
    """Everything of the first plan: its observer `secretive` needs OLD_TOKEN."""
    store = unpacked(tmp_path, "store.db", form)
    async with at_work(store, webhook_server, form) as running:
        with pytest.raises(WorkBlocked, match="OLD_TOKEN"):
            await running.until_idle(60)
        left = await observers(running, "open")
        assert left == {"chain": 1, "sealed": 2, "secretive": 1, "ordered": 2}
        for observer in ("chain", "sealed", "secretive"):
            await running.client.cancel(observer=observer)
        await running.until_idle(60)
        assert await observers(running, "open") == {"ordered": 2}, "behind a dead one"


@pytest.mark.parametrize("form", FORMS)
async def test_rows_of_the_outbox_are_taken(
    tmp_path: Path, webhook_server: MockWebhookServer, form: int
) -> None:
    """Those that had been taken are not taken again; one that does not fit is a dead letter."""
    shop, taken = unpacked(tmp_path, "shop.db", form), unpacked(tmp_path, "taken.db", form)
    again = ["capture", "install", str(plan_file("second", form)), "--database", str(shop)]
    subprocess.run([sys.executable, "-m", "fqlc", *again], check=True)
    async with Runtime(
        load_plan(plan_file("second", form)), store=f"sqlite:///{taken}", settings=settings(),
        environment={"RECEIVER": webhook_server.url}, listeners=(),
        sources=(OutboxSqlite("shop", shop),),
    ) as running:  # fmt: skip
        await running.until_idle(60)
        letters = await running.client.dead_letters()
    found = [request.payload for request in webhook_server.requests]
    assert found == [{"id": number, "total": f"{number}.50"} for number in range(63, 67)]
    assert [one.error_class for one in letters] == ["capture"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["store.db", "taken.db"])
def test_each_folder_holds_the_format_that_it_is_called_by(
    tmp_path: Path, name: str, form: int
) -> None:
    assert info_of(unpacked(tmp_path, name, form)).form == form
