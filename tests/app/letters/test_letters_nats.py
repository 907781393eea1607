"""Dead letters in NATS: a stream with what became of each, a bucket with those that are open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats as client
import pytest
from nats.js import JetStreamContext
from nats.js.errors import NoKeysError, NotFoundError

from fql.app import Runtime
from fql.errors import SettingsError
from fql.nats.errors import Refused
from fql.testing import MockWebhookServer
from fql.webhooks import replay_dlq
from tests.app.plans import CHAIN, order, plan_of, settings_of
from tests.servers.nats import Server, cluster, fresh, running


def runtime(server: MockWebhookServer, url: str, store: str, more: str = "") -> Runtime:
    """An engine whose dead letters go to NATS."""
    text = f'[nats]\nurl = "{url}"\n[webhooks.dlq]\nbackend = "nats"\n{more}'
    return Runtime(
        plan_of(CHAIN), store=store, settings=settings_of(text),
        environment={"RECEIVER": server.url}, listeners=(),
    )  # fmt: skip


@asynccontextmanager
async def jetstream(url: str) -> AsyncIterator[JetStreamContext]:
    """A client of the test's own."""
    connection = await client.connect(url)
    try:
        yield connection.jetstream()
    finally:
        await connection.close()


async def fail(running: Runtime, server: MockWebhookServer, *numbers: int) -> None:
    """Leave a dead letter behind for each."""
    server.reply(*[503] * len(numbers))
    for number in numbers:
        await running.emit("Order.insert", new=order(number))
    await running.until_idle(30)


async def history(js: JetStreamContext, stream: str) -> list[tuple[str, dict[str, object]]]:
    """Subject and entry of each message of the stream."""
    found = []
    for number in range(1, (await js.stream_info(stream)).state.last_seq + 1):
        message = await js.get_msg(stream, number)
        assert message.data is not None and message.subject is not None
        found.append((message.subject, json.loads(message.data)))
    return found


async def opened(js: JetStreamContext, bucket: str) -> list[str]:
    """The keys of the bucket."""
    try:
        return sorted(await (await js.key_value(bucket)).keys())
    except NoKeysError:
        return []


async def count(js: JetStreamContext, stream: str) -> int:
    """How many messages it has; none where it is missing, -1 while it has no leader."""
    try:
        return (await js.stream_info(stream)).state.messages
    except NotFoundError:
        return 0
    except (client.errors.Error, OSError):
        return -1


async def test_the_stream_has_all_and_the_bucket_the_open(
    webhook_server: MockWebhookServer, nats_url: str, tmp_path: Path
) -> None:
    """A message for each change, the open ones by their id, and a replay from what is found."""
    stream, bucket = fresh("DLQ"), fresh("b")
    # Two stores at once would share the subjects, which NATS refuses: so this test has its own.
    with running() as server:
        more = f'stream = "{stream}"\nbucket = "{bucket}"\n'
        store = f"sqlite:///{tmp_path}/fql.db"
        async with (
            jetstream(server.url) as js,
            runtime(webhook_server, server.url, store, more) as working,
        ):
            await fail(working, webhook_server, 1, 2)
            async with asyncio.timeout(10):
                while len(await opened(js, bucket)) < 2:
                    await asyncio.sleep(0.01)
            first, second = await opened(js, bucket)
            entry = json.loads((await (await js.key_value(bucket)).get(first)).value or b"")
            [shown] = [one for one in await working.client.dead_letters() if one.dlq_id == first]
            assert {**entry, **shown.as_json()} == entry
            replayed = await asyncio.to_thread(replay_dlq, first, wait=True)
            assert [one["state"] for one in replayed] == ["resolved"]
            async with asyncio.timeout(10):
                while await opened(js, bucket) != [second]:
                    await asyncio.sleep(0.01)
            found = await history(js, stream)
            info = await js.stream_info(stream)
        assert [subject for subject, _ in found] == ["webhook.dlq.placed"] * 3
        assert [entry["dlq_id"] for _, entry in found] == [first, second, first]
        assert [entry["state"] for _, entry in found] == ["dead", "dead", "resolved"]
        assert info.config.max_age == 7 * 86_400


async def test_the_names_of_the_first_description(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    with running() as server, pytest.MonkeyPatch.context():
        store = f"sqlite:///{tmp_path}/fql.db"
        async with runtime(webhook_server, server.url, store) as working:
            await fail(working, webhook_server, 1)
        async with jetstream(server.url) as js:
            [(subject, entry)] = await history(js, "WEBHOOK_DLQ")
            message = await js.get_msg("WEBHOOK_DLQ", 1)
            assert await opened(js, "webhook-failures") == [entry["dlq_id"]]
    assert subject == "webhook.dlq.placed"
    assert message.headers is not None
    assert message.headers["Nats-Msg-Id"] == f"{entry['dlq_id']}.1"


async def test_what_happens_while_nats_is_down_is_there_afterwards(
    webhook_server: MockWebhookServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At the start, while it runs and at the end: the notes are in the store until they are
    confirmed, and a reason is told once."""
    with running() as server:
        server.stop()
        store = f"sqlite:///{tmp_path}/fql.db"
        async with runtime(webhook_server, server.url, store) as working:
            await fail(working, webhook_server, 1)
        assert caplog.text.count("dead letters are copied later") in (1, 2)
        server.start()
        async with runtime(webhook_server, server.url, store) as working:
            await fail(working, webhook_server, 2)
            server.kill()
            await fail(working, webhook_server, 3)
            server.start()
        async with jetstream(server.url) as js:
            found = await history(js, "WEBHOOK_DLQ")
            assert len(await opened(js, "webhook-failures")) == 3
    assert len({str(entry["dlq_id"]) for _, entry in found}) == len(found) == 3


async def test_a_dead_letter_that_is_too_large_goes_without_its_request(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    with running("max_payload: 3000") as server:
        store = f"sqlite:///{tmp_path}/fql.db"
        async with runtime(webhook_server, server.url, store) as working:
            webhook_server.reply(503)
            await working.emit("Order.insert", new=order(1, id="x" * 4000))
            await working.until_idle(30)
        async with jetstream(server.url) as js:
            [(_, entry)] = await history(js, "WEBHOOK_DLQ")
    assert entry["left_out"] == ["request"] or entry["left_out"]
    assert entry["observer"] == "placed"


async def test_what_cannot_be_used_is_refused_at_the_start(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    config = (
        "authorization { users: [ { user: all, password: p },"
        " { user: some, password: p,"
        ' permissions: { publish: { deny: "$JS.API.STREAM.CREATE.>" } } } ] }'
    )
    with running(config) as server:
        at = server.url.removeprefix("nats://")
        store = f"sqlite:///{tmp_path}/fql.db"
        with pytest.raises(Refused, match=r"may not publish to .JS"):
            async with runtime(webhook_server, f"nats://some:p@{at}", store):
                pass
        async with jetstream(f"nats://all:p@{at}") as js:
            await js.add_stream(name="WEBHOOK_DLQ", subjects=["other"])
        with pytest.raises(SettingsError, match=r"does not take .*; it takes other"):
            async with runtime(webhook_server, f"nats://all:p@{at}", store):
                pass


async def test_stores_share_a_stream_and_not_a_bucket(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """Dead letters of two stores may have the same id, and NATS takes an id once."""
    with running() as server:
        for name in ("a", "b"):
            store, more = f"sqlite:///{tmp_path}/{name}.db", f'bucket = "{name}"'
            async with runtime(webhook_server, server.url, store, more) as working:
                await fail(working, webhook_server, 1)
        async with jetstream(server.url) as js:
            entries = [entry for _, entry in await history(js, "WEBHOOK_DLQ")]
        assert len(entries) == 2
        assert len({entry["store"] for entry in entries}) == 2
        with pytest.raises(SettingsError, match="holds dead letters of another store"):
            async with runtime(
                webhook_server, server.url, f"sqlite:///{tmp_path}/b.db", 'bucket = "a"'
            ):
                pass


async def test_what_the_bucket_has_forgotten_is_closed_in_the_stream(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """A limit of the bucket, its age or a purge takes the entry before it is closed here."""
    with running() as server:
        store = f"sqlite:///{tmp_path}/fql.db"
        async with (
            jetstream(server.url) as js,
            runtime(webhook_server, server.url, store) as working,
        ):
            await fail(working, webhook_server, 1)
            async with asyncio.timeout(10):
                while not (keys := await opened(js, "webhook-failures")):
                    await asyncio.sleep(0.01)
            await js.purge_stream("KV_webhook-failures")
            await asyncio.to_thread(replay_dlq, keys[0], wait=True)
            async with asyncio.timeout(10):
                while len(found := await history(js, "WEBHOOK_DLQ")) < 2:
                    await asyncio.sleep(0.01)
    assert [subject for subject, _ in found] == ["webhook.dlq.placed", "webhook.dlq.-"]
    assert found[1][1]["state"] == "resolved"


async def test_a_stream_and_a_bucket_that_were_deleted_are_made_again(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    with running() as server:
        store = f"sqlite:///{tmp_path}/fql.db"
        async with (
            jetstream(server.url) as js,
            runtime(webhook_server, server.url, store) as working,
        ):
            for number, gone in enumerate(("WEBHOOK_DLQ", "KV_webhook-failures"), 1):
                await js.delete_stream(gone)
                await fail(working, webhook_server, number)
                async with asyncio.timeout(20):
                    while await count(js, gone) != 1:
                        await asyncio.sleep(0.01)


@pytest.mark.soak
async def test_on_three_servers_both_are_on_three_and_outlive_their_leader(
    webhook_server: MockWebhookServer, tmp_path: Path
) -> None:
    """One address is enough: the server names the others."""
    names = ("WEBHOOK_DLQ", "KV_webhook-failures")
    with cluster() as servers:
        await elected(servers)
        store = f"sqlite:///{tmp_path}/fql.db"
        async with (
            jetstream(servers[0].url) as js,
            runtime(webhook_server, servers[0].url, store) as working,
        ):
            await fail(working, webhook_server, 1)
            for name in names:
                async with asyncio.timeout(30):
                    while await count(js, name) != 1:
                        await asyncio.sleep(0.1)
            found = [await js.stream_info(name) for name in names]
            assert [one.config.num_replicas for one in found] == [3, 3]
            assert found[0].cluster is not None and found[0].cluster.leader is not None
            servers[int(found[0].cluster.leader.removeprefix("n"))].kill()
            await fail(working, webhook_server, 2)
            for name in names:
                async with asyncio.timeout(60):
                    while await count(js, name) != 2:
                        await asyncio.sleep(0.1)


async def elected(servers: list[Server]) -> None:
    """Until the three know one another and streams can be made on them."""
    async with asyncio.timeout(30):
        while True:
            try:
                async with jetstream(servers[0].url) as js:
                    await js.add_stream(name="probe", subjects=["probe"], num_replicas=3)
                    await js.delete_stream("probe")
                    return
            except (client.errors.Error, OSError, TimeoutError):
                await asyncio.sleep(0.2)
