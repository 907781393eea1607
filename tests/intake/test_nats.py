"""A stream of NATS as a source of a whole engine: each message once, whatever happens between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats as client
import pytest
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, StorageType
from tests.servers.nats import fresh, running

from fql import Runtime
from fql.exact.kinds import as_a, as_object
from fql.intake.nats import attending, consumer, source
from fql.intake.nats.pulling import Stay
from fql.plan.model import Plan
from fql.settings.reading import read_settings
from fql.testing import MockWebhookServer
from fqlc import compile_text

PROGRAM = (
    "entity Order { id: Int @key  note: String? }"
    ' observer o { on: Order.insert  webhook w { url: "${RECEIVER}/x"  body: { id: id } } }'
)
Publish = Callable[..., Any]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of seconds, as in production, are shorter here."""
    monkeypatch.setattr(consumer, "ACK_WAIT_S", 1)
    monkeypatch.setattr(source, "LOOK_S", 0.2)
    monkeypatch.setattr(source, "PAUSE_S", 0.05)
    monkeypatch.setattr(attending, "ANSWER_S", 1.0)


def plan() -> Plan:
    """One webhook for each order."""
    compiled = compile_text(PROGRAM)
    assert compiled.plan is not None, compiled.diagnostics
    return Plan.model_validate_json(compiled.plan)


@asynccontextmanager
async def jetstream(url: str) -> AsyncIterator[JetStreamContext]:
    """A client of the test's own."""
    connection = await client.connect(url)
    try:
        yield connection.jetstream()
    finally:
        await connection.close()


async def publish(
    js: JetStreamContext, subject: str, *numbers: int, headers: Mapping[str, str] | None = None
) -> None:
    """An insert of an order for each number."""
    for number in numbers:
        envelope = {"entity": "Order", "event": "insert", "new": {"id": number}}
        await js.publish(
            subject, json.dumps(envelope).encode(), headers=dict(headers or {}) or None
        )


def runtime(
    url: str, folder: Path, receiver: MockWebhookServer, stream: str, more: str = ""
) -> Runtime:
    """An engine on a store of SQLite that reads the stream as the source `feed`."""
    settings = read_settings(
        f'[nats]\nurl = "{url}"\n[sources.feed]\nkind = "nats"\nstream = "{stream}"\n{more}'
    )
    return Runtime(
        plan(), settings=settings, store=f"sqlite:///{folder}/fql.db", listeners=(),
        environment={"RECEIVER": receiver.url},
    )  # fmt: skip


def ids(receiver: MockWebhookServer) -> list[int]:
    """What was sent, in its order."""
    return [as_a(int, as_object(request.payload)["id"]) for request in receiver.requests]


async def until(true: Callable[[], object], seconds: float = 10) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


async def forgotten(working: Runtime) -> None:
    """Until the store knows no id of a message any more; they go with commits."""
    async with asyncio.timeout(10):
        while working.engine.taken:
            await working.engine.submit(())
            await asyncio.sleep(0.05)


async def open_messages(js: JetStreamContext, stream: str, name: str = "fql_main_feed") -> int:
    """What the consumer has not acknowledged or not delivered."""
    found = await js.consumer_info(stream, name)
    return (found.num_ack_pending or 0) + (found.num_pending or 0)


async def test_each_message_is_sent_once_also_after_a_restart(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    stream = fresh()
    async with jetstream(nats_url) as js:
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        for first in (1, 4):
            await publish(js, f"{stream}.a", first, first + 1, first + 2)
            async with runtime(nats_url, tmp_path, webhook_server, stream) as running:
                await running.until_idle(20)
                await forgotten(running)
        assert await open_messages(js, stream) == 0
    assert ids(webhook_server) == [1, 2, 3, 4, 5, 6]


async def test_what_is_not_an_event_is_a_dead_letter_and_the_rest_goes_on(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    stream = fresh()
    async with jetstream(nats_url) as js:
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        for body in (
            b"", b"hello", b"[1]", b"\xff\xfe", b'{"object": "event", "type": "x"}',
            b'{"entity": "Order", "event": "insert", "new": {"id": "one"}}',
            b'{"entity": "Parcel", "event": "insert", "new": {}}',
        ):  # fmt: skip
            await js.publish(f"{stream}.a", body, headers={"X-Sender": "s"})
        await publish(js, f"{stream}.a", 1)
        async with runtime(nats_url, tmp_path, webhook_server, stream) as running:
            await running.until_idle(20)
            letters = await running.client.dead_letters()
        assert await open_messages(js, stream) == 0
    assert ids(webhook_server) == [1]
    assert {one.error_class for one in letters} == {"capture"}
    reasons = sorted(one.reason for one in letters)
    assert len(reasons) == 6
    assert any("is empty" in one for one in reasons)
    assert any("is not a JSON object" in one for one in reasons)
    assert any("a Stripe event" in one for one in reasons)
    [hello] = [one for one in letters if (one.envelope or {}).get("text") == "hello"]
    assert hello.envelope == {
        "subject": f"{stream}.a", "headers": {"X-Sender": "s"}, "text": "hello",
    }  # fmt: skip


async def test_headers_say_what_the_envelope_does_not(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """The sender's id is a key: the stream knows it for two minutes, we for a week."""
    stream = fresh()
    async with jetstream(nats_url) as js:
        await js.add_stream(name=stream, subjects=[f"{stream}.>"], duplicate_window=0.1)
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        for number in (1, 2):
            headers = {"Nats-Msg-Id": "m1", "traceparent": trace}
            await publish(js, f"{stream}.a", number, headers=headers)
            await asyncio.sleep(0.3)
        async with runtime(nats_url, tmp_path, webhook_server, stream) as running:
            await running.until_idle(20)
            assert running.status().duplicates == 1
    assert ids(webhook_server) == [1]


async def test_a_message_whose_acknowledgement_was_lost_comes_again_and_is_known(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    stream = fresh()

    async def lost(self: Stay, messages: object) -> None:
        del self, messages

    async with jetstream(nats_url) as js:
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        await publish(js, f"{stream}.a", 1, 2)
        with monkeypatch.context() as patch:
            patch.setattr(Stay, "acknowledge", lost)
            async with runtime(nats_url, tmp_path, webhook_server, stream) as running:
                await until(lambda: len(webhook_server.requests) == 2)
                assert len(running.engine.taken) == 2
        assert await open_messages(js, stream) == 2
        async with runtime(nats_url, tmp_path, webhook_server, stream) as running:
            assert len(running.engine.taken) == 2
            await forgotten(running)
            await publish(js, f"{stream}.a", 3)
            await running.until_idle(20)
        assert await open_messages(js, stream) == 0
    assert ids(webhook_server) == [1, 2, 3]


@pytest.mark.parametrize("deleted", [False, True])
async def test_ids_of_messages_that_cannot_come_again_are_forgotten(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer,
    monkeypatch: pytest.MonkeyPatch, deleted: bool,
) -> None:  # fmt: skip
    """The acknowledgement arrived, and its confirmation did not: the process was killed. Meanwhile
    the stream may have been made again."""
    stream = fresh()
    async with jetstream(nats_url) as js:
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        await publish(js, f"{stream}.a", 1)
        with monkeypatch.context() as patch:
            patch.setattr(source.StreamNats, "gone", lambda self: [])
            async with runtime(nats_url, tmp_path, webhook_server, stream) as running:
                await running.until_idle(20)
                assert len(running.engine.taken) == 1
        if deleted:
            await js.delete_stream(stream)
            await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        async with runtime(nats_url, tmp_path, webhook_server, stream) as running:
            await forgotten(running)
    assert ids(webhook_server) == [1]


async def test_a_server_that_is_killed_and_comes_back_loses_nothing(
    tmp_path: Path, webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    with running("") as server:
        async with jetstream(server.url) as js:
            await js.add_stream(name="s", subjects=["s.>"])
            await publish(js, "s.a", 1, 2)
        async with runtime(server.url, tmp_path, webhook_server, "s") as working:
            await until(lambda: len(webhook_server.requests) == 2)
            server.kill()
            await until(lambda: "Connect call failed" in caplog.text or "lost" in caplog.text)
            server.start()
            async with jetstream(server.url) as js:
                await publish(js, "s.a", 3)
            await until(lambda: 3 in ids(webhook_server))
            await working.until_idle(20)
    assert ids(webhook_server) == [1, 2, 3]


async def test_a_server_that_is_not_there_at_the_start_is_waited_for(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    with running("") as server:
        async with jetstream(server.url) as js:
            await js.add_stream(name="s", subjects=["s.>"])
            await publish(js, "s.a", 1)
        server.stop()
        async with runtime(server.url, tmp_path, webhook_server, "s") as working:
            await until(lambda: "NATS at" in working._watched.unready())
            server.start()
            await until(lambda: len(webhook_server.requests) == 1)
            await until(lambda: not working._watched.unready())


async def test_a_stream_that_is_missing_is_waited_for_and_one_made_again_is_another(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    stream = fresh()
    async with jetstream(nats_url) as js, runtime(
        nats_url, tmp_path, webhook_server, stream
    ) as working:  # fmt: skip
        await until(lambda: "stream not found" in working._watched.unready())
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        await publish(js, f"{stream}.a", 1)
        await until(lambda: len(webhook_server.requests) == 1)
        await js.delete_stream(stream)
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        await publish(js, f"{stream}.a", 2)
        await until(lambda: len(webhook_server.requests) == 2)
        assert working._sources[0].health().restored == 1
    assert ids(webhook_server) == [1, 2]


async def test_a_consumer_that_was_deleted_is_made_again_where_it_was(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    stream = fresh()
    async with jetstream(nats_url) as js:
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        await publish(js, f"{stream}.a", 1, 2, 3)
        async with runtime(nats_url, tmp_path, webhook_server, stream) as working:
            await working.until_idle(20)
            await until(lambda: working._sources[0]._attendant.safe == 3)  # type: ignore[attr-defined]
            await js.delete_consumer(stream, "fql_main_feed")
            await publish(js, f"{stream}.a", 4)
            await until(lambda: len(webhook_server.requests) == 4)
            await working.until_idle(20)
            await until(lambda: working._sources[0]._attendant.safe == 4)  # type: ignore[attr-defined]
            await publish(js, f"{stream}.a", 5)  # its commit stores that 4 are safe
            await working.until_idle(20)
        await js.delete_consumer(stream, "fql_main_feed")
        await publish(js, f"{stream}.a", 6)
        async with runtime(nats_url, tmp_path, webhook_server, stream) as working:
            await until(lambda: 6 in ids(webhook_server))
            await working.until_idle(20)
    assert ids(webhook_server)[:5] == [1, 2, 3, 4, 5]
    again = ids(webhook_server)[5:]
    assert again in ([6], [5, 6])
    keys = [one.headers["webhook-id"] for one in webhook_server.requests]
    assert len(set(keys)) == 6, "what is sent again has the same key"


async def test_a_consumer_of_another_kind_is_mended_or_refused(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    mended, refused = fresh(), fresh()
    async with jetstream(nats_url) as js:
        for name in (mended, refused):
            await js.add_stream(name=name, subjects=[f"{name}.>"])
            await publish(js, f"{name}.a", 1)
        ours = ConsumerConfig(durable_name="fql_main_feed", max_deliver=3, ack_wait=7)
        await js.add_consumer(mended, ours)
        await js.add_consumer(
            refused, ConsumerConfig(durable_name="fql_main_feed", deliver_subject="push.me")
        )
        async with runtime(nats_url, tmp_path / "m", webhook_server, mended) as working:
            await working.until_idle(20)
        found = (await js.consumer_info(mended, "fql_main_feed")).config
        assert (found.max_deliver, found.ack_wait) == (-1, 1)
        async with runtime(nats_url, tmp_path / "r", webhook_server, refused) as working:
            await until(lambda: "is not ours: it differs in" in working._watched.unready())
    assert "nats consumer rm" in caplog.text
    assert ids(webhook_server) == [1]


async def test_only_the_subjects_are_read_and_what_matches_nothing_is_told(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    stream = fresh()
    async with jetstream(nats_url) as js:
        await js.add_stream(
            name=stream, subjects=[f"{stream}.>"], storage=StorageType.MEMORY, retention="workqueue"
        )
        await publish(js, f"{stream}.a", 1)
        await publish(js, f"{stream}.b", 2)
        more = f'subjects = ["{stream}.a", "{stream}.c.*"]'
        async with runtime(nats_url, tmp_path, webhook_server, stream, more) as working:
            await working.until_idle(20)
        assert (await js.stream_info(stream)).state.messages == 1
    assert ids(webhook_server) == [1]
    assert "is in memory" in caplog.text
    assert "is a work queue" in caplog.text


async def test_a_filter_that_no_message_can_match_is_told(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    stream = fresh()
    async with jetstream(nats_url) as js:
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        more = 'subjects = ["other.*"]'
        async with runtime(nats_url, tmp_path, webhook_server, stream, more):
            await until(lambda: "no message has the subject other.*" in caplog.text)


async def test_an_older_copy_of_the_stream_gives_new_messages_new_keys(
    tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    """Numbers are given again, to other messages: a key made of the number alone would make
    receivers drop them."""
    import shutil

    with running("") as server:
        async with jetstream(server.url) as js:
            await js.add_stream(name="s", subjects=["s.>"])
            await publish(js, "s.a", 1)
        server.stop()
        shutil.copytree(server.folder / "js", tmp_path / "copy")
        server.start()
        async with runtime(server.url, tmp_path, webhook_server, "s") as working:
            async with jetstream(server.url) as js:
                await publish(js, "s.a", 2)
            await until(lambda: len(webhook_server.requests) == 2)
            await working.until_idle(20)
        server.stop()
        shutil.rmtree(server.folder / "js")
        shutil.copytree(tmp_path / "copy", server.folder / "js")
        server.start()
        async with runtime(server.url, tmp_path, webhook_server, "s") as working:
            async with jetstream(server.url) as js:
                await publish(js, "s.a", 3)
            await until(lambda: 3 in ids(webhook_server))
            await working.until_idle(20)
    keys = {
        as_object(one.payload)["id"]: one.headers["webhook-id"] for one in webhook_server.requests
    }
    assert len(set(keys.values())) == 3


async def test_how_much_waits_is_known(
    nats_url: str, tmp_path: Path, webhook_server: MockWebhookServer
) -> None:
    stream = fresh()
    async with jetstream(nats_url) as js:
        await js.add_stream(name=stream, subjects=[f"{stream}.>"])
        async with runtime(nats_url, tmp_path, webhook_server, stream) as working:
            feed = working._sources[0]
            await until(lambda: feed.health().pending == 0)
            await publish(js, f"{stream}.a", 1)
            await working.until_idle(20)
            assert feed.health().pending == 0


@pytest.mark.parametrize(
    ("one", "other", "met"),
    [
        ("a.b", "a.b", True), ("a.*", "a.b", True), ("a.>", "a.b.c", True), ("a.>", "a", False),
        ("a.*", "a.b.c", False), ("*.b", "a.*", True), ("a.b", "a.c", False), (">", "x", True),
    ],
)  # fmt: skip
def test_patterns_that_meet(one: str, other: str, met: bool) -> None:
    assert consumer.overlap(one, other) is met
    assert consumer.overlap(other, one) is met


def test_names_of_consumers_are_those_that_nats_takes() -> None:
    assert consumer.name_of("main", "feed") == "fql_main_feed"
    assert consumer.name_of("main", "a.b").startswith("fql_main_a_b_")
    assert consumer.name_of("main", "a.b") != consumer.name_of("main", "a_b")
