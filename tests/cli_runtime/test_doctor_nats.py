"""`fqlc doctor` looks at the NATS that sources and dead letters need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nats as client
import pytest
from tests.servers.nats import fresh, running

from fql.cli.examining import examine_streams
from fql.cli.examining.finding import Finding
from fql.cli.project import find_project


@pytest.fixture
def looked(tmp_path: Path) -> Callable[[str], list[Finding]]:
    """The findings for the text of a `fql.toml`."""

    def look(text: str) -> list[Finding]:
        file = tmp_path / "fql.toml"
        file.write_text(text)
        return examine_streams.streams(find_project(str(file)), offline=False)

    return look


def source(url: str, stream: str) -> str:
    return f'[nats]\nurl = "{url}"\n[sources.feed]\nkind = "nats"\nstream = "{stream}"\n'


async def made(url: str, stream: str) -> None:
    """A stream in memory with a consumer of ours and two messages."""
    connection = await client.connect(url)
    js = connection.jetstream()
    await js.add_stream(name=stream, subjects=[f"{stream}.>"], storage="memory")
    await js.publish(f"{stream}.a", b"1")
    await js.publish(f"{stream}.a", b"2")
    await js.add_consumer(stream, durable_name="fql_main_feed", ack_policy="explicit")
    await connection.close()


def test_streams_and_consumers_are_looked_at(
    nats_url: str, looked: Callable[[str], list[Finding]]
) -> None:
    stream = fresh()
    absent = looked(source(nats_url, stream))
    assert [one.level for one in absent] == ["ok", "warning"]
    assert "answers: NATS 2." in absent[0].message
    assert "is not there yet: the source waits for it" in absent[1].message
    asyncio.run(made(nats_url, stream))
    found = looked(source(nats_url, stream))
    assert [one.level for one in found] == ["ok", "warning", "ok"]
    assert "is in memory" in found[1].message
    assert found[2].message == f"{stream}: 2 waiting, 0 not acknowledged"


def test_what_is_wrong_with_the_server_is_a_problem(
    looked: Callable[[str], list[Finding]],
) -> None:
    [nowhere] = looked(source("nats://127.0.0.1:1", "S"))
    assert nowhere.level == "problem"
    assert "NATS at nats://127.0.0.1:1" in nowhere.message
    [unnamed] = looked('[webhooks.dlq]\nbackend = "nats"\n')
    assert (unnamed.level, "no `[nats] url`" in unnamed.message) == ("problem", True)
    with running(jetstream=False) as server:
        [off] = looked(source(server.url, "S"))
        assert off.message.endswith("has JetStream switched off")
    assert looked("") == []


LETTERS = '[webhooks.dlq]\nbackend = "nats"\n'
USERS = """authorization { users: [
  { user: all, password: p },
  { user: some, password: p, permissions: { publish: { deny: [
    "webhook.dlq.>", "$KV.>", "$JS.API.STREAM.CREATE.>", "$JS.API.STREAM.MSG.GET.>" ] } } } ] }"""


def at(url: str, user: str, more: str = "") -> str:
    """Settings with dead letters there."""
    return f'[nats]\nurl = "{url.replace("://", f"://{user}:p@")}"\n{LETTERS}{more}'


async def make(url: str, **streams: dict[str, Any]) -> None:
    """Make streams, by the name that each has."""
    connection = await client.connect(url.replace("://", "://all:p@"))
    for name, config in streams.items():
        await connection.jetstream().add_stream(name=name, **config)
    await connection.close()


def test_stream_and_bucket_of_dead_letters_are_looked_at(
    looked: Callable[[str], list[Finding]],
) -> None:
    """What is missing, too short-lived, of another kind, somebody else's or forbidden; and nothing
    is written by looking."""
    with running(USERS) as server:
        absent = looked(at(server.url, "all"))
        assert [one.level for one in absent] == ["ok"] * 3
        assert "WEBHOOK_DLQ is not there yet; `fqlc run` creates it" in absent[1].message
        forbidden = [one for one in looked(at(server.url, "some")) if one.level == "problem"]
        rights = ("STREAM.CREATE.WEBHOOK_DLQ", "webhook.dlq.-", "STREAM.CREATE.KV_", "$KV.", "MSG")
        assert len(forbidden) == len(rights)
        for right, one in zip(rights, forbidden, strict=True):
            assert "may not publish to" in one.message
            assert right in one.message
        asyncio.run(make(
            server.url,
            WEBHOOK_DLQ={"subjects": ["webhook.dlq.>"], "max_age": 86_400, "discard": "new"},
            **{"KV_webhook-failures": {"subjects": ["other"]}},
        ))  # fmt: skip
        found = looked(at(server.url, "all"))
        assert [one.level for one in found] == ["ok", "warning", "warning", "problem"]
        assert "keeps messages for 1d, and `retention` of [webhooks.dlq] is 7d" in found[1].message
        assert "refuses messages when it is full" in found[2].message
        assert "does not take $KV.webhook-failures.>; it takes other" in found[3].message
        taken = looked(at(server.url, "all", 'stream = "MINE"\nretention = "1h"\n'))
        assert "WEBHOOK_DLQ has the subject webhook.dlq.> already" in taken[1].message
        usual = looked(at(server.url, "all", 'bucket = "b"\nretention = "1h"\n'))
        assert [one.level for one in usual] == ["ok", "warning", "ok"]
        assert "discard" in usual[1].message
