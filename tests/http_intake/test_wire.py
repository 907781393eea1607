"""Callers that are slow, broken or hostile cost only themselves."""

from __future__ import annotations

import asyncio
import random
import socket

import pytest

from fql.intake.http.complaints import Complaints
from fql.intake.http.connection import Patience
from fql.intake.http.wire import MAX_HELD
from fql.testing import MockWebhookServer
from tests.app.plans import CHANGED
from tests.http_intake.support import TOKEN, Running, answer, lines, order, request, running

HEAD = f"POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
TYPE = "Content-Type: application/json\r\n"
BODY = lines(order(1)).strip()
CHUNKED = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\nTrailer: x\r\n\r\n"
WHOLE = f"{HEAD}{TYPE}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY
QUICK = Patience(head=0.3, body=0.3, idle=0.3, write=1.0, linger=0.2)


TAKEN = {
    "whole": WHOLE,
    "chunked": f"{HEAD}{TYPE}Transfer-Encoding: chunked\r\n\r\n".encode() + CHUNKED,
    "absolute form": WHOLE.replace(b"/events", b"http://elsewhere:1/events"),
    "HTTP/1.0": WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "names in capitals": WHOLE.replace(b"Content-Length", b"CONTENT-LENGTH"),
    "lower case scheme": WHOLE.replace(b"Bearer", b"bearer"),
    "blank lines first": b"\r\n\r\n" + WHOLE,
    "charset": WHOLE.replace(b"application/json", b'application/json; charset="UTF-8"'),
}


@pytest.mark.parametrize("case", TAKEN)
async def test_requests_of_every_form_are_taken(
    webhook_server: MockWebhookServer, case: str
) -> None:
    async with running(webhook_server) as web:
        assert (await web.send(TAKEN[case])).status == 202


BROKEN = {
    "two lengths": ("Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
    "list of lengths": ("Content-Length: 1, 1\r\n\r\nx", 400),
    "negative length": ("Content-Length: -1\r\n\r\nx", 400),
    "length with a sign": ("Content-Length: +1\r\n\r\nx", 400),
    "length and chunks": ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunks and length": ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    "two encodings": ("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    "odd encoding": ("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "blank before colon": ("Content-Length : 1\r\n\r\nx", 400),
    "folded header": ("X: a\r\n b\r\nContent-Length: 1\r\n\r\nx", 400),
    "carriage return in a value": ("X: a\rb\r\nContent-Length: 1\r\n\r\nx", 400),
    "NUL in a value": ("X: a\0b\r\nContent-Length: 1\r\n\r\nx", 400),
    "two tokens": ("Authorization: Bearer y\r\nContent-Length: 1\r\n\r\nx", 400),
    "two types": ("Content-Type: text/plain\r\nContent-Length: 1\r\n\r\nx", 400),
    "two hosts": ("Host: y\r\nContent-Length: 1\r\n\r\nx", 400),
    "two keys": ("Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 1\r\n\r\nx", 400),
    "huge header": ("X: " + "a" * 20_000 + "\r\n\r\n", 431),
    "many headers": ("".join(f"X-{n}: 1\r\n" for n in range(200)) + "\r\n", 431),
    "bad chunk": ("Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    "endless chunk": ("Transfer-Encoding: chunked\r\n\r\n" + "FFFFFFFFFFFFFFFFFF\r\n", 400),
    "bare line feeds": ("Content-Length: 1\n\nx", 400),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_what_two_programs_could_read_differently_is_refused(
    webhook_server: MockWebhookServer, case: str
) -> None:
    rest, status = BROKEN[case]
    async with running(webhook_server) as web:
        got = await web.send(f"{HEAD}{TYPE}{rest}".encode())
        assert (got.status, got.headers["connection"]) == (status, "close")
        assert await web.runtime.client.runs() == []
        assert (await web.post(order(1))).status == 202


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\xff" * 100,
        b"BREW /events HTTP/1.1\r\n\r\n", b"POST /events\r\n HTTP/1.1\r\n\r\n",
        b"POST /events HTTP/1.2\r\nHost: x\r\n\r\n", b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /" + b"a" * 40_000,
    ],
)  # fmt: skip
async def test_what_is_not_http_is_told_so(webhook_server: MockWebhookServer, data: bytes) -> None:
    async with running(webhook_server) as web:
        got = await web.send(data)
        assert got.status in (400, 404, 431)
        assert (await web.post(order(1))).status == 202


async def test_a_body_in_chunks_is_bounded(webhook_server: MockWebhookServer) -> None:
    head = f"{HEAD}{TYPE}Transfer-Encoding: chunked\r\n\r\n".encode()
    async with running(webhook_server) as web:
        long = await web.send(head + b"F4241\r\n" + b"x" * 1_000_001 + b"\r\n0\r\n\r\n")
        padded = await web.send(head + b"1;" + b"a" * 9_000_000 + b"\r\nx\r\n0\r\n\r\n")
    assert (long.status, padded.status) == (413, 413)


async def test_requests_on_one_connection_are_answered_in_order(
    webhook_server: MockWebhookServer,
) -> None:
    bad = request(b"{}")
    async with running(webhook_server) as web:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(WHOLE + bad + WHOLE + request(b"", method="GET") + WHOLE)
        got = [(await answer(reader)).status for _ in range(4)]
        assert await reader.read() == b""  # what follows a refused one is not read
        writer.close()
        assert got == [202, 422, 202, 405]
        assert len(await web.runtime.client.runs()) == 2


async def test_a_caller_that_asks_whether_it_may_send_is_told(
    webhook_server: MockWebhookServer,
) -> None:
    async with running(webhook_server) as web:
        head, _, body = request(BODY, expect="100-continue").partition(b"\r\n\r\n")
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(head + b"\r\n\r\n")
        assert (await answer(reader)).status == 100
        writer.write(body)
        assert (await answer(reader)).status == 202
        writer.close()
        refused = request(BODY, expect="100-continue", authorization="")
        assert (await web.send(refused.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")).status == 401


async def test_a_refused_caller_can_read_why_while_it_still_sends(
    webhook_server: MockWebhookServer,
) -> None:
    """Nothing of the body is read; closing at once would reset the connection."""
    body = b"x" * 900_000
    async with running(webhook_server) as web:
        assert (await web.send(request(body, authorization=""))).status == 401
        assert (await web.send(request(body * 3))).status == 413


async def dripped(web: Running, first: bytes, rest: bytes) -> bytes:
    """Send `first`, then a byte at a time until the other side has enough; what it answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    reading = asyncio.ensure_future(reader.read())
    writer.write(first)
    for byte in rest:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.05)
        if reading.done():
            break
    writer.close()
    return await asyncio.wait_for(reading, 10)


async def test_slow_heads_and_bodies_run_out_of_time(webhook_server: MockWebhookServer) -> None:
    head = WHOLE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    async with running(webhook_server, patience=QUICK) as web:
        slow_head, slow_body = await asyncio.gather(
            dripped(web, b"", WHOLE), dripped(web, head, BODY[:-1])
        )
        assert slow_head.startswith(b"HTTP/1.1 408")
        assert slow_body.startswith(b"HTTP/1.1 408")
        assert await dripped(web, b"", b"\r\n" * 40) == b""  # nobody has asked for anything
        assert (await web.post(order(1))).status == 202


async def test_callers_that_hang_up_have_lost_nothing(webhook_server: MockWebhookServer) -> None:
    async with running(webhook_server) as web:
        for data in (WHOLE, WHOLE[:-1], WHOLE[:30], b""):
            _, writer = await asyncio.open_connection("127.0.0.1", web.port)
            writer.write(data)
            await writer.drain()
            writer.transport.abort() if data is not WHOLE else writer.close()
        assert await webhook_server.arrived(1, 20)
        assert (await web.post(order(2))).status == 202
    assert webhook_server.call_count == 2


async def test_idle_callers_make_room_and_others_are_turned_away(
    webhook_server: MockWebhookServer,
) -> None:
    async with running(webhook_server) as web:
        web.intake._most_open = 5
        idle = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(20)]
        assert (await web.post(order(1))).status == 202
        busy = [await asyncio.open_connection("127.0.0.1", web.port) for _ in range(5)]
        for _, writer in busy:
            writer.write(WHOLE[:40])
        await asyncio.sleep(0.2)
        turned_away = await web.post(order(2))
        assert (turned_away.status, turned_away.headers["retry-after"]) == (503, "1")
        for _, writer in (*idle, *busy):
            writer.close()


async def test_memory_for_bodies_is_shared(webhook_server: MockWebhookServer) -> None:
    """A caller that would take more than there is is turned away; the others go on."""
    async with running(webhook_server) as web:
        web.intake._room._left = 100_000
        head = WHOLE.replace(b"%d" % len(BODY), b"900000")
        assert (await web.send(head + b" " * 200_000)).status == 503
        assert (await web.post(order(1))).status == 202
        for _ in range(100):
            await asyncio.sleep(0.02)
            if web.intake._room._left == 100_000:
                break
        assert web.intake._room._left == 100_000


async def test_no_bytes_whatever_raise_anything(
    webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Requests with bytes changed, doubled, cut out or cut off, one after the other."""
    chance = random.Random(11)
    seeds = [*TAKEN.values(), *(f"{HEAD}{TYPE}{rest}".encode() for rest, _ in BROKEN.values())]
    async with running(webhook_server, patience=QUICK) as web:
        for _ in range(150):
            data = bytearray(chance.choice(seeds)[:2_000])
            for _ in range(chance.randrange(1, 4)):
                at = chance.randrange(len(data))
                data[at : at + chance.randrange(3)] = chance.choice(
                    [b"", b"\r\n", b"\xff", b"\0", b"{", bytes(data[at : at + 9]) * 2]
                )
            _, writer = await asyncio.open_connection("127.0.0.1", web.port)
            writer.write(bytes(data))
            await asyncio.sleep(0.002)
            writer.close()
        assert (await web.post(order(1))).status == 202
        for _ in range(100):
            if not web.intake._open:
                break
            await asyncio.sleep(0.05)
        assert not web.intake._open
        assert web.intake._room._left == MAX_HELD
    assert [one for one in caplog.records if one.name == "asyncio"] == []


async def test_a_caller_that_does_not_read_its_answers_is_cut_off(
    webhook_server: MockWebhookServer,
) -> None:
    body = lines(*map(order, range(1_000)))
    data = request(body, content_type="application/x-ndjson")
    async with running(webhook_server, text=CHANGED, patience=QUICK) as web:
        deaf = socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect(("127.0.0.1", web.port))
        sending = asyncio.get_running_loop().run_in_executor(None, flood, deaf, data)
        assert await asyncio.wait_for(sending, 60) < 500
        assert (await web.post(order(1))).status == 202
        deaf.close()


def flood(deaf: socket.socket, data: bytes) -> int:
    """Send requests until the other side has enough; how many."""
    for number in range(500):
        try:
            deaf.sendall(data)
        except OSError:
            return number
    return 500


async def test_the_log_says_why_without_values_and_not_often(
    webhook_server: MockWebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    canary = order(1, new={"id": "canary", "status": "new", "total": "canary"})
    async with running(webhook_server) as web:
        for _ in range(20):
            await web.post(canary)
            await web.post(order(1), authorization="Bearer canary")
            await web.post(order(1, key="k"), idempotency_key="canary")
            await web.post(b"canary", path="/canary")
            await web.post(b'{"canary"')
    said = [one.getMessage() for one in caplog.records if "refused with" in one.getMessage()]
    assert len(said) == 4
    assert any("422: new.total must be a decimal number" in one for one in said)
    assert "canary" not in "".join(said)


def test_a_minute_of_refusals_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    complaints = Complaints("web", lambda: now[0])
    for second in range(130):
        now[0] = float(second)
        complaints.note(401, "the token is missing")
    said = [one.getMessage() for one in caplog.records]
    assert len(said) == 3
    assert said[1].endswith("the token is missing (59 more since the last line)")
