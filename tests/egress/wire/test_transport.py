"""The HTTP client against receivers of all tempers, on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator

import pytest

from fql.egress.send import Outgoing, Profile, Sender
from fql.egress.wire.answer import Limits
from fql.plan.web.addresses import LOOPBACK
from fql.plan.web.urls import UrlParts
from fql.testing import MockWebhookServer, Reply
from tests.egress.support import answering, failure, post, raw_server, read_request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    made = Sender(LOOPBACK, user_agent="fql/test")
    yield made
    await made.close()


def at(server: MockWebhookServer, path: str = "/hook") -> UrlParts:
    return UrlParts("http", "127.0.0.1", server.port, path)


async def test_sends_exactly_the_bytes(sender: Sender) -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(OK)

    async with raw_server(talk) as url:
        outgoing = Outgoing("POST", url, (("X-A", "b"),), b'{"a":1}')
        answer = await sender.send(outgoing, Profile(), 2_000)
    assert (answer.status, answer.body, answer.truncated) == (200, b"{}", False)
    head, body = seen[0].split(b"\r\n\r\n")
    assert body == b'{"a":1}'
    assert head.split(b"\r\n") == [
        b"POST /hook HTTP/1.1", f"Host: 127.0.0.1:{url.port}".encode(), b"User-Agent: fql/test",
        b"Accept-Encoding: identity", b"Content-Length: 7", b"X-A: b",
    ]  # fmt: skip


async def test_one_connection_serves_many_requests(sender: Sender) -> None:
    with MockWebhookServer() as server:
        for _ in range(5):
            assert (await post(sender, at(server))).status == 200
        assert (server.call_count, server.connections) == (5, 1)


async def test_many_in_flight_use_a_connection_each_and_keep_them(sender: Sender) -> None:
    with MockWebhookServer() as server:
        server.always(Reply(delay=0.02))
        for _ in range(2):
            await asyncio.gather(*(post(sender, at(server)) for _ in range(8)))
        assert (server.call_count, server.connections) == (16, 8)


async def test_one_that_waits_uses_an_idle_connection_as_well(sender: Sender) -> None:
    with MockWebhookServer() as server:
        outgoing = Outgoing("POST", at(server), (), b"{}")
        for _ in range(3):
            assert (await sender.send(outgoing, Profile(), 2_000)).status == 200
        assert server.connections == 1
    async with raw_server(answering(OK)) as url:
        for _ in range(2):
            assert (await sender.send(outgoing._replace(url=url), Profile(), 2_000)).status == 200
            await asyncio.sleep(0.01)


async def test_a_request_begins_at_once_or_not_at_all(sender: Sender) -> None:
    told: list[object] = []
    with MockWebhookServer() as server:
        outgoing = Outgoing("POST", at(server), (), b"{}")
        assert sender.begin(outgoing, Profile(), 2_000, told.append) is None
        await asyncio.sleep(0.01)
        assert (server.call_count, told) == (0, []), "nobody sends it but `send`"
        await sender.send(outgoing, Profile(), 2_000)
        server.always(Reply(delay=0.02))
        exchange = sender.begin(outgoing, Profile(), 2_000, told.append)
        assert exchange is not None
        exchange.abort()
        await asyncio.sleep(0.05)
        assert told == [], "whoever gives it up is not told of its end"
        assert sender.begin(outgoing, Profile(), 2_000, told.append) is None, "it was closed"


async def test_a_free_retry_can_be_given_up(sender: Sender) -> None:
    told: list[object] = []
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        if len(requests) == 1:
            writer.write(OK)
            await read_request(reader)  # taken, never answered
            return
        await asyncio.sleep(0.5)

    async with raw_server(talk) as url:
        await post(sender, url)
        exchange = sender.begin(Outgoing("POST", url, (), b"{}"), Profile(), 2_000, told.append)
        assert exchange is not None
        while len(requests) < 2:
            await asyncio.sleep(0.005)
        exchange.abort()
        await asyncio.sleep(0.02)
        assert (told, len(requests)) == ([], 2)


async def test_a_stale_connection_costs_one_free_retry(sender: Sender) -> None:
    """The receiver closes while the connection lies idle: the request is sent again, once."""
    async with raw_server(answering(OK)) as url:
        assert (await post(sender, url)).status == 200
        await asyncio.sleep(0.01)
        assert (await post(sender, url)).status == 200


async def test_a_receiver_that_closes_each_second_request_costs_a_retry_only_when_reused(
    sender: Sender,
) -> None:
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(OK)
        requests.append(await read_request(reader))  # taken, never answered

    async with raw_server(talk) as url:
        await post(sender, url)
        assert (await post(sender, url)).status == 200
    assert len(requests) == 3


async def test_no_retry_on_a_fresh_connection(sender: Sender) -> None:
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))

    async with raw_server(talk) as url:
        assert (await failure(sender, url)).kind == "reset"
    assert len(requests) == 1


async def test_no_retry_once_a_byte_of_the_answer_was_read(sender: Sender) -> None:
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(OK)
        requests.append(await read_request(reader))
        writer.write(b"HTTP/1.1 2")
        await writer.drain()

    async with raw_server(talk) as url:
        await post(sender, url)
        assert (await failure(sender, url)).kind == "reset"
    assert len(requests) == 2


@pytest.mark.parametrize("fault", ["hang", "drip", "wrong_length"])
async def test_slow_receivers_are_cut_at_the_deadline(sender: Sender, fault: str) -> None:
    with MockWebhookServer() as server:
        server.always(Reply(fault=fault, body={"a": "b" * 200}, pace=0.02))
        started = time.perf_counter()
        failed = await failure(sender, at(server), timeout_ms=150)
        took = time.perf_counter() - started
    assert failed.kind == "timeout"
    assert 0.14 <= took < 1.0


async def test_a_receiver_that_never_accepts_is_cut_at_the_deadline(sender: Sender) -> None:
    """A full backlog: the connect itself hangs."""
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0, backlog=1)
    port = server.sockets[0].getsockname()[1]
    server.close()
    url = UrlParts("http", "127.0.0.1", port)
    failed = await failure(sender, url, timeout_ms=300)
    assert failed.kind in {"connect", "timeout"}


async def test_a_closed_port_is_a_connect_failure(sender: Sender) -> None:
    with MockWebhookServer() as server:
        url = at(server)
    failed = await failure(sender, url)
    assert failed.kind == "connect"
    assert "127.0.0.1" in failed.message


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("reset", "reset"), ("cut", "reset"), ("garbage", "protocol"),
     ("endless_headers", "protocol")],
)  # fmt: skip
async def test_broken_answers(sender: Sender, fault: str, kind: str) -> None:
    with MockWebhookServer() as server:
        server.always(Reply(fault=fault))
        assert (await failure(sender, at(server))).kind == kind


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(300)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 099 Early\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.12 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"<html>hello</html>\r\n\r\n",
    ],
)
async def test_answers_that_are_no_sound_http(sender: Sender, answer: bytes) -> None:
    async with raw_server(answering(answer, OK)) as url:
        assert (await failure(sender, url)).kind == "protocol"


async def test_interim_answers_are_passed_over(sender: Sender) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    async with raw_server(answering(early + OK)) as url:
        answer = await post(sender, url)
    assert (answer.status, answer.body) == (200, b"{}")


async def test_a_body_without_length_ends_with_the_connection(sender: Sender) -> None:
    async with raw_server(answering(b"HTTP/1.0 200 OK\r\n\r\nhello")) as url:
        answer = await post(sender, url)
    assert (answer.status, answer.body) == (200, b"hello")


async def test_a_chunked_body_is_joined(sender: Sender) -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    async with raw_server(answering(chunks)) as url:
        assert (await post(sender, url)).body == b"abc"


async def test_no_content_needs_no_length(sender: Sender) -> None:
    async with raw_server(answering(b"HTTP/1.1 204 No Content\r\n\r\n", OK)) as url:
        assert (await post(sender, url)).status == 204
        assert (await post(sender, url)).status == 200


async def test_a_second_answer_that_nobody_asked_for_is_never_used(sender: Sender) -> None:
    """Response splitting: the forged answer must not reach the next request."""
    forged = b"HTTP/1.1 500 Forged\r\nRetry-After: 9999\r\nContent-Length: 0\r\n\r\n"
    connections: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        await read_request(reader)
        writer.write(OK + forged)
        await writer.drain()
        await read_request(reader)
        writer.write(OK)

    async with raw_server(talk) as url:
        first = await post(sender, url)
        second = await post(sender, url)
    assert (first.status, first.headers) == (200, {})
    assert second.status == 200
    assert len(connections) == 2


async def test_bytes_on_an_idle_connection_close_it(sender: Sender) -> None:
    connections: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        await read_request(reader)
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(b"HTTP/1.1 500 Late\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    async with raw_server(talk) as url:
        await post(sender, url)
        await asyncio.sleep(0.05)
        assert (await post(sender, url)).status == 200
    assert len(connections) == 2


async def test_a_long_body_is_cut_and_the_connection_dropped(sender: Sender) -> None:
    with MockWebhookServer() as server:
        server.always(Reply(body="x" * 5_000_000))
        profile = Profile(limits=Limits(read=100_000, keep=1_000))
        answer = await post(sender, at(server), profile=profile)
        assert (len(answer.body), answer.truncated) == (1_000, True)
        await post(sender, at(server), profile=profile)
        assert server.connections == 2


async def test_a_body_read_whole_but_kept_in_part_keeps_the_connection(sender: Sender) -> None:
    with MockWebhookServer() as server:
        server.always(Reply(body="x" * 50_000))
        profile = Profile(limits=Limits(read=100_000, keep=1_000))
        for _ in range(2):
            assert len((await post(sender, at(server), profile=profile)).body) == 1_000
        assert server.connections == 1


async def test_a_bomb_stays_packed(sender: Sender) -> None:
    """An encoded answer is bytes: nothing is decompressed."""
    with MockWebhookServer() as server:
        server.always(Reply(fault="bomb", size=1_000_000))
        profile = Profile(limits=Limits(100_000, 100_000))
        answer = await post(sender, at(server), profile=profile)
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) < 10_000
    assert len(gzip.decompress(answer.body)) == 1_000_000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(sender: Sender, status: int) -> None:
    with MockWebhookServer() as target, MockWebhookServer() as server:
        server.always(Reply(status, headers={"Location": target.url}))
        assert (await post(sender, at(server))).status == status
        assert not target.called


async def test_cookies_are_not_kept(sender: Sender) -> None:
    with MockWebhookServer() as server:
        server.always(Reply(headers={"Set-Cookie": "a=b"}))
        await post(sender, at(server))
        await post(sender, at(server))
        assert "cookie" not in server.requests[1].headers


async def test_proxies_of_the_environment_are_ignored(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with MockWebhookServer() as server:
        assert (await post(sender, at(server))).status == 200


async def test_cancelling_closes_the_connection(sender: Sender) -> None:
    with MockWebhookServer() as server:
        server.reply(Reply(fault="hang"))
        task = asyncio.create_task(post(sender, at(server)))
        assert await server.arrived(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await post(sender, at(server))).status == 200
        assert server.connections == 2


async def test_an_old_connection_is_not_used_again(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fql.egress.wire.transport.IDLE_SECONDS", 0.01)
    with MockWebhookServer() as server:
        await post(sender, at(server))
        await asyncio.sleep(0.03)
        await post(sender, at(server))
        assert server.connections == 2


async def test_idle_connections_are_swept(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fql.egress.wire.transport.IDLE_SECONDS", 0.01)
    monkeypatch.setattr("fql.egress.wire.transport.SWEEP_SECONDS", 0.02)
    closed = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK)
        await reader.read()
        closed.set()

    async with raw_server(talk) as url:
        await post(sender, url)
        await asyncio.wait_for(closed.wait(), 2)


async def test_a_header_with_a_line_end_is_never_sent(sender: Sender) -> None:
    with MockWebhookServer() as server:
        outgoing = Outgoing("POST", at(server), (("X-A", "b\r\nX-Evil: c"),), b"")
        with pytest.raises(Exception, match="line break"):
            await sender.send(outgoing, Profile(), 1_000)
        assert server.connections == 0


async def test_get_carries_no_body(sender: Sender) -> None:
    with MockWebhookServer() as server:
        await sender.send(Outgoing("GET", at(server), (), b"ignored"), Profile(), 1_000)
        assert server.requests[0].body == b""
        assert "content-length" not in server.requests[0].headers
