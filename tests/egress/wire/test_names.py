"""Look-ups: every answer is vetted, the vetted address is the one dialled."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest
from dnslib import QTYPE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSServer

from fql.egress.send import Sender
from fql.egress.wire.failures import SendFailed
from fql.egress.wire.resolver import PER_HOST, ThreadResolver
from fql.plan.web.addresses import LOOPBACK, EgressSettings
from fql.plan.web.urls import UrlParts
from fql.testing import MockWebhookServer
from tests.egress.support import Names, failure, post


def url(port: int, host: str = "shop.example.com") -> UrlParts:
    return UrlParts("http", host, port, "/hook")


async def test_a_name_is_looked_up_and_its_address_dialled() -> None:
    names = Names(("127.0.0.1",))
    sender = Sender(LOOPBACK, resolver=names)
    with MockWebhookServer() as server:
        assert (await post(sender, url(server.port))).status == 200
        assert server.requests[0].headers["host"] == f"shop.example.com:{server.port}"
    assert names.asked == ["shop.example.com"]
    await sender.close()


@pytest.mark.parametrize(
    "answers",
    [("127.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("93.184.216.34", "::ffff:127.0.0.1"),
     ("93.184.216.34", "64:ff9b::7f00:1"), ("169.254.169.254",), ("fe80::1%eth0",),
     ("93.184.216.34", "not an address")],
)  # fmt: skip
async def test_one_forbidden_answer_refuses_all(answers: tuple[str, ...]) -> None:
    sender = Sender(EgressSettings(), resolver=Names(answers))
    with MockWebhookServer() as server:
        assert (await failure(sender, url(server.port))).kind == "egress"
        assert server.connections == 0
    await sender.close()


async def test_a_name_that_rebinds_is_vetted_for_each_connection() -> None:
    """First the allowed address, then one that is not: the second connection is refused."""
    egress = EgressSettings(allow=("127.0.0.1/32",))
    sender = Sender(egress, resolver=Names(("127.0.0.1",), ("127.0.0.2",)))
    with MockWebhookServer() as server:
        server.reply(200)
        assert (await post(sender, url(server.port))).status == 200
        for transports in sender._transport._idle.values():
            for connection in transports:
                connection.abort()
        assert (await failure(sender, url(server.port))).kind == "egress"
        assert server.call_count == 1
    await sender.close()


class Rebinding(BaseResolver):  # type: ignore[misc]
    """A name server that gives an allowed address once and another one ever after."""

    def __init__(self) -> None:
        self.asked = 0

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        self.asked += 1
        reply = request.reply()
        address = "127.0.0.1" if self.asked == 1 else "10.0.0.1"
        reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=A(address), ttl=0))
        return reply


async def test_one_attempt_asks_a_rebinding_name_server_once() -> None:
    """A real name server on loopback: what is judged is what is dialled, not a second answer."""
    rebinding = Rebinding()
    dns = DNSServer(rebinding, address="127.0.0.1", port=0)
    dns.start_thread()
    port = dns.server.server_address[1]

    def lookup(host: str) -> tuple[str, ...]:
        answer = DNSRecord.parse(DNSRecord.question(host).send("127.0.0.1", port, timeout=2))
        return tuple(str(record.rdata) for record in answer.rr)

    sender = Sender(EgressSettings(("127.0.0.1/32",)), resolver=ThreadResolver(lookup))
    try:
        with MockWebhookServer() as server:
            assert (await post(sender, url(server.port))).status == 200
            assert rebinding.asked == 1
            server.stop()
            assert (await failure(sender, url(server.port))).kind == "egress"
    finally:
        await sender.close()
        dns.stop()
        dns.server.server_close()


@pytest.mark.parametrize(
    ("host", "port"),
    [("127.0.0.1", 8080), ("169.254.169.254", 80), ("::1", 8080), ("localhost", 8080),
     ("metadata.google.internal", 80), ("1.1.1.1", 25), ("example.com", 22)],
)  # fmt: skip
async def test_forbidden_targets_are_refused_without_a_look_up(host: str, port: int) -> None:
    names = Names(("93.184.216.34",))
    sender = Sender(EgressSettings(), resolver=names)
    failed = await failure(sender, UrlParts("http", host, port))
    assert failed.kind == "egress"
    assert names.asked == []
    await sender.close()


async def test_localhost_needs_no_name_server() -> None:
    names = Names(("93.184.216.34",))
    sender = Sender(EgressSettings(("127.0.0.1/32",)), resolver=names)
    with MockWebhookServer() as server:
        assert (await post(sender, url(server.port, "localhost"))).status == 200
    assert names.asked == []
    await sender.close()


async def test_the_next_address_is_tried_when_one_refuses() -> None:
    sender = Sender(LOOPBACK, resolver=Names(("127.0.0.9", "127.0.0.1")))
    with MockWebhookServer() as server:
        assert (await post(sender, url(server.port))).status == 200
    await sender.close()


async def test_an_unknown_name_is_a_dns_failure() -> None:
    def lookup(host: str) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    sender = Sender(EgressSettings(), resolver=ThreadResolver(lookup))
    failed = await failure(sender, url(80))
    assert failed.kind == "dns"
    assert "shop.example.com" in failed.message
    await sender.close()


async def test_a_slow_name_server_is_cut_at_the_deadline() -> None:
    release = threading.Event()

    def lookup(host: str) -> tuple[str, ...]:
        release.wait(5)
        return ("127.0.0.1",)

    sender = Sender(LOOPBACK, resolver=ThreadResolver(lookup))
    started = time.perf_counter()
    failed = await failure(sender, url(80), timeout_ms=100)
    assert failed.kind == "timeout"
    assert time.perf_counter() - started < 1
    release.set()
    await sender.close()


async def test_one_hosts_look_ups_take_two_threads_at_most() -> None:
    release = threading.Event()
    running: list[str] = []

    def lookup(host: str) -> tuple[str, ...]:
        running.append(host)
        if host == "slow.example.com":
            release.wait(5)
        return ("127.0.0.1",)

    resolver = ThreadResolver(lookup)
    slow = [asyncio.create_task(resolver.resolve("slow.example.com")) for _ in range(10)]
    await asyncio.sleep(0.05)
    assert await resolver.resolve("fast.example.com") == ("127.0.0.1",)
    assert running.count("slow.example.com") == PER_HOST
    release.set()
    await asyncio.gather(*slow)
    resolver.close()


async def test_no_answer_at_all_is_a_dns_failure() -> None:
    resolver = ThreadResolver(lambda host: ())
    with pytest.raises(SendFailed, match="no address"):
        await resolver.resolve("a.example.com")
    resolver.close()
