"""The metrics port against many callers and slow ones: real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from contextlib import ExitStack

import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fql.observe import http
from fql.observe.http import Page, PageServer
from fql.observe.scrapes import FRESH, Scrapes
from fql.testing import MockWebhookServer
from tests.observe.support import order, read, runtime, scrape

ASK = b"GET /page HTTP/1.1\r\n\r\n"


async def big(_: Mapping[str, str]) -> Page:
    """More than the buffers of a connection take."""
    return Page(b"x" * 20_000_000)


async def small(_: Mapping[str, str]) -> Page:
    return Page(b"hello")


async def answer_to(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return answer


async def until_open(server: PageServer, number: int) -> None:
    """Wait until so many callers are being served."""
    async with asyncio.timeout(30):
        while server.callers != number:
            await asyncio.sleep(0.01)


async def test_one_more_than_the_most_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 501st gets a 503 at once; when one has gone the next is served."""
    monkeypatch.setattr(http, "PATIENCE", 60)
    server = PageServer("127.0.0.1", 0, {"/page": small})
    await server.start()
    silent: list[asyncio.StreamWriter] = []
    try:
        while len(silent) < http.MOST_OPEN:
            silent.append((await asyncio.open_connection("127.0.0.1", server.port))[1])
        await until_open(server, http.MOST_OPEN)
        for _ in range(3):
            refused = await answer_to(server.port, ASK)
            assert refused.startswith(b"HTTP/1.1 503 ")
            assert refused.endswith(http.BUSY.body)
        silent.pop().close()
        await until_open(server, http.MOST_OPEN - 1)
        assert (await answer_to(server.port, ASK)).endswith(b"\r\n\r\nhello")
    finally:
        for each in silent:
            each.close()
        await server.stop()


async def test_silent_crowd_that_is_turned_away_does_not_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "MOST_OPEN", 2)
    monkeypatch.setattr(http, "LINGER", 0.05)
    server = PageServer("127.0.0.1", 0, {"/page": small})
    await server.start()
    with ExitStack() as silent:
        for _ in range(20):
            silent.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        await until_open(server, 2)
        assert b" 503 " in await answer_to(server.port, ASK)
    await server.stop()


@pytest.mark.parametrize("piece", [b"", b"G", b"GET /page HTTP/1.1\r\nX: "])
async def test_caller_that_asks_slowly_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, piece: bytes
) -> None:
    """A byte now and then buys no time: the whole request has one limit."""
    monkeypatch.setattr(http, "PATIENCE", 0.3)
    server = PageServer("127.0.0.1", 0, {"/page": small})
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(piece)
    with pytest.raises(ConnectionError):
        async with asyncio.timeout(20):
            while True:
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.05)
    assert await _rest(reader) == b""
    await until_open(server, 0)
    writer.close()
    await server.stop()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionError:
        return b""


async def test_caller_that_reads_slowly_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that nobody takes is not kept: the connection ends, and its memory is free."""
    monkeypatch.setattr(http, "PATIENCE", 0.3)
    server = PageServer("127.0.0.1", 0, {"/page": big})
    await server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as caller:
        caller.sendall(ASK)
        await until_open(server, 1)
        await until_open(server, 0)
        caller.settimeout(20)
        assert await asyncio.to_thread(_taken, caller) < 20_000_000
    await server.stop()


def _taken(caller: socket.socket) -> int:
    """How many bytes come until the connection ends."""
    total = 0
    try:
        while piece := caller.recv(1_000_000):
            total += len(piece)
    except ConnectionError:
        pass
    return total


class Counting(Collector):
    """The metrics of one moment, numbered."""

    def __init__(self, number: int) -> None:
        self._number = number

    def collect(self) -> list[GaugeMetricFamily]:
        return [GaugeMetricFamily("readings", "Which reading this is.", value=self._number)]


async def test_scrape_is_kept_for_a_second() -> None:
    """Whatever the headers are: one reading a second in each of the few formats."""
    now, readings = 100.0, 0

    async def read_again() -> Collector:
        nonlocal readings
        readings += 1
        return Counting(readings)

    scrapes = Scrapes(read_again, lambda: now)
    pages = await asyncio.gather(*(scrapes.page(f"text/plain; q={n}") for n in range(50)))
    assert readings == 1
    assert {page.body for page in pages} == {pages[0].body}
    now += FRESH / 2
    assert await scrapes.page("") == pages[0]
    await scrapes.page("application/openmetrics-text; version=1.0.0")
    assert readings == 2
    now += FRESH / 2
    assert b"readings 3.0" in (await scrapes.page("")).body


async def test_port_serves_one_reading_to_all(webhook_server: MockWebhookServer) -> None:
    """Two scrapes in a second are the same bytes."""
    async with runtime(webhook_server) as running:
        first = await asyncio.to_thread(read, running.metrics_port)
        await running.emit("Order.insert", new=order(1))
        assert await asyncio.to_thread(read, running.metrics_port) == first
        await webhook_server.arrived(1)
        await asyncio.sleep(FRESH)
        assert (await scrape(running)).value("fql_webhook_total", observer="placed") == 1
