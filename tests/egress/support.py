"""Raw receivers and resolvers for the tests of the egress path."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fql.egress.send import Outgoing, Profile, Sender
from fql.egress.wire.answer import Answer, Limits
from fql.egress.wire.failures import SendFailed
from fql.plan.web.urls import UrlParts

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(talk: Talk, host: str = "127.0.0.1") -> AsyncIterator[UrlParts]:
    """A receiver that does exactly what `talk` does with each connection."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(served, host, 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield UrlParts("http", "127.0.0.1", port, "/hook")
    finally:
        server.close()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Head and body of one request."""
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    return head + await reader.readexactly(length)


def answering(*answers: bytes) -> Talk:
    """Gives these answers in turn on one connection, then closes it."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await read_request(reader)
            writer.write(answer)
            await writer.drain()

    return talk


async def post(
    sender: Sender, url: UrlParts, body: bytes = b"{}", *, timeout_ms: int = 2_000,
    profile: Profile | None = None, message_id: str | None = "msg_1",
) -> Answer:  # fmt: skip
    """One POST, as the engine makes it: at once where a connection lies idle."""
    outgoing = Outgoing("POST", url, (), body, message_id)
    profile = profile or Profile(limits=Limits(1_000, 1_000))
    ended: asyncio.Future[Answer | BaseException] = asyncio.get_running_loop().create_future()
    exchange = sender.begin(outgoing, profile, timeout_ms, ended.set_result)
    if exchange is None:
        return await sender.send(outgoing, profile, timeout_ms)
    try:
        result = await ended
    except asyncio.CancelledError:
        exchange.abort()
        raise
    if isinstance(result, BaseException):
        raise result
    return result


async def failure(
    sender: Sender, url: UrlParts, *, timeout_ms: int = 2_000, profile: Profile | None = None
) -> SendFailed:
    """The failure of one POST; an answer is an error of the test."""
    try:
        answer = await post(sender, url, timeout_ms=timeout_ms, profile=profile)
    except SendFailed as failed:
        return failed
    raise AssertionError(f"an answer came: {answer}")


class Names:
    """A resolver that gives scripted answers in turn; the last one stays."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def resolve(self, host: str) -> tuple[str, ...]:
        """The next answer."""
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def close(self) -> None:
        """Nothing is held."""
