"""A relay before a NATS server that loses what a test names: one request, or its answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Literal, Self

Kind = Literal["answer", "request", "late"]


class Relay:
    """Hands everything on to `port`, but for what `lose` says."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._awaited: tuple[Kind, bytes] | None = None
        self._held: list[tuple[bytes, asyncio.StreamWriter]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.lost = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for one in self._held:
            one[1].transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where clients go instead."""
        return f"nats://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def lose(self, kind: Kind, of: bytes = b"Nats-Batch-Commit") -> None:
        """The next request with this text gets lost, or its `answer`, and the connection with it;
        one that is `late` arrives when it is released."""
        self.lost.clear()
        self._awaited = kind, of

    async def release(self) -> None:
        """What was held arrives now."""
        for data, up in self._held:
            up.write(data)
            await up.drain()
        await asyncio.sleep(0.1)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, up = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        down = asyncio.ensure_future(self._down(answers, writer))
        try:
            with suppress(ConnectionError):
                await self._up(reader, up, down)
        finally:
            down.cancel()
            writer.transport.abort()
            if not any(held is up for _, held in self._held):
                up.transport.abort()

    async def _up(
        self, reader: asyncio.StreamReader, up: asyncio.StreamWriter, down: asyncio.Task[None]
    ) -> None:
        while data := await reader.read(1 << 20):
            if self._awaited is None or self._awaited[1] not in data:
                up.write(data)
                await up.drain()
                continue
            (kind, _), self._awaited = self._awaited, None
            down.cancel()
            if kind == "answer":
                up.write(data)
                await up.drain()
                await asyncio.sleep(0.1)
            elif kind == "late":
                self._held.append((data, up))
            self.lost.set()
            return

    async def _down(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await answers.read(1 << 20):
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
