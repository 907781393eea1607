"""A proxy in front of PostgreSQL that holds, swallows, cuts and delays what passes, and that leads
to another server when told.

    with StatementProxy(server.port) as proxy:
        late = proxy.next("hold", of=rb"UPDATE \\S*session")
        ...                              # the client waits, gives up, goes on
        late.release()                   # the statement is delivered now, and answered
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from tests.network.proxy import CHUNK, NONE, FaultProxy
from tests.servers.wire import Answers, Requests

Kind = Literal["hold", "swallow", "cut_before", "cut_after"]
Direction = Literal["requests", "answers"]


@dataclass(eq=False)
class Fault:
    """One statement to which something happens: `hold` keeps it until `release`, `swallow` keeps
    its answer for ever, `cut_before` closes the connection instead of delivering it, `cut_after`
    in place of its answer."""

    kind: Kind
    of: re.Pattern[bytes]
    met: threading.Event = field(default_factory=threading.Event)
    answered: threading.Event = field(default_factory=threading.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None

    def wait(self, seconds: float = 20) -> None:
        """Until the statement came and, unless it is held or cut off, was carried out."""
        assert self.met.wait(seconds), f"no statement like {self.of.pattern!r} came"
        if self.kind in ("swallow", "cut_after"):
            assert self.answered.wait(seconds), "the server did not answer"

    def release(self, seconds: float = 20) -> None:
        """Deliver the statement now; returns when the server has answered it."""
        assert self._loop is not None, "nothing is held"
        self._loop.call_soon_threadsafe(self._released.set)
        assert self.answered.wait(seconds), "the server did not answer"


class StatementProxy(FaultProxy):
    """Listens on a free port of loopback. `target` is the server's port; `delay` has the seconds
    that each piece of a direction waits; with `pools` clients take it for a pooler, since the
    process that they are told of is not the one that serves them."""

    def __init__(self, target: int) -> None:
        super().__init__(target, lambda: NONE)
        self.delay: dict[Direction, float] = {}
        self.pools = False
        self._awaited: list[Fault] = []
        self._open: dict[Direction, asyncio.Event] = {}
        self._links: set[Link] = set()

    def address(self, url: str) -> str:
        """The same database as `url` (over TCP), through this proxy."""
        parts = urlsplit(url)
        who = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{who}@127.0.0.1:{self.port}").geturl()

    def lead_to(self, port: int) -> None:
        """From now on another server is behind it; open connections end."""
        self._target = port
        self.cut()

    def cut(self) -> None:
        """Close all connections."""
        self._do(self._end_all)

    def _do(self, what: Callable[[], object]) -> None:
        """Do it on the proxy's thread; it is done when this returns."""
        done = threading.Event()
        for one in (what, done.set):
            self._loop.call_soon_threadsafe(one)
        assert done.wait(20), "the proxy stands still"

    def _end_all(self) -> None:
        for link in self._links:
            link.end()

    def next(self, kind: Kind, of: bytes) -> Fault:
        """This happens once: to the next statement whose text matches `of`."""
        fault = Fault(kind, re.compile(of, re.IGNORECASE | re.DOTALL), _loop=self._loop)
        self._awaited.append(fault)
        return fault

    @contextmanager
    def silent(self, *directions: Direction) -> Iterator[None]:
        """Nothing passes in these directions meanwhile, nor gets lost."""
        for one in directions:
            self._do(self._gate(one).clear)
        try:
            yield
        finally:
            for one in directions:
                self._do(self._gate(one).set)

    def _gate(self, direction: Direction) -> asyncio.Event:
        if direction not in self._open:
            self._open[direction] = asyncio.Event()
            self._open[direction].set()
        return self._open[direction]

    async def passing(self, direction: Direction) -> None:
        """Wait as long as a piece of this direction has to."""
        if seconds := self.delay.get(direction):
            await asyncio.sleep(seconds)
        await self._gate(direction).wait()

    def meets(self, text: bytes) -> Fault | None:
        """The fault that waited for this statement."""
        for fault in self._awaited:
            if text and fault.of.search(text):
                self._awaited.remove(fault)
                fault.met.set()
                return fault
        return None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            answers, requests = await asyncio.open_connection("127.0.0.1", self._target)
            link = Link(self, reader, writer, answers, requests)
            self._links.add(link)
            try:
                await link.run()
            finally:
                self._links.discard(link)
                requests.transport.abort()


def disguised(data: bytes) -> bytes:
    """The same answer, with process 1 where it says which one serves the client."""
    return re.sub(rb"(?<=K\0\0\0.)[\0-\xff]{4}", b"\0\0\0\1", data, count=1)


class Link:
    """One connection of a client, and the one to the server that belongs to it."""

    def __init__(
        self, proxy: StatementProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
        answers: asyncio.StreamReader, requests: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        self._proxy = proxy
        self._reader, self._writer = reader, writer
        self._answers, self._requests = answers, requests
        self._fault: Fault | None = None
        self._over, self._carried_out = asyncio.Event(), asyncio.Event()

    def end(self) -> None:
        """Close both sides."""
        self._over.set()

    async def run(self) -> None:
        """Hand on until it is over: while a statement is held, the client may go."""
        tasks = [asyncio.create_task(work) for work in (self._up(), self._down())]
        try:
            await self._over.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _up(self) -> None:
        stream = Requests()
        with suppress(ConnectionError):
            while data := await self._reader.read(CHUNK):
                await self._proxy.passing("requests")
                for piece in stream.feed(data):
                    if not await self._may_pass(piece.text):
                        return
                    self._requests.write(piece.data)
                    await self._requests.drain()
                    await self._held_is_answered()
        self.end()

    async def _may_pass(self, text: bytes) -> bool:
        fault = self._fault = self._proxy.meets(text) or self._fault
        if fault is not None and fault.kind == "cut_before":
            self.end()
            return False
        if fault is not None and fault.kind == "hold":
            await fault._released.wait()
        return True

    async def _held_is_answered(self) -> None:
        """What was held is carried out, even where the client ends its connection next."""
        if self._fault is not None and self._fault.kind == "hold":
            await self._carried_out.wait()

    async def _down(self) -> None:
        stream = Answers()
        with suppress(ConnectionError):
            while data := await self._answers.read(CHUNK):
                await self._proxy.passing("answers")
                welcome = self._proxy.pools and not stream.was_ready
                ended = stream.feed(data)
                await self._answer(disguised(data) if welcome else data, ended)
        self.end()

    async def _answer(self, data: bytes, ended: bool) -> None:
        fault = self._fault
        if fault is None or fault.kind == "hold":
            with suppress(ConnectionError):  # whoever waited may have gone
                self._writer.write(data)
                await self._writer.drain()
        if fault is not None and ended:
            fault.answered.set()
            if fault.kind == "cut_after":
                self.end()
            elif fault.kind == "hold":
                self._fault = None
                self._carried_out.set()
