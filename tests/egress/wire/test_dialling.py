"""New connections: the quickest address, in the order of RFC 8305, and nothing left behind."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Sequence

import pytest

from fql.egress.send import Sender
from fql.egress.wire.connection import Connection
from fql.egress.wire.dialling import dial_order, first_open
from fql.egress.wire.failures import SendFailed
from fql.plan.web.addresses import LOOPBACK
from fql.plan.web.urls import UrlParts
from tests.egress.support import Names, answering, failure, post, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    ("addresses", "order"),
    [
        (["1.1.1.1"], ["1.1.1.1"]),
        (["::1", "::2", "1.1.1.1"], ["::1", "1.1.1.1", "::2"]),
        (["1.1.1.1", "1.1.1.2", "::1"], ["1.1.1.1", "::1", "1.1.1.2"]),
        ([f"1.1.1.{n}" for n in range(20)], [f"1.1.1.{n}" for n in range(8)]),
        ([*[f"::{n}" for n in range(20)], "1.1.1.1"],
         ["::0", "1.1.1.1", "::1", "::2", "::3", "::4", "::5", "::6"]),
    ],
)  # fmt: skip
def test_the_families_take_turns(addresses: list[str], order: list[str]) -> None:
    assert dial_order(addresses) == order


class Line:
    """Addresses that open, fail or say nothing, after some seconds."""

    def __init__(self, **plan: tuple[float, str]) -> None:
        self.plan = plan
        self.dialled: list[tuple[str, float]] = []
        self.opened: list[Connection] = []
        self.ended: list[str] = []
        self._started = asyncio.get_running_loop().time()

    async def dial(self, address: str) -> Connection:
        """As the transport would."""
        loop = asyncio.get_running_loop()
        self.dialled.append((address, round(loop.time() - self._started, 1)))
        delay, outcome = self.plan[address]
        try:
            await asyncio.sleep(delay)
        except asyncio.CancelledError:
            self.ended.append(address)
            if outcome != "late":
                raise
        if outcome in ("open", "late"):
            connection = Connection(loop)
            self.opened.append(connection)
            return connection
        raise SendFailed("egress" if outcome == "elsewhere" else "connect", f"{address}: {outcome}")

    async def open(self, *addresses: str) -> Connection:
        """The first that opens."""
        return await first_open(addresses or tuple(self.plan), self.dial, "shop.example:443")


async def test_a_silent_address_costs_a_quarter_of_a_second() -> None:
    line = Line(a=(60, "open"), b=(0, "open"))
    assert await line.open() is line.opened[0]
    assert line.dialled == [("a", 0.0), ("b", pytest.approx(0.25, abs=0.06))]
    assert line.ended == ["a"]


async def test_a_slow_address_may_win_all_the_same() -> None:
    """The first one is not given up when the second one is tried."""
    line = Line(a=(0.4, "open"), b=(60, "open"))
    await line.open()
    assert line.ended == ["b"]


async def test_an_address_that_fails_gives_way_at_once() -> None:
    line = Line(a=(0, "refused"), b=(0, "refused"), c=(0, "open"))
    await line.open()
    assert [at for _, at in line.dialled] == [0.0, 0.0, 0.0]


async def test_all_that_failed_are_named() -> None:
    line = Line(a=(0, "refused"), b=(0, "unreachable"))
    with pytest.raises(SendFailed, match=r"^a: refused; b: unreachable$") as caught:
        await line.open()
    assert caught.value.kind == "connect"


async def test_a_connection_that_ends_elsewhere_is_not_passed_over() -> None:
    line = Line(a=(0, "elsewhere"), b=(0, "open"))
    with pytest.raises(SendFailed) as caught:
        await line.open()
    assert caught.value.kind == "egress"
    assert line.opened == []


async def test_a_connection_that_opens_too_late_is_closed() -> None:
    line = Line(a=(60, "late"), b=(0, "open"))
    won = await line.open()
    assert [connection.closed for connection in line.opened] == [False, True]
    assert won is line.opened[0]


async def test_nothing_is_left_behind_by_a_deadline() -> None:
    line = Line(a=(60, "late"), b=(60, "open"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.4):
            await line.open()
    assert sorted(line.ended) == ["a", "b"]
    assert [connection.closed for connection in line.opened] == [True]


# On sockets -------------------------------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[int]:
    """A port on 127.0.0.2 that never completes a handshake: its queue is full."""
    listener = socket.socket()
    listener.bind(("127.0.0.2", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    waiting = [socket.socket() for _ in range(3)]
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(("127.0.0.2", port))
    yield port
    for one in (*waiting, listener):
        one.close()


def sender(*addresses: str) -> Sender:
    return Sender(LOOPBACK, resolver=Names(addresses))


async def test_a_silent_first_address_on_real_sockets(silent: int) -> None:
    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(OK)(reader, writer)
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", silent)
    async with server:
        client, loop = sender("127.0.0.2", "127.0.0.1"), asyncio.get_running_loop()
        started = loop.time()
        answer = await post(client, UrlParts("http", "shop.example", silent), timeout_ms=10_000)
        assert (answer.status, loop.time() - started < 3) == (200, True)
        await client.close()


async def test_only_silent_addresses_are_a_timeout(silent: int) -> None:
    client = sender("127.0.0.2", "127.0.0.2")
    failed = await failure(client, UrlParts("http", "shop.example", silent), timeout_ms=600)
    assert failed.kind == "timeout"
    await client.close()


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("127.0.0.3", "127.0.0.1")])
async def test_a_failure_names_host_port_and_addresses(addresses: Sequence[str]) -> None:
    async with raw_server(answering()) as url:
        port = url.port
    client = sender(*addresses)
    failed = await failure(client, UrlParts("http", "shop.example", port))
    assert failed.kind == "connect"
    assert failed.message == "; ".join(
        f"no connection to shop.example:{port} ({address}): Connection refused"
        for address in addresses
    )
    bare = await failure(client, UrlParts("http", "127.0.0.1", port))
    assert bare.message == f"no connection to 127.0.0.1:{port}: Connection refused"
    await client.close()
