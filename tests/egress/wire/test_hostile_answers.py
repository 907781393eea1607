"""Random answers on real sockets, in random pieces: each is an answer or a failure with a name, in
bounded time and memory, and no request ever gets the answer of another one."""

from __future__ import annotations

import asyncio
import random
import struct
import tracemalloc
from typing import get_args

import pytest

from fql.egress.send import Outgoing, Profile, Sender
from fql.egress.wire.answer import MAX_HEADER_BYTES, Answer, Limits
from fql.egress.wire.failures import FailureKind, SendFailed
from fql.plan.web.addresses import LOOPBACK
from tests.egress.support import Talk, raw_server

LIMITS = Limits(read=5_000, keep=5_000)
DEADLINE_MS = 400
KINDS = frozenset(get_args(FailureKind))

STATUS = [b"HTTP/1.1 200 OK", b"HTTP/1.1 204 None", b"HTTP/1.1 500 Oh", b"HTTP/1.0 200 OK",
          b"HTTP/1.1 304 Same", b"HTTP/2 200", b"HTTP/1.1 099 No", b"SSH-2.0-x"]  # fmt: skip
INTERIM = [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 E\r\nContent-Length: 9\r\n\r\n",
           b"HTTP/1.1 102 P\r\nRetry-After: 9\r\n\r\n"]  # fmt: skip
HEADERS = [b"X: y", b"X: y\r\n folded", b"Connection: close", b"X : y", b"nonsense", b"A: \0\x01",
           b"Connection: keep-alive", b"Content-Encoding: gzip", b"Retry-After: 1"]  # fmt: skip
AFTER = [b"", b"", b"", b"\r\n", b"junk", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"]


def hostile(chance: random.Random, name: bytes) -> bytes:
    """One answer to the request of this name; the name is all of a sound body."""
    end = chance.choice([b"\r\n"] * 6 + [b"\n"])
    head = b"".join(chance.choices(INTERIM, k=chance.choice([0, 0, 0, 1, 3])))
    head += chance.choice(STATUS[:1] * 12 + STATUS) + end
    head += b"".join(chance.choice(HEADERS) + end for _ in range(chance.choice([0, 1, 3])))
    length, body = b"%d" % len(name), name
    match chance.randrange(8):
        case 0:
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(name), name)
            head += b"Transfer-Encoding: chunked" + end
        case 1:
            cut = chance.randrange(len(name) + 1)
            parts = [part for part in (name[:cut], name[cut:]) if part]
            body = (
                b"".join(b"%x;e=%b\r\n%b\r\n" % (len(p), b"v" * 99, p) for p in parts)
                + b"0\r\nT: t\r\n\r\n"
            )
            head += b"Content-Length: 3" + end + b"Transfer-Encoding: chunked" + end
        case 2:
            head += b"Content-Length: %b, %b" % (length, length) + end
        case 3:
            head += b"Content-Length: %b" % chance.choice([b"99", b"-1", b"x", b"2"]) + end
        case _:
            head += b"Content-Length: " + length + end
    data = head + end + body + chance.choice(AFTER)
    if chance.random() < 0.1:
        at = chance.randrange(len(data))
        data = data[:at] + chance.randbytes(chance.randrange(4)) + data[at + 1 :]
    return data


def receiver(chance: random.Random) -> Talk:
    """Answers as above, in pieces; now and then it stops reading, waits, or ends the connection in
    one of three ways."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.LimitOverrunError:  # it lies within a body that was left unread
                return
            name = head.split(b"webhook-id: ")[1].split(b"\r\n")[0]
            size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            if chance.random() < 0.9:
                await reader.readexactly(size)
            data = hostile(chance, name)
            while data:
                step = chance.choice([1, 7, 1_000, 1_000, 100_000])
                piece, data = data[:step], data[step:] if step > 1 else data[1:]
                writer.write(piece)
                await writer.drain()
                if chance.random() < 0.05:
                    await asyncio.sleep(chance.choice([0, 0.001, 0.01]))
            match chance.randrange(12):
                case 0:
                    return
                case 1:
                    linger = struct.pack("ii", 1, 0)
                    writer.get_extra_info("socket").setsockopt(1, 13, linger)  # a reset, no end
                    return
                case 2:
                    writer.write_eof()

    return talk


async def one(sender: Sender, url: object, name: str, size: int) -> Answer | SendFailed:
    """One request; whatever comes of it but an answer or a failure is an error of ours."""
    outgoing = Outgoing("POST", url, (), b"x" * size, name)  # type: ignore[arg-type]
    try:
        return await sender.send(outgoing, Profile(limits=LIMITS), DEADLINE_MS)
    except SendFailed as failed:
        return failed


async def play(seed: int) -> dict[str, int]:
    """Some requests to one receiver, one after the other and side by side."""
    chance, loop = random.Random(seed), asyncio.get_running_loop()
    sender, seen, everybody = Sender(LOOPBACK), dict[str, int](), list[str]()
    async with raw_server(receiver(chance)) as url:
        for group in range(6):
            names = [f"s{seed}g{group}n{number}" for number in range(chance.choice([1, 1, 4]))]
            everybody += names
            started = loop.time()
            found = await asyncio.gather(
                *(one(sender, url, name, chance.choice([2, 2, 200_000])) for name in names)
            )
            assert loop.time() - started < DEADLINE_MS / 1000 + 2
            for name, outcome in zip(names, found, strict=True):
                judge(name, everybody, outcome)
                key = outcome.kind if isinstance(outcome, SendFailed) else "answer"
                seen[key] = seen.get(key, 0) + 1
    await sender.close()
    return seen


def judge(name: str, others: list[str], outcome: Answer | SendFailed) -> None:
    """A failure has a name; an answer is within its limits, and not one to somebody else."""
    if isinstance(outcome, SendFailed):
        assert outcome.kind in KINDS
        return
    assert 200 <= outcome.status <= 599
    assert len(outcome.body) <= LIMITS.keep
    assert outcome.body != b"forged"
    assert not any(other.encode() in outcome.body for other in others if other != name)


async def test_random_answers() -> None:
    seen: dict[str, int] = {}
    for seed in range(25):
        for kind, count in (await play(seed)).items():
            seen[kind] = seen.get(kind, 0) + count
    assert seen["answer"] > 50
    assert seen["protocol"] > 5


@pytest.mark.soak
async def test_many_random_answers() -> None:
    for seed in range(1_000, 6_000):
        await play(seed)


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 50_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 10_000),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 50_000),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n", b"x" * 50_000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000),
    ],
)
async def test_an_endless_answer_costs_little_memory(start: bytes, part: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(start)
        while True:
            writer.write(part)
            await writer.drain()

    sender = Sender(LOOPBACK)
    async with raw_server(talk) as url:
        tracemalloc.start()
        try:
            await one(sender, url, "n", 2)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    await sender.close()
    assert peak < 40 * MAX_HEADER_BYTES  # most of it is what the test itself sends
