"""Dead letters in PostgreSQL: a view of a store that is there, copies of one that is elsewhere."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import psycopg
import pytest

from fql.app import Runtime
from fql.errors import SettingsError, StoreError
from fql.testing import MockWebhookServer
from fql.webhooks import replay_dlq
from tests.app.plans import CHAIN, order, plan_of, settings_of

LATEST = (
    "SELECT * FROM webhook_dlq WHERE failed_at > NOW() - INTERVAL '24 hours'"
    " ORDER BY failed_at DESC"
)
BY_OBSERVER = "SELECT observer, COUNT(*), MAX(failed_at) FROM webhook_dlq GROUP BY observer"
"""Both are those of the first description of this system."""


def runtime(server: MockWebhookServer, store: str, text: str = "") -> Runtime:
    return Runtime(
        plan_of(CHAIN), store=store, settings=settings_of(text),
        environment={"RECEIVER": server.url}, listeners=(),
    )  # fmt: skip


def answered(url: str, query: str) -> list[dict[str, object]]:
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(query.encode()).fetchall()


async def fail(running: Runtime, server: MockWebhookServer, *numbers: int) -> None:
    """Leave a dead letter behind for each."""
    server.reply(*[503] * len(numbers))
    for number in numbers:
        await running.emit("Order.insert", new=order(number))
    await running.until_idle(30)


async def test_the_queries_of_the_first_description(
    webhook_server: MockWebhookServer, postgresql_url: str
) -> None:
    """On a store in PostgreSQL without any setting, and replayed from what they answer."""
    async with runtime(webhook_server, postgresql_url) as running:
        await fail(running, webhook_server, 1)
        await asyncio.sleep(0.01)  # the query orders by the time alone
        await fail(running, webhook_server, 2)
        letters = answered(postgresql_url, LATEST)
        assert [(one["observer"], one["action"], one["class"]) for one in letters] == [
            ("placed", "reserve", "exhausted")
        ] * 2
        shown = await running.client.dead_letters()
        assert [one["dlq_id"] for one in letters] == [one.dlq_id for one in shown]
        assert [one["run"] for one in letters] == [one.run for one in shown]
        assert letters[0]["attempts"][0]["status"] == 503  # type: ignore[index]
        assert isinstance(letters[0]["request"], dict)
        (group,) = answered(postgresql_url, BY_OBSERVER)
        assert (group["observer"], group["count"]) == ("placed", 2)
        assert group["max"] == letters[0]["failed_at"]
        name = str(letters[1]["dlq_id"])
        replayed = await asyncio.to_thread(replay_dlq, name, wait=True)
        assert [one["state"] for one in replayed] == ["resolved"]
        assert [one["dlq_id"] for one in answered(postgresql_url, LATEST)] == [letters[0]["dlq_id"]]


async def test_copies_of_a_store_elsewhere(
    webhook_server: MockWebhookServer, postgresql_url: str, tmp_path: Path
) -> None:
    """An entry for each open dead letter, gone when it has left the queue."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA ops")
    text = f'[webhooks.dlq]\nbackend = "postgresql"\nurl = "{postgresql_url}"\nschema = "ops"\n'
    store = f"sqlite:///{tmp_path}/fql.db"
    async with runtime(webhook_server, store, text) as running:
        await fail(running, webhook_server, 1, 2)
        await asyncio.sleep(0)
    found = answered(postgresql_url, LATEST.replace("webhook_dlq", "ops.webhook_dlq"))
    assert [one["observer"] for one in found] == ["placed", "placed"]
    assert found[0]["attempts"][0]["status"] == 503  # type: ignore[index]
    async with runtime(webhook_server, store, text) as running:
        await running.replay(str(found[0]["dlq_id"]), wait=True)
    left = answered(postgresql_url, "SELECT dlq_id FROM ops.webhook_dlq")
    assert [one["dlq_id"] for one in left] == [found[1]["dlq_id"]]


async def test_what_has_the_name_already_is_left_alone(
    webhook_server: MockWebhookServer, postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An error where the name was written down, a warning where it is the default."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE webhook_dlq AS SELECT 7 AS mine")
    with caplog.at_level(logging.WARNING):
        async with runtime(webhook_server, postgresql_url):
            pass
    assert "that name is taken" in caplog.text
    with pytest.raises(SettingsError, match="that name is taken"):
        async with runtime(webhook_server, postgresql_url, '[webhooks.dlq]\ntable="webhook_dlq"\n'):
            pass
    assert answered(postgresql_url, "SELECT * FROM webhook_dlq") == [{"mine": 7}]
    text = '[webhooks.dlq]\nbackend = "postgresql"\nschema = "absent"\n'
    with pytest.raises(SettingsError, match="there is no such schema"):
        async with runtime(webhook_server, postgresql_url, text):
            pass


@pytest.mark.parametrize(
    ("store", "keys", "words"),
    [
        ("memory:", 'backend = "postgresql"', "needs the key `url`"),
        ("memory:", 'schema = "ops"', "no effect"),
        ("postgresql", 'backend = "sqlite"', "cannot be in SQLite"),
    ],
)
async def test_a_backend_that_cannot_be_is_refused_at_the_start(
    webhook_server: MockWebhookServer, postgresql_url: str, store: str, keys: str, words: str
) -> None:
    url = postgresql_url if store == "postgresql" else store
    with pytest.raises((SettingsError, StoreError), match=words):
        async with runtime(webhook_server, url, f"[webhooks.dlq]\n{keys}\n"):
            pass
