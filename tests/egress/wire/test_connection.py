"""A connection carries one exchange after the other, and only while that is certain to be clean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from fql.egress.send import Profile, Sender
from fql.egress.wire.answer import Limits
from fql.egress.wire.connection import Connection
from fql.egress.wire.failures import SendFailed
from fql.plan.web.addresses import LOOPBACK
from fql.plan.web.urls import UrlParts
from tests.egress.support import Talk, failure, post, raw_server, read_request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE = Profile(limits=Limits(1_000, 1_000))


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    made = Sender(LOOPBACK, user_agent="fql/test")
    yield made
    await made.close()


def counting(talk: Talk, seen: list[int]) -> Talk:
    """The same, with a count of its connections."""

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(1)
        await talk(reader, writer)

    return counted


def always(*parts: bytes, pause: float = 0.0) -> Talk:
    """The same answer to each request, in pieces."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)

    return talk


@pytest.mark.parametrize(
    ("parts", "connections"),
    [
        ((OK,), 1),
        ((OK[:20], OK[20:]), 1),
        ((b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", OK), 1),
        ((b"HTTP/1.1 100 Continue\r\n\r\n" + OK,), 1),
        ((b"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n", OK), 3),
        ((b"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n" + OK,), 3),
        ((CHUNKED + b"2\r\n{}\r\n0\r\nX: y\r\n\r\n",), 1),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",), 3),
        ((b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",), 3),
        ((b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",), 3),
        ((b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",), 3),
        ((OK + b"\r\n",), 3),
        ((b"HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 2\r\n\r\n{}",), 3),
    ],
)
async def test_only_a_plain_exchange_keeps_the_connection(
    sender: Sender, parts: tuple[bytes, ...], connections: int
) -> None:
    seen: list[int] = []
    async with raw_server(counting(always(*parts, pause=0.005), seen)) as url:
        for _ in range(3):
            answer = await post(sender, url)
            assert (answer.status, answer.headers, answer.body) == (200, {}, b"{}")
    assert len(seen) == connections


@pytest.mark.parametrize("status", [b"200 OK", b"413 Too Large"])
async def test_an_answer_that_comes_while_the_request_is_unsent_ends_the_connection(
    sender: Sender, status: bytes
) -> None:
    """The next delivery would queue behind what the receiver never takes."""
    seen: list[int] = []
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        await done.wait()  # whatever else comes is left in the buffers

    async with raw_server(counting(talk, seen)) as url:
        for _ in range(2):
            loop = asyncio.get_running_loop()
            started = loop.time()
            answer = await post(sender, url, b"x" * 20_000_000, profile=LARGE, timeout_ms=5_000)
            assert answer.status == int(status[:3])
            assert loop.time() - started < 2
        done.set()
    assert len(seen) == 2


async def test_a_status_line_of_another_protocol_is_shown(sender: Sender) -> None:
    async with raw_server(always(b"SSH-2.0-OpenSSH_9.2\r\n")) as url:
        failed = await failure(sender, url)
    assert failed.kind == "protocol"
    assert failed.said.startswith("SSH-2.0-OpenSSH_9.2")


async def test_what_never_ends_is_cut_by_bytes_or_by_the_deadline(sender: Sender) -> None:
    """Without an end of a line, or with a byte now and then."""

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            writer.write(b"y" * 10_000)
            await writer.drain()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;")
        while True:
            writer.write(b"y")
            await asyncio.sleep(0.01)

    async with raw_server(flood) as url:
        assert (await failure(sender, url)).kind == "protocol"
    async with raw_server(drip) as url:
        assert (await failure(sender, url, timeout_ms=200)).kind == "timeout"


async def test_a_connection_of_its_own_is_refused_after_it_is_lost() -> None:
    connection = Connection(asyncio.get_running_loop())
    connection.connection_lost(None)
    with pytest.raises(SendFailed, match="closed the connection"):
        await connection.exchange(b"", Limits(), 0.0)
    with pytest.raises(ConnectionResetError):
        await connection.secure(None, "host")  # type: ignore[arg-type]


# The pool --------------------------------------------------------------------------------


async def test_idle_connections_are_bounded_over_all_receivers(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that has lain idle longest is closed, whoever it belongs to."""
    monkeypatch.setattr("fql.egress.wire.transport.IDLE_IN_ALL", 3)
    ended: list[int] = []
    seen: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        me = len(seen)
        seen.append(me)
        try:
            await always(OK)(reader, writer)
        finally:
            ended.append(me)

    async with raw_server(talk, "0.0.0.0") as base:
        urls = [UrlParts("http", f"127.0.0.{n}", base.port) for n in range(1, 6)]
        for url in urls:
            assert (await post(sender, url)).status == 200
        await asyncio.sleep(0.05)
        assert ended == [0, 1]
        for url in urls[2:]:
            assert (await post(sender, url)).status == 200
        assert len(seen) == 5
        assert (await post(sender, urls[0])).status == 200
        await asyncio.sleep(0.05)
        assert (len(seen), ended) == (6, [0, 1, 2])
