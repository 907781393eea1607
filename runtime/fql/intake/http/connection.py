"""One connection: request, answer, request, answer, each within its time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from fql.intake.http.answers import Answer, refusal, wire_form
from fql.intake.http.wire import CHUNK, BrokenRequest, Request, Room, Wire

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for a head, for a body, between two requests, for an answer to be read, and for
    what a caller that was refused still sends."""

    head: float = 10.0
    body: float = 30.0
    idle: float = 75.0
    write: float = 10.0
    linger: float = 1.0


Phase = Literal["idle", "head", "body"]

STOPPING = refusal(503, "this process is ending; try again", last=True, why="this process ends")


class Connection:
    """`judge` refuses a head or lets it in, `handle` answers a whole request, `told` hears of each
    answer; `room` is the memory for bodies."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        judge: Callable[[Request], Answer | None],
        handle: Callable[[Request], Awaitable[Answer]],
        told: Callable[[Answer], None],
        room: Room,
        patience: Patience,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._judge = judge
        self._handle = handle
        self._told = told
        self._room = room
        self._patience = patience
        self._wire = Wire(room)
        self._phase: Phase | None = None
        self._deadline = 0.0
        self._is_handed_in = False
        self._is_leaving = False
        self._is_answered = False

    async def serve(self) -> None:
        """Until either side ends it."""
        try:
            await self._talk()
        except (TimeoutError, OSError):
            self._writer.transport.abort()
        finally:
            for request in (*self._wire.ready, self._wire.current):
                if request is not None:
                    self._room.give_back(request.taken)
            self._writer.close()

    @property
    def is_idle(self) -> bool:
        """Whether no request has begun to come."""
        return not self._is_handed_in and self._wire.current is None

    def leave(self) -> None:
        """End when what was handed in is answered; what has not come as a whole is not waited
        for."""
        self._is_leaving = True
        if self._is_handed_in:
            return
        if not self.is_idle and not self._is_answered:
            self._told(STOPPING)
            self._writer.write(wire_form(STOPPING, last=True))
        self._writer.close()

    def drop(self) -> None:
        """End at once."""
        self._writer.transport.abort()

    async def _talk(self) -> None:
        while True:
            problem = await self._read()
            while self._wire.ready:
                if await self._answered(self._wire.ready.popleft()):
                    return
            if problem is None:
                problem = await self._judged_early()
            if problem is not None:
                await self._refuse(problem)
                return
            if self._reader.at_eof():
                return

    async def _read(self) -> Answer | None:
        """Feed what has come; gives the answer for what cannot be read."""
        try:
            async with asyncio.timeout_at(self._until()):
                data = await self._reader.read(CHUNK)
        except TimeoutError:
            if self.is_idle:
                raise
            return refusal(408, "the request did not come in time", last=True)
        if not data:
            return None
        try:
            self._wire.feed(data)
        except BrokenRequest as broken:
            return refusal(broken.status, broken.reason, hint=broken.hint, last=True)
        return None

    def _until(self) -> float:
        """When what comes next must have come: a request has one time for its head and one for its
        body, however many pieces they come in."""
        current = self._wire.current
        phase: Phase = "idle" if current is None else "body" if current.has_head else "head"
        if phase != self._phase:
            self._phase = phase
            seconds: float = getattr(self._patience, phase)
            self._deadline = asyncio.get_running_loop().time() + seconds
        return self._deadline

    async def _judged_early(self) -> Answer | None:
        """Judge a head before its body comes, and tell a caller that asks whether it may send."""
        current = self._wire.current
        if current is None or not current.has_head or current.is_judged:
            return None
        current.is_judged = True
        problem = self._judge(current)
        if problem is None and current.version == "1.1" and "expect" in current.headers:
            self._writer.write(CONTINUE)
        return problem

    async def _answered(self, request: Request) -> bool:
        """Answer a whole request; gives whether that was the last one."""
        answer = None if request.is_judged else self._judge(request)
        try:
            if answer is None:
                self._is_handed_in = True
                answer = await self._handle(request)
        finally:
            self._room.give_back(request.taken)
            self._is_handed_in, self._phase = False, None
        last = answer.last or self._is_leaving or not request.keeps_open
        await self._send(answer, last=last, head_only=request.method == "HEAD")
        return last

    async def refuse(self, answer: Answer) -> None:
        """Turn the caller away at once."""
        try:
            await self._send(answer, last=True, head_only=False)
        except (TimeoutError, OSError):
            self._writer.transport.abort()
        finally:
            self._writer.close()

    async def _refuse(self, answer: Answer) -> None:
        current = self._wire.current
        head_only = current is not None and current.method == "HEAD"
        await self._send(answer, last=True, head_only=head_only)

    async def _send(self, answer: Answer, *, last: bool, head_only: bool) -> None:
        self._told(answer)
        self._is_answered = last
        self._writer.write(wire_form(answer, last=last, head_only=head_only))
        async with asyncio.timeout(self._patience.write):
            await self._writer.drain()
        if last:
            await self._linger()

    async def _linger(self) -> None:
        """Let the caller read its answer: closing while it still sends would tear it away."""
        if self._writer.can_write_eof():
            self._writer.write_eof()
        async with asyncio.timeout(self._patience.linger):
            while await self._reader.read(CHUNK):
                pass
