"""What seldom happens to a source of NATS: an old server, a purge, another engine meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.intake.test_nats import (
    forgotten,
    ids,
    jetstream,
    open_messages,
    plan,
    publish,
    runtime,
    until,
)
from tests.observe.support import METRICS, scrape
from tests.servers.nats import fresh

from fql import Runtime
from fql.errors import SettingsError
from fql.intake.nats import attending, source
from fql.intake.nats.consumer import Progress, removed_unread
from fql.intake.nats.pulling import Stay
from fql.nats.driver import nats_connection
from fql.settings.model import DeadLetters
from fql.settings.reading import read_settings
from fql.store.copies.streams import LetterStream
from fql.store.memory import MemoryStore
from fql.testing import MockWebhookServer

INFO = (
    b'INFO {"server_id":"x","server_name":"x","version":"2.9.25","proto":1,"headers":true,'
    b'"max_payload":1048576,"jetstream":true,"client_id":1}\r\n'
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LOOK_S", 0.1)
    monkeypatch.setattr(source, "PAUSE_S", 0.05)
    monkeypatch.setattr(attending, "ANSWER_S", 1.0)


@asynccontextmanager
async def old_server() -> AsyncIterator[str]:
    """What a server before 2.10 says of itself, and nothing else."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(INFO)
        while line := await reader.readline():
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_an_older_server_is_named_as_what_it_is(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    async with old_server() as url:
        async with runtime(url, tmp_path, webhook_server, "S") as working:
            told = "is version 2.9, and a source needs 2.10 or later"
            await until(lambda: told in working._watched.unready())
        connection = nats_connection([url])
        with pytest.raises(SettingsError, match=r"version 2\.9, and dead letters in NATS needs?"):
            await LetterStream(connection, DeadLetters(backend="nats"), "s" * 32).open()
        await connection.close()


async def test_what_waits_is_counted_and_what_is_purged_unread_is_told(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    stream, pull = fresh(), Stay.pull

    async def no_room(self: Stay, held: int) -> None:
        del self, held

    async with jetstream(nats_url) as js:
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        await publish(js, f"{stream}.a", 1, 2, 3)
        monkeypatch.setattr(Stay, "pull", no_room)
        async with runtime(nats_url, tmp_path, webhook_server, stream, METRICS) as working:
            await until(lambda: working._sources[0].health().pending == 3)
            assert (await scrape(working)).value("fql_source_pending", source="feed") == 3
            await js.purge_stream(stream)
            await until(lambda: "at least 3 messages" in caplog.text)
            monkeypatch.setattr(Stay, "pull", pull)
            await publish(js, f"{stream}.a", 4)
            await until(lambda: ids(webhook_server) == [4])
            await until(lambda: working._sources[0].health().pending == 0)
            assert (await scrape(working)).value("fql_source_pending", source="feed") == 0
        assert caplog.text.count("were removed before they were read") == 1
        await publish(js, f"{stream}.a", 5, 6, 7, 8)
        config = (await js.stream_info(stream)).config
        config.max_msgs = 1
        await js.update_stream(config)
        async with runtime(nats_url, tmp_path, webhook_server, stream) as working:
            await until(lambda: ids(webhook_server) == [4, 8])
    assert f"at least 3 messages of {stream} before 8 were removed" in caplog.text


SEEN = Progress(floor=5, delivered=5, pending=4, open=0, deliveries=5)


@pytest.mark.parametrize(
    ("before", "now", "first", "every", "removed"),
    [
        (SEEN, SEEN, (1, 6), True, 0),  # what was read is removed
        (SEEN, Progress(9, 9, 0, 0, 9), (1, 10), True, 0),  # all was read first
        (SEEN, Progress(9, 9, 0, 0, 5), (1, 10), True, 4),  # purged
        (SEEN, Progress(9, 9, 0, 0, 5), (1, 10), False, 4),  # purged, of our subjects
        (SEEN, Progress(5, 5, 1, 0, 5), (1, 9), True, 3),  # a limit
        (SEEN, Progress(5, 5, 9, 0, 5), (1, 9), False, 0),  # others' perhaps
        (SEEN, SEEN, (9, 9), True, 0),  # told before
        (None, SEEN, (0, 9), True, 3),  # while no engine ran
        (None, SEEN, (0, 9), False, 0),
        (None, Progress(0, 0, 4, 0, 0), (0, 9), True, 0),  # a new consumer
        (SEEN, Progress(0, 0, 4, 0, 0), (1, 1), True, 0),  # an older copy
    ],
)
def test_what_was_surely_removed_unread(
    before: Progress | None, now: Progress, first: tuple[int, int], every: bool, removed: int
) -> None:
    assert removed_unread(before, now, first, every=every) == removed


async def test_what_is_held_when_another_engine_has_worked_is_asked_for_again(
    nats_url: str, webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and not after the 30 seconds in which an acknowledgement may come."""
    monkeypatch.setattr("fql.engine.loop.session.TROUBLE_PAUSE", 0.01)
    stream, store = fresh(), MemoryStore()
    settings = read_settings(
        f'[nats]\nurl = "{nats_url}"\n[sources.feed]\nkind = "nats"\nstream = "{stream}"\n'
    )
    async with jetstream(nats_url) as js:
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        async with Runtime(
            plan(), settings=settings, store=store, listeners=(),
            environment={"RECEIVER": webhook_server.url},
        ) as working:  # fmt: skip
            await publish(js, f"{stream}.a", 1)
            await until(lambda: ids(webhook_server) == [1])
            store.fence()
            await publish(js, f"{stream}.a", 2, 3)
            await until(lambda: sorted(ids(webhook_server)) == [1, 2, 3])
            assert working.engine.generation > 0
            found = await js.consumer_info(stream, "fql_main_feed")
            assert (found.num_redelivered or 0) > 0 or found.delivered.consumer_seq > 3
            await forgotten(working)
        assert await open_messages(js, stream) == 0
    assert sorted(ids(webhook_server)) == [1, 2, 3]
