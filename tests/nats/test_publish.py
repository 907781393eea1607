# ruff: noqa: E501 - sources in the language are shown as they are written
"""`publish` on a real JetStream server: acknowledged, deduplicated, tried again, given up."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import nats as client
import pytest
from nats.js.api import StreamConfig
from tests.app.plans import plan_of, settings_of
from tests.servers.nats import fresh, running

from fql import Runtime, SettingsError
from fql.nats.connection import NatsConnection
from fql.nats.link import Link
from fql.plan.model import Plan

ENTITY = "entity Order { id: ID @key  total: Decimal  note: String? }"
PATIENT = "retry: { max_attempts: 200, initial_delay: 20ms, max_delay: 50ms }"


def telling(stream: str, keys: str = "", body: str = "{ id, total }") -> Plan:
    """An observer that publishes each order to `STREAM.ID`."""
    text = f'observer o {{ on: Order.insert publish tell {{ subject: "{stream}.{{{{ id }}}}" body: {body} {keys} }} }}'
    return plan_of(text, entity=ENTITY)


def row(number: int, **more: object) -> dict[str, object]:
    return {"id": f"o{number}", "total": "1.50", "note": None, **more}


def runtime_of(plan: Plan, url: str, store: str = "memory:", **more: Any) -> Runtime:
    return Runtime(plan, store=store, settings=settings_of(f'[nats]\nurl = "{url}"\n'), **more)


@asynccontextmanager
async def broker(url: str) -> AsyncIterator[Any]:
    """A connection of the test's own."""
    connection = await client.connect(url)
    try:
        yield connection.jetstream()
    finally:
        await connection.close()


async def made(url: str, name: str, **config: Any) -> None:
    """A stream that takes `NAME.>`."""
    async with broker(url) as js:
        await js.add_stream(StreamConfig(name=name, subjects=[f"{name}.>"], **config))


async def messages(url: str, name: str) -> list[Any]:
    """All messages of a stream."""
    async with broker(url) as js:
        count = (await js.stream_info(name)).state.messages
        return [await js.get_msg(name, seq=number + 1) for number in range(count)]


async def test_a_message_has_key_trace_and_who_sent_it(nats_url: str) -> None:
    stream = fresh()
    await made(nats_url, stream)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with runtime_of(telling(stream), nats_url) as runtime:
        await runtime.emit("Order.insert", new=row(1), context={"traceparent": trace})
        assert (await runtime.until_idle(20)).done == 1
    (message,) = await messages(nats_url, stream)
    headers = dict(message.headers)
    assert len(headers.pop("Nats-Msg-Id")) == 32
    assert (message.subject, message.data, headers) == (f"{stream}.o1", b'{"id":"o1","total":"1.50"}', {
        "Content-Type": "application/json", "fql-observer": "o", "fql-action": "tell",
        "fql-attempt": "1", "traceparent": trace,
    })  # fmt: skip


async def test_a_stream_that_comes_later_gets_what_waits(nats_url: str) -> None:
    stream = fresh()
    async with runtime_of(telling(stream, PATIENT), nats_url) as runtime:
        receipt = await runtime.emit("Order.insert", new=row(1))
        await asyncio.sleep(0.2)
        await made(nats_url, stream)
        await runtime.wait(receipt, 20)
        (shown,) = await runtime.client.runs()
        attempts = (await runtime.client.trace(shown.run)).attempts[shown.run]
    assert (shown.state, attempts[-1].status) == ("done", 200)
    assert {str(one.error).partition(":")[0] for one in attempts[:-1]} == {"no_stream"}
    assert len(await messages(nats_url, stream)) == 1


async def test_without_a_stream_it_is_a_dead_letter_that_can_be_replayed(nats_url: str) -> None:
    stream = fresh()
    plan = telling(stream, "retry: { max_attempts: 2, initial_delay: 1ms }")
    async with runtime_of(plan, nats_url) as runtime:
        await runtime.emit("Order.insert", new=row(1))
        await runtime.until_idle(20)
        (letter,) = await runtime.client.dead_letters()
        assert letter.error_class == "exhausted"
        assert f"takes the subject {stream}.o1 (attempt 2 of 2)" in letter.reason
        assert letter.request == {
            "kind": "publish", "subject": f"{stream}.o1",
            "headers": {"Content-Type": "application/json"}, "body": {"id": "o1", "total": "1.50"},
        }  # fmt: skip
        await made(nats_url, stream)
        await runtime.replay(letter.dlq_id)
        await runtime.until_idle(20)
    (message,) = await messages(nats_url, stream)
    assert message.headers["Nats-Msg-Id"] == letter.key


@pytest.mark.parametrize("config", [{"max_msg_size": 1_000}, {}])
async def test_what_is_too_large_is_permanent(nats_url: str, config: dict[str, int]) -> None:
    """For the stream, and for the server: a larger message would end the connection."""
    stream = fresh()
    await made(nats_url, stream, **config)
    plan = telling(stream, body="{ id, note }")
    async with runtime_of(plan, nats_url) as runtime:
        await runtime.emit("Order.insert", new=row(1, note="x" * (2_000 if config else 1_100_000)))
        await runtime.emit("Order.insert", new=row(2))
        await runtime.until_idle(20)
        (letter,) = await runtime.client.dead_letters()
    assert (letter.error_class, len(letter.attempts)) == ("permanent", 1)
    assert letter.reason.startswith("too_large: ")
    assert [m.subject for m in await messages(nats_url, stream)] == [f"{stream}.o2"]


async def test_a_user_without_the_right_is_permanent_and_masked() -> None:
    config = """authorization { users: [
      { user: all, password: "alles-geheim-1" }
      { user: some, password: "etwas-geheim-2", permissions: { publish: ["open.>", "$JS.API.>"] } } ] }"""
    with running(config) as server:
        at = server.url.replace("nats://", "nats://some:etwas-geheim-2@")
        async with runtime_of(telling("closed"), at) as runtime:
            await runtime.emit("Order.insert", new=row(1))
            await runtime.until_idle(20)
            (letter,) = await runtime.client.dead_letters()
    assert (letter.error_class, len(letter.attempts)) == ("permanent", 1)
    assert letter.reason.startswith("refused: ")
    assert "geheim" not in letter.reason


async def test_wrong_credentials_are_told_in_log_and_dead_letter(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Once in the log however many messages there are; what was given up is sent when mended."""
    with running('authorization { user: fql, password: "right-one-9" }') as server:
        wrong, right = (
            server.url.replace("nats://", f"nats://fql:{password}@")
            for password in ("wrong-one-8", "right-one-9")
        )
        stream, store = fresh(), f"sqlite:///{tmp_path}/s.db"
        await made(right, stream)
        async with runtime_of(telling(stream), wrong, store) as runtime:
            for number in range(3):
                await runtime.emit("Order.insert", new=row(number))
            await runtime.until_idle(20)
            letters = await runtime.client.dead_letters()
        assert {letter.error_class for letter in letters} == {"exhausted"}
        told = f"NATS at {server.url} does not let us in: Authorization Violation"
        assert {letter.reason for letter in letters} == {f"busy: {told} (attempt 3 of 3)"}
        (line,) = [one.getMessage() for one in caplog.records if one.name == "fql.nats"]
        assert line.startswith(f"{told}; correct user, password or credentials of [nats]")
        assert "-one-" not in caplog.text
        async with runtime_of(telling(stream), right, store) as runtime:
            await runtime.replay(all=True)
            await runtime.until_idle(20)
        assert len(await messages(right, stream)) == 3


async def test_a_server_that_was_killed_gets_each_message_once() -> None:
    with running() as server:
        stream = fresh()
        await made(server.url, stream)
        async with runtime_of(telling(stream, PATIENT), server.url) as runtime:
            for number in range(30):
                await runtime.emit("Order.insert", new=row(number))
                if number == 10:
                    server.kill()
            await asyncio.sleep(0.3)
            server.start()
            summary = await runtime.until_idle(60)
        assert (summary.done, summary.dead) == (30, 0)
        found = await messages(server.url, stream)
    assert sorted(m.subject for m in found) == sorted(f"{stream}.o{n}" for n in range(30))


async def test_an_acknowledgement_that_does_not_come_in_time_is_a_timeout() -> None:
    """It may have been taken: the next attempt, under the same key, adds nothing."""
    with running() as server:
        stream = fresh()
        await made(server.url, stream)
        plan = telling(stream, f"timeout: 300ms {PATIENT}")
        async with runtime_of(plan, server.url) as runtime:
            await runtime.emit("Order.insert", new=row(1))
            await runtime.until_idle(20)
            with server.paused():
                receipt = await runtime.emit("Order.insert", new=row(2))
                await asyncio.sleep(0.5)
            await runtime.wait(receipt, 20)
            shown = next(one for one in await runtime.client.runs() if one.run == receipt.runs[0])
            first, *_, last = (await runtime.client.trace(shown.run)).attempts[shown.run]
        found = await messages(server.url, stream)
    assert str(first.error).startswith("timeout: ")
    assert "did not answer" in str(first.error)
    assert (last.status, [m.subject for m in found]) == (200, [f"{stream}.o1", f"{stream}.o2"])


async def test_an_attempt_beyond_the_window_of_the_stream_is_a_second_message() -> None:
    """What the page says: a message that came again does not lengthen the window."""
    with running() as server:
        stream = fresh()
        await made(server.url, stream, duplicate_window=0.5)
        connection = NatsConnection([server.url])
        put = partial(connection.publish, f"{stream}.a", {}, b"1", message_id="k", timeout_s=5)
        found = []
        for pause in (0, 0.3, 0.5):
            await asyncio.sleep(pause)
            found.append((await put()).duplicate)
        await connection.close()
        assert found == [False, True, False]
        assert len(await messages(server.url, stream)) == 2


async def test_a_runtime_has_one_connection_for_all_that_needs_nats(
    nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source, copies of dead letters and messages."""
    stream, read, links = fresh(), fresh(), []

    async def connect(self: Link, real: Callable[..., Any] = Link.connect) -> None:
        links.append(self)
        await real(self)

    monkeypatch.setattr(Link, "connect", connect)
    await made(nats_url, stream)
    await made(nats_url, read)
    text = (
        f'[nats]\nurl = "{nats_url}"\n[sources.feed]\nkind = "nats"\nstream = "{read}"\n'
        f'[webhooks.dlq]\nbackend = "nats"\nstream = "{fresh()}"\nbucket = "{fresh()}"\n'
    )
    plan = telling(stream, body="{ id, note }", keys="max_body: 60B")
    async with (
        Runtime(plan, store="memory:", settings=settings_of(text)) as runtime, broker(nats_url) as js
    ):  # fmt: skip
        for number, note in enumerate(("short", "long" * 50)):
            event = {"entity": "Order", "event": "insert", "new": row(number, note=note)}
            await js.publish(f"{read}.x", json.dumps(event).encode())
        while len(await messages(nats_url, stream)) < 1 or not await runtime.client.dead_letters():
            await asyncio.sleep(0.02)
        await runtime.until_idle(20)
    assert len(links) == 1


async def test_a_server_that_is_not_there_opens_the_circuit() -> None:
    with running() as server:
        stream = fresh()
        await made(server.url, stream)
        server.stop()
        text = f'defaults {{ circuit: {{ failures: 2, open_for: 300ms }} }} observer o {{ on: Order.insert publish tell {{ subject: "{stream}.{{{{ id }}}}" body: {{ id }} {PATIENT} }} }}'
        async with runtime_of(plan_of(text, entity=ENTITY), server.url) as runtime:
            for number in range(4):
                await runtime.emit("Order.insert", new=row(number))
            while not runtime.engine.state.endpoint("nats").circuit.is_open:
                await asyncio.sleep(0.01)
            server.start()
            assert (await runtime.until_idle(30)).done == 4
            assert not runtime.engine.state.endpoint("nats").circuit.is_open


async def test_without_a_server_in_the_settings_nothing_starts() -> None:
    with pytest.raises(SettingsError, match="needs a NATS server"):
        async with Runtime(telling("x"), store="memory:", settings=settings_of()):
            pass


ENGINE = """
import asyncio, os, signal, sys
from fql.nats.connection import NatsConnection
from tests.nats.test_publish import *

async def publish(self, *given, real=NatsConnection.publish, **more):
    found = await real(self, *given, **more)
    os.kill(os.getpid(), signal.SIGKILL)

async def main(url, stream, store):
    NatsConnection.publish = publish
    async with runtime_of(telling(stream, PATIENT), url, store) as runtime:
        await runtime.emit("Order.insert", new=row(1))
        await runtime.failed()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_killed_between_the_stream_and_the_commit_it_is_sent_again_under_its_key(
    nats_url: str, tmp_path: Path
) -> None:
    """The stream has the message, the store does not know: the stream drops the second one."""
    stream, store = fresh(), f"sqlite:///{tmp_path}/s.db"
    await made(nats_url, stream)
    ended = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", ENGINE, nats_url, stream, store],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    (first,) = await messages(nats_url, stream)
    async with runtime_of(telling(stream, PATIENT), nats_url, store) as runtime:
        summary = await runtime.until_idle(20)
        (shown,) = await runtime.client.runs()
        attempts = (await runtime.client.trace(shown.run)).attempts[shown.run]
    assert (shown.state, summary.dead, [one.status for one in attempts]) == ("done", 0, [200])
    (only,) = await messages(nats_url, stream)
    assert only.headers == first.headers


@pytest.mark.parametrize("value", ["a.*", "eu west", "$JS.x", ""])
async def test_a_subject_of_the_environment_is_judged_at_the_start(
    nats_url: str, value: str
) -> None:
    plan = plan_of(
        'observer o { on: Order.insert publish tell { subject: "${STAGE}.x" body: { id } } }',
        entity=ENTITY,
    )
    with pytest.raises(SettingsError, match="the subject cannot be used") as found:
        async with runtime_of(plan, nats_url, environment={"STAGE": value}):
            pass
    assert not value or value not in found.value.message
