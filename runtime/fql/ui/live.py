"""`/live?view=`: tells a page that is open which of its parts to fetch again.

One reader looks at the store, however many browsers there are, and only while one is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from fql.errors import FqlError
from fql.exact.writing import write_json

MOST = 64
"""Streams at once; a browser beyond them asks every ten seconds."""
COMMENT_SECONDS = 15.0
"""A proxy closes what is silent for longer."""
LOOK_SECONDS = 1.0

Mark = Callable[[], Awaitable[str]]
"""A text that is another one after the store has changed."""


@dataclass(slots=True)
class Changes:
    """Looks at the store while somebody watches."""

    mark: Mark
    streams: int = 0
    _turn: asyncio.Event = field(default_factory=asyncio.Event)
    _reader: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Somebody watches."""
        self.streams += 1
        if self._reader is None:
            self._reader = asyncio.create_task(self._look())

    def end(self) -> None:
        """Somebody has left; the last one ends the looking."""
        self.streams -= 1
        if self.streams <= 0 and self._reader is not None:
            self._reader.cancel()
            self._reader = None

    def close(self) -> None:
        """The page ends: so do all streams."""
        self.streams = 0
        self.end()

    async def changed(self, seconds: float) -> bool:
        """Whether the store has changed within these seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._turn.wait()
        except TimeoutError:
            return False
        return True

    async def _look(self) -> None:
        """No more than one change per second is told: each leads to a request of each browser."""
        before = await self._seen()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = await self._seen()
            if now != before:
                before = now
                turn, self._turn = self._turn, asyncio.Event()
                turn.set()

    async def _seen(self) -> str:
        """A store that cannot be read is a change: what the page says of that is worth seeing."""
        try:
            return await self.mark()
        except FqlError as problem:
            return problem.message


def stream(request: Request, changes: Changes, parts: list[str]) -> Response:
    """The events of one open page; 503 where there are too many."""
    if changes.streams >= MOST:
        return PlainTextResponse("too many pages are open; this one asks now and then\n", 503)
    return StreamingResponse(_events(request, changes, parts), media_type="text/event-stream")


async def _events(request: Request, changes: Changes, parts: list[str]) -> AsyncIterator[bytes]:
    told = b"event: changed\ndata: " + write_json(parts) + b"\n\n"
    changes.begin()
    try:
        yield b": welcome\n\n"
        while not await request.is_disconnected():
            yield told if await changes.changed(COMMENT_SECONDS) else b": still here\n\n"
    finally:
        changes.end()


def name_of(view: str) -> str:
    """The template of a view, by the path that a browser has open; empty for an unknown one."""
    steps = [step for step in view.partition("?")[0].split("/") if step]
    if not steps:
        return "overview"
    single = {"runs": "run", "endpoints": "endpoint"}
    return steps[0] if len(steps) == 1 else single.get(steps[0], "")
