"""`kind = "http"`: a listener that takes events while this process is the engine."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from fql.errors import SettingsError
from fql.intake.http.answers import Answer, refusal
from fql.intake.http.complaints import Complaints
from fql.intake.http.connection import Connection, Patience
from fql.intake.http.gate import judged
from fql.intake.http.handing import Handing
from fql.intake.http.wire import CHUNK, Request, Room
from fql.intake.port import Health, Taker
from fql.settings.model import Settings
from fql.settings.source_tables import HttpSource
from fql.settings.values import host_and_port

logger = logging.getLogger("fql.intake.http")

MOST_OPEN = 500
"""Connections at a time; above it idle ones make room, and else callers are turned away."""
FULL = refusal(503, "too many callers are connected", last=True)


class HttpIntake:
    """`POST /events` at the address of its settings, for callers that know one of its tokens."""

    def __init__(
        self,
        name: str,
        settings: HttpSource,
        *,
        patience: Patience | None = None,
        most_open: int = MOST_OPEN,
    ) -> None:
        self.name = name
        self._listen = settings.listen
        self._tokens = settings.token
        self._patience = patience or Patience()
        self._most_open = most_open
        self._room = Room()
        self._trouble = ""
        self._answers: Counter[int] = Counter()
        self._server: asyncio.Server | None = None
        self._handing: Handing | None = None
        self._open: dict[Connection, asyncio.Task[None]] = {}
        self._turned_away: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        if self._server is None or not self._server.sockets:
            return 0
        return int(self._server.sockets[0].getsockname()[1])

    async def listen(self, taker: Taker) -> None:
        """Take calls from now on. Raises SettingsError when the address cannot be used."""
        host, port = host_and_port(self._listen)
        loop = asyncio.get_running_loop()
        self._complaints = Complaints(self.name, loop.time)
        self._handing = Handing(taker, self._room, self._complaints)
        try:
            self._server = await asyncio.start_server(self._accept, host, port, limit=CHUNK)
        except OSError as error:
            reason = error.strerror or str(error)
            self._trouble = f"source {self.name}: it cannot listen on {self._listen}: {reason}"
            raise SettingsError(
                f"[sources.{self.name}] cannot listen on {self._listen}: {reason}",
                hint="choose another `listen`, or end the process that has this address",
            ) from error
        self._trouble = ""
        shown = f"[{host}]" if ":" in host else host
        logger.info("source %s: listens on http://%s:%d/events", self.name, shown, self.port)

    async def stop(self, seconds: float) -> None:
        """Take no more; what was handed in is still answered, for so long."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for connection in tuple(self._open):
            connection.leave()
        if self._open:
            await asyncio.wait(self._open.values(), timeout=seconds)
        await self.close()

    async def close(self) -> None:
        """End at once."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in tuple(self._open):
            connection.drop()
        tasks = [*self._open.values(), *self._turned_away]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._handing is not None:
            await self._handing.close()

    def follow(self, settings: Settings) -> None:
        """Other tokens are used at once; another address needs a new start."""
        table = settings.sources.get(self.name)
        if isinstance(table, HttpSource):
            self._tokens = table.token

    def health(self) -> Health:
        """How many requests were answered with which status."""
        return Health(self._trouble, answers=dict(self._answers))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None and self._handing is not None  # noqa: S101
        connection = Connection(
            reader, writer, judge=self._judge, handle=self._handing.answer, told=self._note,
            room=self._room, patience=self._patience,
        )  # fmt: skip
        if len(self._open) >= self._most_open and not self._made_room():
            await self._turn_away(connection, task)
            return
        self._open[connection] = task
        try:
            await connection.serve()
        finally:
            self._open.pop(connection, None)

    def _made_room(self) -> bool:
        """End the connection that has been idle the longest, if one is."""
        idle = next((one for one in self._open if one.is_idle), None)
        if idle is not None:
            self._open.pop(idle)
            idle.drop()
        return idle is not None

    async def _turn_away(self, connection: Connection, task: asyncio.Task[None]) -> None:
        if len(self._turned_away) >= self._most_open:
            connection.drop()
            return
        self._turned_away.add(task)
        try:
            await connection.refuse(FULL)
        finally:
            self._turned_away.discard(task)

    def _judge(self, request: Request) -> Answer | None:
        return judged(request, self._tokens)

    def _note(self, answer: Answer) -> None:
        self._answers[answer.status] += 1
        if answer.status >= 400:
            self._complaints.note(answer.status, answer.why)
