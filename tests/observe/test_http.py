"""The metrics port against callers of all tempers: real sockets, raw bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest

from fql.errors import StoreError
from fql.observe import http
from fql.observe.http import MAX_HEAD, Page, PageServer
from fql.testing import MockWebhookServer
from tests.observe.support import order, page, runtime


@pytest.fixture
async def server() -> AsyncIterator[PageServer]:
    """One page, `/hello`."""

    async def hello(headers: Mapping[str, str]) -> Page:
        return Page(f"hello {headers.get('x-name', '')}".encode())

    serving = PageServer("127.0.0.1", 0, {"/hello": hello})
    await serving.start()
    yield serving
    await serving.stop()


async def ask(server: PageServer, request: bytes) -> bytes:
    """Send bytes, and read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"GET /hello?x=1 HTTP/1.0\r\n\r\n", 200),
        (b"GET /other HTTP/1.1\r\n\r\n", 404),
        (b"POST /hello HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 405),
        (b"GET /hello\r\n\r\n", 400),
        (b"\xff\xfe nonsense\r\n\r\n", 400),
        (b"GET /hello HTTP/1.1\r\nX: " + b"a" * MAX_HEAD + b"\r\n\r\n", 431),
    ],
)
async def test_answers(server: PageServer, request_: bytes, status: int) -> None:
    answer = await ask(server, request_)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer


async def test_headers_reach_the_page_whatever_their_case(server: PageServer) -> None:
    answer = await ask(server, b"GET /hello HTTP/1.1\r\nX-NAME:  you \r\n\r\n")
    assert answer.endswith(b"\r\n\r\nhello you")


async def test_head_has_no_body(server: PageServer) -> None:
    answer = await ask(server, b"HEAD /hello HTTP/1.1\r\n\r\n")
    assert b"Content-Length: 6\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


async def test_silent_caller_is_dropped(
    server: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "PATIENCE", 0.05)
    assert await ask(server, b"GET /hel") == b""
    assert b"200 OK" in await ask(server, b"GET /hello HTTP/1.1\r\n\r\n")


async def test_caller_that_goes_away_disturbs_nobody(server: PageServer) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /hello HT")
    writer.close()
    assert b"200 OK" in await ask(server, b"GET /hello HTTP/1.1\r\n\r\n")


async def test_stop_drops_open_connections(server: PageServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await asyncio.sleep(0.01)
    await asyncio.wait_for(server.stop(), 20)
    assert await reader.read() == b""
    writer.close()
    assert server.port == 0


async def test_not_ready_while_draining(webhook_server: MockWebhookServer) -> None:
    """While the last requests end, probes see that no more events are taken."""
    from fql.testing import Reply

    webhook_server.always(Reply(delay=0.4))
    running = runtime(webhook_server)
    await running.__aenter__()
    await running.emit("Order.insert", new=order(1))
    await webhook_server.arrived(1)
    leaving = asyncio.create_task(running.__aexit__(None, None, None))
    await asyncio.sleep(0.1)
    assert await page(running, "/ready") == (503, {"ready": False, "reason": "draining"})
    assert await page(running, "/health") == (200, {"healthy": True})
    await leaving


async def test_engine_that_cannot_go_on_is_not_healthy(
    webhook_server: MockWebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in the engine itself shows on both pages, without its words."""
    from fql.engine.loop import cycles as loop

    def broken(*_: object) -> None:
        raise RuntimeError("secret words")

    async with runtime(webhook_server) as running:
        monkeypatch.setattr(loop, "step", broken)
        emit = asyncio.create_task(running.emit("Order.insert", new=order(1)))
        await asyncio.sleep(0.1)
        for path, name in (("/health", "healthy"), ("/ready", "ready")):
            status, told = await page(running, path)
            assert (status, told[name]) == (503, False)
            assert "the engine cannot continue: RuntimeError" in str(told["reason"])
        with pytest.raises(StoreError, match="RuntimeError"):
            await emit
