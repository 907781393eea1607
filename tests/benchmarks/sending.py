"""CPU of the sending process for one signed POST of 1 KB: our transport beside httpx.

    python -m tests.benchmarks.sending [COUNT]

The receiver is a process of its own that costs next to nothing. Both sides run in one run.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection as Pipe
from typing import cast

import httpx

from fql.egress.sealing.signing import Signer
from fql.egress.send import Outgoing, Profile, Sender
from fql.egress.settings import SigningSettings, TimedSecret
from fql.plan.web.addresses import LOOPBACK
from fql.plan.web.urls import UrlParts

BODY = b'{"data":"' + b"x" * 1010 + b'"}'
SECRET = "whsec_" + "QUJD" * 10
IN_FLIGHT = 64
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
END = BODY[-24:]


class Sink(asyncio.Protocol):
    """Answers when the end of a body has come; parses nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if data.endswith(END):
            self.transport.write(ANSWER)


def serve(pipe: Pipe) -> None:
    """The receiving process: tells its port, serves until it is ended."""

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def spread(count: int, send: Callable[[], Awaitable[None]]) -> float:
    """CPU seconds of this process for `count` requests, many in flight."""

    async def sender(share: int) -> None:
        for _ in range(share):
            await send()

    await asyncio.gather(*(sender(2) for _ in range(IN_FLIGHT)))
    before = time.process_time()
    await asyncio.gather(*(sender(count // IN_FLIGHT) for _ in range(IN_FLIGHT)))
    return time.process_time() - before


async def ours(port: int, count: int) -> float:
    """Our transport, signature included."""
    sender = Sender(LOOPBACK, user_agent="fql/bench")
    profile = Profile(Signer(SigningSettings("standard", (TimedSecret(SECRET),))))
    url = UrlParts("http", "127.0.0.1", port, "/hook")
    headers = (("Content-Type", "application/json"), ("fql-attempt", "1"))

    async def send() -> None:
        outgoing = Outgoing("POST", url, headers, BODY, "msg_1")
        answer = await sender.send(outgoing, profile, 10_000)
        assert answer.status == 200

    used = await spread(count, send)
    await sender.close()
    return used


async def with_httpx(port: int, count: int) -> float:
    """httpx, unsigned."""
    async with httpx.AsyncClient(trust_env=False) as client:

        async def send() -> None:
            answer = await client.post(f"http://127.0.0.1:{port}/hook", content=BODY)
            assert answer.status_code == 200

        return await spread(count, send)


def main() -> None:
    """Run both and print the ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    process.start()
    port = here.recv()
    try:
        mine = asyncio.run(ours(port, count)) / count * 1e6
        few = max(count // 20, 500)
        theirs = asyncio.run(with_httpx(port, few)) / (few // IN_FLIGHT * IN_FLIGHT) * 1e6
        print(f"ours   {mine:8.0f} microseconds of CPU a signed POST of 1 KB")
        print(f"httpx  {theirs:8.0f} unsigned; {theirs / mine:.0f} times as much")
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()
